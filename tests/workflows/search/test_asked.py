"""One line is understood as what it says: numbers, names, days, ways to reach somebody."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.people.description import Description
from workflows.search.asked import Asked, read

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)


def understood(text: str) -> Asked:
    return read(text, now=NOW)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("27-000123", ("27-000123",)),
        ("27-123", ("27-000123",)),
        (" r27-000123 ", ("R27-000123",)),
        ("27-000001 R27-000002", ("27-000001", "R27-000002")),
    ],
)
def test_numbers_of_cases_and_contacts(text: str, numbers: tuple[str, ...]) -> None:
    assert understood(text) == Asked(numbers=numbers)


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("Siân O'Dowd", Description(given_name="Siân O'Dowd")),
        ("Gwen, Pryce", Description(given_name="Gwen Pryce")),
        ("07700 900123", Description(phones=("+447700900123",))),
        ("+44 (0)7700 900-123", Description(phones=("+447700900123",))),
        ("01904 123456", Description(phones=("+441904123456",))),
        ("01904-123456", Description(phones=("+441904123456",))),
        ("Gwen@Example.ORG", Description(emails=("gwen@example.org",))),
        ("42/1234/27", Description(crime_references=("42/1234/27",))),
        ("Pryce 27/03/1985", Description(given_name="Pryce", born_on=date(1985, 3, 27))),
        ("1985-03-27 Pryce", Description(given_name="Pryce", born_on=date(1985, 3, 27))),
        ("Pryce 27 March 1985", Description(given_name="Pryce", born_on=date(1985, 3, 27))),
    ],
)
def test_what_is_known_of_a_person(text: str, described: Description) -> None:
    found = understood(text)
    assert (found.described, found.problems, found.numbers) == (described, (), ())


def test_one_line_may_hold_everything() -> None:
    found = understood("Gwen Pryce 27.03.1985 07700 900123 gwen@example.org 42/7/27 27-000123")
    assert found.numbers == ("27-000123",)
    assert found.described == Description(
        given_name="Gwen Pryce",
        born_on=date(1985, 3, 27),
        phones=("+447700900123",),
        emails=("gwen@example.org",),
        crime_references=("42/7/27",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Enter a case number"),
        ("   ", "Enter a case number"),
        ("Pryce 31/02/1985", "not a date"),
        ("Pryce 27/03/2085", "Check the year"),
        ("Pryce 27/03/1885", "Check the year"),
        ("gwen@", "not an e-mail address"),
        ("gwen@pryce", "not an e-mail address"),
        ("123", "number that short"),
        ("+0 000 000", "not a telephone number"),
        ("g", "two letters"),
        ("!!", "two letters"),
        ("Mr", "two letters"),
        ("27/03/1985", "alone finds nobody"),
        (" ,; ", "Enter a case number"),
        ("x" * 101, "100 characters"),
    ],
)
def test_what_cannot_be_looked_for_is_said_with_what_to_do(text: str, said: str) -> None:
    (problem,) = understood(text).problems
    assert said in problem


@given(st.text(max_size=100))
def test_whatever_is_typed_is_understood_or_answered(text: str) -> None:
    found = understood(text)
    assert found.numbers or found.problems or not found.described.is_empty
