"""Whom somebody leads, and what follows: saying that a colleague is away.

A team leader leads those of their teams, a service manager those who hold a role in the service.
Why somebody is away is not asked: it may be their health, and nothing depends on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal
from engine.models import UserTask
from workflows.access.actor import Actor
from workflows.staff import absences
from workflows.staff.models import Absence, Staff, StaffRole, TeamMember
from workflows.tasks.worklist import HIGH_RISK


class AlreadyAway(Refusal):
    """This colleague is away already for some of that time. End that first."""


class AbsenceInThePast(Refusal):
    """An absence that is over changes nothing any more."""

    status = 422


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody whom one leads. ``away``: their absence now, or the next one to come."""

    id: UUID
    name: str
    away: Absence | None
    open_tasks: int
    high_risk: int


def leads(actor: Actor) -> bool:
    """Whether the actor leads anybody at all."""
    return bool({"team_leader", "service_manager"} & actor.roles)


def led(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Staff` that the actor leads them. Nobody leads themselves."""
    ways: list[ColumnElement[bool]] = []
    for grant in actor.grants:
        if grant.role == "team_leader":
            members = select(TeamMember.staff_id).where(TeamMember.team_id.in_(actor.team_ids))
            ways.append(Staff.id.in_(members))
        elif grant.role == "service_manager":
            held = select(StaffRole.staff_id)
            if grant.service_id is not None:
                held = held.where(StaffRole.service_id == grant.service_id)
            ways.append(Staff.id.in_(held))
    return and_(Staff.active, Staff.id != actor.staff_id, or_(false(), *ways))


def colleagues(session: Session, actor: Actor, *, now: datetime) -> list[Colleague]:
    """Return those whom the actor leads, by name, with what is in their hands."""
    staff = session.scalars(select(Staff).where(led(actor)).order_by(Staff.display_name)).all()
    away = _away(session, [each.id for each in staff], now)
    work = _work(session, actor, [str(each.id) for each in staff])
    return [
        Colleague(each.id, each.display_name, away.get(each.id), *work.get(str(each.id), (0, 0)))
        for each in staff
    ]


def record_absence(
    session: Session,
    actor: Actor,
    staff_id: UUID,
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    now: datetime,
) -> Absence:
    """Say that a colleague is away, without an end until they are said to be back.

    From ``starts_at`` on they hold no duty, are offered no case, and can be handed no task; what
    they hold stays with them until somebody takes it over. Raises ``NotFound`` for whoever the
    actor does not lead, and ``AlreadyAway``.
    """
    colleague = _led_one(session, actor, staff_id)
    if ends_at is not None and ends_at <= now:
        raise AbsenceInThePast
    overlapping = select(Absence.id).where(
        Absence.staff_id == colleague.id,
        absences.lasts(),
        or_(Absence.ends_at.is_(None), Absence.ends_at > starts_at),
        Absence.starts_at < ends_at if ends_at is not None else Absence.id.is_not(None),
    )
    if session.scalar(overlapping.limit(1)) is not None:
        raise AlreadyAway
    return absences.start_absence(session, colleague.id, starts_at, ends_at, by=actor.by, now=now)


def end_absence(session: Session, actor: Actor, staff_id: UUID, *, now: datetime) -> None:
    """Say that a colleague is back; what was still to come is called off as well."""
    colleague = _led_one(session, actor, staff_id)
    absences.end_absences(session, colleague.id, by=actor.by, now=now)
    absences.call_off(session, colleague.id, by=actor.by, now=now)


def _led_one(session: Session, actor: Actor, staff_id: UUID) -> Staff:
    """Return a colleague with their row locked, so that two leaders take turns."""
    wanted = select(Staff).where(Staff.id == staff_id, led(actor)).with_for_update()
    colleague = session.scalar(wanted)
    if colleague is None:
        raise NotFound
    return colleague


def _away(session: Session, ids: Sequence[UUID], now: datetime) -> dict[UUID, Absence]:
    """Return the absence of each now, else the first one to come."""
    rows = session.scalars(
        select(Absence)
        .where(
            Absence.staff_id.in_(ids),
            absences.lasts(),
            or_(Absence.ends_at.is_(None), Absence.ends_at > now),
        )
        .order_by(Absence.starts_at.desc())
    )
    return {row.staff_id: row for row in rows}


def _work(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return how many open tasks each holds, and how many of them are high risk."""
    high = func.count().filter(
        or_(UserTask.risk_rank >= HIGH_RISK, UserTask.safety_critical.is_(True))
    )
    counted = (
        select(UserTask.actual_owner, func.count(), high)
        .where(
            UserTask.tenant_id == actor.tenant_id,
            UserTask.actual_owner.in_(ids),
            UserTask.completed_at.is_(None),
        )
        .group_by(UserTask.actual_owner)
    )
    rows = session.execute(counted)
    return {str(owner): (number, urgent) for owner, number, urgent in rows}
