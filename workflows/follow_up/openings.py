"""Which opening to take for the next attempt. Pure: no database, no clock.

The weekly windows of the card, within the opening hours of the service, and the times that were
agreed once. An attempt never repeats the part of the day in which the last one failed, if the
client's windows leave another; three attempts at ten in the morning are one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from feel.calendars import Calendars
from workflows.people.windows import LOOK_AHEAD, Opening, Window, next_window

# Where the parts of the day begin, local time: source domain specification, decision D12.
PARTS = (("am", time(0)), ("pm", time(12)), ("eve", time(17)))


def daypart(at: datetime, zone: ZoneInfo) -> str:
    """Return the part of the day of an instant: am, pm or eve."""
    local = at.astimezone(zone).time()
    return [name for name, begins in PARTS if local >= begins][-1]


def upcoming(
    windows: Sequence[Window] | None,
    agreed: Iterable[Opening],
    calendars: Calendars,
    calendar_key: str,
    now: datetime,
) -> list[Opening]:
    """Return the openings of the coming four weeks, each within one part of one day, in order.

    A card without windows means whenever the service is open; None: only what was ``agreed``.
    """
    zone = calendars.get(calendar_key).zone
    once = [opening for opening in agreed if opening.ends_at > now]
    weekly = () if windows is None else _weekly(windows, calendars, calendar_key, now)
    pieces = [piece for opening in (*once, *weekly) for piece in _split(opening, zone)]
    return sorted((p for p in pieces if p.ends_at > now), key=lambda piece: piece.starts_at)


def choose(
    openings: Sequence[Opening],
    zone: ZoneInfo,
    *,
    now: datetime,
    last: datetime | None = None,
    not_before: datetime | None = None,
    agreed: Collection[UUID] = (),
    within: timedelta,
) -> Opening | None:
    """Return the opening for the next attempt; one that is open already begins now.

    ``last``: when an attempt failed before. ``not_before``: the client has asked for this time,
    then her wish counts and not the part of the day. ``agreed``: the ids of what was agreed once;
    such a time comes first, whatever part of the day it is, until it has been tried. ``within``:
    how long to look for another part of the day before the same one on another day is good enough.
    """
    earliest = max(now, not_before) if not_before else now
    possible = [
        Opening(max(piece.starts_at, earliest), piece.ends_at, piece.window_id)
        for piece in openings
        if piece.ends_at > earliest
    ]
    asked_for = not_before is not None and not_before > now
    if last is None or asked_for:
        return next(iter(possible), None)
    untried = {p.window_id for p in openings if p.window_id in agreed and p.starts_at > last}
    if untried:
        return next(piece for piece in possible if piece.window_id in untried)
    tried = (last.astimezone(zone).date(), daypart(last, zone))
    fresh = [
        piece
        for piece in possible
        if (piece.starts_at.astimezone(zone).date(), daypart(piece.starts_at, zone)) != tried
    ]
    another = (piece for piece in fresh if daypart(piece.starts_at, zone) != tried[1])
    found = next(another, None)
    if found is not None and found.starts_at <= now + within:
        return found
    return next(iter(fresh), None)


def _weekly(
    windows: Sequence[Window], calendars: Calendars, calendar_key: str, now: datetime
) -> Iterator[Opening]:
    at = now
    while at < now + LOOK_AHEAD:
        opening = next_window(windows, calendars, calendar_key, at)
        if opening is None or opening.starts_at > now + LOOK_AHEAD:
            return
        yield opening
        at = max(opening.ends_at, at + timedelta(minutes=1))


def _split(opening: Opening, zone: ZoneInfo) -> Iterator[Opening]:
    """Cut an opening where a part of the day or a day begins."""
    start = opening.starts_at
    while start < opening.ends_at:
        end = min(_part_ends(start, zone), opening.ends_at)
        yield Opening(start, end, opening.window_id)
        start = end


def _part_ends(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    for _, begins in PARTS[1:]:
        if local.time() < begins:
            return datetime.combine(local.date(), begins, zone).astimezone(UTC)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(0), zone)
    return midnight.astimezone(UTC)
