"""Steps that failed: look at them, try again, go on behind them, or end the instance.

An incident comes from a step of an instance, from a timer that keeps failing, from a message that
two could take or whose delivery keeps failing, or from something that could not be sent. Whoever
settles one says why.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import inbox, instances, outbox, unclaimed
from engine.backoff import TIMER_NOT_FIRED
from engine.changes import CancelInstance, Changes, RetryIncident, SkipIncident
from engine.errors import NotFound, Refusal
from engine.living import suspending
from engine.living.holding import STILL_SUSPENDED
from engine.models import Incident, MessageInbox, Timer
from engine.outbox import NOT_SENT
from engine.states import IncidentState, MessageState

SHELL_ERRORS = (TIMER_NOT_FIRED, STILL_SUSPENDED, NOT_SENT)  # those of which the core does not know


class IncidentNotFound(NotFound):
    """There is no such incident."""


class IncidentSettled(Refusal):
    """The incident is already settled."""


class CannotBeSkipped(Refusal):
    """This incident can only be tried again or cancelled."""


class ReasonMissing(Refusal):
    """Say why."""

    status = 422


def open_incidents(
    session: Session, *, business_key: UUID | None = None, limit: int = 50
) -> list[Incident]:
    """Return incidents that wait for somebody, oldest first."""
    waiting = select(Incident).where(Incident.state == IncidentState.OPEN)
    if business_key is not None:
        waiting = waiting.where(Incident.business_key == business_key)
    oldest_first = waiting.order_by(Incident.created_at, Incident.id)
    return list(session.scalars(oldest_first.limit(limit)))


def get(session: Session, incident_id: UUID) -> Incident:
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise IncidentNotFound
    return incident


def retry(session: Session, incident_id: UUID, *, by: str, now: datetime, reason: str) -> Changes:
    """Do the failed step again. If it fails again, that is a new incident."""
    incident = _lock_open(session, incident_id, reason)
    if incident.message_id is not None:
        _release_message(session, incident, MessageState.PENDING, by=by, now=now)
    elif incident.delivery_id is not None:
        outbox.replay(session, incident.delivery_id, now=now)
    elif incident.error == STILL_SUSPENDED and incident.instance_id is not None:
        suspending.resume(session, incident.instance_id, reason=reason, by=by, now=now)
        session.refresh(incident)
        return Changes()
    elif incident.error in SHELL_ERRORS:
        mine = update(Timer).where(Timer.instance_id == incident.instance_id)
        session.execute(mine.values(retry_at=None, attempts=0))
    else:
        return _move(session, incident, RetryIncident(incident_id), by=by, now=now, reason=reason)
    _settle(incident, IncidentState.RETRIED, by=by, now=now, reason=reason)
    return Changes()


def skip(
    session: Session,
    incident_id: UUID,
    variables: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    reason: str,
) -> Changes:
    """Leave the failed step undone and go on behind it, with ``variables`` set by hand."""
    incident = _lock_open(session, incident_id, reason)
    if incident.message_id is not None or incident.error in SHELL_ERRORS:
        raise CannotBeSkipped
    command = SkipIncident(incident_id, variables)
    return _move(session, incident, command, by=by, now=now, reason=reason)


def cancel(session: Session, incident_id: UUID, *, by: str, now: datetime, reason: str) -> Changes:
    """End the whole instance, or close the message; what is open in it becomes obsolete.

    What could not be sent stays unsent.
    """
    incident = _lock_open(session, incident_id, reason)
    if incident.message_id is not None:
        _release_message(session, incident, MessageState.CLOSED, by=by, now=now)
    if incident.instance_id is None:
        _settle(incident, IncidentState.CANCELLED, by=by, now=now, reason=reason)
        return Changes()
    changes = _move(session, incident, CancelInstance(reason), by=by, now=now, reason=reason)
    session.refresh(incident)
    if incident.state == IncidentState.OPEN:  # one of the shell's own
        _settle(incident, IncidentState.CANCELLED, by=by, now=now, reason=reason)
    return changes


def _lock_open(session: Session, incident_id: UUID, reason: str) -> Incident:
    """Lock the instance or message first, as everywhere, then read the incident afresh."""
    if not reason.strip():
        raise ReasonMissing
    known = get(session, incident_id)
    if known.instance_id is not None:
        instances.hold(session, known.instance_id)
    if known.message_id is not None:
        session.get_one(
            MessageInbox, known.message_id, with_for_update=True, populate_existing=True
        )
    fresh = select(Incident).where(Incident.id == incident_id).with_for_update()
    incident = session.scalars(fresh.execution_options(populate_existing=True)).one()
    if incident.state != IncidentState.OPEN:
        raise IncidentSettled(
            state=incident.state, by=incident.resolved_by, at=incident.resolved_at
        )
    return incident


def _move(
    session: Session,
    incident: Incident,
    command: RetryIncident | SkipIncident | CancelInstance,
    *,
    by: str,
    now: datetime,
    reason: str,
) -> Changes:
    if incident.instance_id is None:
        raise IncidentNotFound
    line = {
        "concept_name": "incident",
        "lifecycle_transition": TRANSITIONS[type(command)],
        "kind": "incident",
        "element": incident.element_id,
        "org_resource": by,
        "reason": reason,
    }
    changes = instances.move(
        session, incident.instance_id, command, by=by, now=now, lines=[line], reason=reason
    )
    session.refresh(incident)
    return changes


TRANSITIONS: Mapping[type, str] = {
    RetryIncident: "resume",
    SkipIncident: "skip",
    CancelInstance: "withdraw",
}


def _release_message(
    session: Session, incident: Incident, state: MessageState, *, by: str, now: datetime
) -> None:
    message = session.get_one(MessageInbox, incident.message_id)
    message.state, message.retry_at, message.attempts = state, None, 0
    if state == MessageState.PENDING:
        inbox.produce(session, [message.id])
    again = state == MessageState.PENDING
    unclaimed.record(session, message, "resume" if again else "withdraw", by=by, now=now)


def _settle(
    incident: Incident, state: IncidentState, *, by: str, now: datetime, reason: str
) -> None:
    incident.state, incident.reason = state, reason
    incident.resolved_by, incident.resolved_at = by, now
