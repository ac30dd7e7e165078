"""How somebody wants their screens."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.desk.models import Desk
from workflows.identity import passwords

SHORTEST_PIN, LONGEST_PIN = 4, 8
CHANGEABLE = frozenset({"density", "theme", "shortcuts", "lock_minutes"})


class BadPin(Refusal):
    """A PIN has 4 to 8 digits and is not one digit repeated."""

    status = 422


def of(session: Session, staff_id: UUID, tenant_id: UUID) -> Desk:
    """Return the desk of ``staff_id``, as shipped if nothing was ever changed."""
    found = session.get(Desk, staff_id)
    return found or Desk(
        staff_id=staff_id,
        tenant_id=tenant_id,
        density="comfortable",
        theme="system",
        shortcuts=True,
        lock_minutes=5,
    )


def change(session: Session, staff_id: UUID, tenant_id: UUID, **values: Any) -> None:
    """Change ``density``, ``theme``, ``shortcuts`` or ``lock_minutes``."""
    if unknown := values.keys() - CHANGEABLE:
        raise TypeError(f"no such setting: {sorted(unknown)}")
    _put(session, staff_id, tenant_id, values)


def set_pin(session: Session, staff_id: UUID, tenant_id: UUID, pin: str) -> None:
    """Set the PIN that opens a locked screen. It never signs anybody in."""
    if not (pin.isascii() and pin.isdecimal() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        raise BadPin
    if len(set(pin)) == 1:
        raise BadPin
    _put(session, staff_id, tenant_id, {"pin_hash": passwords.hash_password(pin)})


def is_pin(desk: Desk, pin: str) -> bool:
    return desk.pin_hash is not None and passwords.verify(desk.pin_hash, pin)


def _put(session: Session, staff_id: UUID, tenant_id: UUID, values: dict[str, Any]) -> None:
    row = {"staff_id": staff_id, "tenant_id": tenant_id, **values}
    session.execute(
        insert(Desk).values(row).on_conflict_do_update(index_elements=[Desk.staff_id], set_=values)
    )
    session.expire_all()
