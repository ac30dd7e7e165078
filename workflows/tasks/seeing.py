"""Tasks let through the one policy: what may not be seen does not exist."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import user_tasks
from engine.db import Fixed, UtcDateTime, varying
from engine.models import UserTask
from engine.user_tasks import Reading
from workflows.access.actor import Actor
from workflows.access.policy import led_by, offered_to, visible_tasks
from workflows.access.walls import closed_ids

_NOW = varying("seen_at", UtcDateTime())


def lock_visible(session: Session, actor: Actor, task_id: UUID, *, now: datetime) -> UserTask:
    """Lock the task's instance, then read the task afresh through the policy.

    Raises ``UserTaskNotFound`` for what is not there and for what may not be seen, alike.
    """
    return user_tasks.lock(session, task_id, _visible(actor), seen_at=now)


def walls(session: Session, actor: Actor, now: datetime) -> list[UUID]:
    """Return the ids of what is closed to the actor whatever their rights."""
    return list(_closed(actor).run(session, seen_at=now).scalars())


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
def _visible(actor: Actor) -> Reading:
    return Reading(visible_tasks(actor, _NOW))


@lru_cache(maxsize=1024)
def _closed(actor: Actor) -> Fixed:
    return Fixed(select(closed_ids(actor, _NOW).subquery().c.id))
