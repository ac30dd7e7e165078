"""What the forms of risk grading leave behind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import forms
from engine.models import UserTask
from engine.user_tasks import ExcludedOwner
from workflows.access.actor import actor_for
from workflows.access.reading import require
from workflows.cases.models import Case
from workflows.risk import assessing
from workflows.risk.models import SafetyPlan
from workflows.tasks.answers import answers

Answers = Mapping[str, Any]
Variables = dict[str, Any] | None


@answers("risk_checklist")
def checklist(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    assessing.record(session, task, "dash", given, by=by, now=now)


@answers("hate_items")
def hate_items(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    assessing.record(session, task, "hate", given, by=by, now=now)


@answers("stalking_screen")
def stalking(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    assessing.record(session, task, "stalking_screen", given, by=by, now=now)


@answers("self_harm_screen")
def self_harm(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    assessing.record(session, task, "self_harm_screen", given, by=by, now=now)


@answers("external_assessment")
def external(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    assessing.record(session, task, "attach_external", given, by=by, now=now)


@answers("risk_judgement")
def judgement(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Keep the reason, and who judged: that person may not approve a lower level."""
    assessing.record(session, task, "judgement", given, by=by, now=now)
    return {"assessor_id": by}


@answers("approve_lower")
def approval(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> None:
    """Keep what the second person said. Nobody approves what they have asked for themselves.

    Raises ``ExcludedOwner``, and ``NotAllowed`` for whoever was handed the task without the right.
    """
    case = session.get_one(Case, task.business_key)
    judged = assessing.latest(session, case.id, "judgement")
    if judged is None or judged.assessed_by == by:
        raise ExcludedOwner
    require(actor_for(session, UUID(by), now), "override_down", act="approve", case=case)
    assessing.record(session, task, "approval", given, by=by, now=now)


@answers("safety_plan")
def safety_plan(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> None:
    case = session.get_one(Case, task.business_key)
    plan = SafetyPlan(
        tenant_id=task.tenant_id,
        case_id=case.id,
        subject_id=case.subject_id,
        user_task_id=task.id,
        agreed_at=now,
        agreed_by=by,
    )
    plan.plan = forms.to_json(given)
    session.add(plan)
