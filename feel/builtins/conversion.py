"""Conversion functions (10.3.4.1)."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, DecimalException

from feel import temporal
from feel.functions import standard
from feel.numbers import CONTEXT, to_int
from feel.scope import Run
from feel.values import Value, YearsMonths
from feel.writing import to_string


@standard("string", "from: any")
def string(run: Run, value: Value) -> str | None:
    return None if value is None else to_string(run, value)


@standard("number", "from: string")
def number(text: str) -> Decimal | None:
    return _number(text)


@standard("number", "from: number")
def number_of_number(value: Decimal) -> Decimal:
    return value


@standard("number", "from: string, grouping separator: string?, decimal separator: string?")
def number_with_separators(
    text: str, grouping: str | None = None, point: str | None = None
) -> Decimal | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return None
    if grouping is not None and grouping == point:
        return None
    if grouping is not None:
        text = text.replace(grouping, "")
    return _number(text.replace(point, ".") if point else text)


def _number(text: str) -> Decimal | None:
    if not text or text[-1] not in "0123456789." or not text.isascii() or "_" in text:
        return None
    try:
        value = CONTEXT.create_decimal(text)
    except DecimalException:
        return None
    return value if value.is_finite() else None


# -- dates and times --------------------------------------------------------------------------


@standard("date", "from: string")
def date_of_text(text: str) -> date | None:
    return temporal.parse_date(text)


@standard("date", "from: date or date and time")
def date_of_moment(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@standard("date", "year: number, month: number, day: number")
def date_of_parts(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    whole = to_int(year), to_int(month), to_int(day)
    if whole[0] is None or whole[1] is None or whole[2] is None:
        return None
    return temporal.make_date(whole[0], whole[1], whole[2])


@standard("time", "from: string")
def time_of_text(text: str) -> time | None:
    return temporal.parse_time(text)


@standard("time", "from: date and time")
def time_of_moment(moment: datetime) -> time:
    return moment.timetz()


@standard("time", "from: date")
def time_of_date(day: date) -> time:
    return temporal.MIDNIGHT.replace(tzinfo=UTC)


@standard("time", "from: time")
def time_of_time(clock: time) -> time:
    return clock


@standard("time", "hour: number, minute: number, second: number, offset: days and time duration?")
def time_of_parts(
    hour: Decimal, minute: Decimal, second: Decimal, offset: timedelta | None = None
) -> time | None:
    zone = None
    if offset is not None:
        if abs(offset) > timedelta(hours=18):
            return None
        zone = temporal.fixed_zone(offset)
    return _clock(hour, minute, second, zone)


def _clock(hour: Decimal, minute: Decimal, second: Decimal, zone: tzinfo | None) -> time | None:
    hours, minutes = to_int(hour), to_int(minute)
    if hours is None or minutes is None or not 0 <= second < 60:
        return None
    micro = int((second % 1).scaleb(6))
    try:
        return time(hours, minutes, int(second), micro, tzinfo=zone)
    except ValueError:
        return None


@standard("date and time", "from: string")
def date_time_of_text(text: str) -> datetime | None:
    return temporal.parse_date_time(text)


@standard("date and time", "from: date and time")
def date_time_of_moment(moment: datetime) -> datetime:
    return moment


@standard("date and time", "date: date or date and time, time: time")
def date_time_of_both(day: date, clock: time) -> datetime:
    day = day.date() if isinstance(day, datetime) else day
    return temporal.settle(datetime.combine(day, clock))


_PARTS = "year: number, month: number, day: number, hour: number, minute: number, second: number"


@standard("date and time", _PARTS)
def date_time_of_parts(
    year: Decimal, month: Decimal, day: Decimal, hour: Decimal, minute: Decimal, second: Decimal
) -> datetime | None:
    return _moment((year, month, day), _clock(hour, minute, second, None))


@standard("date and time", f"{_PARTS}, offset: days and time duration")
def date_time_with_offset(
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    offset: timedelta,
) -> datetime | None:
    return _moment((year, month, day), time_of_parts(hour, minute, second, offset))


@standard("date and time", f"{_PARTS}, timezone: string")
def date_time_with_zone(
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    timezone: str,
) -> datetime | None:
    zone = temporal.named_zone(timezone)
    return None if zone is None else _moment((year, month, day), _clock(hour, minute, second, zone))


def _moment(parts: tuple[Decimal, Decimal, Decimal], clock: time | None) -> datetime | None:
    day = date_of_parts(*parts)
    if day is None or clock is None:
        return None
    return temporal.settle(datetime.combine(day, clock))


@standard("duration", "from: string")
def duration_of_text(text: str) -> timedelta | YearsMonths | None:
    return temporal.parse_duration(text)


@standard("duration", "from: number or duration")
def duration_of_duration(span: Value) -> Value:
    return None if type(span) is Decimal else span


@standard("years and months duration", "from: date, to: date")
def months_between_dates(start: date, end: date) -> YearsMonths:
    return temporal.months_between(start, end)


@standard("years and months duration", "from: date and time!, to: date and time!")
def months_between_moments(start: date, end: date) -> YearsMonths:
    return temporal.months_between(start, end)
