"""Whatever an expression gives lies within the shape that was told of it beforehand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feel
from feel.clashes import clashes
from feel.shapes import Shape, of_type, shape_of
from feel.values import TYPE_NAMES, YearsMonths, from_python

NOW = datetime.fromisoformat("2027-03-25T14:00:00+00:00")
WORDS = ["answered", "no_answer", "x"]
VALUES = {
    "n": st.integers(-3, 3),
    "t": st.sampled_from(WORDS),
    "o": st.sampled_from(WORDS[:2]),
    "b": st.booleans(),
    "d": st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    "w": st.builds(timedelta, hours=st.integers(-30, 30)),
    "m": st.builds(YearsMonths, st.integers(-5, 20)),
    "l": st.lists(st.integers(0, 3), max_size=3),
    "c": st.fixed_dictionaries({"n": st.integers(0, 3), "t": st.sampled_from(WORDS)}),
}
NAMES = {
    "n": of_type("number"),
    "t": of_type("string"),
    "o": of_type("string", WORDS[:2]),
    "b": of_type("boolean"),
    "d": of_type("date"),
    "w": of_type("days and time duration"),
    "m": of_type("years and months duration"),
    "l": Shape(frozenset({"list"}), item=of_type("number")),
    "c": Shape(
        frozenset({"context"}), members={"n": of_type("number"), "t": of_type("string", WORDS)}
    ),
}
CALLS = ["now()", "today()", "count(l)", "upper case({})", "not({})", "string({})", "abs({})"]

atoms = st.sampled_from(
    [*NAMES, "c.n", "c.t", "c.gone", "1", '"answered"', "null", "true", '@"P1D"']
)
between = st.sampled_from(["+", "-", "*", "/", "=", "!=", "<", ">=", "and", "or"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, between, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
        st.builds("({} in ({}, {}))".format, inner, inner, inner),
        st.builds("[{}, {}][1]".format, inner, inner),
        st.builds("{{a: {}, b: a}}.b".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("(for x in l return {})".format, inner),
        st.builds(lambda call, each: call.format(each), st.sampled_from(CALLS), inner),
    )


expressions = st.recursive(atoms, larger, max_leaves=6)


@settings(max_examples=400, deadline=None)
@given(expressions, st.fixed_dictionaries(VALUES), st.sets(st.sampled_from(list(VALUES))))
def test_a_value_lies_within_its_shape(text, values, missing):
    node = feel.parse(text).node
    given_values = {name: None if name in missing else value for name, value in values.items()}
    value = feel.evaluate(text, given_values, now=NOW)
    shape = shape_of(node, NAMES)
    if value is not None and shape.types is not None:
        assert TYPE_NAMES[type(value)] in shape.types, (text, value)
        if shape.values is not None:
            assert value in shape.values, (text, value)


@settings(max_examples=400, deadline=None)
@given(atoms, st.sampled_from(["=", "<", ">="]), atoms, st.fixed_dictionaries(VALUES))
def test_what_clashes_is_never_true(left, operator, right, values):
    text = f"{left} {operator} {right}"
    if list(clashes(feel.parse(text).node, NAMES)):
        assert feel.evaluate(text, values, now=NOW) is not True


@pytest.mark.parametrize(("value", "name"), [(Decimal(1), "number"), ("x", "string")])
def test_the_names_of_the_types_are_those_of_the_values(value, name):
    assert TYPE_NAMES[type(from_python(value))] == name
