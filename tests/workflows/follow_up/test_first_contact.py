"""S-01, from the first attempt to support: Amara Okafor is reached at the second."""

from datetime import UTC, datetime, timedelta

import pytest
from house import House
from sqlalchemy import select
from stories import (
    AGREE,
    AMARA,
    ATTACHED,
    BEFORE_ASKING,
    CONSENT,
    NEEDS_NOW,
    PLAN,
    READ,
    SPOKE,
    TRIED,
    checklist,
    needs,
)

from engine.models import DecisionRecord
from workflows.follow_up.models import AttemptDecision, ContactAttempt


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, 14, hour, minute, tzinfo=UTC)


@pytest.fixture
def referred(house: House) -> House:
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    return house


def reach(house: House) -> None:
    house.travel(at(11, 10))
    house.do("ines", "task_attempt", TRIED)
    house.travel(at(14, 30))
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)


def grade(house: House) -> None:
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", checklist(16))
    house.do("ines", "task_attach_assessment", ATTACHED)
    house.do("ines", "task_judge", AGREE)
    house.do("ines", "task_plan_safety", {"exit_plan": "To her sister."})


def test_a_second_attempt_waits_for_another_part_of_the_day(referred: House) -> None:
    referred.travel(timedelta(hours=1, minutes=5))
    referred.do("ines", "task_attempt", TRIED)

    assert "task_attempt" not in referred.open_elements()
    referred.travel(at(12))
    assert referred.task("task_attempt").due_at == at(17)


def test_her_risk_is_graded_before_anybody_asks_what_she_wants(referred: House) -> None:
    reach(referred)

    assert "task_ask_before" in referred.open_elements()
    assert "task_ask_wish" not in referred.open_elements()
    assert referred.incidents() == []


def test_a_high_risk_case_is_allocated_before_its_needs_are_written_down(referred: House) -> None:
    reach(referred)
    grade(referred)
    referred.do("ines", "task_ask_wish", {"wants_support": "yes"})
    referred.do("ines", "task_record_consent", CONSENT)

    assert referred.incidents() == []
    assert {"task_allocate", "task_assess_needs"} <= set(referred.open_elements())
    assert referred.task("task_assess_needs").due_at == datetime(2027, 1, 21, 17, tzinfo=UTC)

    referred.do("ines", "task_assess_needs", needs(housing="agreed", emotional="agreed"))
    referred.do("ines", "task_draft_plan", PLAN)
    assert referred.case().status == "supported"
    assert len(referred.messages("referral.requested")) == 2
    assert referred.incidents() == []


def test_every_attempt_and_every_decision_about_it_is_on_record(referred: House) -> None:
    reach(referred)

    with referred.look() as session:
        tried = session.scalars(select(ContactAttempt).order_by(ContactAttempt.ended_at)).all()
        decided = session.scalars(select(AttemptDecision).order_by(AttemptDecision.at)).all()
        asked = select(DecisionRecord).where(DecisionRecord.decision_id == "attempt_outcome")
        rows = [record.matched_rows for record in session.scalars(asked)]
    assert [(a.outcome, a.daypart) for a in tried] == [("no_answer", "am"), ("spoke_client", "pm")]
    assert [d.next_action for d in decided] == ["retry", "reached"]
    assert sorted(rows) == [["r1"], ["r16"]]


def test_the_inputs_of_a_personal_decision_are_closed(referred: House) -> None:
    reach(referred)

    with referred.look() as session:
        asked = select(DecisionRecord).where(DecisionRecord.decision_id == "contact_method")
        record = session.scalars(asked).one()
    assert record.inputs is None
    assert record.inputs_encrypted
    assert record.outputs["worker"] == "da_worker"
