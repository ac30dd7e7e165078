"""Which task is overdue, above each task of its ladder: nobody can chase what is not named."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from api.auth import actor
from api.language import gettext
from api.pages.names import name_of
from api.pages.task_view import closed_words
from api.work import now, session
from engine import instances
from engine.models import UserTask
from workflows.access.policy import visible_tasks

PROCESS = "task_overdue"


@dataclass(frozen=True)
class LateTask:
    """The overdue task. ``address`` is empty where the viewer may not open it."""

    name: str
    due_at: datetime | None
    holder: str
    ended: str  # how it ended, in words, if somebody was faster
    address: str


def late_of(task: UserTask) -> LateTask | None:
    """Return the task that ``task`` is about, if it stands on the ladder of overdue work."""
    if task.process_id != PROCESS or task.instance_id is None:
        return None
    known = instances.variables(session(), task.instance_id).get("task_id")
    about = session().get(UserTask, UUID(str(known))) if known else None
    if about is None:
        return None
    seen = select(UserTask.id).where(UserTask.id == about.id, visible_tasks(actor(), now()))
    return LateTask(
        name=about.name,
        due_at=about.due_at,
        holder=name_of(about.actual_owner) if about.actual_owner else gettext("nobody"),
        ended="" if about.is_open else closed_words(about),
        address=f"/tasks/{about.id}" if session().scalar(seen) is not None else "",
    )
