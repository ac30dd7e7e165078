"""``instance of`` and the conversions of declared types."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from feel.inference import conforms
from feel.syntax import Type
from feel.values import Function, Range, Value, YearsMonths

Check = Callable[[Value], bool]

SIMPLE: dict[str, type] = {
    "number": Decimal,
    "string": str,
    "boolean": bool,
    "date": date,
    "time": time,
    "date and time": datetime,
    "dateTime": datetime,
    "days and time duration": timedelta,
    "dayTimeDuration": timedelta,
    "years and months duration": YearsMonths,
    "yearMonthDuration": YearsMonths,
    "list": list,
    "context": dict,
    "range": Range,
    "function": Function,
}
ANY = ("Any", "any")


def checker(type_: Type, declared: Mapping[str, Check] | None = None) -> Check | None:
    """Return a test for values of a type, or None if the type is not known.

    Null is of type ``Null`` only; within lists and contexts it fits every type.
    ``declared`` are the item definitions of a model, by name.
    """
    if type_.name in ANY:
        return lambda value: value is not None
    if type_.name == "Null":
        return lambda value: value is None
    if declared and type_.name in declared:
        return declared[type_.name]
    if type_.name not in SIMPLE:
        return None
    kind = SIMPLE[type_.name]
    if type_.name == "function":
        return _function_check(type_)
    if type_.members:
        return _context_check(type_, declared)
    if type_.arguments:
        return _of_check(type_, kind, declared)
    return lambda value: type(value) is kind


def _within(type_: Type, declared: Mapping[str, Check] | None) -> Check | None:
    inner = checker(type_, declared)
    return None if inner is None else (lambda value: value is None or inner(value))


def _of_check(type_: Type, kind: type, declared: Mapping[str, Check] | None) -> Check | None:
    inner = _within(type_.arguments[0], declared) if type_.arguments else None
    if inner is None:
        return None
    if kind is list:
        return lambda value: type(value) is list and all(inner(item) for item in value)
    if kind is Range:
        return lambda value: type(value) is Range and inner(value.start) and inner(value.end)
    return None


def _context_check(type_: Type, declared: Mapping[str, Check] | None) -> Check | None:
    members: dict[str, Any] = {name: _within(member, declared) for name, member in type_.members}
    if type_.name != "context" or None in members.values():
        return None

    def check(value: Value) -> bool:
        return type(value) is dict and all(
            name in value and fits(value[name]) for name, fits in members.items()
        )

    return check


def _function_check(type_: Type) -> Check:
    def check(value: Value) -> bool:
        if type(value) is not Function:
            return False
        declared = value.types or (None,) * len(value.parameters)
        parameters = tuple(parameter or Type("Any") for parameter in declared)
        return conforms(Type("function", parameters, (), value.result), type_)

    return check


def convert(value: Value, type_: Type, declared: Mapping[str, Check] | None = None) -> Value:
    """Return a value as a declared type takes it, null if it does not fit.

    A list of one item becomes the item, an item a list of it, a date its midnight in UTC
    (DMN 1.5, 10.3.2.9.4).
    """
    check = checker(type_, declared)
    if check is None or value is None or check(value):
        return value
    if type_.name == "list":
        return [value] if check([value]) else None
    if type(value) is list and len(value) == 1 and check(value[0]):
        return value[0]
    if type(value) is date and type_.name in ("date and time", "dateTime"):
        return datetime.combine(value, time(0), tzinfo=UTC)
    return None
