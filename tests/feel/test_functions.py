"""The registry: what the product adds stands beside the standard and never in its place."""

from decimal import Decimal

import pytest

import feel
from feel.functions import _registry


@pytest.fixture
def registered():
    before = set(_registry)
    yield
    for name in set(_registry) - before:
        del _registry[name]


def test_a_function_can_be_added(registered):
    @feel.function("share of")
    def share_of(part: Decimal, whole: Decimal = Decimal(1)):
        return part / whole

    assert feel.evaluate("share of(3, 4)") == Decimal("0.75")
    assert feel.evaluate("share of(whole: 4, part: 2)") == Decimal("0.5")
    assert feel.evaluate("share of(2)") == 2
    assert feel.evaluate('share of("2")') is None
    assert str(feel.functions["share of"]) == "share of(part: number, whole: number?)"


def test_a_function_may_ask_for_the_instant_and_for_names(registered):
    @feel.function("where am i", "suffix: string")
    def where(frame, suffix):
        return str(frame.run.now) + suffix

    assert feel.evaluate('where am i("!")') == "None!"


def test_a_name_that_is_taken_stays(registered):
    for name in ("count", "due_working_hours"):
        with pytest.raises(ValueError, match=name):
            feel.function(name)(lambda run: None)


def test_variables_do_not_hide_functions_nor_functions_variables():
    context = {"count": 2, "date": "x", "abs": -1}
    assert feel.evaluate("count(xs) + count", {**context, "xs": [1]}) == 3
    assert feel.evaluate("abs(abs)", context) == 1
    assert feel.evaluate('count = 2 and date = "x"', context) is True


def test_a_function_the_text_itself_binds_hides_a_built_in():
    assert feel.evaluate("{abs: function(x) 7, r: abs(-1)}.r") == 7
    assert feel.evaluate("(function(sum) sum(1))(function(x) x + 1)") == 2


STANDARD = """
    abs, after, all, any, append, before, ceiling, coincides, concatenate, contains, context,
    context merge, context put, count, date, date and time, day of week, day of year, decimal,
    distinct values, duration, during, ends with, even, exp, finished by, finishes, flatten, floor,
    get entries, get value, includes, index of, insert before, is, list contains, list replace, log,
    lower case, matches, max, mean, median, meets, met by, min, mode, modulo, month of year, not,
    now, number, odd, overlaps, overlaps after, overlaps before, product, range, remove, replace,
    reverse, round down, round half down, round half up, round up, sort, split, sqrt, started by,
    starts, starts with, stddev, string, string join, string length, sublist, substring,
    substring after, substring before, sum, time, today, union, upper case, week of year,
    years and months duration
"""


def test_every_function_of_the_standard_is_there_and_nothing_else_claims_to_be():
    names = {" ".join(name.split()) for name in STANDARD.split(",")}
    assert {name for name, found in feel.functions.items() if found.standard} == names
