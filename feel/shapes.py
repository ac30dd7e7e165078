"""What can be told of a value before it is evaluated: its types, its texts, its entries.

A shape leaves out only what is certain: whatever the text and the known names do not tell is
`ANYTHING`. Null belongs to every shape, since any variable may be without a value.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from feel.syntax import (
    Between,
    Call,
    Chain,
    Comparison,
    Conditional,
    Contained,
    ContextLiteral,
    FunctionLiteral,
    InstanceOf,
    Iteration,
    ListLiteral,
    Literal,
    Logic,
    Name,
    Negation,
    Path,
    Quantified,
    RangeLiteral,
)
from feel.values import TYPE_NAMES, Value

MOMENTS = frozenset({"date", "time", "date and time"})
DAYS, MONTHS = "days and time duration", "years and months duration"


@dataclass(frozen=True)
class Shape:
    """What a value can be. ``types`` are names of FEEL types, None if it may be anything.

    ``values`` are all the constants it can be, if they can be told; ``members`` those entries of
    a context that are known, all of them if it ``is_closed``; ``item`` what a list holds.
    """

    types: frozenset[str] | None = None
    values: frozenset[Value] | None = None
    members: Mapping[str, "Shape"] | None = None
    item: "Shape | None" = None
    is_closed: bool = False

    def may_be(self, kind: str) -> bool:
        return self.types is None or kind in self.types

    @property
    def is_null(self) -> bool:
        return self.types is not None and not self.types


Names = Mapping[str, Shape]

ANYTHING = Shape()
NULL = Shape(frozenset(), frozenset())


def of_type(name: str, values: Iterable[Value] | None = None) -> Shape:
    """Return the shape of a type by its FEEL name, perhaps with all the values it can have."""
    return Shape(frozenset({name}), None if values is None else frozenset(values))


def either(shapes: Iterable[Shape]) -> Shape:
    """Return what is one of several: a value of which one of them holds."""
    found = [shape for shape in shapes if not shape.is_null]
    if not found:
        return NULL
    first, *rest = found
    for other in rest:
        first = _union(first, other)
    return first


def _union(one: Shape, other: Shape) -> Shape:
    if one.types is None or other.types is None:
        return ANYTHING
    values = None if one.values is None or other.values is None else one.values | other.values
    members, is_closed = None, False
    if one.members is not None and other.members is not None:
        is_closed = one.is_closed and other.is_closed and one.members.keys() == other.members.keys()
        # an entry that only one of them has is not known of the other
        both = one.members.keys() & other.members.keys()
        members = {name: either((one.members[name], other.members[name])) for name in both}
    item = either((one.item, other.item)) if one.item and other.item else None
    return Shape(one.types | other.types, values, members, item, is_closed)


def shape_of(node: Any, names: Names) -> Shape:
    """Return the shape of an expression's value, ``names`` being what is known of variables."""
    read = _READ.get(type(node))
    return ANYTHING if read is None else read(node, names)


def _literal(node: Literal, names: Names) -> Shape:
    if node.value is None:
        return NULL
    return of_type(TYPE_NAMES[type(node.value)], [node.value])


def _path(node: Path, names: Names) -> Shape:
    source = shape_of(node.source, names)
    return (source.members or {}).get(node.name, ANYTHING)


def _boolean(node: Any, names: Names) -> Shape:
    return of_type("boolean")


def _conditional(node: Conditional, names: Names) -> Shape:
    return either((shape_of(node.then, names), shape_of(node.otherwise, names)))


def _call(node: Call, names: Names) -> Shape:
    kind = RESULTS.get(node.function.name) if isinstance(node.function, Name) else None
    return ANYTHING if kind is None else of_type(kind)


def _list(node: ListLiteral, names: Names) -> Shape:
    item = either(shape_of(item, names) for item in node.items) if node.items else None
    return Shape(frozenset({"list"}), item=item)


def _context(node: ContextLiteral, names: Names) -> Shape:
    members: dict[str, Shape] = {}
    for name, value in node.entries:
        members[name] = shape_of(value, {**names, **members})
    return Shape(frozenset({"context"}), members=members)


def _loop(node: Iteration, names: Names) -> Shape:
    return Shape(frozenset({"list"}))


def _negation(node: Negation, names: Names) -> Shape:
    types = shape_of(node.operand, names).types
    return ANYTHING if types is None else Shape(types & {"number", DAYS, MONTHS})


def _chain(node: Chain, names: Names) -> Shape:
    found = shape_of(node.first, names)
    for operator, operand in node.rest:
        found = combined(operator, found, shape_of(operand, names))
    return found


def combined(operator: str, left: Shape, right: Shape) -> Shape:
    """Return what an arithmetic operator gives; no type at all where it gives null always."""
    if left.types is None or right.types is None:
        return ANYTHING
    if "list" in left.types | right.types:
        return ANYTHING  # a list of one is taken as its item
    results = (_result(operator, a, b) for a, b in product(left.types, right.types))
    return Shape(frozenset(kind for kind in results if kind is not None))


def _result(operator: str, left: str, right: str) -> str | None:
    """Return the type of one operation (DMN 1.5, tables 45 to 56)."""
    if operator in ("+", "-"):
        return _sum(operator, left, right)
    if left == right == "number":
        return "number"
    if operator == "*" and "number" in (left, right):
        return next((kind for kind in (left, right) if kind in (DAYS, MONTHS)), None)
    if operator == "/" and left in (DAYS, MONTHS) and right in ("number", left):
        return left if right == "number" else "number"
    return None


def _sum(operator: str, left: str, right: str) -> str | None:
    if left == right and left in ("number", DAYS, MONTHS):
        return left
    if operator == "+":
        if left == right == "string":
            return "string"
        if right in MOMENTS and left in (DAYS, MONTHS):
            left, right = right, left
    elif left in MOMENTS and right in MOMENTS:
        return DAYS if (left == "time") == (right == "time") else None
    if left in MOMENTS and (right == DAYS or (right == MONTHS and left != "time")):
        return left
    return None


_READ: Mapping[type, Callable[[Any, Names], Shape]] = {
    Literal: _literal,
    Name: lambda node, names: names.get(node.name, ANYTHING),
    Path: _path,
    Chain: _chain,
    Negation: _negation,
    Call: _call,
    Conditional: _conditional,
    ListLiteral: _list,
    ContextLiteral: _context,
    Iteration: _loop,
    RangeLiteral: lambda node, names: of_type("range"),
    FunctionLiteral: lambda node, names: of_type("function"),
    **dict.fromkeys((Logic, Comparison, Between, Contained, Quantified, InstanceOf), _boolean),
}

# What functions give when they give anything; those whose result follows their arguments are
# left out.
_GIVES = {
    "number": "count, day of year, decimal, ceiling, exp, floor, log, modulo, number, round down, "
    "round half down, round half up, round up, sqrt, stddev, string length, week of year, age_on, "
    "working_days_between",
    "string": "day of week, lower case, month of year, replace, string, string join, substring, "
    "substring after, substring before, upper case",
    "boolean": "after, all, any, before, coincides, contains, during, ends with, even, "
    "finished by, finishes, includes, is, is_working_time, list contains, matches, meets, met by, "
    "not, odd, overlaps, overlaps after, overlaps before, started by, starts, starts with",
    "list": "append, concatenate, distinct values, flatten, get entries, index of, insert before, "
    "list replace, mode, remove, reverse, sort, split, sublist, union",
    "context": "context, context merge, context put",
    "date": "date, months_after, next_working_day, today",
    "time": "time",
    "date and time": "at_next_open, date and time, due_hours, due_minutes, due_same_day, "
    "due_working_days, due_working_hours, now, working_days_before",
    "years and months duration": "years and months duration",
    "range": "range",
}
RESULTS: Mapping[str, str] = {
    name: kind for kind, listed in _GIVES.items() for name in listed.split(", ")
}
