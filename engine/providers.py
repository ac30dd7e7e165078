"""What only casework knows and the engine asks for: settings of a service, loaded bank holidays.

`workflows` registers one function for each when it is imported; without one the release alone
speaks. Each is asked at most once per unit of work, and only when something is evaluated.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine.definitions import Definitions
from feel.calendars import Calendars
from feel.opening_hours import Division

SettingsOf = Callable[[Session, UUID, UUID | None], Mapping[str, Any]]
HolidaysOf = Callable[[Session, UUID], Mapping[str, Any]]

S = TypeVar("S", bound=SettingsOf)
H = TypeVar("H", bound=HolidaysOf)

_settings: list[SettingsOf] = []
_holidays: list[HolidaysOf] = []

DEFAULT_ZONE = "Europe/London"


def provides_settings(function: S) -> S:
    """Register ``(session, tenant_id, service_id) -> settings``, laid over the release's.

    Two of them the engine reads itself: ``calendar``, the key that ``cal_service`` stands for, and
    ``zone``, that of the service's days.
    """
    _settings[:] = [function]
    return function


def provides_holidays(function: H) -> H:
    """Register ``(session, tenant_id) -> holidays`` by division, laid over the release's."""
    _holidays[:] = [function]
    return function


def settings(
    session: Session, tenant_id: UUID, service_id: UUID | None, definitions: Definitions
) -> Mapping[str, Any]:
    """Return the settings in force for a service: its own over the release's."""
    own: Mapping[str, Any] = _settings[0](session, tenant_id, service_id) if _settings else {}
    return {**definitions.settings, **own}


def calendars(
    session: Session, tenant_id: UUID, definitions: Definitions, settings: Mapping[str, Any]
) -> Calendars:
    """Return the calendars in force: the release's, with the loaded bank holidays."""
    loaded: Mapping[str, Any] = _holidays[0](session, tenant_id) if _holidays else {}
    return Calendars(
        definitions.calendars,
        _over(definitions.holidays, loaded),
        service=settings.get("calendar"),
        zone=ZoneInfo(settings.get("zone", DEFAULT_ZONE)),
    )


def _over(shipped: Mapping[str, Any], loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the loaded holidays over the release's, year by year of each division."""
    merged = dict(shipped)
    for name, division in loaded.items():
        older: Division | None = merged.get(name)
        if older is not None:
            kept = {day for day in older.days if day.year not in division.years}
            division = Division(name, division.days | kept, division.years | older.years)
        merged[name] = division
    return merged
