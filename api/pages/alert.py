"""Who asked a team leader for help and why, beside the task in which they answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from api.auth import actor
from api.pages.names import name_of
from api.pages.task_view import TaskView
from api.words import plain
from api.work import now, session
from engine.models import UserTask
from workflows.access import reading
from workflows.access.policy import visible_tasks
from workflows.cases import alerts


@dataclass(frozen=True)
class AlertView:
    """An alert. ``task_address`` is empty where the viewer may not open the task it is about."""

    raised_by: str
    raised_at: datetime
    reason: str | None
    rule: str  # in words, where a rule asked
    task_name: str
    task_address: str


def alert_of(task: UserTask, view: TaskView) -> AlertView | None:
    """Return the alert that a task answers, for whoever holds it or may claim it; recorded."""
    if not (view.may_complete or view.may_claim):
        return None
    raised = alerts.answered_in(session(), task)
    if raised is None:
        return None
    if raised.reason:
        purpose = f"task {task.id}"
        reading.record_read(session(), actor(), purpose, raised.ids, now(), "alert")
    asked = session().get(UserTask, raised.user_task_id) if raised.user_task_id else None
    seen = select(UserTask.id).where(
        UserTask.id == raised.user_task_id, visible_tasks(actor(), now())
    )
    opens = asked is not None and session().scalar(seen) is not None
    return AlertView(
        raised_by=name_of(raised.by),
        raised_at=raised.at,
        reason=raised.reason,
        rule=plain(raised.rule) if raised.rule else "",
        task_name=asked.name if asked else "",
        task_address=f"/tasks/{raised.user_task_id}" if opens else "",
    )
