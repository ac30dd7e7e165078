"""Messages that nobody took: each becomes a task for a person, so that none is lost.

Such a task has no process instance. Whoever completes it decides: ``again = true`` sends the
message on its way once more, anything else closes it. Should a process come to wait for the
message after all, it gets it and the task becomes obsolete.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine import history, inbox, payloads
from engine.definitions import Definitions
from engine.lines import task_line
from engine.models import MessageInbox, ProcessInstance, Timer, UserTask
from engine.states import MessageState, TimerKind, UserTaskState

PROCESS = "message_inbox"
ELEMENT = "task_unclaimed_message"
OWNERS_SET = "unclaimed_messages"  # a role set of the release; without it:
OWNERS = ("team_leader",)
DUE_AFTER = timedelta(hours=4)
OVERDUE = "task.overdue"  # tells of a late task: a task about it is never late itself
SENDING = ("{*}sendTask", "{*}intermediateThrowEvent", "{*}endEvent")
ABOUT = "case_id"  # the variable that holds the business key, as everywhere


def offer(
    session: Session, message: MessageInbox, definitions: Definitions | None, *, now: datetime
) -> UserTask:
    """Make a task of a message that has expired, or that no process of the release can take."""
    sets = definitions.role_sets if definitions is not None else {}
    task = UserTask(
        id=uuid4(),
        tenant_id=message.tenant_id,
        service_id=message.service_id,
        business_key=_about(message),
        message_id=message.id,
        process_id=PROCESS,
        element_id=ELEMENT,
        name=f"See to it by hand: {_said(definitions, message.name) or in_words(message.name)}",
        potential_owners=list(sets.get(OWNERS_SET, OWNERS)),
        excluded_owners=[],
        state=UserTaskState.READY,
        priority=1,
        risk_rank=_rank(session, message),
        due_at=None if message.name == OVERDUE else now + DUE_AFTER,
        created_at=now,
    )
    session.add(task)
    message.state = MessageState.UNCLAIMED
    session.flush()
    if task.due_at is not None:
        session.add(
            Timer(
                id=task.id,
                tenant_id=task.tenant_id,
                user_task_id=task.id,
                kind=TimerKind.OVERDUE,
                element_id=ELEMENT,
                due_at=task.due_at,
            )
        )
    record(session, message, "schedule", by=None, now=now)
    return task


def _about(message: MessageInbox) -> UUID | None:
    said = {**message.payload, **(message.correlation or {})}
    try:
        return UUID(str(said.get(ABOUT)))
    except ValueError:
        return None


def _said(definitions: Definitions | None, name: str) -> str:
    """Return what the author calls the steps that send a message: "MARAC asked for".

    Nothing where no step of the release sends it, or where they are called differently.
    """
    found: set[str] = set()
    for process in definitions.processes.values() if definitions is not None else ():
        messages = process.element.getroottree().iter("{*}message")
        ids = {message.get("id") for message in messages if message.get("name") == name}
        for step in process.element.iter(*SENDING):
            refers = (step, *step.iter("{*}messageEventDefinition"))
            if any(each.get("messageRef", "").rpartition(":")[2] in ids for each in refers):
                found.add(" ".join((step.get("name") or "").split()))
    return found.pop() if len(found) == 1 else ""


def in_words(name: str) -> str:
    """Say the name of a message: "closure.requested" is "closure requested"."""
    return name.replace(".", " ").replace("_", " ")


def _rank(session: Session, message: MessageInbox) -> int:
    """Return how urgent the running work about the same case is: the message does not say."""
    about = _about(message)
    running = select(func.max(ProcessInstance.risk_rank)).where(
        ProcessInstance.tenant_id == message.tenant_id,
        ProcessInstance.business_key == about,
        ProcessInstance.ended_at.is_(None),
    )
    return (session.scalar(running) if about is not None else None) or 0


def settle(
    session: Session, task: UserTask, variables: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Carry out what somebody decided about a message nobody took, and close the task."""
    message = session.get_one(
        MessageInbox, task.message_id, with_for_update=True, populate_existing=True
    )
    is_taken = message.consumed_at is not None  # just now: only the task is left to close
    again = variables.get("again") is True and not is_taken
    if again:
        message.state = MessageState.PENDING
        message.retry_at = None
        message.expires_at = now + inbox.EXPIRES_AFTER
        inbox.produce(session, [message.id])
    elif not is_taken:
        message.state = MessageState.CLOSED
        message.consumed_at = now
    _close(session, task, UserTaskState.COMPLETED, by=by, now=now)
    record(session, message, "complete", by=by, now=now, again=again)


def withdraw(session: Session, message: MessageInbox, *, now: datetime) -> None:
    """A process has taken the message after all.

    Passes over a task that somebody is closing right now: they wait for the message's row, which
    we hold, and will find that it has been taken.
    """
    open_ones = select(UserTask).where(
        UserTask.message_id == message.id, UserTask.completed_at.is_(None)
    )
    for task in session.scalars(open_ones.with_for_update(skip_locked=True)):
        _close(session, task, UserTaskState.OBSOLETE, by=None, now=now)
        record(session, message, "withdraw", by=None, now=now)


def _close(
    session: Session, task: UserTask, state: UserTaskState, *, by: str | None, now: datetime
) -> None:
    task.state = state
    task.completed_at, task.completed_by = now, by
    task.actual_owner = task.actual_owner or by
    session.execute(delete(Timer).where(Timer.id == task.id))
    session.flush()


def told_by(task_id: UUID, due_at: datetime) -> str:
    """Return the id of the message that tells, once, that a task was not done by then."""
    return f"{OVERDUE}/{task_id}/{due_at.isoformat()}"


def stream(message_id: UUID | None) -> str:
    return f"message:{message_id}"


def record(
    session: Session,
    message: MessageInbox,
    transition: str,
    *,
    by: str | None,
    now: datetime,
    **more: Any,
) -> None:
    """Write what happened to a message into its own stream of history."""
    payload = task_line(message.name, ELEMENT, transition, by or "system", **more)
    payload["data"] = payloads.to_json({"message": message.id})
    history.append(session, stream(message.id), payload, tenant_id=message.tenant_id, at=now)


def is_offered(session: Session, message: MessageInbox) -> bool:
    """Say whether an open task asks about the message already."""
    open_ones = select(UserTask.id).where(
        UserTask.message_id == message.id, UserTask.completed_at.is_(None)
    )
    return session.scalar(open_ones) is not None
