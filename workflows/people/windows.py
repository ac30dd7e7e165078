"""When somebody may be called: her windows within the opening hours of the service.

Windows are wall-clock times of her zone, resolved for each date as `feel.opening_hours` does: a
time that a clock change leaves out moves to the end of the gap, one that happens twice means the
earlier instant where a window begins and the later one where it ends. Pure: no database, no clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from feel.calendars import Calendars
from feel.opening_hours import DAYS, instant_of

# Nobody plans a call so far ahead; a window agreed anew comes first.
LOOK_AHEAD = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the week at which it is safe to call."""

    id: UUID
    days: tuple[str, ...]  # "monday", ...
    from_time: time
    to_time: time  # later than from_time, or midnight: the end of the day
    zone: str = "Europe/London"
    valid_until: date | None = None  # the last day on which it counts

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """Return the instants between which the window is open on a day of its zone."""
        if DAYS[day.weekday()] not in self.days or (self.valid_until and day > self.valid_until):
            return None
        zone = ZoneInfo(self.zone)
        last = day + timedelta(days=1) if self.to_time == time(0) else day
        start = instant_of(datetime.combine(day, self.from_time), zone)
        end = instant_of(datetime.combine(last, self.to_time), zone, latest=True)
        return (start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of time in which one may call, in UTC."""

    starts_at: datetime
    ends_at: datetime
    window_id: UUID | None  # None: no window is agreed, the service is open

    def is_open(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


def next_window(
    windows: Sequence[Window], calendars: Calendars, calendar_key: str, now: datetime
) -> Opening | None:
    """Return the opening that holds now, or the next one; None within the coming four weeks.

    Without any agreed window the service's hours count. Windows that have all run out are none
    to call in: they have to be agreed anew, which the caller sees by the None.
    Raises ``CalendarTooShort`` beyond the loaded bank holidays.
    """
    calendar = calendars.get(calendar_key)
    until = now + LOOK_AHEAD
    # a day earlier, because her yesterday may still be going on
    first = (now - timedelta(days=1)).astimezone(calendar.zone).date()
    for opens_at, closes_at in calendars.open_windows(calendar, first):
        if opens_at > until:
            return None
        found = [
            opening for opening in _within(windows, opens_at, closes_at) if opening.ends_at > now
        ]
        if found:
            return min(found, key=lambda opening: opening.starts_at)
    return None


def may_call_now(
    windows: Sequence[Window], calendars: Calendars, calendar_key: str, now: datetime
) -> bool:
    """Whether this instant lies in a window of hers and in the hours of the service."""
    opening = next_window(windows, calendars, calendar_key, now)
    return opening is not None and opening.is_open(now)


def _within(
    windows: Sequence[Window], opens_at: datetime, closes_at: datetime
) -> Iterator[Opening]:
    if not windows:
        yield Opening(opens_at, closes_at, None)
        return
    for window in windows:
        zone = ZoneInfo(window.zone)
        day, last = (at.astimezone(zone).date() for at in (opens_at, closes_at))
        while day <= last:
            times = window.on(day)
            if times is not None:
                start, end = max(times[0], opens_at), min(times[1], closes_at)
                if start < end:
                    yield Opening(start.astimezone(UTC), end.astimezone(UTC), window.id)
            day += timedelta(days=1)
