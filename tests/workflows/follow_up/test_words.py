"""The words agreed on the line stand on the card from then on."""

from datetime import timedelta

import pytest
from house import House
from marshmallow import ValidationError
from stories import AMARA, SPOKE

from workflows.people import cards


@pytest.fixture
def on_the_line(house: House) -> House:
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    house.receive(channel="agency_referral", answers=written)
    house.travel(timedelta(minutes=30))
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    return house


def test_a_stop_word_is_agreed_and_everything_else_stays(on_the_line: House) -> None:
    on_the_line.do("ines", "task_check_safe", {"safe_now": "yes", "stop_word": "parcel"})

    with on_the_line.look() as session:
        now = cards.current(session, on_the_line.case().person_id)
        assert now is not None
        assert (now.version, now.card.stop_word) == (2, "parcel")
        assert [line.value for line in now.card.channels] == ["+447700900123"]
        assert now.confirmed_by == str(on_the_line.org.ines)


def test_without_a_word_the_card_stays_as_it_was(on_the_line: House) -> None:
    on_the_line.do("ines", "task_check_safe", {"safe_now": "yes"})

    with on_the_line.look() as session:
        now = cards.current(session, on_the_line.case().person_id)
        assert now is not None
        assert now.version == 1


def test_her_name_is_no_word(on_the_line: House) -> None:
    with pytest.raises(ValidationError) as refused:
        on_the_line.do("ines", "task_check_safe", {"safe_now": "yes", "stop_word": "Amara"})
    assert "stop_word" in refused.value.messages_dict
