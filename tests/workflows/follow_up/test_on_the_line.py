"""A call that has begun is never taken away by the end of its window; one that has not, is."""

from datetime import UTC, datetime, timedelta

import pytest
from house import House
from marshmallow import ValidationError
from stories import AMARA, SPOKE

from workflows.access.actor import actor_for
from workflows.tasks import worklist

NOON = datetime(2027, 1, 14, 12, tzinfo=UTC)


@pytest.fixture
def ringing(house: House) -> House:
    """11:50: ten minutes before the window of the morning closes."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    house.receive(channel="agency_referral", answers=written)
    house.travel(NOON - timedelta(minutes=10))
    return house


def take(house: House, *, begin: bool) -> None:
    task_id = house.task("task_attempt").id
    with house.look() as session:
        ines = actor_for(session, house.org.ines, house.now)
        act = worklist.start if begin else worklist.claim
        act(session, task_id, actor=ines, now=house.now)


def test_whoever_is_on_the_line_finishes_the_call_and_records_it(ringing: House) -> None:
    take(ringing, begin=True)
    ringing.travel(NOON + timedelta(minutes=10))
    ringing.do("ines", "task_attempt", SPOKE)

    assert "task_verify_identity" in ringing.open_elements()
    assert "task_answer_alert" not in ringing.open_elements()
    assert ringing.incidents() == []


def test_claimed_and_not_begun_is_not_attempted(ringing: House) -> None:
    before = ringing.task("task_attempt").id
    take(ringing, begin=False)
    ringing.travel(NOON)

    after = ringing.task("task_attempt")  # the afternoon's
    assert after.id != before
    assert after.actual_owner is None
    assert "task_answer_alert" in ringing.open_elements()


def test_a_call_that_begins_after_the_window_is_outside_it(ringing: House) -> None:
    take(ringing, begin=False)
    ringing.clock.travel_to(datetime(2027, 1, 14, 20, tzinfo=UTC))  # no timer has fired yet

    with pytest.raises(ValidationError) as refused:
        ringing.do("ines", "task_attempt", SPOKE)
    assert "outside_window" in refused.value.messages_dict
