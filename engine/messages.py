"""Messages and signals: send, and bring to the one instance that takes it.

A message starts or resumes exactly one instance; a signal goes to every catcher whose key fits,
each in a transaction of its own. Sending writes a row into the inbox in the sender's transaction;
after the commit the edge drains what it has produced, and the worker sweeps up the rest.

For a message: an armed catcher that fits, else a process that it starts. Two candidates are an
incident, never a guess. Nobody: it stays, and becomes a human task when it expires, or at once if
no process of the release in force could ever take it (`engine/unclaimed.py`).
"""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from engine import backoff, inbox, instances, payloads, releases, routing, unclaimed, undelivered
from engine import correlation as correlating
from engine.changes import DeliverMessage, DeliverSignal
from engine.db import may_be_repeated, unit_of_work
from engine.definitions import Definitions
from engine.inbox import Catcher, Message, produced
from engine.models import MessageInbox, MessageSubscription, ProcessInstance
from engine.states import InstanceStatus, MessageState

__all__ = ["broadcast", "drain", "expire", "produced", "send", "sweep"]

logger = logging.getLogger(__name__)

SYSTEM = "system"
MOST_AT_ONCE = 500  # rows that one drain follows, so that a circle of messages ends
ATTEMPTS = 3  # one after the other, when the database says that this may help


@dataclass(slots=True)
class Drained:
    """What became of the messages of one drain, by their ids."""

    delivered: dict[UUID, UUID] = field(default_factory=dict)  # to which instance
    started: list[UUID] = field(default_factory=list)  # instances that a message started
    waiting: list[UUID] = field(default_factory=list)
    unclaimed: list[UUID] = field(default_factory=list)  # became human tasks
    ambiguous: list[UUID] = field(default_factory=list)
    failed: list[UUID] = field(default_factory=list)


def send(
    session: Session,
    tenant_id: UUID,
    name: str,
    payload: Mapping[str, Any],
    *,
    correlation: Any = None,
    by: str,
    now: datetime,
    message_id: str | None = None,
    service_id: UUID | None = None,
    expires_after: timedelta = inbox.EXPIRES_AFTER,
) -> UUID:
    """Put a message into the inbox and return the id of its row.

    ``correlation`` says for whom it is, by name (or a bare value where the receiver's key has one
    name); what it does not say is looked for in ``payload``. ``message_id`` is the sender's own:
    sent again, it is handled once. Ids and decision variables only, never personal data.
    """
    message = Message(
        name,
        payload,
        correlating.as_mapping(correlation),
        message_id=message_id,
        service_id=service_id,
        expires_after=expires_after,
    )
    posted = inbox.post(session, tenant_id, [message], by=by, now=now)
    row_id = posted[0] if posted else inbox.known(session, tenant_id, message_id or "")
    if row_id is None:
        raise LookupError(f"message {message_id!r} is neither new nor known")
    return row_id


def broadcast(
    session: Session,
    tenant_id: UUID,
    name: str,
    payload: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    message_id: str | None = None,
    service_id: UUID | None = None,
) -> list[UUID]:
    """Send a signal to every instance that waits for it now, and to the processes it starts.

    Returns one row id for each. With a ``message_id`` that is known already, none.
    """
    if message_id is not None:
        sent = Message(
            name, payload, kind="signal", message_id=message_id, state=MessageState.DELIVERED
        )
        if not inbox.post(session, tenant_id, [sent], by=by, now=now):
            return []
    signals = routing.signals(
        session,
        tenant_id,
        name,
        payload,
        now=now,
        service_id=service_id,
        message_id=message_id,
    )
    return inbox.post(session, tenant_id, signals, by=by, now=now)


# -- delivering ------------------------------------------------------------------------------


def drain(
    database: Engine, tenant_id: UUID, *, now: datetime, ids: Iterable[UUID] | None = None
) -> Drained:
    """Deliver messages, each in a unit of work of its own, and what they cause in turn.

    ``ids``: the rows that a unit of work has produced (`produced`); without, all that are pending.
    A message whose delivery fails is put off and never holds up the others; one that a lost
    connection or a lock has stopped stays pending for the worker's next sweep.
    """
    report, tried = Drained(), Counter[UUID]()
    queue = deque(_pending(database, tenant_id, now) if ids is None else ids)
    for _ in range(MOST_AT_ONCE):
        if not queue:
            break
        row_id = queue.popleft()
        tried[row_id] += 1
        try:
            with unit_of_work(database, tenant_id) as session:
                found = _deliver(session, row_id, now, report)
                caused = produced(session)
        except Exception as fault:
            logger.exception("message %s could not be delivered", row_id)
            if not backoff.is_no_failure(fault):
                report.failed.append(row_id)
                undelivered.put_off(database, tenant_id, row_id, now)
            elif tried[row_id] < ATTEMPTS:
                queue.append(row_id)
        else:
            queue.extend(caused)
            if not found:  # a catcher appeared in between: again, from the beginning
                queue.append(row_id)
    return report


def _pending(database: Engine, tenant_id: UUID, now: datetime) -> list[UUID]:
    with unit_of_work(database, tenant_id) as session:
        rows = _due().with_only_columns(MessageInbox.id).where(_may_be_tried(now))
        return list(session.scalars(rows))


def _due() -> Any:
    return (
        select(MessageInbox.tenant_id, MessageInbox.id)
        .where(MessageInbox.state == MessageState.PENDING)
        .order_by(MessageInbox.received_at, MessageInbox.id)
        .limit(MOST_AT_ONCE)
    )


def _may_be_tried(now: datetime) -> Any:
    return or_(MessageInbox.retry_at.is_(None), MessageInbox.retry_at <= now)


def sweep(database: Engine, now: datetime) -> int:
    """Deliver what is pending in any tenant; return how many instances took something.

    For the worker, whose role sees the rows of all tenants.
    """
    with unit_of_work(database) as session:
        due = [tuple(row) for row in session.execute(_due().where(_may_be_tried(now)))]
    taken = 0
    for tenant_id in dict.fromkeys(tenant for tenant, _ in due):
        ids = [row_id for tenant, row_id in due if tenant == tenant_id]
        taken += len(drain(database, tenant_id, now=now, ids=ids).delivered)
    return taken


def _deliver(session: Session, row_id: UUID, now: datetime, report: Drained) -> bool:
    """Try one message. False: it may have a catcher now, and must be tried again."""
    message = session.scalar(
        select(MessageInbox)
        .where(MessageInbox.id == row_id, MessageInbox.state == MessageState.PENDING)
        .with_for_update(skip_locked=True)
    )
    if message is None:
        return True  # somebody else has it, or it is done
    if message.kind == "signal":
        _deliver_signal(session, message, now, report)
    elif not _deliver_message(session, message, now, report):
        return False
    undelivered.mended(session, message, now=now)
    return True


def _deliver_message(
    session: Session, message: MessageInbox, now: datetime, report: Drained
) -> bool:
    definitions = releases.in_force(session, message.tenant_id, now)
    waiting = _catchers(session, message, definitions)
    starts = routing.starts(definitions, "message", message.name) if definitions else []
    if len(waiting) == 1:
        return _resume(session, message, waiting[0], now, report)
    if len(waiting) > 1 or len(starts) > 1:
        _is_ambiguous(session, message, now, report)
    elif starts:
        _start(session, message, *starts[0], now, report)
    else:
        inbox.lock_name(session, message.tenant_id, message.name)
        if _catchers(session, message, definitions):
            return False  # it was being armed; with the name's lock held, no instance is locked
        _leave(session, message, definitions, now, report)
    return True


def _catchers(
    session: Session, message: MessageInbox, definitions: Definitions | None
) -> list[Catcher]:
    payload = payloads.from_json(message.payload)
    said = {**routing.retrieved(definitions, message.name, payload), **(_said(message) or {})}
    return inbox.catchers(session, message.tenant_id, "message", message.name, said, payload)


def _said(message: MessageInbox) -> Mapping[str, Any] | None:
    said: Mapping[str, Any] | None = payloads.from_json(message.correlation)
    return said


def _content(message: MessageInbox) -> dict[str, Any]:
    """Return the payload, with the key by which it was sent beside it."""
    said = {name: value for name, value in (_said(message) or {}).items() if name}
    return {**said, **payloads.from_json(message.payload)}


def _resume(
    session: Session, message: MessageInbox, catcher: Catcher, now: datetime, report: Drained
) -> bool:
    held = instances.hold(session, catcher.instance_id)
    if held.status == InstanceStatus.SUSPENDED:
        message.state = MessageState.WAITING  # whoever resumes the instance makes it pending
        report.waiting.append(message.id)
        return True
    armed = select(MessageSubscription.id).where(MessageSubscription.id == catcher.subscription_id)
    if held.status != InstanceStatus.ACTIVE or session.scalar(armed) is None:
        return False  # while we waited for the lock, something else resumed it
    command = DeliverMessage(catcher.subscription_id, message.name, _content(message))
    instances.move(session, catcher.instance_id, command, by=message.sent_by, now=now)
    _done(session, message, catcher.instance_id, now, report)
    return True


def _start(
    session: Session,
    message: MessageInbox,
    process_id: str,
    element_id: str,
    now: datetime,
    report: Drained,
) -> None:
    instance_id = instances.start(
        session,
        message.tenant_id,
        process_id,
        _content(message),
        by=message.sent_by,
        now=now,
        service_id=message.service_id,
        element_id=element_id,
    )
    report.started.append(instance_id)
    _done(session, message, instance_id, now, report)


def _deliver_signal(
    session: Session, message: MessageInbox, now: datetime, report: Drained
) -> None:
    if message.target_id is None:
        definitions = releases.in_force(session, message.tenant_id, now)
        starts = routing.starts(definitions, "signal", message.name) if definitions else []
        for process_id, element_id in starts:
            if process_id == message.start_process:
                _start(session, message, process_id, element_id, now, report)
                return
        message.state = MessageState.CLOSED  # the release in force has no such start any more
        return
    held = instances.hold(session, message.target_id)
    if held.status == InstanceStatus.SUSPENDED:
        message.state = MessageState.WAITING
        report.waiting.append(message.id)
        return
    if held.status == InstanceStatus.ACTIVE:
        command = DeliverSignal(message.name, _content(message))
        instances.move(session, held.id, command, by=message.sent_by, now=now)
    _done(session, message, held.id, now, report)


def _done(
    session: Session, message: MessageInbox, instance_id: UUID, now: datetime, report: Drained
) -> None:
    message.state = MessageState.DELIVERED
    message.consumed_by, message.consumed_at = instance_id, now
    report.delivered[message.id] = instance_id
    if message.kind == "message":
        unclaimed.withdraw(session, message, now=now)


def _is_ambiguous(session: Session, message: MessageInbox, now: datetime, report: Drained) -> None:
    message.state = MessageState.AMBIGUOUS
    report.ambiguous.append(message.id)
    cause = "More than one process could take it."
    undelivered.report(session, message, "AmbiguousMessage", cause, now=now)


def _leave(
    session: Session,
    message: MessageInbox,
    definitions: Definitions | None,
    now: datetime,
    report: Drained,
) -> None:
    """Nobody waits for it: let it lie, or ask a person if nobody ever can."""
    if message.expires_at > now and routing.can_be_caught(definitions, message.name):
        message.state = MessageState.WAITING
        report.waiting.append(message.id)
    else:
        _ask_somebody(session, message, definitions, now)
        report.unclaimed.append(message.id)


def _ask_somebody(
    session: Session, message: MessageInbox, definitions: Definitions | None, now: datetime
) -> None:
    if not unclaimed.is_offered(session, message):
        unclaimed.offer(session, message, definitions, now=now)
    message.state = MessageState.UNCLAIMED


def expire(database: Engine, now: datetime, *, limit: int = 100) -> int:
    """Make human tasks of the messages whose time has passed, in any tenant; return how many."""
    late = (
        select(MessageInbox.tenant_id, MessageInbox.id)
        .where(
            MessageInbox.state == MessageState.WAITING,
            MessageInbox.kind == "message",  # a signal waits for its suspended instance alone
            MessageInbox.expires_at <= now,
            _may_be_tried(now),
        )
        .order_by(MessageInbox.expires_at)
        .limit(limit)
    )
    with unit_of_work(database) as session:
        found = [tuple(row) for row in session.execute(late)]
    offered = 0
    for tenant_id, row_id in found:
        try:
            with unit_of_work(database, tenant_id) as session:
                offered += _expire(session, tenant_id, row_id, now)
        except Exception as fault:
            logger.exception("message %s could not be given to a person", row_id)
            if not may_be_repeated(fault):
                undelivered.put_off(database, tenant_id, row_id, now)
    return offered


def _expire(session: Session, tenant_id: UUID, row_id: UUID, now: datetime) -> bool:
    message = session.scalar(
        select(MessageInbox)
        .where(MessageInbox.id == row_id, MessageInbox.state == MessageState.WAITING)
        .with_for_update(skip_locked=True)
    )
    if message is None:
        return False
    definitions = releases.in_force(session, tenant_id, now)
    inbox.lock_name(session, tenant_id, message.name)
    if _is_running(session, _catchers(session, message, definitions)):
        message.state = MessageState.PENDING  # it was armed just now, and passed over our row
    else:
        _ask_somebody(session, message, definitions, now)
    undelivered.mended(session, message, now=now)
    return True


def _is_running(session: Session, waiting: list[Catcher]) -> bool:
    """Say whether one of those who wait is in an instance that is not suspended."""
    running = select(ProcessInstance.id).where(
        ProcessInstance.id.in_([catcher.instance_id for catcher in waiting]),
        ProcessInstance.status == InstanceStatus.ACTIVE,
    )
    return bool(waiting) and session.scalar(running.limit(1)) is not None
