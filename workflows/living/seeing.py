"""Instances for those who put them right: whoever leads the work, and who keeps the system running.

The same people as with failed steps (`workflows/incidents`): team leaders and service managers in
their services, the safeguarding lead and information governance everywhere. A system administrator
sees which process stands where and never of whom. Whoever only does the work, and whoever only
looks, changes nothing. What may not be seen does not exist.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import ProcessInstance
from workflows.access.actor import Actor
from workflows.access.instances import unrestricted
from workflows.access.reading import NotAllowed
from workflows.access.walls import open_to
from workflows.incidents.operating import operates
from workflows.incidents.settling import CAPABILITY
from workflows.staff.matrix import Scope


def led(actor: Actor, now: datetime, *, act: bool = False) -> ColumnElement[bool]:
    """The condition on `ProcessInstance` that the actor leads its work; ``act``: may change it."""
    ways: list[ColumnElement[bool]] = []
    for grant, given in actor.permissions(CAPABILITY):
        if grant.reach(given) is Scope.OWN or "structure_only" in given.limits:
            continue
        if act and grant.role == "auditor":
            continue
        in_service = ProcessInstance.service_id == grant.service_id if grant.service_id else true()
        ways.append(in_service)
    return and_(_open(actor, now), or_(false(), *ways))


def operated(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition that the actor keeps the system running and may see that it stands."""
    return _open(actor, now) if operates(actor) else false()


def _open(actor: Actor, now: datetime) -> ColumnElement[bool]:
    return and_(
        ProcessInstance.tenant_id == actor.tenant_id,
        open_to(actor, ProcessInstance.business_key, now),
        unrestricted(actor, ProcessInstance.id),
    )


def find(
    session: Session, actor: Actor, instance_id: UUID, now: datetime
) -> tuple[ProcessInstance, bool]:
    """Return an instance, and whether the actor leads its work. Raises ``NotFound``."""
    leads = led(actor, now)
    wanted = select(ProcessInstance, leads.label("leads")).where(
        ProcessInstance.id == instance_id, or_(leads, operated(actor, now))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found.leads


def may_act(session: Session, actor: Actor, instance_id: UUID, now: datetime) -> bool:
    """Whether the actor may change an instance: an auditor looks and changes nothing."""
    changes = or_(led(actor, now, act=True), operated(actor, now))
    wanted = select(ProcessInstance.id).where(ProcessInstance.id == instance_id, changes)
    return session.scalar(wanted) is not None


def require(
    session: Session, actor: Actor, instance_id: UUID, now: datetime, *, leading: bool = False
) -> ProcessInstance:
    """Return an instance that the actor may change; ``leading``: only who leads the work may.

    Raises ``NotFound`` for what may not be seen, ``NotAllowed`` for the rest.
    """
    instance, leads = find(session, actor, instance_id, now)
    if not may_act(session, actor, instance_id, now) or (leading and not leads):
        raise NotAllowed("Whoever leads this work decides about it.")
    return instance
