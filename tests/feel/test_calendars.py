"""Working time over named calendars, both clock-change nights included."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feel
from feel import calendars
from feel.calendars import Calendar, Calendars

LONDON = ZoneInfo("Europe/London")
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
ALL_WEEK = [*WEEK, "saturday", "sunday"]


def calendar(key, days, windows, holidays=None):
    hours = dict.fromkeys(days, windows)
    data = {"key": key, "zone": "Europe/London", "hours": hours, "holidays": holidays}
    return Calendar.load(json.dumps(data))


OFFICE = calendar("cal_office_ew", WEEK, [["09:00", "17:00"]], "england-and-wales")
COORDINATOR = calendar("cal_shuk_coord", WEEK[:3], [["08:00", "14:00"]])
FORCE = calendar("cal_force_neighbourhood", ALL_WEEK, [["08:00", "22:00"]])
NIGHT = calendar("cal_night", ["sunday"], [["00:30", "01:30"]])
LUNCH = calendar("cal_lunch", WEEK, [["09:00", "12:00"], ["13:00", "17:00"]])
HOLIDAYS = {
    "england-and-wales": {
        "division": "england-and-wales",
        "events": [
            {"title": "New Year's Day", "date": "2027-01-01", "notes": "", "bunting": True},
            {"title": "Good Friday", "date": "2027-03-26", "notes": "", "bunting": False},
            {"title": "Easter Monday", "date": "2027-03-29", "notes": "", "bunting": True},
            {"title": "Christmas Day", "date": "2027-12-27", "notes": "", "bunting": True},
            {"title": "Boxing Day", "date": "2027-12-28", "notes": "", "bunting": True},
        ],
    }
}
ALL = Calendars(
    calendars.keys([OFFICE, COORDINATOR, FORCE, NIGHT, LUNCH]), HOLIDAYS, service="cal_office_ew"
)


def at(text):
    """Read a wall-clock time in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


HOURS = [
    ("cal_office_ew", "2027-03-09T10:00", 2, "2027-03-09T12:00"),
    ("cal_office_ew", "2027-03-09T15:00", 2, "2027-03-09T17:00"),  # due as it closes
    ("cal_office_ew", "2027-03-09T16:00", 2, "2027-03-10T10:00"),
    ("cal_office_ew", "2027-03-13T12:00", 1, "2027-03-15T10:00"),  # Saturday
    (
        "cal_office_ew",
        "2027-03-25T16:30",
        1,
        "2027-03-30T09:30",
    ),  # over Easter and the spring night
    ("cal_office_ew", "2027-03-09T07:00", 0, "2027-03-09T09:00"),
    ("cal_office_ew", "2027-03-09T10:10", Decimal("0.5"), "2027-03-09T10:40"),
    ("cal_service", "2027-03-09T16:00", 2, "2027-03-10T10:00"),
    ("cal_lunch", "2027-03-09T11:00", 2, "2027-03-09T14:00"),
    ("cal_247", "2027-12-31T23:00", 2, "2028-01-01T01:00"),
    ("cal_oncall", "2027-03-28T00:30", 2, "2027-03-28T03:30"),  # one of these hours does not exist
    ("cal_oncall", "2027-10-31T00:30", 2, "2027-10-31T01:30"),  # one of them happens twice
]


@pytest.mark.parametrize("key, now, hours, due", HOURS)
def test_due_working_hours(key, now, hours, due):
    found = ALL.due_working_hours(hours, key, at(now))
    wanted = at(due)
    if now.startswith("2027-10-31"):
        wanted = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # the second 01:30
    assert found == wanted
    assert found.tzinfo is UTC


DAYS = [
    ("cal_office_ew", "2027-03-09T10:00", 1, "2027-03-10T17:00"),
    ("cal_office_ew", "2027-03-12T18:00", 2, "2027-03-16T17:00"),
    ("cal_office_ew", "2027-03-25T09:00", 1, "2027-03-30T17:00"),
    ("cal_office_ew", "2027-03-13T09:00", 1, "2027-03-15T17:00"),
    ("cal_shuk_coord", "2027-03-10T09:00", 1, "2027-03-15T14:00"),
    ("cal_force_neighbourhood", "2027-03-09T10:00", 1, "2027-03-10T22:00"),
    ("cal_247", "2027-03-09T10:00", 1, "2027-03-10T17:00"),
    ("cal_office_ew", "2027-03-09T10:00", 0, "2027-03-09T17:00"),
    ("cal_office_ew", "2027-03-09T17:00", 0, "2027-03-10T17:00"),
]


@pytest.mark.parametrize("key, now, days, due", DAYS)
def test_due_working_days(key, now, days, due):
    assert ALL.due_working_days(days, key, at(now)) == at(due)


SAME_DAY = [
    ("cal_office_ew", "2027-03-09T10:00", "2027-03-09T17:00"),
    ("cal_office_ew", "2027-03-09T17:00", "2027-03-10T17:00"),
    ("cal_office_ew", "2027-03-26T10:00", "2027-03-30T17:00"),
    ("cal_shuk_coord", "2027-03-09T13:00", "2027-03-09T14:00"),
    ("cal_force_neighbourhood", "2027-03-09T18:00", "2027-03-10T17:00"),
]


@pytest.mark.parametrize("key, now, due", SAME_DAY)
def test_due_same_day(key, now, due):
    assert ALL.due_same_day(key, at(now)) == at(due)


def test_a_deadline_before_a_meeting_counts_backwards():
    meeting = date(2027, 3, 31)
    assert ALL.working_days_before(meeting, 1, "cal_office_ew") == at("2027-03-30T17:00")
    assert ALL.working_days_before(meeting, 2, "cal_office_ew") == at("2027-03-25T17:00")


def test_the_next_opening_is_now_when_it_is_open():
    open_now = at("2027-03-09T10:00")
    assert ALL.at_next_open("cal_office_ew", open_now) == open_now
    closed = at("2027-03-26T10:00")
    assert ALL.at_next_open("cal_office_ew", closed) == at("2027-03-30T09:00")


def test_working_days_are_counted_without_the_first_and_with_the_last():
    thursday, tuesday = date(2027, 3, 25), date(2027, 3, 30)
    assert ALL.working_days_between(thursday, tuesday, "cal_office_ew") == 1
    assert ALL.working_days_between(tuesday, thursday, "cal_office_ew") == -1
    assert ALL.working_days_between(tuesday, tuesday, "cal_office_ew") == 0
    assert ALL.next_working_day(thursday, "cal_office_ew") == tuesday


def test_working_time_ends_with_the_closing_instant():
    assert ALL.is_working_time(at("2027-03-09T09:00"), "cal_office_ew")
    assert not ALL.is_working_time(at("2027-03-09T17:00"), "cal_office_ew")
    assert not ALL.is_working_time(at("2027-03-26T10:00"), "cal_office_ew")


def test_a_window_in_the_spring_gap_moves_forward():
    [(opening, closing)] = NIGHT.windows(date(2027, 3, 28))
    assert opening == datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    assert closing == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)  # 01:30 is not there: 02:00


def test_an_hour_that_happens_twice_counts_twice_and_no_more():
    """Where one window ends and the next begins in it, the two overlap."""
    halves = calendar("cal_halves", ALL_WEEK, [["00:00", "01:30"], ["01:30", "24:00"]])
    book = Calendars(calendars.keys([halves]))
    midnight = datetime(2027, 10, 30, 23, tzinfo=UTC)  # in London; the day has 25 hours
    for hours in range(1, 49):
        due = book.due_working_hours(hours, "cal_halves", midnight)
        assert due == calendars.due_hours(hours, midnight), hours


def test_a_window_in_the_autumn_hour_is_as_long_as_it_can_be():
    [(opening, closing)] = NIGHT.windows(date(2027, 10, 31))
    assert opening == datetime(2027, 10, 30, 23, 30, tzinfo=UTC)
    assert closing == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # the second 01:30


def test_nothing_is_computed_beyond_the_loaded_holidays():
    with pytest.raises(feel.CalendarTooShort, match="2028.*england-and-wales.*cal_office_ew"):
        ALL.due_working_hours(40, "cal_office_ew", at("2027-12-30T10:00"))
    with pytest.raises(feel.CalendarTooShort):
        Calendars({"cal_office_ew": OFFICE}).due_working_days(
            1, "cal_office_ew", at("2027-03-09T10:00")
        )
    with pytest.raises(feel.CalendarTooShort):
        ALL.working_days_between(date(2026, 12, 1), date(2027, 1, 4), "cal_office_ew")


def test_an_unknown_calendar_is_refused():
    with pytest.raises(feel.UnknownCalendar, match="cal_moon"):
        ALL.due_working_hours(1, "cal_moon", at("2027-03-09T10:00"))
    with pytest.raises(feel.UnknownCalendar, match="cal_service"):
        Calendars().get("cal_service")


@pytest.mark.parametrize("hours", [-1, Decimal("-0.1"), Decimal("1e20")])
def test_hours_out_of_range_are_refused(hours):
    with pytest.raises(feel.CalendarError):
        ALL.due_working_hours(hours, "cal_247", at("2027-03-09T10:00"))


def test_everything_wrong_with_a_file_is_said_at_once():
    data = {
        "zone": "Europe/Londinium",
        "hours": {"monday": [["17:00", "09:00"]], "funday": [], "tuesday": "always"},
        "holidays": 3,
        "color": "red",
    }
    with pytest.raises(calendars.CalendarRefused) as caught:
        Calendar.load(json.dumps(data))
    assert len(caught.value.problems) == 7
    with pytest.raises(calendars.CalendarRefused):
        Calendar.load("{")
    with pytest.raises(calendars.CalendarRefused, match="never open"):
        Calendar.load({"key": "k", "zone": "Europe/London", "hours": {}})


FUNCTIONS = [
    ("due_minutes(20)", "2027-03-09T10:20"),
    ("due_hours(1)", "2027-03-09T11:00"),
    ('due_working_hours(2, "cal_service")', "2027-03-09T12:00"),
    ('due_working_days(step(5, [1, 2]), "cal_office_ew")', "2027-03-11T17:00"),
    ('due_working_days(step(1), "cal_office_ew")', "2027-03-12T17:00"),
    ('due_same_day("cal_office_ew")', "2027-03-09T17:00"),
    ('working_days_before(@"2027-03-12", 1, "cal_office_ew")', "2027-03-11T17:00"),
    ('at_next_open("cal_office_ew")', "2027-03-09T10:00"),
    ('due_working_hours(hours: 2, calendar: "cal_office_ew")', "2027-03-09T12:00"),
]


@pytest.mark.parametrize("text, due", FUNCTIONS)
def test_they_are_functions_of_the_language(text, due):
    context = {"chase": {"steps": [1, 3]}}
    now = at("2027-03-09T10:00")
    assert feel.evaluate(text, context, now=now, calendars=ALL) == at(due)


def test_pure_functions_need_no_instant():
    assert feel.evaluate('months_after(@"2027-01-31", 1)') == date(2027, 2, 28)
    assert feel.evaluate('age_on(@"2009-03-10", @"2027-03-09")') == 17
    assert feel.evaluate('age_on(@"2009-03-09", @"2027-03-09")') == 18


def test_a_deadline_without_an_instant_is_null_and_reported():
    trace = feel.Trace()
    assert feel.evaluate("due_hours(1)", {}, trace=trace) is None
    assert trace.missing == ["due_hours() without an instant"]


instants = st.datetimes(datetime(2027, 1, 4), datetime(2027, 11, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@settings(max_examples=60, deadline=None)
@given(instants, st.integers(0, 60), st.integers(0, 60))
def test_hours_add_up(now, first, second):
    key = "cal_office_ew"
    whole = ALL.due_working_hours(first + second, key, now)
    part = ALL.due_working_hours(first, key, now)
    rest = ALL.due_working_hours(second, key, part)
    assert whole == rest or (second == 0 and whole <= rest)
    assert whole >= now


@settings(max_examples=60, deadline=None)
@given(instants, st.integers(1, 30))
def test_a_deadline_falls_on_a_working_day(now, days):
    due = ALL.due_working_days(days, "cal_office_ew", now)
    day = due.astimezone(LONDON).date()
    assert ALL.is_working_day(day, OFFICE)
    today = now.astimezone(LONDON).date()
    assert ALL.working_days_between(today, day, "cal_office_ew") == days


def test_calendars_are_fetched_when_a_function_needs_them() -> None:
    fetched: list[str] = []

    def fetch() -> Calendars:
        fetched.append("once")
        return ALL

    now = at("2027-01-14T10:00")
    assert feel.evaluate("1 + 1", now=now, calendars=fetch) == 2
    assert fetched == []
    text = '[due_working_hours(1, "cal_247"), due_working_hours(2, "cal_247")]'
    assert len(feel.evaluate(text, now=now, calendars=fetch)) == 2
    assert fetched == ["once"]
