"""For whom a message is."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import correlation, payloads
from feel.values import Range, YearsMonths

CASE = UUID("22222222-2222-4222-8222-222222222222")


@pytest.mark.parametrize(
    ("key", "said", "payload", "fits"),
    [
        (None, None, {}, True),
        (None, {"case_id": "1"}, {}, True),
        ({"case_id": "1"}, {"case_id": "1"}, {}, True),
        ({"case_id": "1"}, {"case_id": "1", "user_id": "ben"}, {}, True),
        ({"case_id": "1", "user_id": "ben"}, {"case_id": "1"}, {}, False),
        ({"case_id": "1", "user_id": "ben"}, {"case_id": "1"}, {"user_id": "ben"}, True),
        ({"case_id": "1"}, None, {"case_id": "1"}, True),
        ({"case_id": "1"}, None, {"case_id": "2"}, False),
        ({"case_id": "1"}, None, {}, False),
        ({"case_id": "1"}, {"": "1"}, {}, True),
        ({"case_id": "1", "user_id": "1"}, {"": "1"}, {}, False),
        ({"case_id": str(CASE)}, {"case_id": CASE}, {}, True),
        ({"n": Decimal("1.0")}, {"n": 1}, {}, True),
        ({"n": 1}, {"n": True}, {}, False),
        ({"n": 1}, {"n": "1"}, {}, False),
        ({"n": None}, {}, {}, False),
        ({"on": date(2027, 1, 14)}, {"on": date(2027, 1, 14)}, {}, True),
    ],
)
def test_a_message_fits_when_every_name_of_the_key_has_its_value(
    key: dict[str, Any] | None, said: dict[str, Any] | None, payload: dict[str, Any], fits: bool
) -> None:
    assert correlation.fits(key, said, payload) is fits


names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
values = st.one_of(st.integers(0, 3), st.sampled_from(["0", "1"]), st.booleans(), st.none())
mappings = st.dictionaries(names, values, max_size=6)


@settings(max_examples=200)
@given(key=mappings, said=st.none() | mappings, payload=mappings)
def test_whatever_fits_is_found_by_its_text(
    key: dict[str, Any], said: dict[str, Any] | None, payload: dict[str, Any]
) -> None:
    listed = correlation.possible_keys(said, payload)
    if correlation.fits(key, said, payload):
        assert listed is None or correlation.key_text(key) in listed


def test_too_much_to_list_is_compared_with_every_catcher() -> None:
    assert correlation.possible_keys(None, {str(n): n for n in range(13)}) is None
    assert correlation.possible_keys(correlation.as_mapping("C-1"), {}) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        2**60,
        Decimal("1.50"),
        "text",
        date(2027, 1, 14),
        time(10, 5),
        datetime(2027, 1, 14, 10, 5, tzinfo=UTC),
        datetime(2027, 1, 14, 10, 5),
        timedelta(days=-1, seconds=5, microseconds=7),
        YearsMonths(14),
        Range(Decimal("1.5"), None, False, True),
        [1, ["x", None]],
        {"a": {"b": date(2027, 1, 14)}},
        {"$": "date", "v": "2027-01-14"},
        {"$": {"$": 1}},
    ],
)
def test_values_survive_json(value: Any) -> None:
    assert payloads.from_json(payloads.to_json(value)) == value


def test_what_feel_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        payloads.to_json(object())
