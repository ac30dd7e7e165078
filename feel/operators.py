"""Equality, order and arithmetic of FEEL values (DMN 1.5, 10.3.2.3 and tables 42 to 54).

Whatever the standard leaves undefined is null: no function here raises for a wrong type.
"""

import decimal
import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from feel import temporal
from feel.numbers import CONTEXT
from feel.scope import Run
from feel.values import MAX_DEPTH, MAX_TEXT, Function, Range, Value, YearsMonths

_SCALARS = frozenset((Decimal, str, bool, date, timedelta, YearsMonths))
_BIGGEST_POWER = 10**6


def equal(a: Value, b: Value, run: Run) -> bool | None:
    """Return whether two values are equal; null where they cannot be compared."""
    kind = type(a)
    if kind is type(b) and kind in _SCALARS:
        return bool(a == b)
    if a is None or b is None:
        return a is b
    return _equal(a, b, run, 0)


def _equal(a: Value, b: Value, run: Run, depth: int) -> bool | None:
    if a is None or b is None:
        return a is b
    run.spend_part()
    kind, other = type(a), type(b)
    if kind is not other:
        return _equal_mixed(a, b)
    if kind in _SCALARS:
        return bool(a == b)
    if depth > MAX_DEPTH:
        run.too_deep()
    if kind is list:
        return _equal_lists(a, b, run, depth)
    if kind is dict:
        return _equal_contexts(a, b, run, depth)
    if kind is datetime or kind is time:
        return _equal_moments(a, b)
    if kind is Range:
        return _equal_ranges(a, b, run, depth)
    return a is b if kind is Function else None


def _equal_mixed(a: Value, b: Value) -> bool | None:
    """A date is its midnight in UTC; otherwise values of different types cannot be compared."""
    if type(a) is date and type(b) is datetime:
        return _equal_moments(temporal.as_date_time(a), b)
    if type(a) is datetime and type(b) is date:
        return _equal_moments(a, temporal.as_date_time(b))
    return None


def _equal_lists(a: list, b: list, run: Run, depth: int) -> bool | None:
    if len(a) != len(b):
        return False
    result: bool | None = True
    for x, y in zip(a, b, strict=True):
        same = _equal(x, y, run, depth + 1)
        if same is False:
            return False
        if same is None:
            result = None
    return result


def _equal_contexts(a: dict, b: dict, run: Run, depth: int) -> bool | None:
    if a.keys() != b.keys():
        return False
    return _equal_lists(list(a.values()), [b[key] for key in a], run, depth)


def _equal_ranges(a: Range, b: Range, run: Run, depth: int) -> bool | None:
    if (a.start_included, a.end_included) != (b.start_included, b.end_included):
        return False
    return _equal_lists([a.start, a.end], [b.start, b.end], run, depth)


def _equal_moments(a: Any, b: Any) -> bool:
    """Moments are equal when they are one second in time; a local one never equals a zoned one.

    The values that the standard compares are whole seconds (10.3.2.3.4 and .5).
    """
    if (a.tzinfo is None) != (b.tzinfo is None):
        return False
    return _order_key(a.replace(microsecond=0)) == _order_key(b.replace(microsecond=0))


def _order_key(value: Any) -> Any:
    kind = type(value)
    if kind is datetime:
        return temporal.instant(value)
    if kind is time:
        return temporal.seconds_of_day(value)
    return value


_ORDERED = frozenset((Decimal, str, date, timedelta, YearsMonths))
_MOMENTS = frozenset((datetime, time))
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordered(symbol: str, a: Value, b: Value) -> bool | None:
    """Return ``a < b`` or the like; null unless both are of one type that has an order."""
    kind = type(a)
    if kind is type(b):
        if kind in _ORDERED:
            return ORDER[symbol](a, b)
        if kind in _MOMENTS and (a.tzinfo is None) == (b.tzinfo is None):
            return ORDER[symbol](_order_key(a), _order_key(b))
        return None
    if kind is datetime and type(b) is date:
        return ordered(symbol, a, _like(b, a))
    if kind is date and type(b) is datetime:
        return ordered(symbol, _like(a, b), b)
    return None


def _like(day: date, moment: datetime) -> datetime:
    """Return a day as its midnight in UTC, or as a local one beside a local moment."""
    midnight = temporal.as_date_time(day)
    return midnight if moment.tzinfo is not None else midnight.replace(tzinfo=None)


def compare(symbol: str, a: Value, b: Value, run: Run) -> bool | None:
    """Return the value of a comparison with any of the six operators."""
    if symbol == "=":
        return equal(a, b, run)
    if symbol == "!=":
        same = equal(a, b, run)
        return None if same is None else not same
    return ordered(symbol, a, b)


def between(value: Value, low: Value, high: Value) -> bool | None:
    return both(ordered(">=", value, low), ordered("<=", value, high))


def both(a: Value, b: Value) -> bool | None:
    """Three-valued *and*."""
    if a is False or b is False:
        return False
    return True if a is True and b is True else None


def in_range(value: Value, range_: Range) -> bool | None:
    """Return whether a value lies in a range; null if it cannot be compared with an end."""
    if range_.indefinite:
        return None
    result: bool | None = value is not None or None
    if range_.start is not None:
        result = ordered(">=" if range_.start_included else ">", value, range_.start)
    if range_.end is not None:
        result = both(result, ordered("<=" if range_.end_included else "<", value, range_.end))
    return result


# -- arithmetic -------------------------------------------------------------------------------


def _null_if_undefined(function: Callable[..., Value]) -> Callable[..., Value]:
    def guarded(*operands: Value) -> Value:
        try:
            return function(*operands)
        except (decimal.DecimalException, OverflowError, ValueError, ZeroDivisionError):
            return None

    return guarded


@_null_if_undefined
def add(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return CONTEXT.add(a, b)
    if kind is str and other is str:
        return a + b if len(a) + len(b) <= MAX_TEXT else Run.too_long()
    if kind is timedelta or kind is YearsMonths:
        if kind is other:
            return a + b if kind is timedelta else YearsMonths(a.months + b.months)
        a, b, kind, other = b, a, other, kind
    if other is timedelta:
        return _add_span(a, b)
    if other is YearsMonths and kind in (date, datetime):
        return temporal.shift_months(a, b.months)
    return None


def _add_span(value: Value, span: timedelta) -> Value:
    kind = type(value)
    if kind is datetime:
        return temporal.shift(value, span)
    if kind is date:
        return (datetime.combine(value, temporal.MIDNIGHT) + span).date()
    if kind is time:
        day = datetime.combine(date(2000, 1, 1), value.replace(tzinfo=None))
        return (day + (span % temporal.DAY)).time().replace(tzinfo=value.tzinfo)
    return None


@_null_if_undefined
def subtract(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return CONTEXT.subtract(a, b)
    if other is timedelta:
        return a - b if kind is timedelta else _add_span(a, -b)
    if other is YearsMonths:
        if kind is YearsMonths:
            return YearsMonths(a.months - b.months)
        return temporal.shift_months(a, -b.months) if kind in (date, datetime) else None
    if kind is date and other is datetime:
        a, kind = temporal.as_date_time(a), datetime
    elif kind is datetime and other is date:
        b, other = temporal.as_date_time(b), datetime
    if kind is date and other is date:
        return a - b
    if kind is other and kind in _MOMENTS and (a.tzinfo is None) == (b.tzinfo is None):
        return _order_key(a) - _order_key(b)
    return None


@_null_if_undefined
def multiply(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return CONTEXT.multiply(a, b)
    if kind is Decimal:
        a, b, kind, other = b, a, other, kind
    if other is not Decimal:
        return None
    if kind is timedelta:
        return _seconds(CONTEXT.multiply(temporal.total_seconds(a), b))
    return YearsMonths(int(CONTEXT.multiply(a.months, b))) if kind is YearsMonths else None


def _seconds(seconds: Decimal) -> timedelta:
    return timedelta(microseconds=int(seconds.scaleb(6).to_integral_value()))


@_null_if_undefined
def divide(a: Value, b: Value) -> Value:
    kind, other = type(a), type(b)
    if kind is Decimal and other is Decimal:
        return CONTEXT.divide(a, b) if b else None
    if kind is timedelta:
        if other is Decimal:
            return _seconds(CONTEXT.divide(temporal.total_seconds(a), b))
        if other is timedelta:
            return CONTEXT.divide(temporal.total_seconds(a), temporal.total_seconds(b))
    if kind is YearsMonths:
        if other is Decimal:
            return YearsMonths(int(CONTEXT.divide(Decimal(a.months), b)))
        if other is YearsMonths:
            return CONTEXT.divide(Decimal(a.months), Decimal(b.months))
    return None


@_null_if_undefined
def power(a: Value, b: Value) -> Value:
    if type(a) is not Decimal or type(b) is not Decimal or abs(b) > _BIGGEST_POWER:
        return None
    return CONTEXT.power(a, b)


@_null_if_undefined
def negate(a: Value) -> Value:
    kind = type(a)
    if kind is Decimal:
        return CONTEXT.minus(a)
    if kind is timedelta:
        return -a
    return YearsMonths(-a.months) if kind is YearsMonths else None


ARITHMETIC = {"+": add, "-": subtract, "*": multiply, "/": divide, "**": power}
