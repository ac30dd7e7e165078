"""Who holds a duty at an instant.

A rota gives `duty_worker`, `duty_manager` and `on_call` to somebody for a shift; an appointment
gives `second_reviewer` and `alternate_recipient` until further notice. Whoever is absent does not
hold it. High-risk work goes by these, day and night, so a service without a rota names a fallback
(`oncall_fallback` in its settings).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows import audit
from workflows.staff.absences import is_current
from workflows.staff.models import Absence, Appointment, Position, RotaShift, Staff, StaffRole
from workflows.tenants.models import Service

# Service specification 4.0: a duty carries the rights of the role its holder has.
ROLES_FOR = {
    Position.DUTY_WORKER: ("case_worker", "victim_care_coordinator"),
    Position.DUTY_MANAGER: ("team_leader", "service_manager"),
}


class NotFitForDuty(Refusal):
    """This duty needs a role that the person does not hold."""

    status = 422


class ShiftEndsBeforeItStarts(Refusal):
    """A shift ends after it starts."""

    status = 422


def put_on_rota(
    session: Session,
    service_id: UUID,
    position: Position,
    staff_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    *,
    by: str,
    now: datetime,
) -> RotaShift:
    """Give somebody a duty of a service for a shift; its end belongs to the next one."""
    if ends_at <= starts_at:
        raise ShiftEndsBeforeItStarts
    service = session.get_one(Service, service_id)
    _refuse_unfit(session, service_id, position, staff_id)
    shift = RotaShift(
        tenant_id=service.tenant_id,
        service_id=service_id,
        position=position,
        staff_id=staff_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    session.add(shift)
    session.flush()
    about = {"staff_id": staff_id, "service_id": service_id, "position": position}
    audit.of_admin(session, service.tenant_id, "rota.assigned", by=by, at=now, **about)
    return shift


def appoint(
    session: Session,
    service_id: UUID,
    position: Position,
    staff_id: UUID,
    *,
    by: str,
    now: datetime,
) -> None:
    """Give somebody a named position of a service until further notice."""
    service = session.get_one(Service, service_id)
    row = {"service_id": service_id, "position": position, "staff_id": staff_id}
    session.execute(
        insert(Appointment)
        .values(**row, tenant_id=service.tenant_id, since=now)
        .on_conflict_do_nothing()
    )
    audit.of_admin(session, service.tenant_id, "position.appointed", by=by, at=now, **row)


def holders(
    session: Session, position: Position, *, service_id: UUID | None, at: datetime
) -> list[UUID]:
    """Return who holds ``position`` at an instant, first on shift first (None: in any service)."""
    here = RotaShift.service_id == service_id if service_id else RotaShift.id.is_not(None)
    on_shift = (
        select(RotaShift.staff_id)
        .where(RotaShift.position == position, here, on_shift_at(at), present(RotaShift, at))
        .order_by(RotaShift.starts_at, RotaShift.staff_id)
    )
    named_here = Appointment.service_id == service_id if service_id else Appointment.since <= at
    named = (
        select(Appointment.staff_id)
        .where(Appointment.position == position, named_here, present(Appointment, at))
        .order_by(Appointment.since, Appointment.staff_id)
    )
    return list(dict.fromkeys([*session.scalars(on_shift), *session.scalars(named)]))


def duty(
    session: Session, service_id: UUID, position: Position, *, at: datetime
) -> UUID | str | None:
    """Return who is to be asked now: a member of staff, else the service's named fallback.

    None only where a service has neither, which a release check refuses.
    """
    found = holders(session, position, service_id=service_id, at=at)
    if found:
        return found[0]
    fallback = session.get_one(Service, service_id).settings.get("oncall_fallback")
    return str(fallback) if fallback else None


def on_shift_at(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """The condition that a shift covers an instant."""
    return (RotaShift.starts_at <= at) & (RotaShift.ends_at > at)


def present(holder: type[RotaShift] | type[Appointment], at: datetime) -> ColumnElement[bool]:
    """The condition that the holder works here and is not absent."""
    away = exists().where(Absence.staff_id == holder.staff_id, is_current(at))
    here = exists().where(Staff.id == holder.staff_id, Staff.active)
    return here & ~away


def _refuse_unfit(session: Session, service_id: UUID, position: Position, staff_id: UUID) -> None:
    needed = ROLES_FOR.get(position)
    if needed is None:
        return
    held = select(StaffRole.id).where(
        StaffRole.staff_id == staff_id,
        StaffRole.role.in_(needed),
        (StaffRole.service_id == service_id) | StaffRole.service_id.is_(None),
    )
    if session.scalar(held.limit(1)) is None:
        roles = " or ".join(needed)
        raise NotFitForDuty(f"Only somebody who is {roles} in this service can be {position}.")
