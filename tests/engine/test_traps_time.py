"""The traps of time (engine notes, 23 to 30)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from diagrams import boundary, catch, end, event_gateway, start, sub, timer, user
from rehearsing import DAY, HOUR, NOW, do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import FireTimers, Start
from engine.core import timing
from engine.core.failures import StepFailed
from engine.rehearsal import Rehearsal

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def waits(value: str, form: str = "", **data: object) -> Rehearsal:
    drawn = rehearse(start("s"), catch("t", timer(value, form)), end("e"), flows="s > t > e")
    drawn.start("p", data)
    return drawn


def due(drawn: Rehearsal) -> datetime:
    (armed,) = drawn.timers(drawn.instances()[0])
    return armed.due_at


@pytest.mark.parametrize(
    ("value", "after"),
    [("PT4H", 4 * HOUR), ("P2W", 14 * DAY), ("P1DT12H", 36 * HOUR), ("PT0.5S", HOUR / 7200)],
)
def test_trap_23_an_iso_text_is_a_literal(value: str, after: timedelta) -> None:
    assert due(waits(value)) == NOW + after


@pytest.mark.parametrize(
    ("value", "data", "after"),
    [
        ('duration("PT4H")', {}, 4 * HOUR),
        ("wait", {"wait": timedelta(hours=2)}, 2 * HOUR),
        ("wait", {"wait": "PT3H"}, 3 * HOUR),
        ('"PT5H"', {}, 5 * HOUR),
        ("at", {"at": NOW + 6 * HOUR}, 6 * HOUR),
        ("today() + duration(&quot;P1D&quot;)".replace("&quot;", '"'), {}, 15 * HOUR),
    ],
)
def test_trap_23_anything_else_is_feel(
    value: str, data: dict[str, object], after: timedelta
) -> None:
    assert due(waits(value, **data)) == NOW + after


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-07-01T09:00:00", NEW_YORK, datetime(2026, 7, 1, 13, tzinfo=UTC)),
        ("2026-01-05T09:00:00", NEW_YORK, datetime(2026, 1, 5, 14, tzinfo=UTC)),
        ("2026-07-01T09:00:00Z", NEW_YORK, datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-07-01T09:00:00+01:00", NEW_YORK, datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-03-29T01:30:00", LONDON, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T01:30:00", LONDON, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-07-01", LONDON, datetime(2026, 6, 30, 23, tzinfo=UTC)),
    ],
)
def test_trap_24_a_time_without_a_zone_is_the_releases(
    text: str, zone: ZoneInfo, instant: datetime
) -> None:
    assert timing.parse_instant(text, zone) == instant


def test_trap_24_the_zone_is_a_setting_of_the_release() -> None:
    drawn = rehearse(
        start("s"),
        catch("t", timer("2026-07-01T09:00:00")),
        end("e"),
        flows="s > t > e",
        files={"settings.yaml": "settings:\n  zone: America/New_York\n"},
    )
    drawn.start("p")
    assert due(drawn) == datetime(2026, 7, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start_at", "text", "end_at"),
    [
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "P1M", datetime(2026, 2, 28, 9, tzinfo=UTC)),
        (datetime(2024, 1, 31, 9, tzinfo=UTC), "P1M", datetime(2024, 2, 29, 9, tzinfo=UTC)),
        (datetime(2026, 12, 15, 9, tzinfo=UTC), "P1M", datetime(2027, 1, 15, 9, tzinfo=UTC)),
        (datetime(2024, 2, 29, 9, tzinfo=UTC), "P1Y", datetime(2025, 2, 28, 9, tzinfo=UTC)),
        # the same wall-clock time on the other side of a clock change
        (datetime(2026, 3, 15, 9, tzinfo=UTC), "P1M", datetime(2026, 4, 15, 8, tzinfo=UTC)),
    ],
)
def test_trap_25_months_are_calendar_months(
    start_at: datetime, text: str, end_at: datetime
) -> None:
    assert timing.due_at(text, start_at, LONDON, "it") == end_at


def test_trap_25_the_31st_comes_back_after_february() -> None:
    begin = datetime(2026, 1, 31, 9, tzinfo=UTC)
    cycle = timing.parse_cycle("R/P1M", begin, ZoneInfo("UTC"))
    assert cycle is not None
    days = [timing.nth(cycle, number, ZoneInfo("UTC")).day for number in range(4)]
    assert days == [28, 31, 30, 31]


@pytest.mark.parametrize("text", ["P1WT2H", "-P1D", "PT1H30", "next tuesday", "P", "PT", "P1S", ""])
def test_trap_26_one_parser_says_no_to_what_is_no_time(text: str) -> None:
    assert timing.parse_duration(text) is None
    with pytest.raises(StepFailed, match="TimerFailed"):
        timing.due_at(text, NOW, LONDON, "it")


def test_trap_26_a_bad_boundary_timer_is_its_own_incident_and_the_task_opens() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        user("b"),
        boundary("t", "b", timer("wait")),
        end("e"),
        end("e2"),
        flows="s > a > b > e; t > e2",
    )
    instance = drawn.start("p", {"wait": "next tuesday"})
    do(drawn, "a")
    assert names(drawn) == ["b"]
    (incident,) = drawn.incidents()
    assert (incident.element_id, incident.error) == ("t", "TimerFailed")
    drawn.set_variables(instance, {"wait": "PT1H"})
    assert incident.id is not None
    drawn.retry(incident.id)
    assert due(drawn) == NOW + HOUR
    do(drawn, "b")
    assert drawn.has_ended(instance) and drawn.incidents() == []


def test_trap_27_firings_that_were_missed_count_as_one_and_are_told() -> None:
    definitions = not_linted(
        start("s"),
        user("a"),
        boundary("t", "a", timer("R5/PT1H"), interrupting=False),
        end("e"),
        end("e2"),
        flows="s > a > e; t > e2",
    )
    run, _ = runtime.start(definitions, Start("p"), step())
    changes = run.apply(FireTimers(), step(NOW + 3 * HOUR + HOUR / 2))
    fired = [line for line in changes.history if line.element_id == "t"]
    assert [line.data for line in fired] == [{"missed": 2}]
    (armed,) = changes.timers_armed
    assert armed.due_at == NOW + 4 * HOUR
    changes = run.apply(FireTimers(), step(NOW + 20 * HOUR))
    assert [line.data for line in changes.history if line.element_id == "t"] == [{"missed": 1}]
    assert run.timers() == []


def test_trap_27_an_unknown_period_of_no_length_never_runs_wild() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("period", "timeCycle"), interrupting=False),
        end("e"),
        end("e2"),
        flows="s > a > e; t > e2",
    )
    drawn.start("p", {"period": "R/PT0S"})
    assert [incident.error for incident in drawn.incidents()] == ["TimerFailed"]


def test_trap_27_a_cycle_far_behind_is_caught_up_at_once() -> None:
    cycle = timing.parse_cycle("R/2000-01-01T00:00:00Z/PT1M", NOW, LONDON)
    assert cycle is not None
    due_next, count = timing.next_firing(cycle, 0, NOW, LONDON)
    assert due_next == NOW + timedelta(minutes=1) and count > 13_000_000


@pytest.mark.parametrize("how", ["PT1H", "R/PT1H"])
def test_trap_28_what_a_timer_opened_survives_the_task_in_both_cases(how: str) -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer(how), interrupting=False),
        user("remind"),
        end("e"),
        end("e2"),
        flows="s > a > e; t > remind > e2",
    )
    drawn.start("p")
    drawn.advance(HOUR)
    do(drawn, "a")
    assert names(drawn) == ["remind"]


def test_trap_29_each_timer_behind_an_event_gateway_keeps_its_own_time() -> None:
    drawn = rehearse(
        start("s"),
        event_gateway("g"),
        catch("late", timer("PT5H")),
        catch("soon", timer("PT1H")),
        end("e1"),
        end("e2"),
        flows="s > g > late > e1; g > soon > e2",
    )
    instance = drawn.start("p")
    assert sorted(armed.due_at for armed in drawn.timers(instance)) == [NOW + HOUR, NOW + 5 * HOUR]
    drawn.advance(DAY)
    assert drawn.trace(instance) == ["s", "g", "soon", "e2"]


def test_trap_30_a_pending_timer_start_does_not_keep_the_process_open() -> None:
    handler = sub(
        "h", start("hs", timer("PT5H"), interrupting=False), end("he"), flows="hs > he", event=True
    )
    drawn = rehearse(start("s"), user("a"), end("e"), handler, flows="s > a > e")
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.has_ended(instance)


def test_a_due_time_is_fixed_when_the_token_arrives() -> None:
    definitions = not_linted(start("s"), catch("t", timer("PT2H")), end("e"), flows="s > t > e")
    run, changes = runtime.start(definitions, Start("p"), step())
    for hours in (0, 1):
        run = runtime.restore(definitions, run.state())
        run.apply(FireTimers(), step(NOW + hours * HOUR))
        assert run.timers() == changes.timers_armed


def test_due_dates_of_tasks_are_no_timers_of_the_core() -> None:
    drawn = rehearse(start("s"), user("a", dueAt="PT1H"), end("e"), flows="s > a > e")
    instance = drawn.start("p")
    assert drawn.open_tasks()[0].due_at == NOW + HOUR
    assert drawn.timers(instance) == []
