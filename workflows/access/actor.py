"""Who acts: a member of staff with roles, teams and duties, as they are at this instant.

Read once per request and never remembered beyond it: a role that is taken away is gone at the
next request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, exists, func, select
from sqlalchemy.orm import Session

from engine.db import Fixed, UtcDateTime, varying
from engine.errors import Refusal
from workflows.staff.absences import is_current
from workflows.staff.matrix import Permission, Scope, permission
from workflows.staff.models import (
    Absence,
    Appointment,
    RotaShift,
    Staff,
    StaffRole,
    TeamMember,
)
from workflows.staff.rota import on_shift_at
from workflows.staff.stand_ins import stood_in_for, vacancies


class NotSignedIn(Refusal):
    """Sign in first."""

    status = 401


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that is held, in one service or in all (None)."""

    role: str
    service_id: UUID | None
    scope: Scope | None  # narrower than the matrix gives

    def covers(self, service_id: UUID | None) -> bool:
        return self.service_id is None or service_id is None or self.service_id == service_id

    def reach(self, given: Permission) -> Scope:
        """Return how far a permission reaches through this grant.

        A grant in one service never reaches beyond it, whatever the matrix gives.
        """
        widest = Scope.TENANT if self.service_id is None else Scope.SERVICE
        asked = [scope for scope in (given.scope, self.scope, widest) if scope is not None]
        return min(asked, key=lambda scope: scope.reach)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff as the policy sees them."""

    staff_id: UUID
    tenant_id: UUID
    grants: tuple[Grant, ...]
    # duty, and the service in which it is held now, or stood in for while nobody holds it
    positions: tuple[tuple[str, UUID], ...]
    team_ids: frozenset[UUID]
    is_absent: bool = False

    @property
    def by(self) -> str:
        """The name under which the engine and the history know them."""
        return str(self.staff_id)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    def role_keys(self, service_id: UUID | None = None) -> frozenset[str]:
        """Return what a task of a service can be offered to: roles and the duties held now."""
        roles = {grant.role for grant in self.grants if grant.covers(service_id)}
        duties = {duty for duty, service in self.positions if service_id in (None, service)}
        return frozenset(roles | duties)

    def permissions(
        self, capability: str, service_id: UUID | None = None
    ) -> list[tuple[Grant, Permission]]:
        """Return what the matrix gives this person for a capability, grant by grant."""
        found = ((g, permission(g.role, capability)) for g in self.grants if g.covers(service_id))
        return [(grant, given) for grant, given in found if given is not None]


def actor_for(session: Session, staff_id: UUID, now: datetime) -> Actor:
    """Read who somebody is, in one statement. Raises ``NotSignedIn`` for those who have left."""
    row = WHO.run(session, staff_id=staff_id, now=now).one_or_none()
    if row is None:
        raise NotSignedIn
    return actor_of(row)


def actor_of(row: Any) -> Actor:
    """Return the actor that a row of `who` tells of."""
    return Actor(
        staff_id=row.id,
        tenant_id=row.tenant_id,
        grants=tuple(_grants(row.grants or ())),
        positions=() if row.away else tuple(_duties(row)),
        team_ids=frozenset(row.teams or ()),
        is_absent=row.away,
    )


def who(staff_id: ColumnElement[UUID]) -> Select[Any]:
    """Return the select of who somebody is; its parameter is ``now``."""
    now = varying("now", UtcDateTime())
    held = select(
        func.json_agg(func.json_build_array(StaffRole.role, StaffRole.service_id, StaffRole.scope))
    ).where(StaffRole.staff_id == Staff.id)
    shifts = select(
        func.json_agg(func.json_build_array(RotaShift.position, RotaShift.service_id))
    ).where(RotaShift.staff_id == Staff.id, on_shift_at(now))
    named = select(
        func.json_agg(func.json_build_array(Appointment.position, Appointment.service_id))
    ).where(Appointment.staff_id == Staff.id)
    teams = select(func.array_agg(TeamMember.team_id)).where(TeamMember.staff_id == Staff.id)
    return select(
        Staff.id,
        Staff.tenant_id,
        held.scalar_subquery().label("grants"),
        shifts.scalar_subquery().label("shifts"),
        named.scalar_subquery().label("named"),
        vacancies(now).scalar_subquery().label("vacant"),
        teams.scalar_subquery().label("teams"),
        exists().where(Absence.staff_id == Staff.id, is_current(now)).label("away"),
    ).where(Staff.id == staff_id, Staff.active)


WHO = Fixed(who(varying("staff_id", Uuid())))


def _duties(row: Any) -> Iterable[tuple[str, UUID]]:
    """Yield the duties that somebody holds, and those in which they stand in."""
    held = [tuple(each) for each in (*(row.shifts or ()), *(row.named or ()))]
    roles = [(role, service_id) for role, service_id, _ in row.grants or ()]
    for position, service_id in (*held, *stood_in_for(row.vacant, roles, held)):
        yield position, UUID(service_id)


def _grants(rows: Iterable[tuple[str, str | None, str | None]]) -> Iterable[Grant]:
    for role, service_id, scope in rows:
        yield Grant(role, UUID(service_id) if service_id else None, Scope(scope) if scope else None)
