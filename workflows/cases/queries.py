"""What the case page asks: its instances, what is open and what waits, its history in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Subquery, or_, select
from sqlalchemy.orm import Session

from engine import history
from engine.db import tenant_of
from engine.models import (
    Incident,
    MessageSubscription,
    ProcessInstance,
    Timer,
    UserTask,
)
from engine.states import IncidentState, TimerKind
from workflows.access.actor import Actor
from workflows.access.instances import unrestricted
from workflows.cases.models import Case

# What a worker wants to read of a case; the steps that the machine takes by itself stay in the
# full history. Canonical JSON has no blanks, so the text can be searched as it is.
WORTH_TELLING = (
    '"kind":"(userTask|manualTask|boundaryEvent|receiveTask|businessRuleTask)"|"@step":"fail"'
)
# A form that has a line of its own, as in older histories, is told of by its task's completion.
NOT_WORTH_TELLING = '"@step":"schedule"|"form_id":(?!.*"task":)'


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a history, with the stream it stands in."""

    stream: str
    seq: int
    at: datetime
    payload: Mapping[str, Any]


def instances_of(session: Session, actor: Actor, case: Case) -> list[ProcessInstance]:
    """Return the instances of the case and of the contact that opened it, newest first.

    Not those of a concern about staff, but for its recipient: to everybody else it does not exist.
    """
    keys = [case.id, *([case.opened_by_contact_id] if case.opened_by_contact_id else [])]
    found = (
        select(ProcessInstance)
        .where(
            ProcessInstance.tenant_id == case.tenant_id,
            ProcessInstance.business_key.in_(keys),
            unrestricted(actor, ProcessInstance.id),
        )
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id)
    )
    return list(session.scalars(found))


def open_tasks(session: Session, actor: Actor, case: Case) -> list[UserTask]:
    """Return what is open in the case, the most urgent first."""
    found = (
        select(UserTask)
        .where(
            UserTask.tenant_id == case.tenant_id,
            UserTask.business_key == case.id,
            UserTask.completed_at.is_(None),
            unrestricted(actor, UserTask.instance_id),
        )
        .order_by(
            UserTask.risk_rank.desc(), UserTask.due_at.asc().nulls_last(), UserTask.created_at
        )
    )
    return list(session.scalars(found))


def last_done(session: Session, actor: Actor, case: Case, limit: int) -> list[UserTask]:
    """Return the tasks that were completed last, oldest of them first."""
    found = (
        select(UserTask)
        .where(
            UserTask.tenant_id == case.tenant_id,
            UserTask.business_key == case.id,
            UserTask.state == "completed",
            unrestricted(actor, UserTask.instance_id),
        )
        .order_by(UserTask.completed_at.desc())
        .limit(limit)
    )
    return list(session.scalars(found))[::-1]


def waits(session: Session, instance_ids: Sequence[UUID]) -> list[Timer]:
    """Return the timers of the diagrams that count now, the next one first."""
    found = (
        select(Timer)
        .where(Timer.instance_id.in_(instance_ids), Timer.kind == TimerKind.BPMN)
        .order_by(Timer.due_at)
    )
    return list(session.scalars(found)) if instance_ids else []


def open_incidents(session: Session, instance_ids: Sequence[UUID]) -> list[Incident]:
    found = select(Incident).where(
        Incident.instance_id.in_(instance_ids), Incident.state == IncidentState.OPEN
    )
    return list(session.scalars(found)) if instance_ids else []


def streams_of(case: Case, instances: Sequence[ProcessInstance]) -> list[str]:
    """Return the names of the streams that tell of the case."""
    return [f"case:{case.id}", *(f"instance:{instance.id}" for instance in instances)]


def told(
    session: Session,
    streams: Sequence[str],
    *,
    limit: int,
    before: datetime | None = None,
    everything: bool = False,
) -> list[Told]:
    """Return entries of several streams, newest first; ``before`` is where a page begins.

    Without ``everything`` only what a worker wants to read.
    """
    entry = history.entries()
    tenant_id = tenant_of(session)
    names = {history.stream_id(stream, tenant_id): stream for stream in streams}
    newest = select(entry).where(entry.c.stream_id.in_(names))
    if before is not None:
        newest = newest.where(entry.c.at < before)
    if not everything:
        of_case = [id for id, stream in names.items() if stream.startswith("case:")]
        newest = newest.where(or_(entry.c.stream_id.in_(of_case), _worth_telling(entry)))
    ordered = newest.order_by(entry.c.at.desc(), entry.c.seq.desc()).limit(limit)
    return [
        Told(names[row.stream_id], row.seq, row.at, history.spelt_out(orjson.loads(row.text)))
        for row in session.execute(ordered)
    ]


def _worth_telling(entry: Subquery) -> ColumnElement[bool]:
    text = entry.c.text
    return text.regexp_match(WORTH_TELLING) & ~text.regexp_match(NOT_WORTH_TELLING)


def of_instance(
    session: Session, instance_id: UUID, *, after: int = 0, limit: int = 100
) -> list[Told]:
    """Return all entries of one instance, oldest first."""
    stream = f"instance:{instance_id}"
    return [
        Told(stream, entry.seq, entry.at, entry.payload)
        for entry in history.read(session, stream, after, limit)
    ]


def waits_of_instance(session: Session, instance_id: UUID) -> list[tuple[str, datetime | None]]:
    """Return the events that an instance waits for: element, and when, if it is a time."""
    timers = select(Timer.element_id, Timer.due_at).where(
        Timer.instance_id == instance_id, Timer.kind == TimerKind.BPMN
    )
    messages = select(MessageSubscription.element_id).where(
        MessageSubscription.instance_id == instance_id
    )
    by_time: list[tuple[str, datetime | None]] = [(e, at) for e, at in session.execute(timers)]
    return [(element, None) for element in session.scalars(messages)] + by_time


def open_tasks_of_instance(session: Session, instance_id: UUID) -> list[UserTask]:
    wanted = select(UserTask).where(
        UserTask.instance_id == instance_id, UserTask.completed_at.is_(None)
    )
    return list(session.scalars(wanted))


def states(session: Session, instance_id: UUID) -> dict[str, tuple[str, datetime, str | None]]:
    """Return the last thing that happened to each element: transition, when, by whom."""
    found: dict[str, tuple[str, datetime, str | None]] = {}
    for entry in of_instance(session, instance_id, limit=5000):
        element = entry.payload.get("element")
        if element:
            found[element] = (
                str(entry.payload.get("lifecycle_transition")),
                entry.at,
                entry.payload.get("org_resource"),
            )
    return found
