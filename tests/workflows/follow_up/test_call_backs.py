"""Call-backs at the interval of the risk; S-03: a child at risk is heard of on one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from factories import make_case, make_person
from house import House

from engine.clock import TravellingClock
from workflows.people import cards
from workflows.people.safe_contact import Card, Channel
from workflows.safeguarding import concerns

FRIDAY = datetime(2027, 3, 5, 16, 30, tzinfo=UTC)
SPOKE = {
    "card_read": True,
    "method": "phone",
    "outcome": "spoke_client",
    "identity_verified": "yes",
}
WELL: dict[str, Any] = {
    "wellbeing": "6",
    "new_incidents": "no",
    "new_risk": "no",
    "card_confirmed": "yes",
    "goals_met": "no",
}
LOCKED_UP = {
    "at_risk": "child",
    "verbatim_words": "He locked her in the cupboard yesterday.",
    "danger_now": "unsure",
    "where_now": "At home, the partner too.",
    "about_staff": "no",
}


@pytest.fixture
def clock() -> TravellingClock:
    """A week before S-03: Friday 26 February 2027, 16:30 in London."""
    return TravellingClock(FRIDAY - timedelta(days=7))


@pytest.fixture
def dawn(house: House) -> UUID:
    """The case of Dawn Pike, high risk, whose call-backs have begun."""
    with house.look() as session:
        person_id = make_person(session, house.org, given_name="Dawn", family_name="Pike")
        number = Channel("mobile", "+447700900789", safe_call="yes")
        cards.record(session, person_id, Card(channels=(number,)), by="system", now=house.now)
        case_id = make_case(
            session,
            house.org,
            person_id=person_id,
            risk_level="high",
            owner_id=house.org.dana,
            status="supported",
        )
    about = {"case_id": str(case_id), "person_id": str(person_id), "risk_level": "high"}
    house.send("callbacks.requested", about)
    return case_id


def test_a_high_risk_client_is_rung_after_seven_days(house: House, dawn: UUID) -> None:
    assert house.open_elements() == []
    house.travel(FRIDAY)
    assert house.open_elements() == ["task_attempt"]


def test_the_next_call_back_is_when_she_agreed(house: House, dawn: UUID) -> None:
    house.travel(FRIDAY)
    house.do("dana", "task_attempt", SPOKE)
    house.do("dana", "task_check_in", WELL | {"next_at": "2027-03-09T10:00"})

    house.travel(datetime(2027, 3, 9, 9, 59, tzinfo=UTC))
    assert "task_attempt" not in house.open_elements()
    house.travel(datetime(2027, 3, 9, 10, 0, tzinfo=UTC))
    assert "task_attempt" in house.open_elements()


def test_the_series_ends_when_her_goals_are_met(house: House, dawn: UUID) -> None:
    house.travel(FRIDAY)
    house.do("dana", "task_attempt", SPOKE)
    house.do("dana", "task_check_in", WELL | {"goals_met": "yes"})

    asked = house.messages("closure.requested")
    assert [message.payload["reason"] for message in asked] == ["goals_met"]
    assert house.incidents() == []


def test_a_concern_raised_on_a_call_back_does_not_stop_it(house: House, dawn: UUID) -> None:
    house.travel(FRIDAY)
    house.do("dana", "task_attempt", SPOKE)
    with house.look() as session:
        by = str(house.org.dana)
        concerns.raise_concern(session, case_id=dawn, given=LOCKED_UP, by=by, now=house.now)
    house.drain()

    lead = house.task("task_acknowledge")
    assert lead.due_at == FRIDAY + timedelta(hours=1)  # on call, outside office hours
    assert lead.potential_owners == ["safeguarding_lead"]
    house.do("dana", "task_check_in", WELL)  # the call-back goes on
    assert house.incidents() == []


def test_a_missed_window_is_a_breach_and_alerts_a_manager(house: House, dawn: UUID) -> None:
    house.travel(FRIDAY)
    house.travel(timedelta(hours=1))  # the office closes at 17:00, nobody rang

    assert len(house.messages("manager.alert")) == 1
    assert "task_answer_alert" in house.open_elements()
    assert "task_attempt" not in house.open_elements()


def test_three_attempts_in_vain_at_high_risk_ask_for_a_welfare_visit(
    house: House, dawn: UUID
) -> None:
    house.travel(FRIDAY)
    tried = {"card_read": True, "method": "phone", "outcome": "no_answer"}
    for _ in range(3):
        while "task_attempt" not in house.open_elements():
            if "task_route_now" in house.open_elements():
                house.do("dana", "task_route_now", route_now(house))
            house.travel(timedelta(hours=1))
        house.do("dana", "task_attempt", tried)

    assert "task_welfare_visit" in house.open_elements()
    assert house.incidents() == []


def route_now(house: House) -> dict[str, Any]:
    """A safe time that the independent adviser has agreed for the next hours."""
    local = house.now + timedelta(hours=3)
    return {
        "window_found": "yes",
        "window_from": f"{local:%Y-%m-%dT%H:%M}",
        "window_to": f"{local + timedelta(hours=3):%Y-%m-%dT%H:%M}",
        "route_note": "Her adviser sees her then.",
    }
