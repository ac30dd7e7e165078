"""Who does the work of a duty that nobody holds: high-risk work is never nobody's.

A service without a rota, a gap between two shifts, somebody on duty who has gone home ill: what is
offered to `duty_worker` or `duty_manager` would then be seen by nobody who may do it. So the duty
passes on, at the same instant and for as long as it is vacant: to the duty manager, else to the
team leaders, else to the service managers, else to the workers, and at last to those who take
contacts in. Only the first of these groups that has anybody present gets it, so that an alert is
not everybody's and therefore no one's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    column,
    exists,
    false,
    func,
    or_,
    select,
    values,
)
from sqlalchemy.orm import Session, aliased

from workflows.staff.absences import is_current
from workflows.staff.models import Absence, Position, RotaShift, Staff, StaffRole
from workflows.staff.rota import holders, on_shift_at
from workflows.tenants.models import Service

# Nearest first; the duty manager comes before all of them for the work of a duty worker.
TIERS: Sequence[Sequence[str]] = (
    ("team_leader",),
    ("service_manager",),
    (
        "case_worker",
        "victim_care_coordinator",
        "support_coordinator",
        "spoc_admin",
        "hate_crime_coordinator",
    ),
    ("contact_handler", "helpline_operator"),
)
DUTIES = (Position.DUTY_WORKER, Position.DUTY_MANAGER)


def stand_ins(
    session: Session, service_id: UUID, position: Position, *, at: datetime
) -> list[UUID]:
    """Return those to whom a vacant duty of a service passes, the longest in their role first."""
    if position == Position.DUTY_WORKER:
        managers = holders(session, Position.DUTY_MANAGER, service_id=service_id, at=at)
        if managers:
            return managers
    for roles in TIERS:
        held = (
            select(StaffRole.staff_id)
            .where(_role_in(StaffRole, roles, service_id), _is_there(StaffRole, at))
            .order_by(StaffRole.granted_at, StaffRole.staff_id)
        )
        found = list(dict.fromkeys(session.scalars(held)))
        if found:
            return found
    return []


def standing_in(now: ColumnElement[datetime]) -> Any:
    """Return the duties in which a row of `Staff` stands in now, as JSON: (position, service)."""
    duty = values(column("position", String), name="duty").data([(str(d),) for d in DUTIES])
    position = duty.c.position
    managed = _held(Position.DUTY_MANAGER, now)
    ways: list[tuple[Any, Any]] = [
        (
            and_(position == str(Position.DUTY_WORKER), managed),
            _held(Position.DUTY_MANAGER, now, Staff.id),
        )
    ]
    for roles in TIERS:
        anybody, own = aliased(StaffRole), aliased(StaffRole)
        there = exists().where(_role_in(anybody, roles, Service.id), _is_there(anybody, now))
        held = select(own.id).where(_role_in(own, roles, Service.id), own.staff_id == Staff.id)
        mine = exists(held.correlate_except(own))
        ways.append((there, mine))
    return (
        select(func.json_agg(func.json_build_array(position, Service.id)))
        .select_from(Service)
        .join(duty, onclause=Service.tenant_id == Staff.tenant_id)
        .where(~_held(position, now), case(*ways, else_=false()))
        .correlate(Staff)
    )


def _held(
    position: Any, now: ColumnElement[datetime], by: ColumnElement[UUID] | Any = None
) -> ColumnElement[bool]:
    """The condition that somebody present (or ``by``) holds a duty of the service now."""
    shift = [
        RotaShift.service_id == Service.id,
        RotaShift.position == (str(position) if isinstance(position, Position) else position),
        on_shift_at(now),
        _is_there(RotaShift, now),
    ]
    if by is not None:
        shift.append(RotaShift.staff_id == by)
    return exists(select(RotaShift.id).where(*shift).correlate_except(RotaShift))


def _role_in(held: Any, roles: Sequence[str], service_id: Any) -> ColumnElement[bool]:
    here = or_(held.service_id == service_id, held.service_id.is_(None))
    return and_(held.role.in_(roles), here)


def _is_there(held: Any, at: Any) -> ColumnElement[bool]:
    """The condition that whoever holds a role works here and is not absent."""
    colleague = aliased(Staff)
    away = exists().where(Absence.staff_id == held.staff_id, is_current(at))
    here = exists().where(colleague.id == held.staff_id, colleague.active)
    return and_(here, ~away)
