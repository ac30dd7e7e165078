"""What people do to user tasks, in the words of WS-HumanTask.

Every verb locks the task's instance first, then reads the task afresh, so two people who act on one
instance take turns. Who may see a task and whose work it is, `workflows` decides; here stands
what holds for everybody: it must be open, nobody who is excluded may do it, and what one person
has claimed no other completes. Refusals say who was faster, and when.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import history, instances, unclaimed
from engine.changes import Changes, CompleteTask
from engine.db import Fixed, loaded, memory, varying
from engine.errors import Forbidden, NotFound, Refusal
from engine.lines import task_line
from engine.living import holding
from engine.models import ProcessInstance, Timer, UserTask
from engine.saving import overdue_timer
from engine.states import UserTaskState

SAME_PLACES = "seen.ctid = user_task.ctid AND was.ctid = process_instance.ctid"


class Reading:
    """How a task is read when its instance has been locked; written out once, sent many times.

    ``conditions``: what must hold besides, such as the policy of who may see it; a task for which
    they do not hold does not exist.
    """

    def __init__(self, *conditions: ColumnElement[bool]) -> None:
        task, instance = UserTask.__table__, ProcessInstance.__table__
        fresh = select(*task.c).where(UserTask.id == varying("task_id"), *conditions)
        alone = fresh.where(UserTask.instance_id.is_(None)).with_for_update(of=UserTask)
        # as both were when the statement began: another place than now, if one was written since
        seen, was = task.alias("seen"), instance.alias("was")
        both = (
            fresh.add_columns(*(instance.c[name].label(f"held_{name}") for name in instances.HELD))
            .add_columns(literal_column(SAME_PLACES))
            .join(instance, instance.c.id == task.c.instance_id)
            .join(seen, seen.c.id == task.c.id)
            .join(was, was.c.id == instance.c.id)
            .with_for_update(of=[instance, task], key_share=True, skip_locked=True)
        )
        self._fresh, self._alone, self._both = Fixed(fresh), Fixed(alone), Fixed(both)

    def read_if_free(self, session: Session, user_task_id: UUID, **values: Any) -> UserTask | None:
        """Lock the task's instance and read the task, in one statement and without waiting.

        None when that does not do: somebody else has the lock, or had it in this very moment, so
        that what the ``conditions`` saw may be older than the task.
        """
        row = self._both.run(session, task_id=user_task_id, **values).one_or_none()
        if row is None or not row[-1]:
            return None
        width = len(UserTask.__table__.c)
        instances.locked(session, user_task_id, row[width:-1])
        return loaded(session, UserTask, dict(zip(row._fields[:width], row[:width], strict=True)))

    def read(
        self, session: Session, user_task_id: UUID, *, is_locked: bool, **values: Any
    ) -> UserTask | None:
        """Return the task as it is now; lock it itself unless its instance ``is_locked``."""
        statement = self._fresh if is_locked else self._alone
        row = statement.run(session, task_id=user_task_id, **values).one_or_none()
        return None if row is None else loaded(session, UserTask, row._asdict())


ANY = Reading()


class UserTaskNotFound(NotFound):
    """There is no such task."""


class UserTaskNotOpen(Refusal):
    """The task is already completed, or was withdrawn."""


class AlreadyClaimed(Refusal):
    """Somebody else has claimed the task."""


class NotActualOwner(Forbidden):
    """Only the person who claimed the task may do this."""


class ExcludedOwner(Forbidden):
    """You may not do this task: a second person must."""


class NotPotentialOwner(Forbidden):
    """The task is for people with another role."""


class ReasonMissing(Refusal):
    """Say why."""

    status = 422


def get(session: Session, user_task_id: UUID) -> UserTask:
    """Return a task without locking it: to show it, not to decide on it."""
    task = session.get(UserTask, user_task_id)
    if task is None:
        raise UserTaskNotFound
    return task


def lock(session: Session, user_task_id: UUID, reading: Reading = ANY, **values: Any) -> UserTask:
    """Lock the task's process instance, then read the task afresh.

    Afresh matters: a row that the session has already read keeps its old values otherwise, even
    after the lock is won, and the loser of a race would act a second time. A task without an
    instance is locked itself. Locked once in a transaction, it is not read again, unless a
    ``reading`` of its own, with its ``values``, asks for more.
    """
    known: UserTask | None = _locked(session).get(user_task_id)
    if known is not None and reading is ANY:
        return known
    task = reading.read_if_free(session, user_task_id, **values)
    if task is None:
        held = instances.hold_of_task(session, user_task_id)
        task = reading.read(session, user_task_id, is_locked=held is not None, **values)
    if task is None:
        raise UserTaskNotFound
    return _locked(session).setdefault(user_task_id, task)


def _locked(session: Session) -> dict[UUID, UserTask]:
    locked: dict[UUID, UserTask] = memory(session).setdefault("user_tasks", {})
    return locked


def claim(
    session: Session,
    user_task_id: UUID,
    *,
    by: str,
    now: datetime,
    roles: Collection[str] | None = None,
) -> UserTask:
    """Make ``by`` the actual owner. Claiming one's own task again changes nothing.

    ``roles``: those that ``by`` holds; None leaves the question to the caller.
    """
    task = _lock_open(session, user_task_id)
    if task.actual_owner == by:
        return task
    if task.actual_owner is not None:
        raise AlreadyClaimed(by=task.actual_owner, at=task.claimed_at)
    _require_eligible(task, by, roles)
    task.actual_owner, task.claimed_at, task.state = by, now, UserTaskState.RESERVED
    _record(session, task, "assign", by=by, now=now)
    return task


def release(
    session: Session, user_task_id: UUID, *, by: str, now: datetime, overrule: bool = False
) -> UserTask:
    """Give a claimed task back to its potential owners. ``overrule``: by somebody in charge."""
    task = _lock_open(session, user_task_id)
    if task.actual_owner is None:
        return task
    if task.actual_owner != by and not overrule:
        raise NotActualOwner(by=task.actual_owner, at=task.claimed_at)
    before = task.actual_owner
    task.actual_owner, task.claimed_at, task.state = None, None, UserTaskState.READY
    _record(session, task, "reassign", by=by, now=now, before=before)
    return task


def delegate(session: Session, user_task_id: UUID, *, to: str, by: str, now: datetime) -> UserTask:
    """Make ``to`` the actual owner, whoever had the task. Its due time stays as it was."""
    task = _lock_open(session, user_task_id)
    _require_eligible(task, to, None)
    before = task.actual_owner
    task.actual_owner, task.claimed_at, task.state = to, now, UserTaskState.RESERVED
    _record(session, task, "reassign", by=by, now=now, before=before, after=to)
    return task


def forward(
    session: Session,
    user_task_id: UUID,
    *,
    to: Sequence[str],
    by: str,
    now: datetime,
    team: str | None = None,
) -> UserTask:
    """Offer the task to other roles (and perhaps a team); nobody owns it then."""
    task = _lock_open(session, user_task_id)
    before = list(task.potential_owners)
    task.potential_owners, task.team = list(to), team or task.team
    task.actual_owner, task.claimed_at, task.state = None, None, UserTaskState.READY
    _record(session, task, "reassign", by=by, now=now, before=before, after=list(to))
    return task


def start(session: Session, user_task_id: UUID, *, by: str, now: datetime) -> UserTask:
    """Say that ``by`` has begun to work on the task; claims it if nobody has."""
    task = _lock_open(session, user_task_id)
    if task.actual_owner is None:
        task = claim(session, user_task_id, by=by, now=now)
    if task.actual_owner != by:
        raise NotActualOwner(by=task.actual_owner, at=task.claimed_at)
    if task.state == UserTaskState.RESERVED:
        task.state = UserTaskState.IN_PROGRESS
        _record(session, task, "start", by=by, now=now)
    return task


def set_follow_up(
    session: Session, user_task_id: UUID, follow_up_at: datetime | None, *, by: str, now: datetime
) -> UserTask:
    """Put the task aside until then (None: back on the list). Its due time is not touched."""
    task = _lock_open(session, user_task_id)
    before, task.follow_up_at = task.follow_up_at, follow_up_at
    _record(session, task, "suspend", by=by, now=now, before=before, after=follow_up_at)
    return task


def set_due(
    session: Session,
    user_task_id: UUID,
    due_at: datetime | None,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> UserTask:
    """Change when the task is due, and when it counts as overdue.

    ``reason`` goes into the history as it is: words about a person arrive as ciphertext.
    """
    _require(reason)
    task = _lock_open(session, user_task_id, held=True)
    before, task.due_at = task.due_at, due_at
    _move_overdue_timer(session, task)
    about = {"before": before, "after": due_at, "reason": reason}
    _record(session, task, "reassign", by=by, now=now, **about)
    return task


def set_priority(
    session: Session, user_task_id: UUID, priority: int, *, reason: str, by: str, now: datetime
) -> UserTask:
    """Change the priority: 0 is urgent, 3 can wait."""
    _require(reason)
    if priority not in range(4):
        raise ValueError("priority is 0 to 3")
    task = _lock_open(session, user_task_id, held=True)
    before, task.priority = task.priority, priority
    about = {"before": before, "after": priority, "reason": reason}
    _record(session, task, "reassign", by=by, now=now, **about)
    return task


def complete(
    session: Session,
    user_task_id: UUID,
    variables: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    roles: Collection[str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Changes:
    """Complete a task with ``variables`` and run its instance to the next wait states.

    A task that nobody has claimed becomes that of ``by``, which the line of its completion says.
    ``variables`` are ids and decision variables only. ``about`` is what that line says besides.
    """
    task = _lock_open(session, user_task_id)
    if task.actual_owner not in (None, by):
        raise NotActualOwner(by=task.actual_owner, at=task.claimed_at)
    if task.actual_owner is None:
        _require_eligible(task, by, roles)
    elif by in task.excluded_owners:
        raise ExcludedOwner  # he became excluded after he had claimed it
    if task.instance_id is None:
        unclaimed.settle(session, task, variables, by=by, now=now)
        return Changes()
    line = task_line(task.name, task.element_id, "complete", by, task=task.id, **(about or {}))
    command = CompleteTask(task.id, variables)
    return instances.move(session, task.instance_id, command, by=by, now=now, completed=line)


def _lock_open(session: Session, user_task_id: UUID, *, held: bool = False) -> UserTask:
    """Lock a task that somebody may act on; ``held``: also while its instance is suspended."""
    task = lock(session, user_task_id)
    if not held:
        require_moving(session, task)
    if not task.is_open:
        raise UserTaskNotOpen(state=task.state, by=task.completed_by, at=task.completed_at)
    return task


def require_moving(session: Session, task: UserTask) -> None:
    """Refuse a task of a suspended instance, saying who suspended it, when and why."""
    if task.state == UserTaskState.SUSPENDED and task.instance_id is not None:
        holding.refuse(session, task.instance_id, why=True)


def _require_eligible(task: UserTask, who: str, roles: Collection[str] | None) -> None:
    if who in task.excluded_owners:
        raise ExcludedOwner
    if roles is not None and not set(roles) & set(task.potential_owners):
        raise NotPotentialOwner


def _require(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def _move_overdue_timer(session: Session, task: UserTask) -> None:
    if task.due_at is None:
        session.execute(delete(Timer).where(Timer.id == task.id))
        return
    row = overdue_timer({"id": task.id, "element_id": task.element_id, "due_at": task.due_at}) | {
        "tenant_id": task.tenant_id,
        "instance_id": task.instance_id,
        "risk_rank": task.risk_rank,
        "attempts": 0,
    }
    moved = {"due_at": task.due_at, "retry_at": None, "attempts": 0}
    statement = upsert(Timer).values(row).on_conflict_do_update(index_elements=["id"], set_=moved)
    session.execute(statement)


def _record(
    session: Session, task: UserTask, transition: str, *, by: str, now: datetime, **about: Any
) -> None:
    """Write the change of a task and its line of history."""
    session.flush()
    line = task_line(task.name, task.element_id, transition, by, task=task.id, **about)
    if task.instance_id is not None:
        stream = f"{history.INSTANCE}{task.instance_id}"
    else:
        stream = unclaimed.stream(task.message_id)
    history.append(session, stream, line, tenant_id=task.tenant_id, at=now)
