"""What the forms of first contact and of the case leave behind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import UserTask
from workflows.cases import notes
from workflows.cases.models import Case, SupportOption
from workflows.people import cards
from workflows.tasks.answers import answers

Answers = Mapping[str, Any]
Variables = dict[str, Any] | None

# The key of the form that says in words what was decided.
NOTED = {
    "high_without_support": "decision_reason",
    "options_discussed": "decision_words",
    "after_death": "death_plan",
    "closure_blocks": "blocks_plan",
}


def case_of(session: Session, task: UserTask) -> Case:
    return session.get_one(Case, task.business_key)


@answers("needs_assessment")
def needs(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """Write down what was offered; the process goes on with the ids of what was agreed."""
    case = case_of(session, task)
    made = select(SupportOption).where(SupportOption.user_task_id == task.id)
    if session.scalar(made.limit(1)) is None:
        for key, value in given.items():
            if key.endswith("_option") and value in ("offered", "agreed"):
                _offer(session, case, task, key.removesuffix("_option"), value, by=by, now=now)
        session.flush()
    agreed = [str(option.id) for option in session.scalars(made) if option.accepted]
    return {"agreed_options": sorted(agreed)}


def _offer(
    session: Session,
    case: Case,
    task: UserTask,
    need: str,
    answer: str,
    *,
    by: str,
    now: datetime,
) -> None:
    option = SupportOption(
        tenant_id=case.tenant_id,
        case_id=case.id,
        user_task_id=task.id,
        subject_id=case.subject_id,
        accepted=answer == "agreed",
        offered_at=now,
        offered_by=by,
    )
    option.need = need
    session.add(option)


@answers("support_plan")
def plan(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """Put the goals into the record of the case, in the client's words."""
    case = case_of(session, task)
    goals = [row["goal"] for row in given.get("goals") or () if row.get("goal")]
    if goals:
        notes.add_note(session, case, "\n".join(goals), kind="plan", by=by, now=now)
    return None


@answers("contact_review")
def review(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Confirm the card where the client has, and note what follows from the new contact."""
    case = case_of(session, task)
    if given["card_confirmed"] == "yes" and cards.current(session, case.person_id):
        cards.confirm(session, case.person_id, by=by, now=now)
    if given.get("review_note"):
        notes.add_note(session, case, given["review_note"], by=by, now=now)
    return None


@answers(*NOTED)
def decided(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Put the decision into the record of the case."""
    text = given.get(NOTED[task.form_id or ""])
    if text:
        notes.add_note(session, case_of(session, task), text, kind="decision", by=by, now=now)
    return None
