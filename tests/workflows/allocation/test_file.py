"""What a file lacks is asked for once and then known; high risk is allocated meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from house import House
from stories import (
    AGREE,
    AMARA,
    ATTACHED,
    BEFORE_ASKING,
    CONSENT,
    NEEDS_NOW,
    PLAN,
    SPOKE,
    checklist,
    needs,
)

ADDED: dict[str, Any] = {"grade_again": "no", "tried": True}
LOW: dict[str, Any] = {"abuse_types": ["domestic"], "referrer_grade": "none", "referrer_ticks": 2}


def refer(house: House, **about: Any) -> None:
    """Bring a case as far as the wish for support."""
    written = {**AMARA, **about, "immediate_danger": "no", "route": "victim_support"}
    house.receive(channel="agency_referral", answers=written)
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)


def agree(house: House, ticks: int) -> None:
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", {**checklist(ticks), "children_at_risk": "no"})
    if "task_attach_assessment" in house.open_elements():
        house.do("ines", "task_attach_assessment", ATTACHED)
    house.do("ines", "task_judge", {**AGREE, "reasonable_grounds": "no"})
    if "task_plan_safety" in house.open_elements():
        house.do("ines", "task_plan_safety", {"exit_plan": "To her sister."})
    house.do("ines", "task_ask_wish", {"wants_support": "yes"})
    house.do("ines", "task_record_consent", CONSENT)


def plan(house: House) -> None:
    house.do("ines", "task_assess_needs", needs())
    house.do("ines", "task_draft_plan", PLAN)


@pytest.fixture
def medium(house: House) -> House:
    """A case of medium risk in which nobody has asked about an interpreter."""
    refer(house, **LOW)
    agree(house, ticks=11)
    plan(house)
    return house


def test_the_form_shows_what_is_missing(medium: House) -> None:
    task = medium.task("task_complete_file")
    options = medium.options("task_complete_file", "file_items")

    assert options == ["interpreter"]
    assert task.potential_owners == ["spoc_admin"]


def test_what_was_added_is_not_asked_again(medium: House) -> None:
    medium.do("ines", "task_complete_file", ADDED | {"interpreter": "no"})

    assert "task_complete_file" not in medium.open_elements()
    assert "task_allocate" in medium.open_elements()
    assert medium.incidents() == []


def test_what_could_not_be_found_is_asked_again(medium: House) -> None:
    medium.do("ines", "task_complete_file", ADDED | {"interpreter": "unknown"})

    assert "task_complete_file" in medium.open_elements()


def test_a_reason_of_any_kind_is_a_reason(house: House) -> None:
    refer(house, **LOW | {"abuse_types": ["property"], "interpreter": "no"})
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_judge", AGREE)
    house.do("ines", "task_plan_safety", {"exit_plan": "-"})
    house.do("ines", "task_ask_wish", {"wants_support": "yes"})
    house.do("ines", "task_record_consent", CONSENT)
    plan(house)

    assert "task_allocate" in house.open_elements()


def test_a_grade_that_is_too_old_is_made_again(house: House) -> None:
    refer(house, **LOW | {"interpreter": "no"})
    agree(house, ticks=11)
    house.travel(timedelta(days=4))
    plan(house)
    assert house.options("task_complete_file", "file_items") == ["risk"]

    house.do("ines", "task_complete_file", ADDED | {"grade_again": "yes"})
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    house.do("ines", "task_ask_checklist", {**checklist(11), "children_at_risk": "no"})
    house.do("ines", "task_judge", {**AGREE, "reasonable_grounds": "no"})
    house.do("ines", "task_complete_file", ADDED)

    assert "task_allocate" in house.open_elements()
    assert house.incidents() == []


def test_high_risk_is_allocated_while_each_missing_item_is_a_task(house: House) -> None:
    written = {key: value for key, value in AMARA.items() if key != "children"}
    refer(house, **written)
    agree(house, ticks=16)

    open_ones = house.open_elements()
    assert open_ones.count("task_complete_item") == 1
    assert "task_allocate" in open_ones
    assert house.options("task_complete_item", "file_items") == ["interpreter"]
    house.do("ines", "task_complete_item", ADDED | {"interpreter": "yes", "language": "Igbo"})
    assert "task_complete_item" not in house.open_elements()
    assert house.incidents() == []
