"""One review of a grade is planned at a time; each decision of a grading is recorded once."""

from datetime import timedelta

import pytest
from house import House
from sqlalchemy import func, select
from stories import (
    AGREE,
    AMARA,
    ATTACHED,
    BEFORE_ASKING,
    NEEDS_NOW,
    SPOKE,
    checklist,
)

from engine.models import DecisionRecord, ProcessInstance, UserTask
from workflows.risk.levels import TASK_RANK


@pytest.fixture
def graded(house: House) -> House:
    """Amara is graded on the papers of her referral, then with her."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    house.receive(channel="agency_referral", answers=written)
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", checklist(16))
    house.do("ines", "task_attach_assessment", ATTACHED)
    house.do("ines", "task_judge", AGREE)
    house.do("ines", "task_plan_safety", {"exit_plan": "To her sister."})
    return house


def test_a_new_grade_takes_the_place_of_the_review_that_was_planned(graded: House) -> None:
    with graded.look() as session:
        reviews = select(ProcessInstance.status).where(ProcessInstance.process_id == "risk_review")
        found = sorted(session.scalars(reviews))
    assert found == ["active", "completed"]

    graded.travel(timedelta(days=6, hours=23))
    assert "task_ask_before" not in graded.open_elements()
    graded.travel(timedelta(hours=2))
    assert graded.open_elements().count("task_ask_before") == 1


def test_the_review_of_a_high_risk_is_listed_and_due_as_high_risk(graded: House) -> None:
    graded.travel(timedelta(days=7, hours=1))
    with graded.look() as session:
        asked = select(UserTask).where(
            UserTask.element_id == "task_ask_before", UserTask.completed_at.is_(None)
        )
        task = session.scalars(asked).one()
        assert task.risk_rank == TASK_RANK["high"]
        assert task.due_at is not None
        assert task.due_at - task.created_at < timedelta(days=1)


def test_the_checklist_is_decided_once(graded: House) -> None:
    asked = select(func.count()).where(DecisionRecord.decision_id == "dash")
    with graded.look() as session:
        assert session.scalar(asked) == 1
