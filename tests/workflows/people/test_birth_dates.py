"""Which birth dates are taken for one another."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.people.birth_dates import mistaken_for


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (date(1990, 2, 11), date(1990, 11, 2)),  # day and month
        (date(1987, 5, 12), date(1978, 5, 12)),  # digits of the year
        (date(1987, 5, 12), date(1987, 5, 21)),  # digits of the day
        (date(1987, 10, 3), date(1987, 10, 30)),
    ],
)
def test_a_slip_makes_one_of_the_other(one: date, other: date) -> None:
    assert other in mistaken_for(one)


@pytest.mark.parametrize("other", [date(1991, 2, 11), date(1990, 2, 12), date(1990, 3, 11)])
def test_another_digit_is_another_date(other: date) -> None:
    assert other not in mistaken_for(date(1990, 2, 11))


@given(st.dates(date(1900, 1, 1), date(2027, 1, 1)))
def test_a_slip_goes_both_ways_and_is_never_the_date_itself(born_on: date) -> None:
    found = mistaken_for(born_on)
    assert born_on not in found
    assert all(born_on in mistaken_for(other) for other in found if other.year >= 1000)
