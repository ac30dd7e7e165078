"""Fire what is due. The `timer` table is the only truth about time; the scheduler only ticks.

Any number of nodes look at once: whoever gets the instance's lock first fires it, the others pass
over it. A crash frees the lock and the timer is still due. High risk comes first. A timer that
fails is put off (`retry_at`; its due time stays), becomes an incident, and never blocks another.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import backoff, inbox, instances
from engine.changes import FireTimers
from engine.db import run, unit_of_work
from engine.inbox import Message
from engine.living import suspending
from engine.models import Incident, ProcessInstance, Timer, UserTask
from engine.states import InstanceStatus, TimerKind
from engine.unclaimed import OVERDUE, told_by

logger = logging.getLogger(__name__)

SYSTEM = "system"

# One statement over all tenants: what is due, an instance (or an overdue task) a row.
DUE = """
SELECT tenant_id, kind, coalesce(CASE kind WHEN 'bpmn' THEN instance_id END, id) AS target,
       array_agg(id) AS ids
FROM timer
WHERE due_at <= %(now)s AND (retry_at IS NULL OR retry_at <= %(now)s) AND NOT held
GROUP BY 1, 2, 3
ORDER BY max(risk_rank) DESC, min(due_at), 3
LIMIT %(limit)s
"""

STILL_DUE = """
SELECT id, attempts FROM timer
WHERE instance_id = %(instance_id)s AND kind = 'bpmn' AND due_at <= %(now)s
  AND (retry_at IS NULL OR retry_at <= %(now)s)
"""

# Nobody is asked any longer about a timer that has fired after all.
MENDED = """
UPDATE incident SET state = 'retried', resolved_at = %(now)s, resolved_by = %(by)s
WHERE instance_id = %(instance_id)s AND error = %(error)s AND state = 'open'
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done in one transaction."""

    tenant_id: UUID
    kind: str
    target: UUID  # the instance, or the task whose due time has passed
    ids: list[UUID]


class StillDue(Exception):
    """The core did not know a timer that the table says is due."""


def find_due(session: Session, now: datetime, limit: int = 100) -> list[Due]:
    """Return what is due in every tenant that the session may see, high risk first."""
    return [Due(**row._asdict()) for row in run(session, DUE, {"now": now, "limit": limit})]


def fire_due(database: Engine, now: datetime, limit: int = 100) -> int:
    """Fire what is due, a transaction for each instance; return how many timers were fired.

    For the worker, whose role sees the timers of all tenants.
    """
    with unit_of_work(database) as session:
        found = find_due(session, now, limit)
    fired = 0
    for due in found:
        try:
            with unit_of_work(database, due.tenant_id) as session:
                fired += FIRE[TimerKind(due.kind)](session, due, now)
        except Exception as fault:
            logger.exception("timer failed in %s", due.target)
            if not backoff.is_no_failure(fault):
                _put_off(database, due, now)
    return fired


def _fire(session: Session, due: Due, now: datetime) -> int:
    held = instances.hold_if_free(session, due.target)
    if held is None:
        return 0  # another node is moving it; the row stays due for the next tick
    still_due = run(session, STILL_DUE, {"instance_id": due.target, "now": now})
    if not still_due or held.status != InstanceStatus.ACTIVE:
        return 0  # another node fired it between our two transactions
    changes = instances.move(session, due.target, FireTimers(), by=SYSTEM, now=now)
    moved_on = {*changes.timers_disarmed, *(timer.timer_id for timer in changes.timers_armed)}
    if not moved_on.issuperset(row.id for row in still_due):
        raise StillDue(f"process instance {due.target}")
    if any(row.attempts >= backoff.INCIDENT_AFTER for row in still_due):
        about = {"instance_id": due.target, "error": backoff.TIMER_NOT_FIRED}
        run(session, MENDED, about | {"by": SYSTEM, "now": now})
    return len(still_due)


def _tell_overdue(session: Session, due: Due, now: datetime) -> int:
    """Say by message that a task is late; what follows is drawn in the process it starts."""
    timer = session.scalar(
        select(Timer)
        .where(Timer.id == due.target, Timer.due_at <= now)
        .with_for_update(skip_locked=True)
    )
    if timer is None:
        return 0
    task = session.get_one(UserTask, timer.user_task_id)
    if task.is_open:
        about = {
            "task_id": str(task.id),
            "process_id": task.process_id,
            "safety_critical": task.safety_critical,
            "risk_rank": task.risk_rank,
        }
        if task.business_key is not None:
            about["case_id"] = str(task.business_key)
        message = Message(
            OVERDUE,
            about,
            {"task_id": str(task.id)},
            # told once for one due time, however often the timer is tried
            message_id=told_by(task.id, timer.due_at),
            service_id=task.service_id,
            origin_id=task.instance_id,
        )
        inbox.post(session, task.tenant_id, [message], by=SYSTEM, now=now)
    session.delete(timer)
    return 1


FIRE: dict[TimerKind, Callable[[Session, Due, datetime], int]] = {
    TimerKind.BPMN: _fire,
    TimerKind.OVERDUE: _tell_overdue,
    TimerKind.REVIEW: lambda session, due, now: suspending.ask_again(session, due.target, now),
}


def _put_off(database: Engine, due: Due, now: datetime) -> None:
    """Try again later, each time after a longer pause; an incident says so once.

    If not even that can be written, the timer stays as it was and the next tick finds it.
    """
    try:
        with unit_of_work(database, due.tenant_id) as session:
            _rest(session, due, now)
    except Exception:
        logger.exception("the timer of %s could not be put off", due.target)


def _rest(session: Session, due: Due, now: datetime) -> None:
    rows = select(Timer).where(Timer.id.in_(due.ids)).with_for_update(skip_locked=True)
    timers = list(session.scalars(rows))
    for timer in timers:
        timer.attempts = backoff.counted(timer.attempts)
        timer.retry_at = now + backoff.pause(timer.attempts)
    if any(timer.attempts == backoff.INCIDENT_AFTER for timer in timers):
        session.add(_incident(session, timers[0], now))


def _incident(session: Session, timer: Timer, now: datetime) -> Incident:
    about: UserTask | ProcessInstance
    if timer.user_task_id is not None:
        about = session.get_one(UserTask, timer.user_task_id)
    else:
        about = session.get_one(ProcessInstance, timer.instance_id)
    return Incident(
        id=uuid4(),
        tenant_id=timer.tenant_id,
        service_id=about.service_id,
        business_key=about.business_key,
        instance_id=timer.instance_id,
        element_id=timer.element_id,
        error=backoff.TIMER_NOT_FIRED,
        cause="A timer has failed several times; it is tried again from time to time.",
        created_at=now,
    )


def lateness(session: Session, now: datetime) -> timedelta:
    """Return how long the longest-waiting timer has been due, for health and metrics."""
    waiting = select(func.min(Timer.due_at)).where(Timer.due_at <= now, Timer.held.is_(False))
    oldest = session.scalar(waiting)
    return now - oldest if oldest is not None else timedelta()
