"""The concern that an escalation is about, beside each of its tasks: nobody acts on it unread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import forms
from api.auth import actor
from api.pages.names import name_of
from api.pages.task_view import TaskView
from api.work import now, session
from engine import instances, releases
from engine.definitions import Definitions
from engine.models import UserTask
from workflows.access import reading
from workflows.safeguarding import concerns
from workflows.tasks.asked import form_in

FORM = "safeguarding_concern"


@dataclass(frozen=True)
class ConcernView:
    """What was said, by whom and when. ``lines``: question and answer."""

    raised_by: str
    raised_at: datetime
    found_by_rule: bool
    lines: Sequence[tuple[str, str]]


def concern_of(task: UserTask, view: TaskView) -> ConcernView | None:
    """Return the concern of an escalation's task for whoever holds it or may claim it.

    Where the person is stands there once the task is claimed. That it was read is recorded.
    """
    concern = concerns.of_escalation(session(), task.instance_id)
    if concern is None or concern.filled_at is None:
        return None
    if not (view.may_complete or view.may_claim):
        return None
    answers = {name: getattr(concern, name) for name in concerns.FIELDS}
    if not view.may_complete:
        del answers["where_now"]
    form = form_in(_definitions(task), FORM)
    reading.record_read(
        session(), actor(), f"task {task.id}", [concern.id, concern.subject_id], now(), "concern"
    )
    return ConcernView(
        raised_by=name_of(concern.raised_by),
        raised_at=concern.raised_at,
        found_by_rule=concern.found_by == "rule",
        lines=[line for line in forms.text_twin(form, answers) if line[1]],
    )


def _definitions(task: UserTask) -> Definitions:
    """Return what the escalation runs on."""
    assert task.instance_id is not None  # else it is no escalation's
    return releases.definitions(session(), instances.release_of(session(), task.instance_id))
