"""Incidents for those who keep the system running and see nothing about people.

Whoever leads the work settles its incidents (`settling`). A system administrator settles them as
well, after an outage for instance: they are shown which step of which process failed and the class
of the fault, never the case, its number or anything said. A wall closes an incident to them too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.orm import Session

from engine import incidents as engine_incidents
from engine.changes import Changes
from engine.errors import Refusal
from engine.incidents import IncidentNotFound
from engine.living import suspending
from engine.models import Incident, ProcessInstance
from workflows.access.actor import Actor
from workflows.access.instances import unrestricted
from workflows.access.walls import open_to
from workflows.incidents import settling
from workflows.staff.matrix import Scope

CAPABILITY = "manage_staff"


class WatchesOverSafety(Refusal):
    """This process watches over somebody's safety. Only who leads the work may pass over or end."""


def operates(actor: Actor) -> bool:
    """Whether the actor keeps the system running (service specification 6.1, last row)."""
    return any("do" in given.acts for _, given in actor.permissions(CAPABILITY))


def looks_after_any(actor: Actor) -> bool:
    """Whether there may be incidents that the actor sees: as an administrator, or leading."""
    leads = (
        grant.reach(given) is not Scope.OWN and "structure_only" not in given.limits
        for grant, given in actor.permissions(settling.CAPABILITY)
    )
    return operates(actor) or any(leads)


def visible(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """The condition on `Incident` that the actor may see that a step failed."""
    if not operates(actor):
        return false()
    return and_(
        Incident.tenant_id == actor.tenant_id,
        open_to(actor, Incident.business_key, now),
        Incident.instance_id.is_(None) | unrestricted(actor, Incident.instance_id),
    )


def get(session: Session, actor: Actor, incident_id: UUID, now: datetime) -> Incident:
    """Return an incident that an administrator may see. Raises ``IncidentNotFound``."""
    seen = select(Incident).where(Incident.id == incident_id, visible(actor, now))
    incident = session.scalar(seen)
    if incident is None:
        raise IncidentNotFound
    return incident


def retry(
    session: Session, incident_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Changes:
    """Do the failed step again. If it fails again, that is a new incident."""
    said = _reason(session, actor, incident_id, reason, now)
    return engine_incidents.retry(session, incident_id, by=actor.by, now=now, reason=said)


def skip(
    session: Session, incident_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Changes:
    """Go on behind the failed step; what it would have set is left to whoever knows the case.

    Raises ``WatchesOverSafety``.
    """
    said = _reason(session, actor, incident_id, reason, now)
    _require_no_watch(session, get(session, actor, incident_id, now))
    return engine_incidents.skip(session, incident_id, {}, by=actor.by, now=now, reason=said)


def cancel(
    session: Session, incident_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Changes:
    """End the whole instance, or close the message nobody can take.

    What watches over somebody's safety is no matter of keeping a system running: its step can be
    tried again, and only who leads the work does more. Raises ``WatchesOverSafety``.
    """
    said = _reason(session, actor, incident_id, reason, now)
    _require_no_watch(session, get(session, actor, incident_id, now))
    return engine_incidents.cancel(session, incident_id, by=actor.by, now=now, reason=said)


def _require_no_watch(session: Session, incident: Incident) -> None:
    if incident.instance_id is None:
        return
    instance = session.get_one(ProcessInstance, incident.instance_id)
    if suspending.is_never_suspended(session, instance.release_id, instance.process_id):
        raise WatchesOverSafety


def _reason(session: Session, actor: Actor, incident_id: UUID, reason: str, now: datetime) -> str:
    return settling.seal(session, get(session, actor, incident_id, now), reason)
