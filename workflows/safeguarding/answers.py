"""What the forms of safeguarding leave behind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import forms
from engine.models import UserTask
from workflows.safeguarding import concerns
from workflows.tasks.answers import answers

Answers = Mapping[str, Any]


@answers("safeguarding_concern")
def concern(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> dict[str, Any]:
    raised = concerns.of_instance(session, task.instance_id)
    concerns.fill(raised, given, now=now)
    return {
        "about_child_or_adult": raised.at_risk in ("child", "adult", "unborn"),
        "raiser_id": by,
    }


@answers("safeguarding_acknowledge")
def acknowledge(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> None:
    raised = concerns.of_instance(session, task.instance_id)
    raised.assessment = forms.to_json(given)
    raised.acknowledged_at, raised.acknowledged_by = now, by


@answers("inform_client")
def inform(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    concerns.of_instance(session, task.instance_id).told_client = given["told_client"]
    concerns.enter(session, task, "inform_client", given, by=by, now=now)


@answers("safeguarding_feedback")
def feedback(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    if given["feedback_given"] == "yes":
        concerns.of_instance(session, task.instance_id).fed_back_at = now
    concerns.enter(session, task, "safeguarding_feedback", given, by=by, now=now)


@answers(
    "call_999",
    "refer_direct",
    "safeguarding_refer",
    "agency_chase",
    "agency_decision",
    "challenge",
)
def step(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    """Keep a step along a route as it was written down."""
    concerns.enter(session, task, task.form_id or "", given, by=by, now=now)
