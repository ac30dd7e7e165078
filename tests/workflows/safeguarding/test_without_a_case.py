"""A concern about somebody who has no case yet: routes and basis by the same tables."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from house import House
from sqlalchemy import select

from engine.models import DecisionRecord
from workflows.safeguarding import concerns

SAID = {
    "at_risk": "child",
    "verbatim_words": "“They lock him in.”",
    "danger_now": "unsure",
    "about_staff": "no",
}


@pytest.fixture
def contact_id(house: House) -> UUID:
    """A call in which somebody speaks of a child; it has not ended."""
    contact_id = house.call()
    with house.look() as session:
        by = str(house.org.amina)
        concerns.raise_concern(session, contact_id=contact_id, given=SAID, by=by, now=house.now)
    house.drain()
    return contact_id


def rows(house: House, decision_id: str) -> list[list[str]]:
    asked = select(DecisionRecord).where(DecisionRecord.decision_id == decision_id)
    with house.look() as session:
        return [record.matched_rows for record in session.scalars(asked)]


def acknowledge(house: House, *signs: str) -> None:
    house.do("dsl", "task_acknowledge", {"concerns": list(signs), "note": "By telephone."})


def test_a_child_at_risk_opens_sharing_without_anybody_s_consent(
    house: House, contact_id: UUID
) -> None:
    acknowledge(house, "child_significant_harm")

    assert rows(house, "sharing_basis") == [["r2"]]
    assert house.incidents() == []


def test_what_nothing_opens_is_held_for_the_lead(house: House, contact_id: UUID) -> None:
    acknowledge(house, "animals")

    assert rows(house, "sharing_basis") == [["r11"]]


@pytest.mark.parametrize(
    ("sign", "hours"),
    [("missing_child", 1), ("child_significant_harm", None), ("adult_three_tests", 24)],
)
def test_each_route_has_its_time(
    house: House, contact_id: UUID, sign: str, hours: int | None
) -> None:
    acknowledge(house, sign)
    told: dict[str, Any] = {"told_client": "told"}
    house.do("dsl", "task_inform_client", told)

    due = house.task("task_refer").due_at
    the_same_day = house.now.replace(hour=17, minute=0)
    assert due == (house.now + timedelta(hours=hours) if hours else the_same_day)
