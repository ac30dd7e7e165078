"""What is found in an expression before it is evaluated."""

import pytest

import feel

NAMES = {"score": "number", "grade": "string", "day": "date", "people": None}


def rules(text, kind="expression", names=NAMES):
    return [problem.rule for problem in feel.check(text, kind, names)]


SOUND = [
    "score >= 14",
    'grade = "high" and score in [1..5]',
    "count(people[age > score])",
    "for x in people return x.score",
    "{f: function(x) x + 1, r: f(score)}.r",
    'day < date("2027-01-01")',
    'day = @"2027-01-01T00:00:00Z"',
    "sort(people, function(a, b) a.age < b.age)",
    "score = null",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_expressions_have_no_problems(text):
    assert rules(text) == []


UNSOUND = [
    ("scor > 3", "unknown_name"),
    ('score >= "14"', "types"),
    ("grade in [1..5]", "types"),
    ('score in ("a", 3)', "types"),
    ('day between 1 and @"2027-01-01"', "types"),
    ("cuont(people)", "unknown_function"),
    ("substring(grade)", "arguments"),
    ("substring(text: grade, start position: 1)", "arguments"),
    ("score >", "syntax"),
]


@pytest.mark.parametrize("text, rule", UNSOUND)
def test_unsound_expressions_are_found(text, rule):
    assert rules(text) == [rule]


def test_the_name_that_was_meant_is_suggested():
    [problem] = feel.check("1 +\n  scor", names=NAMES)
    assert problem.meant == "score"
    assert "Did you mean 'score'?" in problem.message
    assert (problem.line, problem.column) == (2, 3)


def test_cells_are_checked_too():
    assert rules("< limit", "unary", {"limit": "number"}) == []
    assert rules("< limt", "unary", {"limit": "number"}) == ["unknown_name"]
    assert rules('? > 3 and contains(?, "a")', "unary", {}) == []


def test_without_names_only_the_text_is_looked_at():
    assert rules("anything > 3", names=None) == []
