"""The values of FEEL as Python holds them.

number: ``Decimal``; string: ``str``; boolean: ``bool``; date: ``date``; time: ``time``; date and
time: ``datetime`` (aware, or local when ``tzinfo`` is None); days and time duration: ``timedelta``;
years and months duration: ``YearsMonths``; list: ``list``; context: ``dict`` with text keys;
``Range``; ``Function``; null: ``None``. Nothing else ever reaches an expression.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from feel.errors import BudgetExceeded
from feel.numbers import CONTEXT, from_float, from_int

MAX_DEPTH = 32  # lists in lists
MAX_ITEMS = 10_000  # of one list
MAX_TEXT = 100_000  # characters

Value: TypeAlias = Any  # one of the types in the docstring above


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A duration in years and months, held in months (negative ones run backwards)."""

    months: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is None is open to infinity.

    ``indefinite``: an end was computed and came out null. Such a range equals an unbounded one,
    but whether a value lies in it cannot be said.
    """

    start: Value
    end: Value
    start_included: bool = True
    end_included: bool = True
    indefinite: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: ``invoke(run, arguments)`` with as many arguments as parameters.

    ``variadic``: further arguments than parameters are allowed. ``types`` are those that the
    author declared, None where none is; ``result`` is the type of the body, where it is plain.
    """

    parameters: tuple[str, ...]
    invoke: Callable[[Any, list[Value]], Value]
    name: str | None = None
    types: tuple[Any, ...] = ()
    result: Any = None


# types that need no looking into when they come from outside
PLAIN = frozenset(
    (type(None), bool, str, date, time, datetime, timedelta, YearsMonths, Range, Function)
)


def from_python(value: Any, depth: int = 0) -> Value:
    """Return the FEEL value of a Python value; what needs no change is returned as it is.

    ``int`` and ``float`` become numbers, tuples lists, mappings contexts, ``UUID`` text. Raises
    ``TypeError`` for anything that is not a FEEL value, ``BudgetExceeded`` for one too deep.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is Decimal:
        return CONTEXT.plus(value) if value.is_finite() else None
    if kind is int:
        return from_int(value)
    if kind is float:
        return from_float(value)
    if depth > MAX_DEPTH:
        raise BudgetExceeded(f"A value is nested deeper than {MAX_DEPTH}")
    if kind is list or kind is tuple:
        return _list(value, depth)
    if isinstance(value, Mapping):
        return _context(value, depth)
    return _other(value)


def _list(value: Any, depth: int) -> list:
    if len(value) > MAX_ITEMS:
        raise BudgetExceeded(f"A list has more than {MAX_ITEMS:,} items")
    return [from_python(item, depth + 1) for item in value]


def _context(value: Mapping, depth: int) -> dict:
    return {str(key): from_python(item, depth + 1) for key, item in value.items()}


def _other(value: Any) -> Value:
    if isinstance(value, Enum):
        return from_python(value.value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} is not a FEEL value")


def type_name(value: Value) -> str:
    """Return the name FEEL has for the type of a value."""
    kind = type(value)
    if kind in TYPE_NAMES:
        return TYPE_NAMES[kind]
    raise TypeError(f"{kind.__name__} is not a FEEL value")


TYPE_NAMES: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    YearsMonths: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
    type(None): "Null",
}
