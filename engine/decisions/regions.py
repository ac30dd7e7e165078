"""Cells of a decision table as sets, exactly: each column is cut into atoms where its cells differ.

Over numbers, dates, times and durations an atom is a boundary value or the open interval between
two of them; over texts it is a value that some cell names, or "any other"; over booleans true or
false. Null is an atom of its own. A set of atoms is the bits of an int, so that intersecting two
cells is one operation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import feel
from feel import temporal
from feel.compile import Compiler
from feel.errors import FeelError
from feel.scope import Frame, Run
from feel.syntax import Call, Node, OneSided, RangeLiteral
from feel.values import TYPE_NAMES, Range, Value, YearsMonths
from feel.walk import descendants, free_names
from feel.writing import quoted, to_string

NULL = 1  # the bit of null
LINEAR = (Decimal, date, datetime, time, timedelta, YearsMonths)
READS_CLOCK = frozenset(name for name, found in feel.functions.items() if not found.standard)
READS_CLOCK |= {"now", "today"}


class NotConstant(Exception):
    """A part of a cell depends on something else than the value it tests."""


def constant(node: Node) -> Value:
    """Return the value of an expression that depends on nothing. Raises `NotConstant`."""
    if free_names(node) or any(
        isinstance(part, Call) and getattr(part.function, "name", "") in READS_CLOCK
        for part in descendants(node)
    ):
        raise NotConstant
    try:
        return Compiler().compile(node)(Frame({}, None, Run()))
    except FeelError:
        raise NotConstant from None


def sort_key(value: Value) -> Any:
    """Return what orders values of one linear type."""
    if isinstance(value, datetime):
        return temporal.instant(value)
    if isinstance(value, time):
        return temporal.seconds_of_day(value)
    return value.months if isinstance(value, YearsMonths) else value


@dataclass
class Part:
    """One piece of a cell: a value, an interval, null, or every other value (``is_other``)."""

    low: Value = None
    high: Value = None
    low_included: bool = False
    high_included: bool = False
    is_null: bool = False
    is_other: bool = False

    @property
    def is_point(self) -> bool:
        return self.low_included and self.high_included and self.low == self.high

    def ends(self) -> Iterable[Value]:
        return (end for end in (self.low, self.high) if end is not None)


@dataclass
class Cell:
    """A cell taken apart. ``opaque``: it depends on other things, so its set is not known."""

    parts: list[Part] = field(default_factory=list)
    negated: bool = False
    anything: bool = False
    opaque: bool = False

    def types(self) -> set[type]:
        return {type(end) for part in self.parts for end in part.ends()}


def take_apart(tests: feel.UnaryTests) -> Cell:
    """Return the pieces of a cell."""
    node = tests.node
    cell = Cell(negated=node.negated, anything=not node.tests)
    for test in node.tests:
        try:
            cell.parts += _parts(test)
        except NotConstant:
            cell.opaque = True
    return cell


def _parts(test: Node) -> list[Part]:
    if isinstance(test, OneSided):
        return _one_sided(test.operator, constant(test.operand))
    if isinstance(test, RangeLiteral):
        low = None if test.start is None else constant(test.start)
        high = None if test.end is None else constant(test.end)
        if (low is None) != (test.start is None) or (high is None) != (test.end is None):
            return []  # an end is null: nothing lies in it
        return [Part(low, high, test.start_included, test.end_included)]
    return _of_value(constant(test))


def _one_sided(operator: str, value: Value) -> list[Part]:
    if operator == "=":
        return _of_value(value)
    if value is None or (operator != "!=" and not isinstance(value, (*LINEAR, str))):
        return []
    if operator == "!=":
        return [Part(value, value, True, True, is_other=True)]
    part = Part(None, value) if operator in ("<", "<=") else Part(value, None)
    part.low_included = part.high_included = operator in ("<=", ">=")
    return [part]


def _of_value(value: Value) -> list[Part]:
    if value is None:
        return [Part(is_null=True)]
    if isinstance(value, list):
        return [part for item in value for part in _of_value(item)]
    if isinstance(value, Range):
        return [Part(value.start, value.end, value.start_included, value.end_included)]
    if isinstance(value, dict | feel.Function):
        raise NotConstant
    return [Part(value, value, True, True)]


class Column:
    """A column's atoms, from the pieces of all its cells and of its declared values."""

    def __init__(self, label: str, cells: list[Cell], allowed: Cell | None):
        self.label = label
        every = [*cells, *([allowed] if allowed is not None else [])]
        ends = [end for cell in every for part in cell.parts for end in part.ends()]
        self.kinds = {type(end) for end in ends}
        self.linear = bool(self.kinds) and self.kinds <= set(LINEAR)
        self.is_mixed = len(self.kinds) > 1
        self.points = self._points(ends)
        # bit 0 is null; then, if linear, gap, point, gap, ..., gap; else points and "any other"
        self.size = 1 + (2 * len(self.points) + 1 if self.linear else len(self.points) + 1)
        if self.kinds == {bool}:
            self.points, self.size = [False, True], 3
        # looked up for every cell: with a list, a table of many rows would take minutes
        self._places = {self._key(point): place for place, point in enumerate(self.points)}
        self.full = (1 << self.size) - 1
        self.domain = self.full & ~NULL
        if allowed is not None and not allowed.opaque and not self.is_mixed:
            self.domain = self.mask(allowed, sure=True) & ~NULL
        if self.is_ordered_text(every):
            self.is_mixed = True

    def _points(self, ends: list[Value]) -> list[Value]:
        if self.linear and not self.is_mixed:
            return sorted({sort_key(end): end for end in ends}.values(), key=sort_key)
        return list(dict.fromkeys(ends)) if not self.is_mixed else []

    def is_ordered_text(self, cells: list[Cell]) -> bool:
        """Say whether texts are compared by order, which has no finite set of atoms here."""
        return self.kinds == {str} and any(
            not (part.is_point or part.is_null) for cell in cells for part in cell.parts
        )

    def mask(self, cell: Cell, *, sure: bool) -> int:
        """Return the atoms of a cell: those it surely holds, or those it may hold."""
        if cell.anything:
            return self.full
        if cell.opaque or self.is_mixed:
            return 0 if sure else self.full
        bits = 0
        for part in cell.parts:
            found = NULL if part.is_null else self._part(part)
            bits |= self.full & ~found if part.is_other else found
        if not cell.negated:
            return bits
        # null differs from every value, but is neither in an interval nor outside of it
        decided = all(part.is_point or part.is_null for part in cell.parts)
        return self.full & ~bits & ~(0 if decided or not sure else NULL)

    def _part(self, part: Part) -> int:
        if not self.linear:
            return 2 << self._places[self._key(part.low)]
        first = 0 if part.low is None else self._place(part.low) + (not part.low_included)
        last = 2 * len(self.points)
        if part.high is not None:
            last = self._place(part.high) - (not part.high_included)
        if first > last:
            return 0
        return ((1 << (last - first + 1)) - 1) << (first + 1)

    def _place(self, value: Value) -> int:
        return 2 * self._places[self._key(value)] + 1

    def _key(self, value: Value) -> Any:
        return sort_key(value) if self.linear else value

    def describe(self, mask: int) -> str:
        """Say in words which value an atom of the mask stands for, as an example."""
        index = next(i for i in range(1, self.size + 1) if mask >> i & 1 or i == self.size)
        if index == self.size or mask == NULL:
            return f"{self.label} is null"
        if not self.linear:
            if index > len(self.points):
                return f"{self.label} is any other value"
            return f"{self.label} is {_text(self.points[index - 1])}"
        place, is_point = divmod(index - 1, 2)
        if is_point:
            return f"{self.label} is {_text(self.points[place])}"
        if not self.points:
            return f"{self.label} is anything"
        if place == 0:
            return f"{self.label} is less than {_text(self.points[0])}"
        if place == len(self.points):
            return f"{self.label} is more than {_text(self.points[-1])}"
        low, high = self.points[place - 1], self.points[place]
        return f"{self.label} is between {_text(low)} and {_text(high)}"


def _text(value: Value) -> str:
    return quoted(value) if isinstance(value, str) else to_string(Run(), value)


def type_names(kinds: Iterable[type]) -> str:
    return " and ".join(sorted(TYPE_NAMES.get(kind, kind.__name__) for kind in kinds))
