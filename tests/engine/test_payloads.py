"""What JSON columns keep comes back exactly."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

import feel
from engine import payloads

LONDON = ZoneInfo("Europe/London")
TIMES = [
    datetime(2026, 3, 1, 9, tzinfo=LONDON),
    datetime(2026, 10, 25, 1, 30, tzinfo=LONDON),  # summer time ends: the first of two
    datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1),
    datetime(2026, 3, 1, 9, tzinfo=UTC),
    datetime(2026, 3, 1, 9, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    datetime(2026, 3, 1, 9),
    time(9, tzinfo=LONDON),
    time(9, tzinfo=UTC),
    time(9, 30),
]


@pytest.mark.parametrize("value", TIMES, ids=repr)
def test_a_time_keeps_its_zone(value: datetime | time) -> None:
    found = payloads.from_json(payloads.to_json(value))
    assert (found, found.fold, found.utcoffset()) == (value, value.fold, value.utcoffset())
    assert getattr(found.tzinfo, "key", None) == getattr(value.tzinfo, "key", None)


def test_a_month_after_a_message_it_is_still_nine_in_the_morning() -> None:
    sent = {"at": feel.evaluate('@"2026-03-01T09:00:00@Europe/London"', {})}
    got = payloads.from_json(payloads.to_json(sent))
    later = feel.evaluate('string(at + duration("P1M"))', got)
    assert later == feel.evaluate('string(at + duration("P1M"))', sent)
    assert later == "2026-04-01T09:00:00@Europe/London"
