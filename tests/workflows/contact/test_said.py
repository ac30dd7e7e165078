"""What the answers of a contact say, and what they do not."""

from datetime import date
from typing import Any

import pytest

from workflows.contact import describing, said

TODAY = date(2027, 1, 14)


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({}, None),
        ({"referrer_grade": "none"}, None),
        ({"referrer_grade": "medium"}, "medium"),
        ({"referrer_grade": "medium", "referrer_ticks": 14}, "high"),
        ({"referrer_ticks": 13}, None),
    ],
)
def test_the_ticks_of_the_referrer_count_as_a_grade(
    answers: dict[str, Any], level: str | None
) -> None:
    assert said.external_level(answers, 14) == level


def test_what_nobody_said_is_vulnerable_and_in_unknown_danger() -> None:
    assert said.is_vulnerable({})
    assert said.gateway_variables({}, 14)["immediate_danger"] == "unknown"


@pytest.mark.parametrize(
    ("source", "answers", "kind"),
    [
        ("mash", {"referrer_verified": "yes", "sharing_basis_known": "yes"}, "professional"),
        ("mash", {"referrer_verified": "yes"}, "other"),
        ("family", {"referrer_verified": "yes", "sharing_basis_known": "yes"}, "other"),
        ("self", {}, "self"),
    ],
)
def test_only_a_verified_professional_with_a_basis_is_one(
    source: str, answers: dict[str, Any], kind: str
) -> None:
    assert said.source_kind(source, answers) == kind


@pytest.mark.parametrize(
    ("answers", "age"),
    [
        ({"born_on": "2011-01-15"}, 15),
        ({"born_on": "2011-01-14"}, 16),
        ({"age_band": "13-15"}, 13),
        ({"age_band": "60+"}, 60),
        ({}, None),
    ],
)
def test_an_age_is_never_guessed_upwards(answers: dict[str, Any], age: int | None) -> None:
    assert said.age(answers, TODAY) == age


def test_facts_say_nothing_of_what_was_not_said() -> None:
    known = said.facts({"abuse_types": ["domestic", "sexual"]}, today=TODAY, dash_high=14)

    assert (known["domestic_abuse"], known["offence_kind"]) == (True, "sexual")
    assert "hate" not in known
    assert "age" not in known


def test_a_number_that_cannot_be_read_does_not_stop_the_search() -> None:
    lines = [{"kind": "mobile", "value": v} for v in ("ask her sister", "07700 900123")]
    answers = {"given_name": "Amara", "channels": lines, "alleged": [{"name": "J Smith"}]}

    described = describing.described(answers)
    assert described.phones == ("+447700900123",)
    assert described.alleged_names == ("J Smith",)
    card = describing.card(answers)
    assert card is not None
    assert [channel.value for channel in card.channels] == ["+447700900123"]


def test_somebody_without_a_name_is_described_without_one() -> None:
    typed = {"no_name": True, "given_name": "left over", "born_on": "1990-01-01"}
    assert describing.described(typed).is_anonymous
