"""S-04: a man answers Nadia Rahman's mobile. "Who's this?" """

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from house import House
from marshmallow import ValidationError
from sqlalchemy import select
from stories import AMARA

from engine import outbox
from engine.models import DecisionRecord, Outbox
from workflows.follow_up.models import SuspendedNumber

NADIA: dict[str, Any] = AMARA | {
    "given_name": "Nadia",
    "family_name": "Rahman",
    "born_on": "1990-11-20",
    "children": [],
    "channels": [
        {
            "kind": "mobile",
            "value": "07700 900456",
            "safe_call": "yes",
            "given_as_safe_by": "PC Lee",
            "given_as_safe_on": "2027-01-12",
        }
    ],
}
ZARA = NADIA | {"given_name": "Zara", "family_name": "Quayle", "born_on": "1970-02-03"}
HE_ANSWERED = {"card_read": True, "method": "phone", "outcome": "answered_by_alleged_person"}
AFTERNOON = datetime(2027, 1, 14, 14, tzinfo=UTC)


def refer(house: House, answers: dict[str, Any]) -> None:
    house.receive(channel="agency_referral", answers=answers | {"immediate_danger": "no"})
    if "task_resolve_match" in house.open_elements():
        house.do("ines", "task_resolve_match", {"match_decision": "same", "chosen": "1"})
    house.do("ines", "task_choose_route", {"route": "victim_support"})


@pytest.fixture
def answered(house: House) -> House:
    refer(house, NADIA)
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", HE_ANSWERED)
    return house


def suspended(house: House) -> list[SuspendedNumber]:
    with house.look() as session:
        return list(session.scalars(select(SuspendedNumber)))


def test_her_number_is_suspended_and_a_manager_decides_within_four_hours(answered: House) -> None:
    assert answered.incidents() == []
    assert [row.reason for row in suspended(answered)] == ["answered_by_alleged_person"]
    decides = answered.task("task_decide_route")
    assert decides.due_at == answered.now + timedelta(hours=4)
    assert decides.potential_owners == ["duty_manager"]


def test_her_risk_is_looked_at_again(answered: House) -> None:
    assert len(answered.messages("risk.changed")) >= 1
    assert len(answered.messages("risk.review_due")) == 2
    assert answered.case().risk_level == "high"


OTHER_WAY = {
    "other_route": "yes",
    "window_from": "2027-01-14T14:00",
    "window_to": "2027-01-14T16:00",
    "risk_now": "as_before",
    "concern_raised": "no",
    "decision_reason": "Her friend Dee collects the children at three.",
}


def test_she_is_reached_by_the_other_way_and_at_its_time(answered: House) -> None:
    answered.do("femi", "task_decide_route", OTHER_WAY)
    assert "task_attempt" not in answered.open_elements()
    answered.travel(AFTERNOON)

    spoke = {"card_read": True, "outcome": "spoke_client", "identity_verified": "yes"}
    with pytest.raises(ValidationError) as refused:
        answered.do("ines", "task_attempt", spoke | {"method": "phone"})
    assert "method" in refused.value.messages_dict
    answered.do("ines", "task_attempt", spoke | {"method": "third_party"})
    assert "task_verify_identity" in answered.open_elements()
    assert answered.incidents() == []


def test_nobody_may_ring_her_there_again(answered: House) -> None:
    answered.do("femi", "task_decide_route", OTHER_WAY)
    answered.travel(datetime(2027, 1, 14, 16, 1, tzinfo=UTC))

    # the other way was not taken in its time, and there is no number that may be rung
    assert "task_attempt" not in answered.open_elements()
    assert "task_high_without_support" in answered.open_elements()


def test_the_manager_raises_the_risk_without_asking_anybody(house: House) -> None:
    refer(house, NADIA | {"referrer_grade": "none", "referrer_ticks": 3})
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", HE_ANSWERED)
    assert house.case().risk_level == "medium"

    house.do("femi", "task_decide_route", OTHER_WAY | {"risk_now": "high"})

    assert house.case().risk_level == "high"
    with house.look() as session:
        asked = select(DecisionRecord).where(DecisionRecord.decision_id == "risk_level")
        rows = [record.matched_rows for record in session.scalars(asked)]
    assert rows.count(["r2"]) == 1  # raised by a professional
    assert house.task("task_judge_marac").due_at == house.now.replace(hour=17, minute=0)
    assert house.incidents() == []


def test_without_another_way_somebody_holds_the_risk(answered: House) -> None:
    nothing = {"other_route": "no", "decision_reason": "Nobody knows another."}
    answered.do("femi", "task_decide_route", OTHER_WAY | nothing)

    assert "task_high_without_support" in answered.open_elements()


def test_an_attempt_that_is_open_elsewhere_ends(house: House) -> None:
    refer(house, NADIA)
    refer(house, NADIA)
    assert house.open_elements().count("task_attempt") == 2

    house.do_first("ines", "task_attempt", HE_ANSWERED)

    assert "task_attempt" not in house.open_elements()
    assert house.incidents() == []


def test_another_client_on_the_same_line_keeps_her_card(house: House) -> None:
    refer(house, NADIA)
    house.do("ines", "task_attempt", HE_ANSWERED)
    house.receive(channel="agency_referral", answers=ZARA | {"immediate_danger": "no"})
    house.do("ines", "task_resolve_match", {"match_decision": "same_household", "chosen": "1"})
    house.do("ines", "task_choose_route", {"route": "victim_support"})

    assert house.open_elements().count("task_attempt") == 1
    assert len(suspended(house)) == 1


def test_nothing_that_waits_to_be_sent_to_her_leaves_that_night(house: House) -> None:
    refer(house, NADIA)
    sent: list[str] = []
    with house.look() as session:
        for person_id in (house.case().person_id, house.org.tenant_id):
            reminder = {"person_id": str(person_id), "template": "reminder"}
            outbox.put(session, "sms", reminder, tenant_id=house.org.tenant_id, now=house.now)
    house.do("ines", "task_attempt", HE_ANSWERED)

    outbox.deliver_due(
        house.worker, house.now, {"sms": lambda s, d: sent.append(d.payload["person_id"])}
    )
    assert sent == [str(house.org.tenant_id)]
    with house.look() as session:
        assert set(session.scalars(select(Outbox.state))) == {"dead", "sent"}


def test_the_outcome_cannot_be_saved_before_the_card_was_read(house: House) -> None:
    refer(house, NADIA)

    with pytest.raises(ValidationError) as refused:
        house.do("ines", "task_attempt", HE_ANSWERED | {"card_read": False})
    assert "card_read" in refused.value.messages_dict
