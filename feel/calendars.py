"""Deadlines in working time over named calendars.

Pure arithmetic: ``now`` is always an argument, an aware instant; the answers are UTC instants
unless they say otherwise. Counts may not be negative. What needs to know the working days
raises `UnknownCalendar` and, beyond the loaded bank holidays, `CalendarTooShort`.
Source: domain specification, 4.0, "Business-time functions".
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice

from feel import temporal
from feel.errors import CalendarError, CalendarTooShort, UnknownCalendar
from feel.opening_hours import (
    MAX_DAYS,
    Calendar,
    CalendarBook,
    CalendarRefused,
    Division,
    instant_of,
    load_holidays,
)

Number = Decimal | int
END_OF_DAY = time(17, 0)  # of a working day that does not close
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


class Calendars(CalendarBook):
    """The calendars of a release, and the deadlines they make."""

    def due_working_hours(self, hours: Number, key: str, now: datetime) -> datetime:
        """Return the instant at which so many open hours have passed from now.

        Work that ends exactly when the calendar closes is due then, not at the next opening. With
        0 hours it is now, or the next opening.
        """
        left = span(hours, _HOUR, "hours")
        now = now.astimezone(UTC)
        calendar = self.get(key)
        # a window of the day before may reach past midnight in UTC, never in local time
        for opening, closing in self.open_windows(calendar, local_day(now, calendar)):
            if closing <= now:
                continue
            begin = max(opening, now)
            if left <= closing - begin:
                return begin + left
            left -= closing - begin
            now = closing  # in autumn the next window may open before this one has closed
        raise AssertionError("open_windows ends by raising")

    def at_next_open(self, key: str, now: datetime) -> datetime:
        """Return the next instant at which the calendar is open: now, if it is open now."""
        return self.due_working_hours(0, key, now)

    def due_working_days(self, number: Number, key: str, now: datetime) -> datetime:
        """Return the end of the nth working day after today; with 0, of today or the next one."""
        calendar = self.get(key)
        count = whole(number, "working days")
        today = local_day(now, calendar)
        if count == 0:
            if self.is_working_day(today, calendar) and now < end_of_day(calendar, today):
                return end_of_day(calendar, today)
            count = 1
        day = next(islice(self.working_days(calendar, today), count - 1, None))
        return end_of_day(calendar, day)

    def due_same_day(self, key: str, now: datetime) -> datetime:
        """Return 17:00 today if the calendar opens today and it is earlier, else on the next day.

        A calendar that closes before 17:00 means its closing time.
        """
        calendar = self.get(key)
        today = local_day(now, calendar)
        if self.is_working_day(today, calendar) and now < _by_five(calendar, today):
            return _by_five(calendar, today)
        return _by_five(calendar, next(self.working_days(calendar, today)))

    def working_days_before(self, day: date, number: Number, key: str) -> datetime:
        """Return the end of the nth working day before a date."""
        calendar = self.get(key)
        count = whole(number, "working days")
        if count == 0:
            raise CalendarError("The number of working days before a date starts at 1")
        before = self.working_days(calendar, local_day(day, calendar), -1)
        return end_of_day(calendar, next(islice(before, count - 1, None)))

    def next_working_day(self, day: date, key: str) -> date:
        """Return the first working day after a day."""
        calendar = self.get(key)
        return next(self.working_days(calendar, local_day(day, calendar)))

    def working_days_between(self, start: date, end: date, key: str) -> Decimal:
        """Return how many working days lie after one day, up to and including another.

        Negative if the second day is the earlier one.
        """
        calendar = self.get(key)
        first, last = local_day(start, calendar), local_day(end, calendar)
        sign = 1 if first <= last else -1
        first, last = min(first, last), max(first, last)
        if (last - first).days > MAX_DAYS:
            raise CalendarError(f"The two days lie more than {MAX_DAYS} days apart")
        days = (first + timedelta(days=ahead) for ahead in range(1, (last - first).days + 1))
        return Decimal(sign * sum(self.is_working_day(day, calendar) for day in days))

    def is_working_time(self, at: datetime, key: str) -> bool:
        """Say whether the calendar is open at an instant; a local time is one of its zone."""
        calendar = self.get(key)
        if at.tzinfo is None:
            at = instant_of(at, calendar.zone)
        day = local_day(at, calendar)
        if not self.is_working_day(day, calendar):
            return False
        return any(opening <= at < closing for opening, closing in calendar.windows(day))


def due_minutes(number: Number, now: datetime) -> datetime:
    """Return the instant so many elapsed minutes from now."""
    return now.astimezone(UTC) + span(number, _MINUTE, "minutes")


def due_hours(number: Number, now: datetime) -> datetime:
    """Return the instant so many elapsed hours from now."""
    return now.astimezone(UTC) + span(number, _HOUR, "hours")


def end_of_day(calendar: Calendar, day: date) -> datetime:
    """Return the end of a working day: the last closing time, 17:00 if it never closes."""
    closing = calendar.hours[day.weekday()][-1][1]
    return instant_of(datetime.combine(day, closing or END_OF_DAY), calendar.zone, latest=True)


def _by_five(calendar: Calendar, day: date) -> datetime:
    five = instant_of(datetime.combine(day, END_OF_DAY), calendar.zone)
    return min(five, end_of_day(calendar, day))


def months_after(day: date, number: Number) -> date | None:
    """Return the same day so many months later, clipped to the end of the month."""
    return temporal.shift_months(day, int(number)) if number == int(number) else None


def age_on(birth: date, day: date) -> Decimal:
    """Return the age in whole years on a day; who is born on 29 February ages on 1 March."""
    before_birthday = (day.month, day.day) < (birth.month, birth.day)
    return Decimal(day.year - birth.year - before_birthday)


def step(number: Number, steps: Sequence) -> Decimal | None:
    """Return entry ``number`` (from 0) of a list of steps; past the end the last one repeats."""
    if not steps or number != int(number) or number < 0:
        return None
    return steps[min(int(number), len(steps) - 1)]


def local_day(at: date, calendar: Calendar) -> date:
    """Return the day of an instant in the calendar's zone; of a day or local time, itself."""
    if not isinstance(at, datetime):
        return at
    return at.astimezone(calendar.zone).date() if at.tzinfo is not None else at.date()


def whole(number: Number, what: str) -> int:
    """Return a count as an int. Raises `CalendarError` if it is negative or not whole."""
    if number != int(number) or number < 0:
        raise CalendarError(f"The number of {what} is not a whole number from 0: {number}")
    return int(number)


def span(number: Number, unit: timedelta, what: str) -> timedelta:
    """Return so many units as a duration. Raises `CalendarError` if negative or far too many."""
    micro = Decimal(number) * (unit // timedelta(microseconds=1))
    if micro < 0 or micro > 10**17:
        raise CalendarError(f"The number of {what} is out of range: {number}")
    return timedelta(microseconds=int(micro))


def keys(calendars: Iterable[Calendar]) -> dict[str, Calendar]:
    """Return calendars by their keys."""
    return {calendar.key: calendar for calendar in calendars}


__all__ = [
    "Calendar",
    "CalendarError",
    "CalendarRefused",
    "CalendarTooShort",
    "Calendars",
    "Division",
    "UnknownCalendar",
    "age_on",
    "due_hours",
    "due_minutes",
    "keys",
    "load_holidays",
    "months_after",
    "step",
]
