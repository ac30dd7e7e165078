"""What an evaluation missed: a gateway must not take an absent value for "no"."""

import pytest

import feel

CONTEXT = {"score": 3, "nothing": None, "dash": {"level": "high", "marac": None}, "xs": [1, None]}


def missing(text):
    trace = feel.Trace()
    feel.parse(text).evaluate(CONTEXT, trace=trace)
    return trace.missing


READ = [
    ("scor > 3", ["scor"]),
    ("nothing = 3", ["nothing"]),
    ('dash.level = "high"', []),
    ('dash.grade = "high"', ["dash.grade"]),
    ("dash.marac", ["dash.marac"]),
    ("risk.level = 1", ["risk"]),
    ("not(unknown)", ["unknown"]),
    ("if unknown then 1 else 2", ["unknown"]),
    ("count(unknown)", ["unknown"]),
    ("a > 1 and b > 1", ["a", "b"]),
    ("a > b", ["a", "b"]),
    ("a + a", ["a"]),
    ("now()", ["now()"]),
    ("some x in xs satisfies x > 1", ["x"]),
    ("unknown in (1, 2)", ["unknown"]),
    ("unknown instance of number", ["unknown"]),
]


@pytest.mark.parametrize("text, names", READ)
def test_absent_and_null_values_are_recorded_once(text, names):
    assert missing(text) == names


EXPECTED = [
    "nothing = null",
    "null != unknown",
    "dash.marac = null",
    "unknown.path = null",
    "nothing in (null, 3)",
    "nothing instance of Null",
    "score > 5 and unknown > 1",
    "score = 3 or unknown > 1",
    "nothing != null and nothing > 3",
]


@pytest.mark.parametrize("text", EXPECTED)
def test_asking_for_null_is_no_surprise_and_what_is_not_read_is_not_missed(text):
    assert missing(text) == []


def test_without_a_trace_nothing_is_kept():
    assert feel.parse("unknown > 1").evaluate({}) is None
