"""FEEL values as JSON columns hold them: exact, and readable by whoever looks into the table.

Text, whole numbers, truth values, null, lists and contexts are themselves; everything else is
``{"$": kind, "v": text}``. A context that has a key ``$`` of its own is wrapped likewise, so that
no value that comes from outside can pass itself off as another kind.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from feel.values import Range, YearsMonths

MARK = "$"


def to_json(value: Any) -> Any:
    """Return ``value`` for a JSON column. Raises ``TypeError`` for what FEEL does not know."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else _marked("number", str(value))
    if isinstance(value, Mapping):
        inside = {str(key): to_json(item) for key, item in value.items()}
        return _marked("context", inside) if MARK in inside else inside
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return _typed(value)


def _typed(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    for kind, (python, write, _) in KINDS.items():
        if type(value) is python:
            return _marked(kind, write(value))
    raise TypeError(f"{type(value).__name__} cannot be kept")


def from_json(stored: Any) -> Any:
    """Return the value that `to_json` was given (whole numbers as ``int``)."""
    if isinstance(stored, list):
        return [from_json(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    if MARK not in stored:
        return {key: from_json(item) for key, item in stored.items()}
    if stored[MARK] == "context":
        return {key: from_json(item) for key, item in stored["v"].items()}
    return KINDS[stored[MARK]][2](stored["v"])


def _marked(kind: str, text: Any) -> dict[str, Any]:
    return {MARK: kind, "v": text}


def _zoned(value: datetime | time) -> str:
    """Write the zone of the database beside the offset, as FEEL does: offsets change in spring."""
    zone = value.tzinfo
    return f"{value.isoformat()}@{zone.key}" if isinstance(zone, ZoneInfo) else value.isoformat()


def _instant(text: str) -> datetime:
    moment, _, zone = text.partition("@")
    value = datetime.fromisoformat(moment)
    return value.astimezone(ZoneInfo(zone)) if zone else value


def _time(text: str) -> time:
    moment, _, zone = text.partition("@")
    value = time.fromisoformat(moment)
    return value.replace(tzinfo=ZoneInfo(zone)) if zone else value


def _duration(text: str) -> timedelta:
    days, seconds, microseconds = (int(part) for part in text.split(","))
    return timedelta(days, seconds, microseconds)


def _range(stored: list[Any]) -> Range:
    start, end, start_included, end_included = stored
    return Range(from_json(start), from_json(end), start_included, end_included)


Writer = Callable[[Any], Any]
# kind -> (type, how it is written, how it is read)
KINDS: dict[str, tuple[type, Writer, Writer]] = {
    "number": (Decimal, str, Decimal),
    "instant": (datetime, _zoned, _instant),
    "date": (date, lambda v: v.isoformat(), date.fromisoformat),
    "time": (time, _zoned, _time),
    "duration": (timedelta, lambda v: f"{v.days},{v.seconds},{v.microseconds}", _duration),
    "months": (YearsMonths, lambda v: v.months, YearsMonths),
    "range": (
        Range,
        lambda v: [to_json(v.start), to_json(v.end), v.start_included, v.end_included],
        _range,
    ),
}
