"""The grade of a case: recorded, raised freely, lowered only by a second person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import ranks
from workflows.cases.models import Case
from workflows.risk import levels
from workflows.risk.models import GradeOrigin, RiskGrade


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the assessor said to the table's level, and what the second person said to that."""

    kind: str | None = None  # agree, raise, lower; None: nobody was asked (on papers)
    raise_to: str | None = None
    lower_to: str | None = None
    lower_approved: bool = False
    reason: str | None = None


def final_level(
    previous: str | None,
    table_level: str,
    judgement: Judgement,
    mode: str,
    *,
    was_assessed: bool = False,
) -> str:
    """Return the level that holds after everybody has spoken.

    Raising needs nobody; lowering holds only when the second person approved, also where the
    table itself now gives less than somebody had assessed (``was_assessed``). Grading on papers
    never goes below the level the case already has. Source: domain specification 0 (finding 7)
    and the notes on risk grading: only `approve_lower` can lower a level.
    """
    level = table_level
    if judgement.kind == "raise" and judgement.raise_to:
        level = levels.highest([level, judgement.raise_to]) or level
    lowering_allowed = judgement.kind == "lower" and judgement.lower_approved
    if lowering_allowed and judgement.lower_to:
        return judgement.lower_to
    if previous is not None and (mode == "on_papers" or was_assessed):
        level = levels.highest([level, previous]) or level
    if previous == "high_child" and level == "high":
        level = "high_child"
    return level


def record(
    session: Session,
    case: Case,
    *,
    instance_id: UUID,
    mode: str,
    table_level: str,
    origin: str,
    judgement: Judgement,
    by: str,
    approved_by: str | None,
    now: datetime,
) -> RiskGrade:
    """Write the grade and set it on the case."""
    previous = case.risk_level
    assessed = case.grade_origin in (GradeOrigin.GRADED, GradeOrigin.EXTERNAL)
    level = final_level(previous, table_level, judgement, mode, was_assessed=assessed)
    grade = RiskGrade(
        tenant_id=case.tenant_id,
        case_id=case.id,
        subject_id=case.subject_id,
        instance_id=instance_id,
        mode=mode,
        level=level,
        previous_level=previous,
        table_level=table_level,
        origin=origin,
        judgement=judgement.kind,
        approved_by=approved_by if judgement.lower_approved else None,
        graded_at=now,
        graded_by=by,
        review_due_at=now + levels.REVIEW_AFTER[level],
    )
    grade.reason = judgement.reason
    session.add(grade)
    case.risk_level = level
    case.grade_origin = origin
    session.flush()
    _tell_open_work(session, case, grade)
    return grade


def _tell_open_work(session: Session, case: Case, grade: RiskGrade) -> None:
    """Put all open work of the case where its grade belongs, with the grade itself.

    Lists show the grade and are sorted by the rank of the work: the two never say different
    things, whatever the processes of the case are waiting for.
    """
    if grade.level == grade.previous_level:
        return
    known, at_least = {"risk_level": grade.level}, levels.TASK_RANK[grade.level]
    grader = grade.instance_id  # is being moved, and weighs itself
    ranks.tell(
        session,
        case.tenant_id,
        case.id,
        known,
        at_least=at_least,
        now=grade.graded_at,
        besides=grader,
    )


def current(session: Session, case_id: UUID) -> RiskGrade | None:
    """Return the grade in force."""
    return session.scalar(
        select(RiskGrade)
        .where(RiskGrade.case_id == case_id)
        .order_by(RiskGrade.graded_at.desc())
        .limit(1)
    )


def history(
    session: Session, case_id: UUID, *, limit: int = 50, offset: int = 0
) -> list[RiskGrade]:
    """Return the grades of a case, newest first."""
    return list(
        session.scalars(
            select(RiskGrade)
            .where(RiskGrade.case_id == case_id)
            .order_by(RiskGrade.graded_at.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def provisional_level(previous: str | None, external: str | None) -> tuple[str, GradeOrigin]:
    """Return the level that holds before anybody could ask, and where it comes from.

    The highest of the previous level, the referrer's and medium: a grade that nobody has checked
    is at least medium.
    """
    level = levels.highest([previous, external, "medium"]) or "medium"
    return level, GradeOrigin.EXTERNAL if external else GradeOrigin.PROVISIONAL
