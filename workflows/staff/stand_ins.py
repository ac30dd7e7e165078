"""Who does the work of a duty that nobody holds: high-risk work is never nobody's.

A service without a rota, a gap between two shifts, somebody on duty who has gone home ill: what is
offered to `duty_worker` or `duty_manager` would then be seen by nobody who may do it. So the duty
passes on, at the same instant and for as long as it is vacant: to the duty manager, else to the
team leaders, else to the service managers, else to the workers, and at last to those who take
contacts in. Only the first of these groups that has anybody present gets it, so that an alert is
not everybody's and therefore no one's.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    and_,
    case,
    column,
    exists,
    func,
    or_,
    select,
    true,
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
TIER_OF = {role: number for number, roles in enumerate(TIERS, 1) for role in roles}
MANAGER = 0  # before the first of them


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


def vacancies(now: ColumnElement[datetime]) -> Any:
    """Return the duties that nobody holds now, as JSON: (position, service, who stands in).

    Who: `MANAGER` or a number of `TIERS`, counted from 1; null where nobody is there. For the
    statement that reads who somebody is, correlated to its `Staff`; it asks what is so of all
    services at once, because it runs in every request.
    """
    duty = values(column("position", String), name="duty").data([(str(d),) for d in DUTIES])
    position = duty.c.position
    held, there = _held(now), _there(now)
    taken, managed = held.alias("taken"), held.alias("managed")
    here, everywhere = there.alias("here"), there.alias("everywhere")
    who = case(
        (
            and_(position == str(Position.DUTY_WORKER), managed.c.service_id.is_not(None)),
            MANAGER,
        ),
        else_=func.least(here.c.tier, everywhere.c.tier),
    )
    return (
        select(func.json_agg(func.json_build_array(position, Service.id, who)))
        .select_from(Service)
        .join(duty, true())
        .outerjoin(taken, and_(taken.c.service_id == Service.id, taken.c.position == position))
        .outerjoin(
            managed,
            and_(
                managed.c.service_id == Service.id,
                managed.c.position == str(Position.DUTY_MANAGER),
            ),
        )
        .outerjoin(here, here.c.service_id == Service.id)
        .outerjoin(
            everywhere,
            and_(everywhere.c.service_id.is_(None), everywhere.c.tenant_id == Service.tenant_id),
        )
        .where(Service.tenant_id == Staff.tenant_id, taken.c.service_id.is_(None))
        .correlate(Staff)
    )


def stood_in_for(
    vacant: Iterable[tuple[str, str, int | None]] | None,
    roles: Collection[tuple[str, str | None]],
    duties: Collection[tuple[str, str]],
) -> Iterable[tuple[str, str]]:
    """Yield the vacant duties that pass to somebody with these roles and duties, by service."""
    for position, service, who in vacant or ():
        if who == MANAGER:
            stands_in = (str(Position.DUTY_MANAGER), service) in duties
        else:
            stands_in = any(
                TIER_OF.get(role) == who for role, place in roles if place in (None, service)
            )
        if who is not None and stands_in:
            yield position, service


def _held(now: ColumnElement[datetime]) -> CTE:
    """Which duties somebody present holds now."""
    return (
        select(RotaShift.service_id, RotaShift.position)
        .where(
            on_shift_at(now), RotaShift.position.in_(map(str, DUTIES)), _is_there(RotaShift, now)
        )
        .distinct()
        .cte("held")
    )


def _there(now: ColumnElement[datetime]) -> CTE:
    """The nearest tier of which somebody is present, by service and for roles held everywhere."""
    tier = case(TIER_OF, value=StaffRole.role)
    return (
        select(StaffRole.tenant_id, StaffRole.service_id, func.min(tier).label("tier"))
        .where(StaffRole.role.in_(TIER_OF), _is_there(StaffRole, now))
        .group_by(StaffRole.tenant_id, StaffRole.service_id)
        .cte("there")
    )


def _role_in(held: Any, roles: Sequence[str], service_id: Any) -> ColumnElement[bool]:
    here = or_(held.service_id == service_id, held.service_id.is_(None))
    return and_(held.role.in_(roles), here)


def _is_there(held: Any, at: Any) -> ColumnElement[bool]:
    """The condition that whoever holds a role or a shift works here and is not absent."""
    colleague = aliased(Staff)
    away = exists().where(Absence.staff_id == held.staff_id, is_current(at))
    here = exists().where(colleague.id == held.staff_id, colleague.active)
    return and_(here, ~away)
