"""Look at failed steps and settle them: whoever leads the work does, and says why.

Who sees and who settles follows the right to read process history (domain specification 6.1):
team leaders and service managers in their services, the safeguarding lead and information
governance everywhere; auditors look. Whoever administers the system sees no case data, so the
incidents of cases are none of theirs. What may not be seen does not exist.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from engine import incidents as engine_incidents
from engine.changes import Changes
from engine.incidents import IncidentNotFound, ReasonMissing
from engine.models import Incident
from engine.states import IncidentState
from workflows import keys
from workflows.access.actor import Actor
from workflows.access.instances import unrestricted
from workflows.access.reading import NotAllowed
from workflows.access.walls import open_to
from workflows.keys import SubjectUnknown
from workflows.staff.matrix import Scope

CAPABILITY = "read_history"


def visible(actor: Actor, now: datetime, *, settle: bool = False) -> ColumnElement[bool]:
    """The condition on `Incident` that the actor may see it; ``settle``: may settle it."""
    ways: list[ColumnElement[bool]] = []
    for grant, given in actor.permissions(CAPABILITY):
        if grant.reach(given) is Scope.OWN or "structure_only" in given.limits:
            continue
        if settle and grant.role == "auditor":
            continue
        ways.append(Incident.service_id == grant.service_id if grant.service_id else true())
    return and_(
        Incident.tenant_id == actor.tenant_id,
        open_to(actor, Incident.business_key, now),
        or_(Incident.instance_id.is_(None), unrestricted(actor, Incident.instance_id)),
        or_(false(), *ways),
    )


def waiting(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    case_id: UUID | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Sequence[Incident]:
    """Return the incidents that wait for somebody, oldest first."""
    wanted = select(Incident).where(visible(actor, now), Incident.state == IncidentState.OPEN)
    if case_id is not None:
        wanted = wanted.where(Incident.business_key == case_id)
    oldest_first = wanted.order_by(Incident.created_at, Incident.id).limit(limit).offset(offset)
    return session.scalars(oldest_first).all()


def get(session: Session, actor: Actor, incident_id: UUID, now: datetime) -> Incident:
    """Return an incident that the actor may see. Raises ``IncidentNotFound``."""
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
    session: Session,
    incident_id: UUID,
    variables: Mapping[str, Any],
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> Changes:
    """Go on behind the failed step, with decision variables set by hand."""
    said = _reason(session, actor, incident_id, reason, now)
    return engine_incidents.skip(session, incident_id, variables, by=actor.by, now=now, reason=said)


def cancel(
    session: Session, incident_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Changes:
    """End the whole instance, or close the message nobody can take."""
    said = _reason(session, actor, incident_id, reason, now)
    return engine_incidents.cancel(session, incident_id, by=actor.by, now=now, reason=said)


def why(session: Session, incident: Incident) -> str | None:
    """Return the reason that was given when the incident was settled."""
    if incident.reason is None or incident.resolved_by is None:
        return None
    sealed = incident.reason.removeprefix(SEALED)
    if sealed == incident.reason:
        return incident.reason  # the engine's own words, when the process moved on by itself
    subject, place = _place(session, incident)
    text: str = keys.decrypt(session, subject, *place, base64.b64decode(sealed))
    return text


SEALED = "sealed:"


def _reason(session: Session, actor: Actor, incident_id: UUID, reason: str, now: datetime) -> str:
    """Refuse whoever may not settle the incident, then seal what they said of somebody's case."""
    incident = get(session, actor, incident_id, now)
    may = select(Incident.id).where(Incident.id == incident_id, visible(actor, now, settle=True))
    if session.scalar(may) is None:
        raise NotAllowed("Whoever leads this work settles its incidents.")
    return seal(session, incident, reason)


def seal(session: Session, incident: Incident, reason: str) -> str:
    """Close what is said of an incident under the key of its case. Raises ``ReasonMissing``."""
    if not reason.strip():
        raise ReasonMissing
    subject, place = _place(session, incident)
    return SEALED + base64.b64encode(keys.encrypt(session, subject, *place, reason)).decode()


def _place(session: Session, incident: Incident) -> tuple[UUID, tuple[UUID, str, UUID, str]]:
    place = (incident.tenant_id, Incident.__tablename__, incident.id, "reason")
    subject = incident.business_key
    if subject is not None:
        try:
            keys.is_erased(session, subject)
        except SubjectUnknown:
            subject = None
    return subject or incident.tenant_id, place
