"""What expressions give, by kind; values are compared as FEEL values with their types."""

from decimal import Decimal

import pytest

import feel


def value(text, **context):
    return feel.evaluate(text, context)


ARITHMETIC = [
    ("1 + 2 * 3", "7"),
    ("(1 + 2) * 3", "9"),
    ("10 - 2 - 3", "5"),
    ("2 ** 3 ** 2", "64"),
    ("-3 ** 2", "9"),
    ("1 / 3", "0.3333333333333333333333333333333333"),
    (".5 + 1.5", "2"),
    ("1.2e3", "1200"),
    ("--4", "4"),
    ("0.1 + 0.2", "0.3"),
    ("if 1 < 2 then 3 else 4", "3"),
    ("if null then 3 else 4", "4"),
    ("1 + if true then 2 else 3", "3"),
    ("[1, 2, 3][2]", "2"),
    ("[1, 2, 3][-1]", "3"),
    ("{a: 1, b: a + 1}.b", "2"),
    ('{"two words": 2}.two words', "2"),
    ("{a-b: 3, c: a-b}.c", "3"),
    ("count([1, [2, 3]])", "2"),
    ('string length("a\\u00e9\\ud83d\\udc0e")', "3"),
    ("[1..5].end", "5"),
]


@pytest.mark.parametrize("text, expected", ARITHMETIC)
def test_numbers_are_exact(text, expected):
    result = value(text)
    assert type(result) is Decimal
    assert result == Decimal(expected)


NULLS = [
    '1 + "a"',
    "1 / 0",
    "true + 1",
    '1 < "a"',
    '1 = "1"',
    "[1] = 1",
    "5 in [1..unknown]",
    "5 in (1..unknown)",
    "3 in [5..1]",
    "null < 1",
    "unknown",
    "unknown.path",
    "[1, 2][3]",
    "[1, 2][0]",
    "true and null",
    "false or null",
    "not(null)",
    "10 ** 10000",
    "[true..false].nothing",
    'date("2027-02-30")',
    "{a: 1, a: 2}",
    "for x in null return x",
    "abs()",
    'substring("abc", "b")',
]


@pytest.mark.parametrize("text", NULLS)
def test_what_the_standard_leaves_undefined_is_null(text):
    assert value(text) is None


TRUE = [
    "null = null",
    "1 != null",
    "not(false)",
    "false and null = null or true",
    "2 between 1 and 3 and true",
    "2 in [1..3]",
    "2 in (1, < 3)",
    "3 in ]2..4[",
    "not(2 in ]2..4[)",
    '"b" in ("a", "b")',
    "some x in [1, 2, 3] satisfies x > 2",
    "every x in [1, 2], y in [3, 4] satisfies x < y",
    "[1, 2] = [1, 2]",
    "{a: 1, b: 2} = {b: 2, a: 1}",
    "3 instance of number",
    "[1, 2] instance of list<number>",
    'not([1, null, "a"] instance of list<number>)',
    "{a: 1} instance of context<a: number>",
    'date("2027-01-01") instance of date',
    'duration("PT1H") instance of days and time duration',
    "(function(x) x > 1)(2)",
    "{f: function(a, b) a < b, r: f(1, 2)}.r",
    "sort([3, 1, 2], function(x, y) x < y) = [1, 2, 3]",
    'sort(list: ["b", "a"], precedes: function(x, y) x < y) = ["a", "b"]',
    "[1, 2, 3, 4][item > 2] = [3, 4]",
    "[{a: 1}, {a: 2}][a > 1].a = [2]",
    "for x in 1..3 return x * x = [1, 4, 9]",
    "(for x in 3..1 return x) = [3, 2, 1]",
    "(for i in 0..4 return if i < 2 then 1 else partial[-1] + partial[-2]) = [1, 1, 2, 3, 5]",
    "/* a comment */ true // and another",
    "true and // with a line\n true",
]


@pytest.mark.parametrize("text", [text for text in TRUE if "return x * x = " not in text])
def test_these_are_true(text):
    assert value(text) is True


def test_a_loop_reaches_as_far_to_the_right_as_it_can():
    assert value("for x in 1..3 return x * x = 4") == [False, True, False]


def test_names_with_spaces_are_names():
    assert value("monthly income * 12", **{"monthly income": 10}) == 120
    assert feel.evaluate("risk-level + 1", {"risk-level": 2}) == 3
    assert feel.evaluate("a.b-c", {"a": {"b-c": 2}}) == 2
    assert feel.evaluate("risk-level + 1", {"risk": 5, "level": 1}) == 5


def test_the_longest_declared_name_wins():
    assert feel.evaluate("a and b", {"a and b": 1, "a": True, "b": True}) == 1
    assert feel.evaluate("a and b", {"a": True, "b": True}) is True


def test_a_parsed_expression_knows_its_free_names():
    text = "for x in people return x.age + limit + count(others) + {k: 1, l: k}.l"
    assert feel.parse(text).names == {"people", "limit", "others"}


def test_parsing_is_done_once():
    assert feel.parse("1 + 1") is feel.parse("1 + 1")


MALFORMED = [
    ("1 +", 1, 4, "too early"),
    ("(1", 1, 1, "never closed"),
    ("1)", 1, 2, "closes nothing"),
    ('"abc', 1, 1, "quotation"),
    ("a\n  ==b", 2, 4, "does not fit"),
    ("if a then b", 1, 12, "too early"),
    ("#", 1, 1, "no meaning"),
    ("", 1, 1, "too early"),
]


@pytest.mark.parametrize("text, line, column, part", MALFORMED)
def test_a_syntax_error_says_where(text, line, column, part):
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert part in caught.value.message


@pytest.mark.parametrize("text", ["score => 14", "score =< 14", "1 < > 2", "1 = != 2"])
def test_an_operator_written_the_wrong_way_round_is_no_range(text):
    with pytest.raises(feel.FeelSyntaxError, match="did you mean|does not fit"):
        feel.parse(text)
