"""A call that telephony announces, before anybody has typed a word."""

from datetime import timedelta
from uuid import UUID

import pytest
from house import House


@pytest.fixture
def ringing(house: House) -> UUID:
    """A call that is announced while it still rings."""
    return house.receive(channel="phone", source="self", answers={})


def test_the_first_question_is_whether_it_is_safe_to_talk(house: House, ringing: UUID) -> None:
    assert house.open_elements() == ["task_ask_safe_now"]
    assert house.task("task_ask_safe_now").due_at == house.now + timedelta(seconds=20)


def test_a_dropped_call_follows_what_was_agreed(house: House, ringing: UUID) -> None:
    house.send("call.dropped", {"contact_id": str(ringing)})
    assert house.open_elements() == ["task_dropped_call"]

    left = {"back_on_line": "no", "dropped_action": "nothing"}
    house.do("ines", "task_dropped_call", left)
    assert house.contact(ringing).outcome == "withdrawn"


def test_whoever_is_back_is_asked_again_whether_it_is_safe(house: House, ringing: UUID) -> None:
    house.send("call.dropped", {"contact_id": str(ringing)})
    house.do("ines", "task_dropped_call", {"back_on_line": "yes", "dropped_action": "rang_once"})

    assert house.open_elements() == ["task_ask_safe_now"]


def test_an_idle_chat_is_closed_safely_after_ten_minutes(house: House) -> None:
    contact_id = house.receive(channel="webchat", source="self", answers={})
    house.travel(timedelta(minutes=10))
    assert "task_close_safely" in house.open_elements()

    house.do("ines", "task_close_safely", {"closed_neutrally": "yes", "danger_suspected": "no"})
    assert house.contact(contact_id).outcome == "withdrawn"
