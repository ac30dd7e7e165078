"""Cells of decision tables."""

from datetime import date

import pytest

import feel

MATCHES = [
    ("-", 5, True),
    ("", None, True),
    ("5", 5, True),
    ("5", 6, False),
    ("< 5", 4, True),
    (">= 5", 5, True),
    ("!= 5", 4, True),
    ("= 5", 5, True),
    ("[1..5]", 5, True),
    ("[1..5)", 5, False),
    ("(1..5)", 1, False),
    ("]1..5[", 5, False),
    ("1, 2, 3", 2, True),
    ("< 1, > 5", 3, False),
    ("< 1, > 5", 6, True),
    ("(1, 2, 3)", 2, True),
    ("(1, > 5)", 6, True),
    ('("a", true)', True, True),
    ("(1 + 1)", 2, True),
    ("(1 + 1, 5)", 5, True),
    ("not(1, 2)", 3, True),
    ("not(1, 2)", 2, False),
    ("not(< 5)", 6, True),
    ('"a", "b"', "b", True),
    ('not("a")', "b", True),
    ("true", True, True),
    ("true", False, False),
    ("null", None, True),
    ("null", 5, False),
    ("5", None, False),
    ("< 5", None, None),
    ("< 5", "a", None),
    ("5", "a", None),
    ("limit", 7, True),
    ("< limit", 6, True),
    ("[limit..10]", 8, True),
    ("settings.high", 9, True),
    ("values", 2, True),
    ("range", 2, True),
    ("? > 3 and ? < 5", 4, True),
    ("? > limit", 8, True),
    ('contains(?, "a")', "cat", True),
    ("limit > 3", "whatever", True),
    ("limit > 30", "whatever", False),
    ('not(contains(?, "a"))', "cat", False),
    ('@"2027-01-01"', date(2027, 1, 1), True),
    ('< date("2027-01-01")', date(2026, 12, 31), True),
    ('[@"2027-01-01"..@"2027-12-31"]', date(2027, 6, 1), True),
    ("every x in ? satisfies x > 1", [2, 3], True),
    ("[1, 2]", 2, True),
]


@pytest.mark.parametrize("text, value, expected", MATCHES)
def test_a_cell_matches_or_not_or_cannot_say(text, value, expected):
    context = {
        "limit": 7,
        "settings": {"high": 9},
        "values": [1, 2, 3],
        "range": feel.evaluate("[1..3]"),
    }
    assert feel.unary_test(text, value, context) is expected


def test_a_parsed_cell_knows_its_free_names():
    assert feel.parse_unary("< settings.high, limit, ? > x").names == {"settings", "limit", "x"}


def test_an_expression_is_not_a_cell_and_the_reverse():
    with pytest.raises(feel.FeelSyntaxError):
        feel.parse("< 5")
    with pytest.raises(feel.FeelSyntaxError):
        feel.parse_unary("< 5,")
