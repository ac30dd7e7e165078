"""Tasks let through the one policy: what may not be seen does not exist."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import user_tasks
from engine.models import UserTask
from workflows.access.actor import Actor
from workflows.access.policy import led_by, offered_to, visible_tasks


def lock_visible(session: Session, actor: Actor, task_id: UUID, *, now: datetime) -> UserTask:
    """Lock the task's instance, then read the task afresh through the policy.

    Raises ``UserTaskNotFound`` for what is not there and for what may not be seen, alike.
    """
    return user_tasks.lock(session, task_id, visible_tasks(actor, now))


def is_led_by(session: Session, actor: Actor, task: UserTask) -> bool:
    """Say whether the actor leads those whose work the task is."""
    return (
        session.scalar(select(UserTask.id).where(UserTask.id == task.id, led_by(actor))) is not None
    )


def is_for(session: Session, actor: Actor, task: UserTask, now: datetime) -> bool:
    """Say whether the task may become the actor's: offered to them, and no wall before it."""
    offered = select(UserTask.id).where(
        UserTask.id == task.id, offered_to(actor), visible_tasks(actor, now)
    )
    return session.scalar(offered) is not None
