"""Timers: ISO 8601 texts and FEEL values become instants.

An ISO 8601 text is taken literally, anything else is FEEL. Instants are UTC; a text without a
zone is wall-clock time in the zone of the release. Months are calendar months, clamped to the end
of a shorter one; days and less are elapsed time. Sources: ISO 8601:2004 4.4, BPMN 2.0.2 10.5.5.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from engine.core.failures import StepFailed
from feel.values import YearsMonths

DURATION = re.compile(
    r"P(?=.)(?:(\d{1,4})W|(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10})(?:[.,](\d{1,6}))?S)?)?)"
)
INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?(Z|[+-]\d\d:?\d\d)?)?"
)
CYCLE = re.compile(r"R(\d{0,9})/(.+)")
LONGEST = timedelta(days=3653)  # ten years: longer is a slip of the pen


@dataclass(frozen=True, slots=True)
class Duration:
    """Calendar months, then elapsed time."""

    months: int
    rest: timedelta

    @property
    def is_positive(self) -> bool:
        return (
            self.months >= 0 and self.rest >= timedelta(0) and (self.months > 0 or bool(self.rest))
        )

    def after(self, start: datetime, zone: tzinfo) -> datetime:
        return add_months(start, self.months, zone) + self.rest


@dataclass(frozen=True, slots=True)
class Cycle:
    """``first`` and then every ``period``; ``left`` firings, None for endless ones."""

    first: datetime
    period: Duration
    left: int | None
    anchor: datetime  # months are counted from here, so that the 31st comes back after February


def parse_duration(text: str) -> Duration | None:
    """Read an ISO 8601 duration; None if it is none. Weeks stand alone."""
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    weeks, years, months, days, hours, minutes, seconds, fraction = match.groups()
    rest = timedelta(
        weeks=int(weeks or 0),
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")),
    )
    return Duration(int(years or 0) * 12 + int(months or 0), rest)


def parse_instant(text: str, zone: tzinfo) -> datetime | None:
    """Read an ISO 8601 date or date and time as an instant in UTC; None if it is none."""
    if INSTANT.fullmatch(text) is None:
        return None
    try:
        return instant_of(datetime.fromisoformat(text.replace(",", ".")), zone)
    except (ValueError, OverflowError):
        return None  # the 30th of February


def is_literal(text: str) -> bool:
    """Say whether a timer's text stands for itself; otherwise it is FEEL."""
    return bool(DURATION.fullmatch(text) or INSTANT.fullmatch(text) or CYCLE.fullmatch(text))


def parse_cycle(text: str, now: datetime, zone: tzinfo) -> Cycle | None:
    """Read ``R3/PT1H``, ``R/<start>/P1D`` or ``R3/P1D/<end>``; None if it is none.

    Without a start the first firing comes after one period.
    """
    match = CYCLE.fullmatch(text)
    if match is None:
        return None
    left = int(match[1]) if match[1] else None
    first, _, second = match[2].partition("/")
    period = parse_duration(second if parse_instant(first, zone) else first)
    if period is None or not period.is_positive or left == 0:
        return None
    if not second:
        return Cycle(period.after(now, zone), period, left, now)
    start, end = parse_instant(first, zone), parse_instant(second, zone)
    if start is not None:
        return Cycle(start, period, left, start)
    if end is None:
        return None
    begin = add_months(end, -period.months, zone) - period.rest
    return Cycle(begin, period, left, begin)


def add_months(start: datetime, months: int, zone: tzinfo) -> datetime:
    """Move by calendar months at the same wall-clock time; the day is clamped."""
    if not months:
        return start
    local = start.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        raise StepFailed("TimerFailed", "The timer would lie outside the years 1 to 9998.")
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, fold=0).astimezone(UTC)


def instant_of(value: date | datetime, zone: tzinfo) -> datetime:
    """Return a date (its midnight) or a date and time as an instant in UTC."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def due_at(value: Any, now: datetime, zone: tzinfo, what: str) -> datetime:
    """Return the instant that a duration (from now) or a date and time stands for."""
    try:
        if isinstance(value, date):
            return instant_of(value, zone)
        duration = duration_of(value)
        if isinstance(value, str) and duration is None:
            instant = parse_instant(value, zone)
            if instant is not None:
                return instant
        if duration is not None and (duration.is_positive or duration == Duration(0, timedelta())):
            due = duration.after(now, zone)
            if due - now > LONGEST:
                raise StepFailed("TimerFailed", f"{what} would wait for more than ten years.")
            return due
    except OverflowError as error:
        raise StepFailed("TimerFailed", f"{what} lies outside the calendar.") from error
    raise StepFailed("TimerFailed", f"{what} gives neither a duration nor a date and time.")


def duration_of(value: Any) -> Duration | None:
    if isinstance(value, timedelta):
        return Duration(0, value)
    if isinstance(value, YearsMonths):
        return Duration(value.months, timedelta())
    return parse_duration(value) if isinstance(value, str) else None


def next_firing(cycle: Cycle, fired: int, now: datetime, zone: tzinfo) -> tuple[datetime, int]:
    """Return the first due time after ``now`` and how many firings lie before it, from 0.

    ``fired`` firings are already counted. Months are added to the anchor in one go: adding them
    one after the other would stay on the 28th for ever after one February.
    """
    count = fired
    due = nth(cycle, count, zone)
    if due <= now and not cycle.period.months:
        count += max(0, (now - due) // cycle.period.rest)
        due = nth(cycle, count, zone)
    while due <= now:
        count += 1
        due = nth(cycle, count, zone)
    return due, count


def nth(cycle: Cycle, count: int, zone: tzinfo) -> datetime:
    """Return the due time of the firing with this number, counted from 0."""
    months, rest = cycle.period.months, cycle.period.rest
    steps = count + (1 if cycle.first != cycle.anchor else 0)
    return add_months(cycle.anchor, months * steps, zone) + rest * steps
