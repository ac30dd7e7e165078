"""A call is typed while somebody is on the line; only what is unresolved becomes a task."""

from datetime import UTC, datetime
from typing import Any

import pytest
from house import House
from sqlalchemy import select

from workflows.contact import intake
from workflows.people.models import Person
from workflows.safeguarding.models import SafeguardingConcern

CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Dawn",
    "family_name": "Pike",
    "what_happened": "Threatened by a neighbour.",
    "channels": [{"kind": "mobile", "value": "07700 900321", "safe_call": "yes"}],
    "route": "victim_support",
}


def test_a_call_with_a_route_becomes_a_case_without_another_question(house: House) -> None:
    contact_id = house.call()
    house.hang_up(contact_id, CALL)

    contact = house.contact(contact_id)
    assert (contact.status, contact.outcome) == ("closed", "case_opened")
    assert contact.case_id == house.case().id
    assert house.open_elements() == ["task_attempt"]
    assert house.incidents() == []


def test_a_call_without_a_route_asks_for_it(house: House) -> None:
    house.hang_up(house.call(), {**CALL, "route": None})

    assert house.open_elements() == ["task_choose_route"]


def test_danger_now_is_raised_before_the_form_is_finished(house: House) -> None:
    contact_id = house.call()
    house.danger_now(contact_id)

    assert {"task_call_999", "task_acknowledge"} <= set(house.open_elements())
    assert house.contact(contact_id).is_live


def test_danger_is_raised_once_however_often_it_is_said(house: House) -> None:
    contact_id = house.call()
    house.danger_now(contact_id)
    house.danger_now(contact_id)
    house.hang_up(contact_id, CALL | {"immediate_danger": "yes", "location_now": "At home"})

    with house.look() as session:
        assert len(session.scalars(select(SafeguardingConcern)).all()) == 1


def test_a_contact_ends_once(house: House) -> None:
    contact_id = house.call()
    house.hang_up(contact_id, CALL)

    with pytest.raises(intake.ContactNotLive):
        house.hang_up(contact_id, CALL)


def test_nobody_is_on_the_line_of_a_letter(house: House) -> None:
    with pytest.raises(intake.NotALiveChannel):
        house.call(channel="letter")


def test_somebody_recognised_on_the_call_is_not_asked_about_again(house: House) -> None:
    house.hang_up(house.call(), CALL)
    known = house.case().person_id
    house.hang_up(house.call(), CALL, person_id=known)

    assert "task_resolve_match" not in house.open_elements()
    with house.look() as session:
        assert len(session.scalars(select(Person)).all()) == 1


def test_a_likely_match_has_to_be_resolved_with_a_reason_if_new(house: House) -> None:
    house.hang_up(house.call(), CALL | {"born_on": "1980-01-01"})
    house.hang_up(house.call(), CALL | {"born_on": "1980-01-01"})

    with pytest.raises(Exception, match="Say why this is somebody new"):
        house.do("ines", "task_resolve_match", {"match_decision": "new"})
    house.do(
        "ines", "task_resolve_match", {"match_decision": "new", "match_reason": "Her twin sister"}
    )
    with house.look() as session:
        assert len(session.scalars(select(Person)).all()) == 2


def test_a_call_about_an_open_case_is_added_to_it(house: House) -> None:
    house.hang_up(house.call(), CALL)
    number = house.case().case_number
    contact_id = house.call()
    house.hang_up(contact_id, CALL | {"route": "existing_case", "case_number": number})

    assert house.contact(contact_id).case_id == house.case().id
    assert "task_read_contact" in house.open_elements()
    # she has rung herself: the attempt to reach her is over, and her card is confirmed with her
    assert "task_attempt" not in house.open_elements()
    assert "task_reconfirm_card" in house.open_elements()


def test_a_case_that_is_not_there_is_refused_while_she_is_on_the_line(house: House) -> None:
    contact_id = house.call()

    with pytest.raises(intake.NoSuchCase):
        house.hang_up(contact_id, CALL | {"route": "existing_case", "case_number": "27-999999"})
    assert house.contact(contact_id).is_live


def test_whoever_cannot_talk_now_is_rung_when_she_said(house: House) -> None:
    agreed = datetime(2027, 1, 15, 14, tzinfo=UTC)
    house.hang_up(house.call(), CALL | {"follow_up_at": agreed})
    assert house.open_elements() == []

    house.travel(agreed)
    assert "task_attempt" in house.open_elements()


def test_information_given_closes_the_contact(house: House) -> None:
    contact_id = house.call()
    house.hang_up(contact_id, CALL | {"route": "information"})
    house.do("ines", "task_give_information", {"topics": ["rights"], "safe_to_take": "yes"})

    assert house.contact(contact_id).outcome == "information_given"
    assert house.open_elements() == []
