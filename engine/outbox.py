"""What must leave the building: written in the transaction of its cause, sent after the commit.

Delivery is at least once, with one delivery id, so that a receiver can tell a repetition. Each
attempt is counted before it is made: one that takes its process with it, or during which the
database is lost, is not made again at once and for ever. A sender that fails is tried again with
growing pauses for four hours and more; then the entry is a dead letter, and an incident asks.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import payloads
from engine.db import unit_of_work
from engine.errors import NotFound
from engine.models import Incident, Outbox
from engine.states import OutboxState

logger = logging.getLogger(__name__)

# After the n-th failure: together a good nine hours.
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 60, 120, 240))
NOT_SENT = "NotSent"  # the incident of a dead letter


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a sender gets. ``id`` is the same at every attempt."""

    id: UUID
    tenant_id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempt: int  # from 1


Sender = Callable[[Session, Delivery], None]


class NoSuchDelivery(NotFound):
    """There is no such delivery."""


def put(
    session: Session, kind: str, payload: Mapping[str, Any], *, tenant_id: UUID, now: datetime
) -> UUID:
    """Let something leave after the commit and return its delivery id.

    ``payload`` holds ids only: whom it goes to and what it says is read when it is sent, so that a
    withdrawn consent or a changed safe number still counts.
    """
    entry = Outbox(
        id=uuid4(),
        tenant_id=tenant_id,
        kind=kind,
        payload=payloads.to_json(payload),
        state=OutboxState.PENDING,
        created_at=now,
        next_at=now,
        attempts=0,
    )
    session.add(entry)
    return entry.id


def deliver_due(
    database: Engine, now: datetime, senders: Mapping[str, Sender], *, limit: int = 50
) -> int:
    """Send what is due in any tenant, one after the other; return how many were sent.

    A sender gets the session in which the entry is marked as sent, in the entry's tenant, to read
    what it needs. One receiver that fails never holds up the others. For the worker, whose role
    sees the rows of all tenants; a node skips what another one is sending.
    """
    due = (
        select(Outbox.id, Outbox.tenant_id)
        .where(Outbox.state == OutboxState.PENDING, Outbox.next_at <= now)
        .order_by(Outbox.next_at, Outbox.id)
        .limit(limit)
    )
    with unit_of_work(database) as session:
        found = [tuple(row) for row in session.execute(due)]
    return sum(_deliver(database, tenant_id, id, now, senders) for id, tenant_id in found)


def _deliver(
    database: Engine, tenant_id: UUID, id: UUID, now: datetime, senders: Mapping[str, Sender]
) -> bool:
    attempt = None
    try:
        with unit_of_work(database, tenant_id) as session:
            attempt = _begin(session, id, now)
        if attempt is None:
            return False
        with unit_of_work(database, tenant_id) as session:
            return _send(session, id, attempt, now, senders)
    except Exception as fault:
        logger.exception("delivery %s could not be carried out", id)
        if attempt is not None:
            _put_off(database, tenant_id, id, attempt, fault, now)
        return False


def _begin(session: Session, id: UUID, now: datetime) -> int | None:
    """Count an attempt and put the next one off; None: another node is at it, or it is over."""
    entry = session.scalar(
        select(Outbox)
        .where(Outbox.id == id, Outbox.state == OutboxState.PENDING, Outbox.next_at <= now)
        .with_for_update(skip_locked=True)
    )
    if entry is None:
        return None
    if entry.attempts > len(PAUSES):  # the last one never came to an end
        _give_up(session, entry, now)
        return None
    entry.attempts += 1
    entry.next_at = now + PAUSES[min(entry.attempts, len(PAUSES)) - 1]
    return entry.attempts


def _held(session: Session, id: UUID, attempt: int) -> Outbox | None:
    """Lock an entry of which this is still the newest attempt, and which nobody has called off."""
    return session.scalar(
        select(Outbox)
        .where(Outbox.id == id, Outbox.state == OutboxState.PENDING, Outbox.attempts == attempt)
        .with_for_update()
    )


def _send(
    session: Session, id: UUID, attempt: int, now: datetime, senders: Mapping[str, Sender]
) -> bool:
    entry = _held(session, id, attempt)
    if entry is None:
        return False
    content = payloads.from_json(entry.payload)
    senders[entry.kind](session, Delivery(entry.id, entry.tenant_id, entry.kind, content, attempt))
    entry.state, entry.finished_at, entry.error = OutboxState.SENT, now, None
    return True


def _put_off(
    database: Engine, tenant_id: UUID, id: UUID, attempt: int, fault: Exception, now: datetime
) -> None:
    """Say what was wrong; after the last attempt, give up. It has been put off already."""
    try:
        with unit_of_work(database, tenant_id) as session:
            entry = _held(session, id, attempt)
            if entry is None:
                return
            entry.error = type(fault).__name__
            if attempt > len(PAUSES):
                _give_up(session, entry, now)
    except Exception:
        logger.exception("of delivery %s it could not be said that it failed", id)


def _give_up(session: Session, entry: Outbox, now: datetime) -> None:
    entry.state, entry.finished_at = OutboxState.DEAD, now
    incident = Incident(
        id=uuid4(),
        tenant_id=entry.tenant_id,
        delivery_id=entry.id,
        element_id=entry.kind,
        error=NOT_SENT,
        cause="It could not be sent for hours and is not tried any more.",
        created_at=now,
    )
    session.add(incident)


def replay(session: Session, delivery_id: UUID, *, now: datetime) -> None:
    """Try a dead letter again, from the first pause on."""
    entry = session.get(Outbox, delivery_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NoSuchDelivery
    if entry.state == OutboxState.DEAD:
        entry.state, entry.next_at = OutboxState.PENDING, now
        entry.attempts, entry.finished_at = 0, None
