"""What was asked with each tool, and what follows from the answers before anybody judges."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

import forms
from engine.models import UserTask
from workflows.cases.models import Case
from workflows.risk.models import RiskAssessment

CHECKLIST_ITEMS = tuple(f"q{number:02}" for number in range(1, 25))
HATE_ITEMS = (
    "violence",
    "threats_kill_arson",
    "repeat_3_in_12m",
    "same_person_nearby",
    "escalating",
    "home_targeted",
    "not_coping",
    "isolated",
    "disability_exploitation",
    "child_in_home",
    "doxxing",
    "mistrust",
    "multiple_strands",
    "community_tension",
)
NOT_KNOWN = ("dont_know", "not_asked", None)


def record(
    session: Session,
    task: UserTask,
    tool: str,
    answers: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> RiskAssessment:
    """Keep the answers to one tool under the case's key."""
    case = session.get_one(Case, task.business_key)
    assessment = RiskAssessment(
        tenant_id=task.tenant_id,
        case_id=case.id,
        subject_id=case.subject_id,
        instance_id=task.instance_id,
        user_task_id=task.id,
        tool=tool,
        assessed_at=now,
        assessed_by=by,
    )
    assessment.answers = forms.to_json(answers)
    session.add(assessment)
    session.flush()
    return assessment


def latest(session: Session, case_id: UUID, *tools: str) -> RiskAssessment | None:
    """Return the newest answers to any of ``tools``."""
    return session.scalar(
        select(RiskAssessment)
        .where(RiskAssessment.case_id == case_id, RiskAssessment.tool.in_(tools))
        .order_by(RiskAssessment.assessed_at.desc())
        .limit(1)
    )


def checklist_inputs(answers: Mapping[str, Any], age: int | None) -> dict[str, Any]:
    """Return the inputs of the decision `dash`. Only "yes" is a tick; what is not known counts
    as unknown, never as no."""
    yes = {item for item in CHECKLIST_ITEMS if answers.get(item) == "yes"}
    unknown = sum(answers.get(item) in NOT_KNOWN for item in CHECKLIST_ITEMS)
    stalked_and_controlled = {"q08", "q06", "q12"} <= yes
    return {
        "age": age,
        "yes_count": len(yes),
        "unknown_count": unknown,
        # strangulation, threats to kill, honour-based abuse, or stalking with both signs
        "cluster": bool(yes & {"q15", "q14", "q17"}) or stalked_and_controlled,
        "events_12m": answers.get("events_12m") or 0,
        "repeat_pair_12m": answers.get("repeat_pair_12m") == "yes",
    }


def hate_inputs(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Return the inputs of the decision `hate_score`."""
    return {item: answers.get(item) == "yes" for item in HATE_ITEMS}


def hate_level_inputs(answers: Mapping[str, Any], score: Any) -> dict[str, Any]:
    """Return the inputs of the decision `hate_level`."""
    return {
        "hate_score": score,
        "answered_count": sum(answers.get(item) not in NOT_KNOWN for item in HATE_ITEMS),
        "violence_and_repeat": answers.get("violence") == "yes"
        and answers.get("repeat_3_in_12m") == "yes",
        "arson_threat": answers.get("threats_kill_arson") == "yes",
        "suicide_intent": answers.get("suicide_intent") == "yes",
        "serious_offence": answers.get("serious_offence") == "yes",
    }


def stalking_level(answers: Mapping[str, Any]) -> str:
    """Return the level of the stalking screen: high until somebody has looked, when it warns."""
    warning = ("very_frightened", "previous_harassment", "threats_violence")
    if any(answers.get(item) == "yes" for item in warning):
        return "high"
    return "medium"  # being stalked at all is never standard


def self_harm_level(answers: Mapping[str, Any]) -> str:
    """Return the level of the self-harm screen: a plan or the means make it high."""
    if answers.get("plan") == "yes" or answers.get("means") == "yes":
        return "high"
    items = ("thoughts_now", "plan", "means", "previous_attempt")
    return "standard" if all(answers.get(item) == "no" for item in items) else "medium"


def concern_found(assessments: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether the answers speak of a child or of suicide, which safeguarding must hear of."""
    checklist = assessments.get("dash", {})
    harm = assessments.get("self_harm_screen", {})
    hate = assessments.get("hate", {})
    return (
        checklist.get("children_at_risk") == "yes"
        or checklist.get("q05") == "yes"
        or checklist.get("q09") == "yes"
        or harm.get("plan") == "yes"
        or hate.get("suicide_intent") == "yes"
    )
