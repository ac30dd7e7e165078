"""Messages that cannot be brought home: they are put off, an incident says so, the others go on."""

import logging
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from engine import backoff, unclaimed
from engine.db import unit_of_work
from engine.models import Incident, MessageInbox
from engine.states import IncidentState, MessageState

logger = logging.getLogger(__name__)

FAILED = "DeliveryFailed"
SYSTEM = "system"
TO_BE_TRIED = (MessageState.PENDING, MessageState.WAITING)


def report(
    session: Session, message: MessageInbox, error: str, cause: str, *, now: datetime
) -> None:
    """Make an incident of a message, and say so in its own stream of history."""
    incident = Incident(
        id=uuid4(),
        tenant_id=message.tenant_id,
        service_id=message.service_id,
        message_id=message.id,
        element_id=message.name,
        error=error,
        cause=cause,
        created_at=now,
    )
    session.add(incident)
    unclaimed.record(session, message, "fail", by=None, now=now, error=error)


def mended(session: Session, message: MessageInbox, *, now: datetime) -> None:
    """Nobody is asked any longer about a message that found its way after all.

    Else somebody could send it on its way again, and it would be delivered twice.
    """
    if not message.attempts:
        return
    asked = update(Incident).where(
        Incident.message_id == message.id,
        Incident.error == FAILED,
        Incident.state == IncidentState.OPEN,
    )
    session.execute(asked.values(state=IncidentState.RETRIED, resolved_by=SYSTEM, resolved_at=now))
    message.attempts, message.retry_at = 0, None


def put_off(database: Engine, tenant_id: UUID, row_id: UUID, now: datetime) -> None:
    """Let a message that has failed rest for a while; after some failures somebody is told.

    If not even that can be written, the message stays as it was and the next tick finds it.
    """
    try:
        with unit_of_work(database, tenant_id) as session:
            _put_off(session, row_id, now)
    except Exception:
        logger.exception("message %s could not be put off", row_id)


def _put_off(session: Session, row_id: UUID, now: datetime) -> None:
    message = session.get(MessageInbox, row_id, with_for_update=True)
    if message is None or message.state not in TO_BE_TRIED:
        return
    message.attempts = backoff.counted(message.attempts)
    message.retry_at = now + backoff.pause(message.attempts)
    if message.attempts == backoff.INCIDENT_AFTER:
        cause = "Its delivery has failed several times; it is tried again from time to time."
        report(session, message, FAILED, cause, now=now)
