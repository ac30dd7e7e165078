"""Named calendars: opening hours and bank holidays.

Bank holidays come from a loaded feed in the format of GOV.UK (``england-and-wales``, ``scotland``,
``northern-ireland``). They are never computed; beyond the last loaded year, whether a day is a
working day is not answered (`CalendarTooShort`).

Opening hours are wall-clock times, resolved for each date. A time that a clock change leaves out
moves forward to the end of the gap; one that happens twice means the earlier instant where a
window begins and the later one where it ends. Durations are taken between UTC instants.
Source: domain specification, 4.0.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feel import temporal
from feel.errors import CalendarError, CalendarTooShort, UnknownCalendar

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
END_OF_DAY = time(17, 0)  # of a working day that does not close
MAX_DAYS = 366 * 20  # days a deadline may lie ahead
SERVICE = "cal_service"
_DAY = timedelta(days=1)
_MIDNIGHT = time(0, 0)

Window = tuple[time, time | None]  # local opening and closing; None is midnight at the day's end


class CalendarRefused(CalendarError):
    """A calendar file cannot be used. ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Calendar:
    """Weekly opening hours in a zone, less the bank holidays of a division if it names one."""

    key: str
    zone: ZoneInfo
    hours: tuple[tuple[Window, ...], ...]  # Monday first
    holidays: str | None = None
    name: str = ""

    @classmethod
    def load(cls, source: str | bytes | Mapping[str, Any], key: str = "") -> "Calendar":
        """Read a calendar file: ``key``, ``name``, ``zone``, ``hours``, ``holidays``.

        ``hours`` maps names of days to lists of pairs such as ``["09:00", "17:00"]``; a day that
        is not named is closed, and ``"24:00"`` is midnight at the end of the day. ``key`` is used
        if the file has none. Raises `CalendarRefused` with every problem at once.
        """
        data, problems = _object(source), list[str]()
        zone = temporal.named_zone(str(data.get("zone", "")))
        if not isinstance(zone, ZoneInfo):
            problems.append(f"There is no time zone '{data.get('zone', '')}'")
        name_key = str(data.get("key") or key)
        if not name_key:
            problems.append("The calendar has no key")
        hours = _read_hours(data.get("hours"), problems)
        division = data.get("holidays")
        if division is not None and not isinstance(division, str):
            problems.append("'holidays' names a division of the bank holidays feed, or is null")
        unknown = sorted(set(data) - {"key", "name", "zone", "hours", "holidays"})
        problems += [f"'{entry}' means nothing in a calendar" for entry in unknown]
        if problems or not isinstance(zone, ZoneInfo):
            raise CalendarRefused(problems)
        return cls(name_key, zone, hours, division, str(data.get("name") or name_key))

    def windows(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the opening and closing instants of a weekday, in UTC; holidays are not asked."""
        for opening, closing in self.hours[day.weekday()]:
            start = instant_of(datetime.combine(day, opening), self.zone)
            until = datetime.combine(day, closing) if closing else _next_midnight(day)
            end = instant_of(until, self.zone, latest=True)
            if start < end:
                yield start, end


def _next_midnight(day: date) -> datetime:
    return datetime.combine(day + _DAY, _MIDNIGHT)


def _object(source: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    try:
        data = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise CalendarRefused([f"This is not JSON: {error}"]) from None
    if not isinstance(data, dict):
        raise CalendarRefused(["This is not a JSON object"])
    return data


def _read_hours(hours: Any, problems: list[str]) -> tuple[tuple[Window, ...], ...]:
    if not isinstance(hours, Mapping):
        problems.append("'hours' maps days to lists of opening and closing times")
        return ()
    problems += [f"'{day}' is not a day of the week" for day in hours if day not in DAYS]
    week = tuple(_read_day(day, hours.get(day) or [], problems) for day in DAYS)
    if not any(week) and not problems:
        problems.append("The calendar is never open")
    return week


def _read_day(day: str, pairs: Any, problems: list[str]) -> tuple[Window, ...]:
    windows: list[Window] = []
    last = -1
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        minutes = [_minutes(part) for part in pair] if isinstance(pair, list) else []
        if len(minutes) != 2 or None in minutes:
            problems.append(f'{day}: {pair!r} is not a pair such as ["09:00", "17:00"]')
            continue
        opening, closing = minutes
        assert opening is not None and closing is not None
        if not last <= opening < closing:
            problems.append(f"{day}: {pair[0]} to {pair[1]} does not follow what is before it")
            continue
        windows.append((_clock(opening) or _MIDNIGHT, _clock(closing)))
        last = closing
    return tuple(windows)


def _minutes(text: Any) -> int | None:
    hour, _, minute = str(text).partition(":")
    if len(hour) != 2 or len(minute) != 2 or not (hour + minute).isascii():
        return None
    if not (hour + minute).isdigit():
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= 24 * 60 else None


def _clock(minutes: int) -> time | None:
    return None if minutes == 24 * 60 else time(minutes // 60, minutes % 60)


def instant_of(local: datetime, zone: ZoneInfo, *, latest: bool = False) -> datetime:
    """Return the UTC instant of a wall-clock time; see the module for the clock changes."""
    earlier, later = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier <= later:  # an ordinary time, or one that happens twice
        return later if latest else earlier
    return _end_of_gap(later, earlier, zone)  # in the gap, the two readings are the wrong way round


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between two at which the clocks change."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)  # clocks change on whole seconds


# -- bank holidays ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Division:
    """The bank holidays of one division and the years for which they are loaded."""

    name: str
    days: frozenset[date]
    years: frozenset[int]


def load_holidays(source: str | bytes | Mapping[str, Any]) -> dict[str, Division]:
    """Read a feed in the format of GOV.UK: ``{division: {"events": [{"date": ...}, ...]}}``.

    A year counts as loaded when the feed has a holiday in it. Raises `CalendarRefused`.
    """
    problems: list[str] = []
    divisions = {}
    for name, division in _object(source).items():
        events = division.get("events") if isinstance(division, Mapping) else None
        if not isinstance(events, list):
            problems.append(f"'{name}' has no list of events")
            continue
        days = [_event_day(name, event, problems) for event in events]
        found = frozenset(day for day in days if day is not None)
        divisions[name] = Division(name, found, frozenset(day.year for day in found))
    if problems:
        raise CalendarRefused(problems)
    return divisions


def _event_day(division: str, event: Any, problems: list[str]) -> date | None:
    text = str(event.get("date")) if isinstance(event, Mapping) else str(event)
    day = temporal.parse_date(text)
    if day is None:
        problems.append(f"{division}: '{text}' is not a date")
    return day


# -- calendars together -----------------------------------------------------------------------


def _always(key: str, name: str) -> Calendar:
    return Calendar(key, ZoneInfo("Europe/London"), (((_MIDNIGHT, None),),) * 7, None, name)


BUILT_IN = {
    "cal_247": _always("cal_247", "Always"),
    "cal_oncall": _always("cal_oncall", "Always, by rota"),
}


@dataclass(frozen=True)
class CalendarBook:
    """The calendars of a release with the loaded bank holidays.

    ``service`` is the key that ``cal_service`` stands for. ``zone`` is the one in which
    ``today()`` is meant.
    """

    calendars: Mapping[str, Any] = field(default_factory=dict)  # Calendar, or its file as JSON
    holidays: Mapping[str, Any] = field(default_factory=dict)  # Division, or a part of the feed
    service: str | None = None
    zone: ZoneInfo = ZoneInfo("Europe/London")

    def __post_init__(self) -> None:
        files = {k: v for k, v in self.calendars.items() if not isinstance(v, Calendar)}
        if files:
            loaded = {key: Calendar.load(file, key) for key, file in files.items()}
            object.__setattr__(self, "calendars", {**self.calendars, **loaded})
        raw = {k: v for k, v in self.holidays.items() if not isinstance(v, Division)}
        if raw:
            object.__setattr__(self, "holidays", {**self.holidays, **load_holidays(raw)})

    def get(self, key: str) -> Calendar:
        """Return a calendar by its key. Raises `UnknownCalendar`."""
        if key == SERVICE:
            if self.service is None or self.service == SERVICE:
                raise UnknownCalendar("It is not known which service 'cal_service' stands for")
            return self.get(self.service)
        found = self.calendars.get(key) or BUILT_IN.get(key)
        if found is None:
            raise UnknownCalendar(f"There is no calendar '{key}'")
        return found

    def is_working_day(self, day: date, calendar: Calendar) -> bool:
        """Say whether a calendar opens on a day. Raises `CalendarTooShort`."""
        if calendar.holidays is None:
            return bool(calendar.hours[day.weekday()])
        division = self.holidays.get(calendar.holidays)
        if division is None or day.year not in division.years:
            raise CalendarTooShort(
                f"No bank holidays of {day.year} are loaded for '{calendar.holidays}'"
                f" (calendar '{calendar.key}')"
            )
        return day not in division.days and bool(calendar.hours[day.weekday()])

    def open_windows(self, calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield opening and closing instants from ``day`` on, day by day."""
        for _ in range(MAX_DAYS):
            if self.is_working_day(day, calendar):
                yield from calendar.windows(day)
            day += _DAY
        raise CalendarError(f"The deadline lies more than {MAX_DAYS} days ahead")

    def working_days(self, calendar: Calendar, day: date, step: int = 1) -> Iterator[date]:
        """Yield the working days after ``day``, or those before it with ``step`` -1."""
        for _ in range(MAX_DAYS):
            day += step * _DAY
            if self.is_working_day(day, calendar):
                yield day
        raise CalendarError(f"The deadline lies more than {MAX_DAYS} days away")
