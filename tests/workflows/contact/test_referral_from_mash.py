"""S-01: a high-risk referral from MASH, as far as the first attempt."""

from datetime import UTC, datetime

from house import House
from stories import AMARA, READ


def test_it_is_queued_before_anybody_opens_it(house: House) -> None:
    contact_id = house.receive(answers=AMARA)

    contact, task = house.contact(contact_id), house.task("task_read_written")
    assert (contact.queue, contact.priority) == ("spoc_high", 1)
    assert contact.first_response_due == datetime(2027, 1, 14, 12, 5, tzinfo=UTC)
    assert task.due_at == contact.first_response_due
    assert "spoc_admin" in task.potential_owners


def test_it_becomes_a_case_that_is_high_before_anybody_rings(house: House) -> None:
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})

    case = house.case()
    assert house.incidents() == []
    assert (case.risk_level, case.grade_origin) == ("high", "external")
    assert house.task("task_judge_marac").due_at == datetime(2027, 1, 14, 17, tzinfo=UTC)
    assert house.task("task_attempt").due_at == datetime(2027, 1, 14, 12, tzinfo=UTC)
