"""A message that was left where none may be: written down as it was, and the manager alerted."""

from datetime import timedelta
from typing import Any

import pytest
from house import House
from sqlalchemy import select
from stories import AMARA, TRIED

from engine import history
from engine.models import DecisionRecord

LEFT = TRIED | {"outcome": "voicemail_left"}
SAFE_LINE = AMARA["channels"][0] | {"safe_call": "yes", "safe_voicemail": "yes"}


def refer(house: House, **about: Any) -> None:
    written = {**AMARA, **about, "immediate_danger": "no", "route": "victim_support"}
    house.receive(channel="agency_referral", answers=written)
    house.travel(timedelta(minutes=30))


def decided(house: House) -> list[tuple[list[str], bool]]:
    asked = select(DecisionRecord).where(DecisionRecord.decision_id == "leave_message")
    with house.look() as session:
        return [(r.matched_rows, r.outputs["allowed"]) for r in session.scalars(asked)]


def breaches(house: House) -> int:
    with house.look() as session:
        entries = history.read(session, f"case:{house.case().id}", limit=500)
    return sum(entry.payload["concept_name"] == "message.left_unsafely" for entry in entries)


@pytest.mark.parametrize("flag", ["unknown", "no"])
def test_a_message_left_where_none_may_be_is_a_breach(house: House, flag: str) -> None:
    refer(house, channels=[AMARA["channels"][0] | {"safe_voicemail": flag}])
    house.do("ines", "task_attempt", LEFT)

    assert decided(house) == [(["r1"], False)]
    assert breaches(house) == 1
    assert house.task("task_answer_alert").potential_owners == ["team_leader"]
    assert house.incidents() == []


def test_a_message_that_she_allowed_is_none(house: House) -> None:
    refer(house, channels=[SAFE_LINE])
    house.do("ines", "task_attempt", LEFT)

    assert decided(house) == [(["r6"], True)]
    assert breaches(house) == 0
    assert "task_answer_alert" not in house.open_elements()


def test_when_nobody_answers_the_record_says_that_no_message_was_allowed(house: House) -> None:
    refer(house)
    house.do("ines", "task_attempt", TRIED)

    assert decided(house) == [(["r1"], False)]
    assert breaches(house) == 0
