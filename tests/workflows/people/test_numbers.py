"""Numbers and addresses in one form."""

import pytest

from workflows.people import numbers


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("01632 960001", "+441632960001"),  # Ofcom's numbers for drama
        ("07700 900123", "+447700900123"),
        ("+44 (0)7700 900-123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("+48 601 234 567", "+48601234567"),
    ],
)
def test_a_number_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert numbers.e164(typed) == stored
    assert numbers.e164(stored) == stored


@pytest.mark.parametrize("typed", ["", "none", "12", "07700 900123 or 01632 960001 ask Jo"])
def test_what_cannot_be_a_number_is_refused(typed: str) -> None:
    with pytest.raises(numbers.BadNumber):
        numbers.e164(typed)


def test_a_number_is_read_out_as_people_say_it() -> None:
    assert numbers.spoken("+441632960001") == "01632 960001"
    assert numbers.spoken("+48601234567") == "+48 601 234 567"


def test_an_address_is_stored_in_one_form() -> None:
    assert numbers.email(" Gwen.Pryce@Example.ORG ") == "gwen.pryce@example.org"
    for typed in ("", "gwen", "gwen@", "gwen@localhost"):
        with pytest.raises(numbers.BadEmail):
            numbers.email(typed)
