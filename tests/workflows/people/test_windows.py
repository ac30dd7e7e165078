"""Safe windows within opening hours, over clock changes and holidays (scenario S-06)."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feel.calendars import Calendars, CalendarTooShort
from feel.opening_hours import DAYS
from workflows.people.windows import Window, may_call_now, next_window

LONDON = ZoneInfo("Europe/London")
OFFICE = {
    "key": "cal_office",
    "zone": "Europe/London",
    "hours": {day: [["09:00", "17:00"]] for day in DAYS[:5]},
    "holidays": "england-and-wales",
}
FEED = {
    "england-and-wales": {
        "events": [{"date": d} for d in ("2027-01-01", "2027-03-26", "2027-03-29", "2027-12-27")]
    }
}
CALENDARS = Calendars({"cal_office": OFFICE}, FEED)


def window(days: str, start: str, end: str, **other: object) -> Window:
    names = DAYS if days == "all" else tuple(d for d in DAYS if d[:3] in days.split())
    given = {"id": UUID(int=1), "days": names} | other
    until = time(0) if end == "24:00" else time.fromisoformat(end)
    return Window(from_time=time.fromisoformat(start), to_time=until, **given)  # type: ignore[arg-type]


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).astimezone(UTC)


def test_the_next_window_lies_within_both() -> None:
    hers = [window("mon", "08:00", "10:00"), window("thu", "16:00", "20:00")]
    opening = next_window(hers, CALENDARS, "cal_office", local("2027-01-11T10:00"))
    assert opening is not None
    assert (opening.starts_at, opening.ends_at) == (
        local("2027-01-14T16:00"),
        local("2027-01-14T17:00"),
    )


def test_now_is_inside_until_the_end_and_not_at_it() -> None:
    hers = [window("thu", "10:00", "12:00")]
    for at, inside in (("09:59", False), ("10:00", True), ("11:59", True), ("12:00", False)):
        now = local(f"2027-01-14T{at}")
        assert may_call_now(hers, CALENDARS, "cal_office", now) is inside


def test_the_services_hours_count_where_none_are_agreed() -> None:
    opening = next_window([], CALENDARS, "cal_office", local("2027-01-15T18:00"))
    assert opening is not None
    assert opening.starts_at == local("2027-01-18T09:00")
    assert opening.window_id is None


def test_a_bank_holiday_is_skipped() -> None:
    opening = next_window(
        [window("mon fri", "09:30", "10:00")], CALENDARS, "cal_office", local("2027-03-26T08:00")
    )
    assert opening is not None
    assert opening.starts_at == local("2027-04-02T09:30")


def test_windows_that_have_run_out_are_none_to_call_in() -> None:
    hers = [window("all", "10:00", "12:00", valid_until=date(2027, 1, 13))]
    assert next_window(hers, CALENDARS, "cal_office", local("2027-01-14T10:30")) is None
    assert may_call_now(hers, CALENDARS, "cal_office", local("2027-01-13T10:30"))


def test_a_window_counts_on_its_last_day() -> None:
    hers = [window("thu", "10:00", "12:00", valid_until=date(2027, 1, 14))]
    assert may_call_now(hers, CALENDARS, "cal_office", local("2027-01-14T10:30"))


def test_windows_outside_the_services_hours_are_none() -> None:
    hers = [window("all", "19:00", "21:00")]
    assert next_window(hers, CALENDARS, "cal_office", local("2027-01-14T10:30")) is None


def test_beyond_the_loaded_holidays_nothing_is_guessed() -> None:
    with pytest.raises(CalendarTooShort):
        next_window(
            [window("mon", "10:00", "12:00")], CALENDARS, "cal_office", local("2028-01-03T10:30")
        )


def test_an_hour_that_happens_twice_is_open_all_the_time() -> None:
    hers = [window("sun", "01:00", "02:00")]
    opening = next_window(hers, CALENDARS, "cal_247", local("2027-10-30T12:00"))
    assert opening is not None
    assert opening.starts_at == datetime(2027, 10, 31, 0, tzinfo=UTC)
    assert opening.ends_at == datetime(2027, 10, 31, 2, tzinfo=UTC)


def test_an_hour_that_is_left_out_moves_to_the_end_of_the_gap() -> None:
    early = next_window(
        [window("sun", "01:30", "03:00")], CALENDARS, "cal_247", local("2027-03-27T12:00")
    )
    assert early is not None
    assert early.starts_at == local("2027-03-28T02:00") == datetime(2027, 3, 28, 1, tzinfo=UTC)
    swallowed = next_window(
        [window("sun", "01:15", "01:45")], CALENDARS, "cal_247", local("2027-03-27T12:00")
    )
    assert swallowed is not None
    assert swallowed.starts_at == local("2027-04-04T01:15")


def test_a_window_keeps_its_own_zone() -> None:
    hers = [window("mon", "10:00", "11:00", zone="Europe/Warsaw")]
    opening = next_window(hers, CALENDARS, "cal_office", local("2027-01-10T12:00"))
    assert opening is not None
    assert opening.starts_at == local("2027-01-11T09:00")


TIMES = st.integers(0, 23).map(lambda hour: f"{hour:02}:00")
HERS = st.lists(
    st.tuples(st.sets(st.sampled_from([d[:3] for d in DAYS]), min_size=1), TIMES, TIMES)
    .filter(lambda w: w[1] < w[2])
    .map(lambda w: window(" ".join(w[0]), w[1], w[2])),
    min_size=1,
    max_size=3,
)
NOW = st.datetimes(datetime(2027, 1, 4), datetime(2027, 11, 20)).map(
    lambda at: at.replace(tzinfo=UTC)
)


@given(HERS, NOW)
@settings(max_examples=60, deadline=None)
def test_nobody_is_ever_called_outside_her_window(hers: list[Window], now: datetime) -> None:
    opening = next_window(hers, CALENDARS, "cal_office", now)
    if opening is None:
        return
    assert opening.starts_at < opening.ends_at and opening.ends_at > now
    moment = max(opening.starts_at, now)
    while moment < opening.ends_at:
        there = moment.astimezone(LONDON)
        assert CALENDARS.is_working_time(moment, "cal_office")
        assert any(
            DAYS[there.weekday()] in w.days and w.from_time <= there.time() < w.to_time
            for w in hers
        )
        moment += timedelta(minutes=30)


@given(HERS, NOW)
@settings(max_examples=40, deadline=None)
def test_no_earlier_window_is_passed_over(hers: list[Window], now: datetime) -> None:
    opening = next_window(hers, CALENDARS, "cal_247", now)
    assert opening is not None
    moment = now
    while moment < opening.starts_at:
        there = moment.astimezone(LONDON)
        assert not any(
            DAYS[there.weekday()] in w.days and w.from_time <= there.time() < w.to_time
            for w in hers
        ), there
        moment += timedelta(minutes=15)
