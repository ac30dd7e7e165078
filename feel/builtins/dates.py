"""Functions about days and instants (10.3.4.6, 10.3.4.7) and ``is``."""

from datetime import date, datetime, time
from decimal import Decimal

from feel import temporal
from feel.functions import standard
from feel.operators import equal
from feel.scope import Run
from feel.values import Value

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@standard("now", "")
def now(run: Run) -> datetime | None:
    """The instant of the evaluation: the clock is never read here."""
    return _instant(run, "now()")


@standard("today", "")
def today(run: Run) -> date | None:
    """The day of that instant, in the zone of the calendars if there are any."""
    moment = _instant(run, "today()")
    if moment is None:
        return None
    zone = getattr(run.calendars, "zone", None)
    return (moment if zone is None else moment.astimezone(zone)).date()


def _instant(run: Run, name: str) -> datetime | None:
    if run.now is None and run.trace is not None:
        run.trace.miss(name)
    return run.now


@standard("day of year", "date: date or date and time")
def day_of_year(day: date) -> Decimal:
    return Decimal(day.timetuple().tm_yday)


@standard("day of week", "date: date or date and time")
def day_of_week(day: date) -> str:
    return DAYS[day.weekday()]


@standard("month of year", "date: date or date and time")
def month_of_year(day: date) -> str:
    return MONTHS[day.month - 1]


@standard("week of year", "date: date or date and time")
def week_of_year(day: date) -> Decimal:
    return Decimal(day.isocalendar().week)


@standard("is", "value1: any, value2: any")
def is_(run: Run, a: Value, b: Value) -> bool:
    """Same type and same value; moments also by the clock and the offset, not only in time."""
    if type(a) is not type(b):
        return False
    if isinstance(a, datetime | time):
        same_clock = a.replace(tzinfo=None) == b.replace(tzinfo=None)
        return same_clock and temporal.time_offset(a) == temporal.time_offset(b)
    return equal(a, b, run) is True
