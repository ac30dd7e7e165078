"""Late work that is done after all: whoever was called because of it is called off.

A task that fell due started a process by the message `task.overdue` (`engine/timers.py`). When it
is completed, or the process moves on without it, the signal `task.closed` [task_id] tells.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from engine import inbox, routing
from engine.changes import ClosedTask
from engine.deeds import Held
from engine.models import UserTask

CLOSED = "task.closed"


def call_off(
    session: Session, held: Held, closed: Iterable[ClosedTask], *, by: str, now: datetime
) -> None:
    """Tell those who were called for one of these tasks that it is closed."""
    for task_id in _late(session, [task.task_id for task in closed], now):
        told = routing.signals(
            session,
            held.tenant_id,
            CLOSED,
            {"task_id": str(task_id)},
            now=now,
            service_id=held.service_id,
            origin_id=held.id,
        )
        inbox.post(session, held.tenant_id, told, by=by, now=now)


def _late(session: Session, task_ids: list[UUID], now: datetime) -> list[UUID]:
    """Return those that were due; a task that the session holds already costs no statement."""
    late, unknown = [], []
    for task_id in task_ids:
        task = session.identity_map.get(identity_key(UserTask, task_id))
        if task is None:
            unknown.append(task_id)
        elif task.due_at is not None and task.due_at <= now:
            late.append(task_id)
    if unknown:
        due = select(UserTask.id).where(UserTask.id.in_(unknown), UserTask.due_at <= now)
        late += session.scalars(due)
    return late
