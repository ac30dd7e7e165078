"""FEEL values as text."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from feel import temporal
from feel.lexer import is_plain
from feel.numbers import to_text
from feel.scope import Run
from feel.values import MAX_DEPTH, Function, Range, Value, YearsMonths

_WRITERS = {
    Decimal: to_text,
    bool: lambda value: "true" if value else "false",
    date: temporal.date_text,
    time: temporal.time_text,
    datetime: temporal.date_time_text,
    timedelta: temporal.duration_text,
    YearsMonths: temporal.duration_text,
    Function: lambda value: f"function({', '.join(value.parameters)})",
    type(None): lambda value: "null",
}


def to_string(run: Run, value: Value) -> str:
    """Return what ``string(value)`` gives; text within lists and contexts stands in quotes."""
    if type(value) is str:
        return value
    return run.text(_write(run, value, 0))


def _write(run: Run, value: Value, depth: int) -> str:
    kind = type(value)
    run.spend_part()
    if kind is str:
        return quoted(value)
    if kind in _WRITERS:
        return _WRITERS[kind](value)
    if depth > MAX_DEPTH:
        run.too_deep()
    if kind is list:
        return "[" + ", ".join(_write(run, item, depth + 1) for item in value) + "]"
    if kind is dict:
        entries = (f"{_key(k)}: {_write(run, item, depth + 1)}" for k, item in value.items())
        return "{" + ", ".join(entries) + "}"
    return _write_range(run, value, depth)


def _write_range(run: Run, value: Range, depth: int) -> str:
    if value.start is None:
        return f"({'<=' if value.end_included else '<'} {_write(run, value.end, depth + 1)})"
    if value.end is None:
        return f"({'>=' if value.start_included else '>'} {_write(run, value.start, depth + 1)})"
    start, end = _write(run, value.start, depth + 1), _write(run, value.end, depth + 1)
    left, right = "[" if value.start_included else "(", "]" if value.end_included else ")"
    return f"{left}{start}..{end}{right}"


def _key(key: str) -> str:
    return key if is_plain(key) else quoted(key)


def quoted(text: str) -> str:
    """Return a text as a FEEL literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
