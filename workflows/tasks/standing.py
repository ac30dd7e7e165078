"""Where somebody stands towards tasks, as the parameters of the inbox's SQL.

The same rules as `access.policy.visible_tasks` and `offered_to`, written out so that PostgreSQL can
walk an index instead of weighing each row: a test holds the two against each other.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from workflows.access.actor import Actor
from workflows.staff.matrix import Scope
from workflows.tasks.seeing import walls


class Reach(StrEnum):
    """How far somebody sees into the queue of a service."""

    OFFERED = "offered"  # what is offered to their roles
    TEAM = "team"  # and what nobody has, and what those of their teams have
    SERVICE = "service"  # everything


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody is in one service: the roles to which work is offered, and their reach."""

    service_id: UUID | None
    roles: tuple[str, ...]
    reach: Reach


# Roles that few tasks are offered to. Only a matter of speed: the inbox looks for their tasks in
# another way (`inbox_sql.SELDOM`).
SELDOM_ASKED = frozenset(
    {
        "safeguarding_lead",
        "quality_reviewer",
        "analyst",
        "info_governance",
        "service_manager",
        "process_owner",
        "auditor",
        "system_admin",
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in each service of theirs, and in all others (``elsewhere``)."""

    offers: tuple[Offer, ...]
    elsewhere: Offer

    @property
    def many(self) -> list[str]:
        """The roles held everywhere to which many tasks are offered."""
        return [role for role in self.elsewhere.roles if role not in SELDOM_ASKED]

    @property
    def few(self) -> list[str]:
        return [role for role in self.elsewhere.roles if role in SELDOM_ASKED]

    def within(self, service_id: UUID) -> Offer:
        return next((o for o in self.offers if o.service_id == service_id), self.elsewhere)


def standing_of(actor: Actor) -> Standing:
    """Return where the actor stands in each service."""
    own = {grant.service_id for grant in actor.grants} | {s for _, s in actor.positions}
    leads = _leads(actor)
    everywhere = sorted({grant.role for grant in actor.grants if grant.service_id is None})
    return Standing(
        offers=tuple(
            Offer(service, tuple(sorted(actor.role_keys(service))), _reach(leads, service))
            for service in sorted(own - {None}, key=str)
        ),
        elsewhere=Offer(None, tuple(everywhere), _reach(leads, None)),
    )


def parameters(session: Session, actor: Actor, standing: Standing, now: datetime) -> dict[str, Any]:
    """Return what the SQL of the inbox needs to know of the actor; one statement, for the walls."""
    values: dict[str, Any] = {
        "tenant": actor.tenant_id,
        "me": actor.by,
        "closed": walls(session, actor, now),
        "services": [offer.service_id for offer in standing.offers],
        "everywhere": list(standing.elsewhere.roles),
        "many": standing.many,
        "few": standing.few,
        "reach_everywhere": standing.elsewhere.reach,
        "anywhere": sorted(actor.role_keys()),
        "teams": sorted(actor.team_ids),
    }
    for n, offer in enumerate(standing.offers):
        values[f"service_{n}"] = offer.service_id
        values[f"roles_{n}"] = list(offer.roles)
        values[f"reach_{n}"] = offer.reach
    return values


def _reach(leads: list[tuple[UUID | None, Reach]], service: UUID | None) -> Reach:
    here = {reach for place, reach in leads if place in (None, service)}
    widest = (reach for reach in (Reach.SERVICE, Reach.TEAM) if reach in here)
    return next(widest, Reach.OFFERED)


def _leads(actor: Actor) -> list[tuple[UUID | None, Reach]]:
    """Return where the actor leads (None: everywhere), and how far; as `access.policy.led_by`."""
    found: list[tuple[UUID | None, Reach]] = []
    for grant, given in actor.permissions("read_history"):
        reach = grant.reach(given)
        if reach is Scope.OWN or "structure_only" in given.limits or grant.role == "auditor":
            continue
        found.append((grant.service_id, Reach.TEAM if reach is Scope.TEAM else Reach.SERVICE))
    return found
