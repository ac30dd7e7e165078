"""What must leave the building: written in the transaction of its cause, sent after the commit.

Delivery is at least once, with one delivery id, so that a receiver can tell a repetition. A sender
that fails is tried again with growing pauses for four hours and more; then the entry is a dead
letter, which operators see and can replay.
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
from engine.db import may_be_repeated, unit_of_work
from engine.errors import NotFound
from engine.models import Outbox
from engine.states import OutboxState

logger = logging.getLogger(__name__)

# After the n-th failure: together a good nine hours.
PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 60, 120, 240))


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
    """Send what is due in any tenant, a transaction each; return how many were sent.

    A sender gets the session of its transaction, in the entry's tenant, to read what it needs.
    One receiver that fails never holds up the others. For the worker, whose role sees the rows of
    all tenants; a node skips what another one is sending.
    """
    due = (
        select(Outbox.id, Outbox.tenant_id)
        .where(Outbox.state == OutboxState.PENDING, Outbox.next_at <= now)
        .order_by(Outbox.next_at, Outbox.id)
        .limit(limit)
    )
    with unit_of_work(database) as session:
        found = [tuple(row) for row in session.execute(due)]
    sent = 0
    for id, tenant_id in found:
        try:
            with unit_of_work(database, tenant_id) as session:
                sent += _deliver(session, id, now, senders)
        except Exception as fault:
            logger.exception("delivery %s could not be carried out", id)
            if not may_be_repeated(fault):
                _put_off(database, tenant_id, id, fault, now)
    return sent


def _deliver(session: Session, id: UUID, now: datetime, senders: Mapping[str, Sender]) -> bool:
    entry = _taken(session, id, now)
    if entry is None:
        return False
    entry.attempts += 1
    try:
        with session.begin_nested():
            content = payloads.from_json(entry.payload)
            senders[entry.kind](
                session, Delivery(entry.id, entry.tenant_id, entry.kind, content, entry.attempts)
            )
    except Exception as fault:
        if may_be_repeated(fault):
            raise  # ours, not the receiver's: the next tick tries again and nothing is counted
        logger.exception("delivery %s (%s) failed", entry.id, entry.kind)
        _failed(entry, fault, now)
        return False
    entry.state, entry.finished_at, entry.error = OutboxState.SENT, now, None
    return True


def _taken(session: Session, id: UUID, now: datetime) -> Outbox | None:
    """Lock an entry that is still due, unless another node is sending it."""
    return session.scalar(
        select(Outbox)
        .where(Outbox.id == id, Outbox.state == OutboxState.PENDING, Outbox.next_at <= now)
        .with_for_update(skip_locked=True)
    )


def _put_off(database: Engine, tenant_id: UUID, id: UUID, fault: Exception, now: datetime) -> None:
    """Count a failure that took the whole transaction with it, such as one of its commit."""
    try:
        with unit_of_work(database, tenant_id) as session:
            entry = _taken(session, id, now)
            if entry is not None:
                entry.attempts += 1
                _failed(entry, fault, now)
    except Exception:
        logger.exception("delivery %s could not be put off", id)


def _failed(entry: Outbox, fault: Exception, now: datetime) -> None:
    entry.error = type(fault).__name__
    if entry.attempts > len(PAUSES):
        entry.state, entry.finished_at = OutboxState.DEAD, now
    else:
        entry.next_at = now + PAUSES[entry.attempts - 1]


def replay(session: Session, delivery_id: UUID, *, now: datetime) -> None:
    """Try a dead letter again, from the first pause on."""
    entry = session.get(Outbox, delivery_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NoSuchDelivery
    if entry.state == OutboxState.DEAD:
        entry.state, entry.next_at = OutboxState.PENDING, now
        entry.attempts, entry.finished_at = 0, None
