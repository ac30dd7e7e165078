"""Tasks let through the one policy: what may not be seen does not exist."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Select, bindparam, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from engine import user_tasks
from engine.db import run
from engine.models import UserTask
from engine.user_tasks import UserTaskNotFound
from workflows.access.actor import Actor
from workflows.access.policy import led_by, offered_to, visible_tasks
from workflows.access.walls import closed_ids

_NOW: Any = bindparam("seen_at", None, type_=DateTime(timezone=True), required=False)
_TASK = bindparam("task_id", None, type_=UserTask.id.type, required=False)


def lock_visible(session: Session, actor: Actor, task_id: UUID, *, now: datetime) -> UserTask:
    """Lock the task's instance, then read the task afresh through the policy.

    Raises ``UserTaskNotFound`` for what is not there and for what may not be seen, alike.
    """
    task = user_tasks.lock(session, task_id)
    text, values = _visible(actor)
    given = {**values, "task_id": task_id, "seen_at": now}
    if run(session, text, given).scalar_one_or_none() is None:
        raise UserTaskNotFound
    return task


def walls(session: Session, actor: Actor, now: datetime) -> list[UUID]:
    """Return the ids of what is closed to the actor whatever their rights."""
    text, values = _closed(actor)
    return list(run(session, text, {**values, "seen_at": now}).scalars())


def is_led_by(session: Session, actor: Actor, task: UserTask) -> bool:
    """Say whether the actor leads those whose work the task is."""
    led = select(UserTask.id).where(UserTask.id == task.id, led_by(actor))
    return session.scalar(led) is not None


def is_for(session: Session, actor: Actor, task: UserTask, now: datetime) -> bool:
    """Say whether the task may become the actor's: offered to them, and no wall before it."""
    offered = select(UserTask.id).where(
        UserTask.id == task.id, offered_to(actor), visible_tasks(actor, now)
    )
    return session.scalar(offered) is not None


# The policy is a tree of some two hundred expressions. What it says of one person is written out
# once and kept as text for as long as their roles, duties and teams stay the same, because these
# two questions are asked at every completion and every page.


@lru_cache(maxsize=1024)
def _visible(actor: Actor) -> tuple[str, Mapping[str, Any]]:
    return _written(select(UserTask.id).where(UserTask.id == _TASK, visible_tasks(actor, _NOW)))


@lru_cache(maxsize=1024)
def _closed(actor: Actor) -> tuple[str, Mapping[str, Any]]:
    return _written(select(closed_ids(actor, _NOW).subquery().c.id))


def _written(statement: Select[Any]) -> tuple[str, Mapping[str, Any]]:
    compiled = statement.compile(
        dialect=PGDialect_psycopg(), compile_kwargs={"render_postcompile": True}
    )
    return str(compiled), compiled.params
