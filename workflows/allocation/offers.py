"""Asking a worker to take a case, and what they say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from engine.models import UserTask
from workflows import audit
from workflows.allocation.models import AllocationCandidate, AllocationOffer, OfferState
from workflows.cases.models import Case


class NotACandidate(Refusal):
    """This worker cannot take the case. Choose one from the list."""

    status = 422


def last_search(session: Session, case_id: UUID, *, limit: int = 50) -> list[AllocationCandidate]:
    """Return the eligible workers of the newest search, best first. Who is not, is not named."""
    newest = (
        select(AllocationCandidate.search_id)
        .where(AllocationCandidate.case_id == case_id)
        .order_by(AllocationCandidate.searched_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(AllocationCandidate)
            .where(AllocationCandidate.search_id == newest, AllocationCandidate.score.is_not(None))
            .order_by(AllocationCandidate.score.desc(), AllocationCandidate.staff_id)
            .limit(limit)
        )
    )


def excluded_count(session: Session, search_id: UUID) -> int:
    """Return how many were not eligible: a number is all that is shown of them."""
    return (
        session.scalar(
            select(func.count())
            .select_from(AllocationCandidate)
            .where(AllocationCandidate.search_id == search_id, AllocationCandidate.score.is_(None))
        )
        or 0
    )


def offer(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> AllocationOffer:
    """Ask the chosen worker. Another than the first needs a reason; an excluded one is refused."""
    case = session.get_one(Case, task.business_key)
    candidates = last_search(session, case.id)
    worker_id = UUID(given["worker"])
    if worker_id not in {candidate.staff_id for candidate in candidates}:
        raise NotACandidate
    if worker_id != candidates[0].staff_id and not given.get("override_reason"):
        raise NotACandidate("Say why you did not choose the first worker on the list.")
    asked = AllocationOffer(
        tenant_id=case.tenant_id,
        case_id=case.id,
        subject_id=case.subject_id,
        instance_id=task.instance_id,
        user_task_id=task.id,
        staff_id=worker_id,
        offered_at=now,
        offered_by=by,
    )
    asked.override_reason = given.get("override_reason")
    asked.handover = given.get("handover")
    session.add(asked)
    session.flush()
    return asked


def answer(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Take the case, or say why not. Taking it makes its worker the owner at once."""
    asked = open_offer(session, task.instance_id)
    if asked is None:
        raise NotACandidate("This offer is no longer open.")
    asked.answered_at = now
    if given.get("accepted") != "yes":
        asked.state = OfferState.DECLINED
        asked.decline_reason = given.get("decline_reason")
        return
    asked.state = OfferState.ACCEPTED
    case = session.get_one(Case, asked.case_id)
    case.owner_id = UUID(by)
    audit.of_case(
        session, case.tenant_id, case.id, "case.allocated", by=by, at=now, owner_id=case.owner_id
    )


def open_offer(session: Session, instance_id: UUID | None) -> AllocationOffer | None:
    return session.scalar(
        select(AllocationOffer)
        .where(
            AllocationOffer.instance_id == instance_id, AllocationOffer.state == OfferState.OFFERED
        )
        .order_by(AllocationOffer.offered_at.desc())
        .limit(1)
    )


def count(session: Session, instance_id: UUID) -> int:
    """Return how often somebody has been asked in this allocation."""
    asked = (
        select(func.count())
        .select_from(AllocationOffer)
        .where(AllocationOffer.instance_id == instance_id)
    )
    return session.scalar(asked) or 0
