"""Letters, mails, partners' posts and feeds: queued, read, completed or returned."""

from datetime import UTC, datetime
from typing import Any

import pytest
from house import House
from sqlalchemy import select
from stories import AMARA, READ

from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.people.models import Person
from workflows.safeguarding.models import SafeguardingConcern

THIN: dict[str, Any] = {"source": "gp", "given_name": "Ida", "immediate_danger": "no"}
VERIFIED = {"referrer_verified": "yes", "sharing_basis_known": "yes"}


def test_what_a_partner_sends_twice_is_one_contact(house: House) -> None:
    first = house.receive(answers=AMARA, external_id="mash-4711")
    again = house.receive(answers=AMARA, external_id="mash-4711")

    assert first == again
    assert house.open_elements() == ["task_read_written"]


def test_danger_that_somebody_reads_is_raised_at_once(house: House) -> None:
    contact_id = house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ | {"immediate_danger": "yes"})

    assert "task_acknowledge" in house.open_elements()
    assert house.contact(contact_id).danger_sent_at == house.now
    with house.look() as session:
        assert session.scalars(select(SafeguardingConcern)).one().danger_now == "yes"


def test_a_feed_is_not_read_for_danger_by_anybody(house: House) -> None:
    house.receive(channel="police_feed", source="police", answers=AMARA | {"source": "police"})

    assert "task_read_written" not in house.open_elements()


def test_a_verified_referrer_is_asked_for_what_is_missing_and_chased(house: House) -> None:
    contact_id = house.receive(channel="agency_referral", source="gp", answers=THIN | VERIFIED)
    asked = house.messages("referrer.details_requested")
    assert [message.payload["contact_id"] for message in asked] == [str(contact_id)]

    house.travel(datetime(2027, 1, 15, 17, tzinfo=UTC))  # 1 working day
    house.do("ines", "task_chase_referrer", {"chased_how": "phone"})
    house.travel(datetime(2027, 1, 19, 17, tzinfo=UTC))  # 2 more
    house.do("ines", "task_chase_referrer", {"chased_how": "phone"})
    house.travel(datetime(2027, 1, 21, 17, tzinfo=UTC))  # and 2 more
    closed = {"incomplete_decision": "return", "incomplete_reason": "No answer in a week."}
    house.do("femi", "task_decide_incomplete", closed)

    assert house.contact(contact_id).outcome == "returned_to_referrer"
    assert house.incidents() == []


def test_details_that_come_let_it_go_on(house: House) -> None:
    contact_id = house.receive(channel="agency_referral", source="gp", answers=THIN | VERIFIED)
    details = {"what_happened": "Threats by her son.", "referrer_contact": "The practice"}
    with house.look() as session:
        intake.add_details(session, contact_id, details, by="system", now=house.now)
    house.drain()

    assert "task_choose_route" in house.open_elements()


@pytest.mark.parametrize("source", ["family", "gp"])
def test_family_and_unverified_senders_are_sent_nothing(house: House, source: str) -> None:
    house.receive(channel="email", source=source, answers=THIN | {"source": source})

    assert house.messages("referrer.details_requested") == []
    assert "task_decide_incomplete" in house.open_elements()


def test_high_risk_does_not_wait_for_details(house: House) -> None:
    answers = THIN | VERIFIED | {"stated_high": "yes"}
    house.receive(channel="agency_referral", source="gp", answers=answers)

    assert house.open_elements() == ["task_high_missing"]
    assert house.task("task_high_missing").due_at == datetime(2027, 1, 14, 12, 5, tzinfo=UTC)


def test_two_referrals_of_one_person_that_cross_are_looked_at_by_somebody(house: House) -> None:
    for _ in range(2):
        house.receive(channel="agency_referral", answers=AMARA | {"immediate_danger": "no"})
    for _ in range(2):  # neither knew of the other when it came
        house.do_first("ines", "task_choose_route", {"route": "victim_support"})
    house.do("ines", "task_resolve_match", {"match_decision": "same", "chosen": "1"})

    assert house.incidents() == []
    with house.look() as session:
        assert len(session.scalars(select(Person)).all()) == 1
        contacts = session.scalars(select(Contact)).all()
    assert [contact.outcome for contact in contacts] == ["case_opened", "case_opened"]


def test_an_earlier_deadline_stays_when_the_answers_are_kinder(house: House) -> None:
    contact_id = house.receive(answers=AMARA)
    before = house.contact(contact_id).first_response_due
    calmer = READ | {"stated_high": "no", "referrer_grade": "none"}
    house.do("ines", "task_read_written", calmer)

    assert house.contact(contact_id).first_response_due == before
