"""Names of colleagues for what the engine knows by id."""

from uuid import UUID

from flask import g

from api.language import gettext
from api.work import session
from workflows.staff.models import Staff

SYSTEM = "system"


def name_of(by: str | UUID | None) -> str:
    """Return the name of a member of staff of this organisation; "Signpost" for the system."""
    if by is None or str(by) == SYSTEM:
        return gettext("Signpost")
    known: dict[str, str] = g.setdefault("names", {})
    key = str(by)
    if key not in known:
        load({key})
    return known.get(key, gettext("somebody who has left"))


def load(ids: set[str]) -> None:
    """Read the names of ``ids`` in one statement, so that a list asks once."""
    known: dict[str, str] = g.setdefault("names", {})
    missing = {i for i in ids if i and i != SYSTEM and i not in known}
    wanted = [UUID(i) for i in missing if _is_uuid(i)]
    if wanted:
        rows = session().query(Staff.id, Staff.display_name).filter(Staff.id.in_(wanted))
        known.update({str(staff_id): name for staff_id, name in rows})


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
