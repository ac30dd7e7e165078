"""S-11: abusive, doubted, silent. No label ever disconnects, and none sticks to a number."""

from typing import Any

import pytest
from house import House

CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Rae",
    "born_on": "1991-04-01",
    "what_happened": "Remarks about the listener.",
    "channels": [{"kind": "mobile", "value": "07700 900654"}],
}
ENDED = {"danger_checked": "yes", "answered_how": "ended", "conduct_note": "Told, then ended."}


def call(house: House, kind: str, **more: Any) -> Any:
    contact_id = house.call()
    house.hang_up(contact_id, CALL | {"conduct_kind": kind} | more)
    return contact_id


def test_the_first_time_is_told_and_ended(house: House) -> None:
    contact_id = call(house, "sexual_remarks")
    house.do("ines", "task_apply_conduct", ENDED)

    assert house.contact(contact_id).outcome == "misuse_closed"
    assert house.open_elements() == []


def test_nobody_is_labelled_before_danger_was_ruled_out(house: House) -> None:
    call(house, "abusive")

    with pytest.raises(Exception, match="Make sure first"):
        house.do("ines", "task_apply_conduct", ENDED | {"danger_checked": "no"})


def test_silence_is_closed_gently_and_is_no_misuse(house: House) -> None:
    contact_id = call(house, "silent")
    house.do("ines", "task_apply_conduct", ENDED | {"answered_how": "prompted"})

    assert house.contact(contact_id).outcome == "silent_closed"


def test_a_threat_goes_to_safeguarding_and_the_contact_goes_on(house: House) -> None:
    call(house, "threat")
    house.do("ines", "task_apply_conduct", ENDED)

    assert len(house.messages("safeguarding.raise")) == 1
    assert "task_choose_route" in house.open_elements()


def test_danger_behind_it_makes_it_genuine(house: House) -> None:
    call(house, "doubted", possible_danger="yes")
    house.do("ines", "task_apply_conduct", ENDED | {"answered_how": "talked"})

    assert house.open_elements() == ["task_choose_route"]


def test_misuse_is_remembered_of_a_person_and_not_of_a_number(house: House) -> None:
    call(house, "abusive")
    house.do("ines", "task_apply_conduct", ENDED)
    call(house, "abusive")
    house.do("ines", "task_apply_conduct", ENDED)

    # the same number again, and nobody has said that it is the same person
    assert "task_review_conduct" not in house.open_elements()
