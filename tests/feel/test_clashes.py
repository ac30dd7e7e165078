"""What an expression can never give, by what is known of its names."""

import pytest

import feel
from feel.clashes import clashes, condition_clashes
from feel.shapes import ANYTHING, NULL, RESULTS, Shape, either, of_type, shape_of

NAMES = {
    "score": of_type("number"),
    "name": of_type("string"),
    "outcome": of_type("string", ["answered", "no_answer"]),
    "safe": of_type("boolean"),
    "born": of_type("date"),
    "due": of_type("date and time"),
    "wait": of_type("days and time duration"),
    "tags": Shape(frozenset({"list"}), item=of_type("string")),
    "route": Shape(
        frozenset({"context"}), members={"to": of_type("string", ["a", "b"]), "at": ANYTHING}
    ),
}


def found(text: str) -> list[str]:
    node = feel.parse(text).node
    found = dict.fromkeys((*clashes(node, NAMES), *condition_clashes(node, NAMES)))
    return [clash.kind for clash in found]


@pytest.mark.parametrize(
    "text",
    [
        "score >= 14",
        "score = other",
        "name = other",
        "outcome = name",
        'outcome in ("answered", other)',
        "outcome != null and outcome = null",
        "born < due",
        "due > now() + wait",
        "due - born > wait",
        'tags[1] = "x"',
        "tags = 3",
        'route.to = "a"',
        "route.at = 3",
        "route.other = 3",
        'some tag in tags satisfies tag = "x"',
        'tags[item = "x"][1] = "x"',
        '(if safe then 1 else "x") = 1',
        'score in ([1..3], > 5, "x" = name)',
        "count(tags) > score",
        "{a: 1, b: a + 1}.b > 1",
        'string(score) + "x" = name',
        "-score < 3",
        "score between 1 and 3",
        "(function(score) score = 1)(name)",
        "due_working_hours(score, name) > due",
        "wait * 2 > wait / 2",
        "safe",
        "not(safe)",
        'safe or outcome = "answered"',
    ],
)
def test_what_can_hold_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('score >= "14"', ["types"]),
        ("name = score", ["types"]),
        ("safe = name", ["types"]),
        ('score between 1 and "3"', ["types"]),
        ('score in (1, "2")', ["types"]),
        ('score in ["2"]', ["types"]),
        ('score in > "2"', ["types"]),
        ('score in ["a".."b"]', ["types"]),
        ('outcome = "answerd"', ["value"]),
        ('"answerd" = outcome', ["value"]),
        ('outcome in ("answered", "nobody")', ["value"]),
        ('route.to = "c"', ["value"]),
        ("score + name > 1", ["types"]),
        ("due + due = due", ["types"]),
        ("(born + 3) = born", ["types"]),
        ("score and safe", ["types"]),
        ("if score then true else false", ["types"]),
        ("upper case(score) = name", ["types"]),
        ("is_working_time(name, name)", ["types"]),
        ("score", ["types"]),
        ("some tag in tags satisfies tag = 3", ["types"]),
        ('{a: "x", b: a = 1}.b', ["types"]),
        ("tags[score = name]", []),
    ],
)
def test_what_can_never_hold_is_told(text, kinds):
    assert found(text) == kinds


def test_a_clash_is_said_in_words():
    (clash,) = clashes(feel.parse('outcome = "answerd"').node, NAMES)
    assert clash.message == '\'outcome\' is never "answerd"; it can be "answered", "no_answer"'
    (clash,) = clashes(feel.parse("route.to > 3").node, NAMES)
    assert clash.message == "'route.to' is a text and is compared with a number"


def test_one_of_several_is_what_any_of_them_may_be():
    number, text = of_type("number", [1]), of_type("string", ["a"])
    assert either([number, text]).types == {"number", "string"}
    assert either([number, of_type("number")]).values is None
    assert either([number, ANYTHING]) == ANYTHING
    assert either([NULL, number]) == number
    assert either([]) == NULL
    one, other = (shape_of(feel.parse(t).node, {}) for t in ("{a: 1, b: 2}", "{a: 3}"))
    assert either([one, other]).members == {"a": of_type("number", [1, 3])}


def test_every_function_whose_result_is_known_exists():
    assert RESULTS.keys() <= feel.functions.keys()
