"""Late work goes up a ladder and comes down again when it is done."""

from datetime import timedelta
from typing import Any

from house import House
from stories import AMARA, READ

THIRTY = timedelta(minutes=30)
CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Dawn",
    "what_happened": "Threatened by a neighbour.",
    "channels": [{"kind": "mobile", "value": "07700 900321", "safe_call": "yes"}],
}


def test_an_unread_referral_goes_to_the_team_leader_when_it_is_due(house: House) -> None:
    house.receive(answers=AMARA)
    house.travel(timedelta(hours=2))

    assert house.open_elements() == ["task_leader_steps_in", "task_read_written"]
    assert house.task("task_leader_steps_in").potential_owners == ["team_leader"]
    assert house.task("task_leader_steps_in").due_at is None


def test_the_owner_keeps_the_task_and_its_clock(house: House) -> None:
    house.receive(answers=AMARA)
    due = house.task("task_read_written").due_at
    house.travel(timedelta(hours=3))

    assert house.task("task_read_written").due_at == due


def test_whoever_was_called_is_called_off_when_it_is_done(house: House) -> None:
    house.receive(answers=AMARA)
    house.travel(timedelta(hours=2))
    house.do("ines", "task_read_written", READ)

    assert "task_leader_steps_in" not in house.open_elements()


def test_a_service_manager_hears_of_it_a_day_later(house: House) -> None:
    house.receive(answers=AMARA)
    house.travel(timedelta(hours=26))

    assert "task_service_manager_steps_in" in house.open_elements()
    assert house.incidents() == []


def test_a_concern_nobody_acknowledges_goes_to_the_deputy_and_then_the_head(house: House) -> None:
    house.danger_now(house.call())
    house.travel(timedelta(minutes=25))
    assert "task_deputy_steps_in" in house.open_elements()
    assert "task_refer_direct" in house.open_elements()  # the raiser is told to ring herself

    house.travel(timedelta(minutes=10))
    assert "task_service_manager_steps_in" in house.open_elements()


def test_late_work_about_late_work_has_no_end_and_is_not_made(house: House) -> None:
    house.receive(answers=AMARA)
    house.travel(timedelta(days=3))

    assert house.open_elements().count("task_leader_steps_in") == 1
