"""How instants and lengths of time are said to people, in the zone of their service."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import g

DEFAULT_ZONE = ZoneInfo("Europe/London")


def zone() -> ZoneInfo:
    """Return the zone in which this request speaks of time."""
    found: ZoneInfo = g.get("zone", DEFAULT_ZONE)
    return found


def clock_time(at: datetime) -> str:
    return f"{at.astimezone(zone()):%H:%M}"


def when(at: datetime, now: datetime | None = None) -> str:
    """Say ``at`` as briefly as the distance allows: "Today 10:15", "Mon 09:00", "14 Jan 2026"."""
    local, here = at.astimezone(zone()), (now or g.now).astimezone(zone())
    days = (local.date() - here.date()).days
    names = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}
    if days in names:
        return f"{names[days]} {local:%H:%M}"
    if 1 < days < 7:
        return f"{local:%a %H:%M}"
    if local.year == here.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %Y}"


def then(at: datetime, now: datetime | None = None) -> str:
    """Say ``at`` inside a sentence: "today 10:15"."""
    words = when(at, now)
    return words[0].lower() + words[1:] if words.startswith(("Tod", "Tom", "Yes")) else words


def day(at: datetime, now: datetime | None = None) -> str:
    """Say the day of ``at``: "Today", "Yesterday", "Thursday 14 January 2027"."""
    local, here = at.astimezone(zone()), (now or g.now).astimezone(zone())
    names = {0: "Today", -1: "Yesterday"}
    return names.get((local.date() - here.date()).days) or f"{local:%A} {local.day} {local:%B %Y}"


def moment(at: datetime) -> str:
    """Say ``at`` for a record: "14 Jan 2027, 10:05"."""
    local = at.astimezone(zone())
    return f"{local.day} {local:%b %Y, %H:%M}"


def moment_seconds(at: datetime) -> str:
    """Say ``at`` for an auditor: "14 Jan 2027, 10:05:00 GMT"."""
    local = at.astimezone(zone())
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"


def full(at: datetime) -> str:
    """Say ``at`` with everything: "Thursday 14 January 2027, 10:05:00 GMT"."""
    local = at.astimezone(zone())
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S %Z}"


def iso(at: datetime) -> str:
    return at.astimezone(zone()).isoformat(timespec="seconds")


def lasting(of: timedelta) -> str:
    """Say a length of time in its two largest units: "2 h 10 min", "3 days", "under a minute"."""
    minutes = int(of.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 12 else f"{hours} h"
    return f"{hours // 24} days"


def late(due: datetime, now: datetime | None = None) -> str:
    """Say how long ago ``due`` was: "40 min overdue"."""
    return f"{lasting((now or g.now) - due)} overdue"


# What a key would not say by itself.
OWN_WORDS = {
    "email": "e-mail",
    "sms": "text message",
    "webchat": "web chat",
    "in_person": "in person",
    "walk_in": "in person",
    "third_party": "another person",
    "spoc_admin": "SPOC administrator",
    "idva": "IDVA",
    "isva": "ISVA",
    "marac": "MARAC",
    "mash": "MASH",
    "gp": "GP",
}


def plain(key: object) -> str:
    """Say a key in words: "helpline_operator" is a helpline operator."""
    text = str(key)
    return OWN_WORDS.get(text) or text.replace("_", " ")
