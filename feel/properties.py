"""What a path finds: entries of contexts, properties of dates, times, durations and ranges."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from feel import temporal
from feel.scope import Run
from feel.values import Range, Value, YearsMonths


def _number(read: Callable[[Any], int]) -> Callable[[Any], Value]:
    return lambda value: Decimal(read(value))


def _sign(value: timedelta) -> int:
    return -1 if value < timedelta() else 1


def _zone(value: time | datetime) -> str | None:
    return temporal.zone_text(value.tzinfo).removeprefix("@") or None


_DATE = {
    "year": _number(lambda value: value.year),
    "month": _number(lambda value: value.month),
    "day": _number(lambda value: value.day),
    "weekday": _number(lambda value: value.isoweekday()),
}
_TIME: dict[str, Callable[[Any], Value]] = {
    "hour": _number(lambda value: value.hour),
    "minute": _number(lambda value: value.minute),
    "second": lambda value: Decimal(value.second) + Decimal(value.microsecond).scaleb(-6),
    "time offset": temporal.time_offset,
    "timezone": _zone,
}
PROPERTIES: dict[type, dict[str, Callable[[Any], Value]]] = {
    date: _DATE,
    time: _TIME,
    datetime: _DATE | _TIME,
    timedelta: {
        "days": _number(lambda value: _sign(value) * abs(value).days),
        "hours": _number(lambda value: _sign(value) * (abs(value).seconds // 3600)),
        "minutes": _number(lambda value: _sign(value) * (abs(value).seconds // 60 % 60)),
        "seconds": lambda value: _sign(value) * (temporal.total_seconds(abs(value)) % 60),
    },
    YearsMonths: {
        "years": _number(lambda value: int(value.months / 12)),
        "months": _number(lambda value: value.months - 12 * int(value.months / 12)),
    },
    Range: {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}


def property_of(value: Value, name: str, run: Run) -> Value:
    """Return ``value.name``; over a list, the list of what each item has."""
    kind = type(value)
    if kind is dict:
        return value.get(name)
    if kind is list:
        run.spend(1 + len(value) // 10)
        return [None if item is None else property_of(item, name, run) for item in value]
    known = PROPERTIES.get(kind)
    if known is None or name not in known:
        return None
    return known[name](value)
