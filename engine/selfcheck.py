"""Rebuild user tasks, timers and subscriptions from the stored states: there is no difference.

The states are what the engine moves; the rows beside them are what lists, ticks and messages look
at. Both are written in one transaction, and this proves that they say the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import correlation, instances
from engine.models import Incident, MessageSubscription, ProcessInstance, Timer, UserTask
from engine.runtime import Run
from engine.states import IncidentState, InstanceStatus, TimerKind


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that the state does not know, does not have, or knows otherwise."""

    instance_id: UUID
    table: str
    row_id: UUID
    fault: str  # "row missing", "row too many", "row differs", "nothing to wait for"


Rows = Mapping[UUID, tuple[Any, ...]]


def check(session: Session) -> Iterator[Difference]:
    """Compare every running instance that the session can see; locks one after the other."""
    running = select(ProcessInstance.id).where(ProcessInstance.status == InstanceStatus.ACTIVE)
    for instance_id in session.scalars(running.order_by(ProcessInstance.id)).all():
        yield from check_instance(session, instance_id)


def check_instance(session: Session, instance_id: UUID) -> Iterator[Difference]:
    """Compare one instance with its rows."""
    run = instances.restore(session, instance_id)
    for table, stored, kept in (
        ("user_task", _task_rows(session, instance_id), _tasks(run)),
        ("timer", _timer_rows(session, instance_id), _timers(run)),
        ("message_subscription", _subscription_rows(session, instance_id), _subscriptions(run)),
    ):
        for row_id, fault in _differences(stored, kept):
            yield Difference(instance_id, table, row_id, fault)
    waits = run.open_tasks() or run.timers() or run.subscriptions()
    if not waits and not _has_incident(session, instance_id):
        yield Difference(instance_id, "process_instance", instance_id, "nothing to wait for")


def _differences(stored: Rows, kept: Rows) -> Iterator[tuple[UUID, str]]:
    for row_id in sorted(stored.keys() | kept.keys()):
        if row_id not in stored:
            yield row_id, "row missing"
        elif row_id not in kept:
            yield row_id, "row too many"
        elif stored[row_id] != kept[row_id]:
            yield row_id, "row differs"


def _tasks(run: Run) -> Rows:
    return {task.task_id: (task.element_id, task.name, task.form) for task in run.open_tasks()}


def _task_rows(session: Session, instance_id: UUID) -> Rows:
    columns = select(UserTask.id, UserTask.element_id, UserTask.name, UserTask.form_id).where(
        UserTask.instance_id == instance_id, UserTask.completed_at.is_(None)
    )
    return {id: tuple(rest) for id, *rest in session.execute(columns)}


def _timers(run: Run) -> Rows:
    return {timer.timer_id: (timer.element_id, timer.due_at) for timer in run.timers()}


def _timer_rows(session: Session, instance_id: UUID) -> Rows:
    columns = select(Timer.id, Timer.element_id, Timer.due_at).where(
        Timer.instance_id == instance_id, Timer.kind == TimerKind.BPMN
    )
    return {id: tuple(rest) for id, *rest in session.execute(columns)}


def _subscriptions(run: Run) -> Rows:
    return {
        waiting.subscription_id: (
            waiting.element_id,
            waiting.kind,
            waiting.name,
            correlation.key_text(waiting.correlation),
        )
        for waiting in run.subscriptions()
    }


def _subscription_rows(session: Session, instance_id: UUID) -> Rows:
    row = MessageSubscription
    columns = select(row.id, row.element_id, row.kind, row.name, row.correlation_key).where(
        row.instance_id == instance_id
    )
    return {id: tuple(rest) for id, *rest in session.execute(columns)}


def _has_incident(session: Session, instance_id: UUID) -> bool:
    waiting = select(Incident.id).where(
        Incident.instance_id == instance_id, Incident.state == IncidentState.OPEN
    )
    return session.scalar(waiting.limit(1)) is not None
