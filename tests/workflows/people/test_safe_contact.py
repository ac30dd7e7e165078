"""The card: what it may hold, and that what nobody knows counts as unsafe."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.people import numbers, safe_contact
from workflows.people.safe_contact import BadCard, Card, Channel, check, from_answers

ANSWERS = {
    "channels": [
        {
            "kind": "mobile",
            "value": "07700 900123",
            "safe_call": "yes",
            "given_as_safe_by": "PC Lee",
            "given_as_safe_on": date(2027, 1, 12),
        },
        {"kind": "email", "value": "Gwen@Example.org"},
    ],
    "windows": [{"days": ["monday"], "from_time": "10:00", "to_time": "24:00"}],
    "ask_for": "the library",
    "stop_word": "umbrella",
    "client_password": "blue kettle",
    "worker_password": "Tuesday market",
    "confirmed": "yes",
}


def test_every_flag_is_unknown_until_she_says_otherwise() -> None:
    channel = Channel("mobile", "+447700900123")
    assert {getattr(channel, flag) for flag in safe_contact.FLAGS} == {"unknown"}
    assert Card().withhold_number
    assert Card().dropped_call == "do_not_ring"


def test_answers_become_a_card() -> None:
    card = from_answers(ANSWERS)
    mobile, email = card.channels
    assert (mobile.value, mobile.safe_call, mobile.safe_sms) == ("+447700900123", "yes", "unknown")
    assert mobile.given_as_safe is not None
    assert mobile.given_as_safe.when == date(2027, 1, 12)
    assert (email.value, email.given_as_safe) == ("gwen@example.org", None)
    assert card.withhold_number
    check(card, names=["Gwen", "Pryce"])


def test_a_card_is_read_as_it_was_stored() -> None:
    card = from_answers(ANSWERS)
    assert Card.from_json(card.to_json()) == card


@pytest.mark.parametrize("answer", [None, "yes", True, "unknown", ""])
def test_the_number_is_withheld_unless_she_says_no(answer: object) -> None:
    assert from_answers({"withhold_number": answer}).withhold_number


def test_given_as_safe_needs_by_whom_and_when() -> None:
    line = {"kind": "mobile", "value": "07700 900123", "given_as_safe_by": "PC Lee"}
    assert from_answers({"channels": [line]}).channels[0].given_as_safe is None


def test_a_number_that_stays_keeps_its_line() -> None:
    before = from_answers(ANSWERS)
    after = from_answers(
        {"channels": [{"kind": "mobile", "value": "+44 7700 900123"}]}, before=before
    )
    assert after.channels[0].id == before.channels[0].id


def test_what_cannot_be_a_number_is_refused() -> None:
    with pytest.raises(numbers.BadNumber):
        from_answers({"channels": [{"kind": "landline", "value": "ask Jo"}]})


def problems(card: Card, *names: str) -> list[str]:
    with pytest.raises(BadCard) as refused:
        check(card, names=names)
    found: list[str] = refused.value.extra["errors"]
    return found


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"stop_word": "umbrella", "client_password": "Umbrella"}, "differ"),
        ({"client_password": "blue  kettle", "worker_password": "Blue Kettle"}, "differ"),
        ({"stop_word": "Kettlé", "worker_password": "kettle"}, "differ"),
        ({"client_password": "gwen"}, "her name"),
        ({"client_password": "GWÉN"}, "her name"),
        ({"worker_password": "it is Gwen here"}, "her name"),
        ({"stop_word": "Pryce"}, "her name"),
        ({"stop_word": "no"}, "3 to 30"),
        ({"stop_word": "x" * 31}, "3 to 30"),
    ],
)
def test_the_three_words_differ_and_are_not_her_name(words: dict[str, str], problem: str) -> None:
    assert any(problem in said for said in problems(Card(**words), "Gwen", "Pryce"))


def test_every_problem_is_told_at_once() -> None:
    twice = Channel("mobile", "+447700900123"), Channel("mobile", "+447700900123")
    bad = Card(channels=twice, stop_word="no", client_password="NO", dropped_call="shout")
    assert len(problems(bad)) == 5


def test_a_window_begins_before_it_ends() -> None:
    windows = [{"days": ["monday"], "from_time": "22:00", "to_time": "02:00"}]
    assert any("before it ends" in said for said in problems(from_answers({"windows": windows})))


WORD = st.text(min_size=3, max_size=30).filter(lambda word: len(word.strip()) >= 3)


@given(WORD, WORD, WORD)
@settings(max_examples=60)
def test_a_card_that_passes_has_three_different_words(one: str, other: str, third: str) -> None:
    card = Card(stop_word=one, client_password=other, worker_password=third)
    try:
        check(card, names=["Gwen"])
    except BadCard:
        return
    assert len({one.casefold().strip(), other.casefold().strip(), third.casefold().strip()}) == 3


def test_a_channel_is_found_by_its_line_or_number() -> None:
    card = from_answers(ANSWERS)
    mobile = card.channels[0]
    assert card.channel(mobile.id) is mobile
    assert card.channel(UUID(int=0)) is None and card.channel(None) is None
    assert card.with_number("+447700900123") is mobile
    assert card.with_number("gwen@example.org") is None
