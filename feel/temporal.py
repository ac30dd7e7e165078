"""Dates, times and durations: reading, writing and arithmetic as DMN 1.5 has them."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from feel.values import Value, YearsMonths

DATE = re.compile(r"(-?(?:\d{4}|[1-9]\d{4,8}))-(\d\d)-(\d\d)")
CLOCK = r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
ZONE = r"(Z|z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*)?"
TIME = re.compile(CLOCK + ZONE)
DATE_TIME = re.compile(DATE.pattern + "T" + CLOCK + ZONE)
DAYS_TIME = re.compile(
    r"(-)?P(?:(\d{1,12})D)?(?:T(?=\d)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,15})(\.\d*)?S)?)?"
)
YEARS_MONTHS = re.compile(r"(-)?P(?:(\d{1,12})Y)?(?:(\d{1,12})M)?")
MIDNIGHT = time(0, 0)
DAY = timedelta(days=1)


def parse_date(text: str) -> date | None:
    match = DATE.fullmatch(text)
    if match is None:
        return None
    return make_date(int(match[1]), int(match[2]), int(match[3]))


def make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def parse_time(text: str) -> time | None:
    match = TIME.fullmatch(text.removeprefix("T"))
    return None if match is None else _clock(match.groups())


def parse_date_time(text: str) -> datetime | None:
    """Read a date and time; a date alone is its midnight, without a zone."""
    match = DATE_TIME.fullmatch(text)
    if match is None:
        day = parse_date(text)
        return None if day is None else datetime.combine(day, MIDNIGHT)
    day = make_date(int(match[1]), int(match[2]), int(match[3]))
    clock = _clock(match.groups()[3:])
    if day is None or clock is None:
        return None
    return settle(datetime.combine(day, clock))


def _clock(parts: tuple) -> time | None:
    hour, minute, second, fraction, zone = parts
    tz = None
    if zone is not None:
        tz = parse_zone(zone)
        if tz is None:
            return None
    try:
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        return time(int(hour), int(minute), int(second), micro, tzinfo=tz)
    except ValueError:
        return None


def parse_zone(text: str) -> tzinfo | None:
    """Read ``Z``, an offset of at most 18 hours, or ``@Europe/London``."""
    if text in ("Z", "z"):
        return UTC
    if text.startswith("@"):
        return named_zone(text[1:])
    hours, minutes, *seconds = (int(part) for part in text[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    if minutes > 59 or offset > timedelta(hours=18):
        return None
    return fixed_zone(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=1024)
def fixed_zone(offset: timedelta) -> tzinfo:
    return timezone(offset) if offset else UTC


@lru_cache(maxsize=1024)
def named_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder
        return None


def settle(moment: datetime) -> datetime:
    """Move a wall-clock time that a clock change leaves out forward to one that exists."""
    if isinstance(moment.tzinfo, ZoneInfo):
        return moment.astimezone(UTC).astimezone(moment.tzinfo)
    return moment


def parse_duration(text: str) -> timedelta | YearsMonths | None:
    match = DAYS_TIME.fullmatch(text)
    if match is not None and text[-1] not in "PT":
        return _days_time(match)
    match = YEARS_MONTHS.fullmatch(text)
    if match is None or text[-1] == "P":
        return None
    months = int(match[2] or 0) * 12 + int(match[3] or 0)
    return YearsMonths(-months if match[1] else months)


def _days_time(match: re.Match) -> timedelta | None:
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    micro = int((match[6] or ".0")[1:7].ljust(6, "0"))
    try:
        span = timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro
        )
        return -span if match[1] else span
    except OverflowError:
        return None


def at_literal(text: str) -> Value:
    """Return what ``@"..."`` stands for, by the form of the text; null if it has none."""
    for parse in (parse_date, parse_duration, parse_time, parse_date_time):
        value = parse(text)
        if value is not None:
            return value
    return None


# -- writing --------------------------------------------------------------------------------


def date_text(value: date) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def time_text(value: time | datetime) -> str:
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    if value.microsecond:
        text += f".{value.microsecond:06d}".rstrip("0")
    return text + zone_text(value.tzinfo)


def zone_text(zone: tzinfo | None) -> str:
    if zone is None:
        return ""
    if isinstance(zone, ZoneInfo):
        return f"@{zone.key}"
    seconds = int((zone.utcoffset(None) or timedelta()).total_seconds())
    if seconds == 0:
        return "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text + (f":{seconds % 60:02d}" if seconds % 60 else "")


def date_time_text(value: datetime) -> str:
    return f"{date_text(value)}T{time_text(value)}"


def duration_text(value: timedelta | YearsMonths) -> str:
    if isinstance(value, YearsMonths):
        sign, months = ("-", -value.months) if value.months < 0 else ("", value.months)
        years, months = divmod(months, 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return f"{sign}P{text or '0M'}"
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or value.microseconds:
        fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
        clock += f"{seconds}{fraction}S"
    day = f"{value.days}D" if value.days else ""
    if not day and not clock:
        return "PT0S"
    return f"{sign}P{day}" + (f"T{clock}" if clock else "")


# -- instants and arithmetic ------------------------------------------------------------------


def instant(moment: datetime) -> datetime:
    """Return a naive date and time that orders moments: UTC for zoned ones, itself for local.

    Python compares two moments of one zone by the wall clock, which is wrong in the hour that
    a clock change repeats.
    """
    offset = moment.utcoffset()
    return moment if offset is None else moment.replace(tzinfo=None) - offset


def seconds_of_day(clock: time) -> timedelta:
    """Return the time since midnight, in UTC for a time with a zone."""
    since = timedelta(
        hours=clock.hour,
        minutes=clock.minute,
        seconds=clock.second,
        microseconds=clock.microsecond,
    )
    offset = time_offset(clock)
    return since if offset is None else since - offset


def time_offset(clock: time | datetime) -> timedelta | None:
    """Return the offset from UTC; of a time in a named zone, the one in winter (1 January 1970)."""
    if clock.tzinfo is None:
        return None
    if isinstance(clock, datetime):
        return clock.utcoffset()
    return clock.tzinfo.utcoffset(datetime(1970, 1, 1))


def as_date_time(value: date) -> datetime:
    """Return a date as its midnight in UTC, as the standard converts it."""
    return datetime.combine(value, MIDNIGHT, tzinfo=UTC)


def shift(moment: datetime, span: timedelta) -> datetime:
    """Move by elapsed time: over a clock change, an hour is an hour."""
    if isinstance(moment.tzinfo, ZoneInfo):
        return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)
    return moment + span


def shift_months(value: date, months: int) -> date | None:
    """Return the same day so many months on, clipped to the end of the month."""
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    for day in (value.day, 30, 29, 28):
        if day <= value.day:
            try:
                moved = value.replace(year=year, month=month + 1, day=day)
            except (ValueError, OverflowError):
                continue
            return settle(moved) if isinstance(moved, datetime) else moved
    return None


def months_between(start: date, end: date) -> YearsMonths:
    """Return the whole months from one day to another, negative if the second is earlier.

    The time of day does not count.
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return YearsMonths(months)


def total_seconds(span: timedelta) -> Decimal:
    """Return a duration as a number of seconds, exactly."""
    whole = span.days * 86_400 + span.seconds
    return Decimal(whole) + Decimal(span.microseconds).scaleb(-6)
