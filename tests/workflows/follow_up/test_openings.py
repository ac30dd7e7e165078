"""When the next attempt may be made."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import definitions, releases
from feel.calendars import Calendars
from workflows.follow_up.openings import choose, daypart, upcoming
from workflows.people.windows import Opening, Window

LONDON = ZoneInfo("Europe/London")
MORNING = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)  # a Thursday
THREE_DAYS = timedelta(days=3)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(scope="module")
def calendars() -> Calendars:
    shipped = definitions.check(releases.shipped_files())
    return Calendars(shipped.calendars, shipped.holidays, service="cal_office_ew")


def window(start: int, end: int, days: tuple[str, ...] = WEEK) -> Window:
    return Window(UUID(int=1), days, time(start), time(end))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def found(
    calendars: Calendars,
    *windows: Window,
    agreed: tuple[Opening, ...] = (),
    now: datetime = MORNING,
    last: datetime | None = None,
    not_before: datetime | None = None,
) -> tuple[datetime, datetime] | None:
    pieces = upcoming(windows, agreed, calendars, "cal_service", now)
    opening = choose(
        pieces,
        LONDON,
        now=now,
        last=last,
        not_before=not_before,
        agreed={once.window_id for once in agreed if once.window_id},
        within=THREE_DAYS,
    )
    return (opening.starts_at, opening.ends_at) if opening else None


def test_what_is_open_already_begins_now(calendars: Calendars) -> None:
    assert found(calendars) == (MORNING, at(14, 12))


def test_her_windows_and_the_hours_of_the_service_both_count(calendars: Calendars) -> None:
    assert found(calendars, window(15, 20)) == (at(14, 15), at(14, 17))
    assert found(calendars, window(19, 21)) is None


def test_a_failed_attempt_moves_to_another_part_of_the_day(calendars: Calendars) -> None:
    assert found(calendars, last=at(14, 11), now=at(14, 11)) == (at(14, 12), at(14, 17))


def test_with_one_part_of_the_day_alone_it_is_another_day(calendars: Calendars) -> None:
    again = found(calendars, window(10, 12), last=at(14, 11), now=at(14, 11))
    assert again == (at(15, 10), at(15, 12))


def test_another_part_of_the_day_must_not_be_too_far_off(calendars: Calendars) -> None:
    mornings, one_afternoon = window(10, 12), window(14, 16, ("wednesday",))
    again = found(calendars, mornings, one_afternoon, last=at(14, 11), now=at(14, 11))
    assert again == (at(15, 10), at(15, 12))


def test_a_time_that_she_asked_for_counts_more(calendars: Calendars) -> None:
    again = found(calendars, last=at(14, 11), now=at(14, 11), not_before=at(15, 10))
    assert again == (at(15, 10), at(15, 12))


def test_a_time_that_was_agreed_once_may_lie_outside_office_hours(calendars: Calendars) -> None:
    agreed = Opening(at(14, 20), at(14, 21), UUID(int=2))
    assert found(calendars, window(9, 10), agreed=(agreed,)) == (at(14, 20), at(14, 21))


def test_windows_that_have_run_out_are_none(calendars: Calendars) -> None:
    past = Window(UUID(int=1), WEEK, time(10), time(12), valid_until=at(13, 0).date())
    assert found(calendars, past) is None


@pytest.mark.parametrize(
    ("hour", "part"), [(0, "am"), (11, "am"), (12, "pm"), (16, "pm"), (17, "eve"), (23, "eve")]
)
def test_the_parts_of_the_day_are_local(hour: int, part: str) -> None:
    assert daypart(at(14, hour), LONDON) == part
    summer = datetime(2027, 7, 14, 11, tzinfo=UTC)  # noon in London
    assert daypart(summer, LONDON) == "pm"


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 22),
    length=st.integers(1, 12),
    days=st.sets(st.sampled_from(WEEK), min_size=1),
    minutes=st.integers(0, 60 * 24 * 60),
    tried=st.integers(0, 60 * 24),
)
def test_nobody_is_ever_rung_outside_a_window_or_twice_in_one_part_of_a_day(
    calendars: Calendars, start: int, length: int, days: set[str], minutes: int, tried: int
) -> None:
    now = MORNING + timedelta(minutes=minutes)
    last = now - timedelta(minutes=tried)
    hers = window(start, min(start + length, 23), tuple(days))
    opening = found(calendars, hers, now=now, last=last)
    if opening is None:
        return
    begins, ends = (instant.astimezone(LONDON) for instant in opening)
    assert now <= opening[0] < opening[1]
    assert WEEK[begins.weekday()] in days
    assert hers.from_time <= begins.time()
    assert ends.time() <= hers.to_time
    before = last.astimezone(LONDON)
    tried_in = (before.date(), daypart(last, LONDON))
    assert (begins.date(), daypart(opening[0], LONDON)) != tried_in


def test_what_was_agreed_comes_first_in_whatever_part_of_the_day(calendars: Calendars) -> None:
    once = Opening(at(14, 15), at(14, 16), UUID(int=7))

    assert found(calendars, agreed=(once,), last=at(14, 14), now=at(14, 14)) == (
        at(14, 15),
        at(14, 16),
    )


def test_what_was_agreed_is_tried_once(calendars: Calendars) -> None:
    once = Opening(at(14, 15), at(14, 16), UUID(int=7))

    assert found(calendars, agreed=(once,), last=at(14, 15, 5), now=at(14, 15, 5)) == (
        at(15, 9),
        at(15, 12),
    )
