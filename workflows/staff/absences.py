"""Who is away, and until when."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal
from workflows import audit
from workflows.staff.models import Absence, Staff


class AbsenceEndsBeforeItStarts(Refusal):
    """An absence ends after it starts."""

    status = 422


def start_absence(
    session: Session,
    staff_id: UUID,
    starts_at: datetime,
    ends_at: datetime | None = None,
    *,
    by: str,
    now: datetime,
) -> Absence:
    """Record that somebody is away; without an end, until they are said to be back."""
    if ends_at is not None and ends_at <= starts_at:
        raise AbsenceEndsBeforeItStarts
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound
    absence = Absence(
        tenant_id=staff.tenant_id,
        staff_id=staff_id,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=now,
        recorded_by=by,
    )
    session.add(absence)
    session.flush()
    audit.of_admin(session, staff.tenant_id, "absence.started", by=by, at=now, staff_id=staff_id)
    return absence


def end_absences(session: Session, staff_id: UUID, *, by: str, now: datetime) -> int:
    """Say that somebody is back; return how many absences that ended."""
    current = session.scalars(
        select(Absence).where(Absence.staff_id == staff_id, is_current(now)).with_for_update()
    ).all()
    for absence in current:
        absence.ends_at = now
    if current:
        tenant_id = current[0].tenant_id
        audit.of_admin(session, tenant_id, "absence.ended", by=by, at=now, staff_id=staff_id)
    return len(current)


def call_off(session: Session, staff_id: UUID, *, by: str, now: datetime) -> int:
    """Take back absences that have not begun; return how many. Their rows stay, without length."""
    coming = session.scalars(
        select(Absence).where(Absence.staff_id == staff_id, Absence.starts_at > now, lasts())
    ).all()
    for absence in coming:
        absence.ends_at = absence.starts_at
        audit.of_admin(
            session, absence.tenant_id, "absence.called_off", by=by, at=now, staff_id=staff_id
        )
    session.flush()
    return len(coming)


def lasts() -> ColumnElement[bool]:
    """The condition that an absence was not called off."""
    return or_(Absence.ends_at.is_(None), Absence.ends_at > Absence.starts_at)


def absent(session: Session, staff_ids: Iterable[UUID], *, at: datetime) -> frozenset[UUID]:
    """Return those of ``staff_ids`` who are away at an instant."""
    found = select(Absence.staff_id).where(Absence.staff_id.in_(list(staff_ids)), is_current(at))
    return frozenset(session.scalars(found))


def is_current(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """The condition that an absence covers an instant; its end is the first instant back."""
    return (Absence.starts_at <= at) & or_(Absence.ends_at.is_(None), Absence.ends_at > at)
