"""Rows that nothing stands behind any more, and work that nobody would ever hear of.

The part of the self-check (`engine/selfcheck.py`) that needs no states.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from engine.living.models import Suspension
from engine.models import (
    Incident,
    MessageInbox,
    MessageSubscription,
    ProcessInstance,
    Timer,
    UserTask,
)
from engine.states import (
    IncidentState,
    InstanceStatus,
    MessageState,
    TimerKind,
    UserTaskState,
)
from engine.unclaimed import told_by


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that the state does not know, does not have, or knows otherwise."""

    instance_id: UUID | None
    table: str
    row_id: UUID
    fault: str  # "row missing", "row too many", "row differs", "nothing to wait for", ...


def of_ended_instances(session: Session) -> Iterator[Difference]:
    """Find work that is still open in instances that have ended."""
    waiting: tuple[tuple[type[Any], Any], ...] = (
        (UserTask, UserTask.completed_at.is_(None)),
        (Timer, Timer.kind == TimerKind.BPMN),
        (MessageSubscription, True),
        (Incident, Incident.state == IncidentState.OPEN),
    )
    for model, is_open in waiting:
        left = (
            select(model.id, model.instance_id)
            .join(ProcessInstance, ProcessInstance.id == model.instance_id)
            .where(ProcessInstance.ended_at.is_not(None), is_open)
            .order_by(model.id)
        )
        for row_id, instance_id in session.execute(left):
            yield Difference(instance_id, model.__tablename__, row_id, "row too many")


def of_due_times(session: Session) -> Iterator[Difference]:
    """Compare the due times of open tasks with the timers that are to tell of them.

    A due time without a timer is right when it has been told: then there is its message.
    """
    is_overdue = Timer.kind == TimerKind.OVERDUE
    both = (
        select(UserTask.id, UserTask.instance_id, UserTask.due_at, Timer.id, Timer.due_at)
        .join(Timer, and_(Timer.id == UserTask.id, is_overdue), isouter=True)
        .where(
            UserTask.completed_at.is_(None),
            UserTask.due_at.is_not(None),
            or_(Timer.id.is_(None), Timer.due_at != UserTask.due_at),
        )
        .order_by(UserTask.id)
    )
    for task_id, instance_id, due_at, timer_id, _ in session.execute(both).all():
        if timer_id is not None:
            yield Difference(instance_id, "timer", task_id, "row differs")
        elif not _is_told(session, told_by(task_id, due_at)):
            yield Difference(instance_id, "timer", task_id, "row missing")
    is_waited_for = exists().where(
        UserTask.id == Timer.user_task_id,
        UserTask.completed_at.is_(None),
        UserTask.due_at.is_not(None),
    )
    idle = select(Timer.id, Timer.instance_id).where(is_overdue, ~is_waited_for)
    for timer_id, instance_id in session.execute(idle.order_by(Timer.id)):
        yield Difference(instance_id, "timer", timer_id, "row too many")


def _is_told(session: Session, message_id: str) -> bool:
    told = select(MessageInbox.id).where(MessageInbox.message_id == message_id)
    return session.scalar(told) is not None


def of_messages(session: Session) -> Iterator[Difference]:
    """Find messages that wait for a person whom nobody asks."""
    is_asked = exists().where(
        UserTask.message_id == MessageInbox.id, UserTask.completed_at.is_(None)
    )
    is_reported = exists().where(
        Incident.message_id == MessageInbox.id, Incident.state == IncidentState.OPEN
    )
    forgotten = select(MessageInbox.id, MessageInbox.target_id).where(
        or_(
            and_(MessageInbox.state == MessageState.UNCLAIMED, ~is_asked),
            and_(MessageInbox.state == MessageState.AMBIGUOUS, ~is_reported),
        )
    )
    for row_id, target_id in session.execute(forgotten.order_by(MessageInbox.id)):
        yield Difference(target_id, "message_inbox", row_id, "nobody is asked about it")


def of_suspensions(session: Session) -> Iterator[Difference]:
    """Find work that keeps still although its instance runs, or moves although it is suspended."""
    is_suspended = ProcessInstance.status == InstanceStatus.SUSPENDED
    still = UserTask.state == UserTaskState.SUSPENDED
    differing: tuple[tuple[type[Any], Any], ...] = (
        (UserTask, and_(UserTask.completed_at.is_(None), still != is_suspended)),
        (Timer, and_(Timer.kind == TimerKind.BPMN, Timer.held != is_suspended)),
    )
    for model, differs in differing:
        found = (
            select(model.id, model.instance_id)
            .join(ProcessInstance, ProcessInstance.id == model.instance_id)
            .where(ProcessInstance.ended_at.is_(None), differs)
            .order_by(model.id)
        )
        for row_id, instance_id in session.execute(found):
            yield Difference(instance_id, model.__tablename__, row_id, "row differs: suspended")
    is_standing = exists().where(
        Suspension.instance_id == ProcessInstance.id, Suspension.resumed_at.is_(None)
    )
    forgotten = select(ProcessInstance.id).where(is_suspended, ~is_standing)
    for instance_id in session.scalars(forgotten.order_by(ProcessInstance.id)):
        yield Difference(
            instance_id, "suspension", instance_id, "row missing: nobody would resume it"
        )
