"""A grade is lowered by a second person alone, whatever a variable of the process says."""

from datetime import timedelta

import pytest
from house import House
from people import give_role
from sqlalchemy import select
from stories import AMARA, BEFORE_ASKING, NEEDS_NOW, SPOKE, checklist

from engine import user_tasks
from engine.models import UserTask
from workflows.access import NotAllowed
from workflows.access.actor import actor_for
from workflows.risk import grading
from workflows.tasks import worklist

LOWER = {
    "judgement": "lower",
    "lower_to": "medium",
    "reason": "He is in prison until 2030, says the letter.",
}
LOWER |= {"reasonable_grounds": "no"}
APPROVED = {"lower_approved": "yes", "reason": "I have read the letter of the prison service."}
REFUSED = {"lower_approved": "no", "reason": "The letter does not say when he is released."}
WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}


@pytest.fixture
def asked(house: House) -> House:
    """Ines has graded Amara, who is high, and asks to lower it."""
    house.receive(channel="agency_referral", answers=WRITTEN)
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", SPOKE)
    house.do(
        "ines", "task_verify_identity", {"identity_verified": "yes", "verified_how": "two_facts"}
    )
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", checklist(16))
    attached = {"external_kind": "dash", "external_level": "high", "external_on": "2027-01-12"}
    house.do("ines", "task_attach_assessment", attached | {"external_author": "PC Lee"})
    house.do("ines", "task_judge", LOWER)
    return house


def test_the_second_person_lowers_it_and_is_named(asked: House) -> None:
    asked.do("femi", "task_approve_lower", APPROVED)

    assert asked.case().risk_level == "medium"
    with asked.org.work() as session:
        grade = grading.current(session, asked.case().id)
        assert grade is not None
        assert (grade.graded_by, grade.approved_by) == (str(asked.org.ines), str(asked.org.femi))


def test_it_stays_when_they_refuse(asked: House) -> None:
    asked.do("femi", "task_approve_lower", REFUSED)

    assert asked.case().risk_level == "high"


def test_nobody_approves_what_they_have_asked_for(asked: House) -> None:
    with asked.org.work() as session:
        give_role(session, asked.org, asked.org.ines, "team_leader", "support")

    with pytest.raises(user_tasks.ExcludedOwner):
        asked.do("ines", "task_approve_lower", APPROVED)


def test_nobody_is_made_the_second_person_by_handing_the_task_on(asked: House) -> None:
    task = asked.task("task_approve_lower")
    with asked.org.work() as session:
        femi = actor_for(session, asked.org.femi, asked.now)
        worklist.forward(session, task.id, to=["case_worker"], actor=femi, now=asked.now)

    with pytest.raises(NotAllowed):
        asked.do("dana", "task_approve_lower", APPROVED)
    assert asked.case().risk_level == "high"


def test_a_variable_that_says_so_lowers_nothing(asked: House) -> None:
    """As an incident that is passed over with variables set by hand, or a forged start, would."""
    task = asked.task("task_approve_lower")
    with asked.org.work() as session:
        by = str(asked.org.femi)
        user_tasks.complete(session, task.id, {"lower_approved": "yes"}, by=by, now=asked.now)
    asked.drain()

    assert asked.case().risk_level == "high"


def test_what_was_assessed_is_not_lowered_by_a_later_table(asked: House) -> None:
    asked.do("femi", "task_approve_lower", REFUSED)
    with asked.org.work() as session:
        done = select(UserTask).where(UserTask.element_id == "task_judge")
        assert session.scalars(done).one().state == "completed"
    level = grading.final_level
    agree = grading.Judgement("agree")

    assert level("high", "standard", agree, "with_client", was_assessed=True) == "high"
    assert level("medium", "standard", agree, "with_client", was_assessed=False) == "standard"
    lower = grading.Judgement("lower", lower_to="standard", lower_approved=True)
    assert level("high", "standard", lower, "with_client", was_assessed=True) == "standard"
