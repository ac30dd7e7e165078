"""The product's own functions: deadlines over named calendars (see `feel.calendars`)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from feel import calendars
from feel.calendars import Calendars
from feel.functions import function
from feel.scope import Frame, Run
from feel.values import Value

_BUILT_IN_ONLY = Calendars()
_DAY = "date or date and time"


def _calendars(run: Run) -> Calendars:
    return _BUILT_IN_ONLY if run.calendars is None else run.calendars


def _now(run: Run, name: str) -> Any:
    """Return the instant of the evaluation; without one the function is null, and says so."""
    if run.now is None and run.trace is not None:
        run.trace.miss(f"{name}() without an instant")
    return run.now


@function("due_minutes", "n: number")
def due_minutes(run: Run, number: Decimal) -> datetime | None:
    now = _now(run, "due_minutes")
    return now and calendars.due_minutes(number, now)


@function("due_hours", "n: number")
def due_hours(run: Run, number: Decimal) -> datetime | None:
    now = _now(run, "due_hours")
    return now and calendars.due_hours(number, now)


@function("due_working_hours", "hours: number, calendar: string")
def due_working_hours(run: Run, hours: Decimal, key: str) -> datetime | None:
    now = _now(run, "due_working_hours")
    return now and _calendars(run).due_working_hours(hours, key, now)


@function("due_working_days", "n: number, calendar: string")
def due_working_days(run: Run, number: Decimal, key: str) -> datetime | None:
    now = _now(run, "due_working_days")
    return now and _calendars(run).due_working_days(number, key, now)


@function("due_same_day", "calendar: string")
def due_same_day(run: Run, key: str) -> datetime | None:
    now = _now(run, "due_same_day")
    return now and _calendars(run).due_same_day(key, now)


@function("at_next_open", "calendar: string")
def at_next_open(run: Run, key: str) -> datetime | None:
    now = _now(run, "at_next_open")
    return now and _calendars(run).at_next_open(key, now)


@function("working_days_before", f"date: {_DAY}, n: number, calendar: string")
def working_days_before(run: Run, day: date, number: Decimal, key: str) -> datetime:
    return _calendars(run).working_days_before(day, number, key)


@function("next_working_day", f"date: {_DAY}, calendar: string")
def next_working_day(run: Run, day: date, key: str) -> date:
    return _calendars(run).next_working_day(day, key)


@function("working_days_between", f"a: {_DAY}, b: {_DAY}, calendar: string")
def working_days_between(run: Run, start: date, end: date, key: str) -> Decimal:
    return _calendars(run).working_days_between(start, end, key)


@function("is_working_time", "at: date and time, calendar: string")
def is_working_time(run: Run, at: datetime, key: str) -> bool:
    return _calendars(run).is_working_time(at, key)


@function("months_after", f"d: {_DAY}, n: number")
def months_after(day: date, number: Decimal) -> date | None:
    return calendars.months_after(day, number)


@function("age_on", f"birth: {_DAY}, day: {_DAY}")
def age_on(birth: date, day: date) -> Decimal:
    return calendars.age_on(birth, day)


@function("step", "n: number, steps: list?")
def step(frame: Frame, number: Decimal, steps: list | None = None) -> Value:
    """Without a list, the one that the context holds as ``chase.steps``."""
    if steps is None:
        steps = _variable(frame, "chase", "steps")
    return calendars.step(number, steps) if type(steps) is list else None


def _variable(frame: Frame, name: str, entry: str) -> Value:
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.names:
            value = frame.run.adopt(scope.names[name])
            return value.get(entry) if type(value) is dict else None
        scope = scope.parent
    if frame.run.trace is not None:
        frame.run.trace.miss(f"{name}.{entry}")
    return None
