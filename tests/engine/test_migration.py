"""Carrying running instances over to another version of their diagram, in the core."""

import re
from dataclasses import replace
from typing import Any

import pytest
from blocks import Between, Block, Choose, Played, any_move, blocks, defined, play
from diagrams import (
    boundary,
    call,
    catch,
    condition,
    diagram,
    end,
    event_gateway,
    many,
    message,
    parallel,
    process,
    start,
    sub,
    timer,
    user,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import HOUR, NOW, not_linted, of_text, step

from engine import runtime
from engine.changes import (
    Changes,
    CompleteTask,
    DeliverMessage,
    FireTimers,
    SetVariables,
    Start,
)
from engine.core.run import Run
from engine.definitions import Definitions, check


def drawn(*inside: str, flows: str, others: tuple[str, ...] = ()) -> Definitions:
    return check({"p.bpmn": diagram(process(*inside, flows=flows), *others)})


def begin(definitions: Definitions, **variables: Any) -> Run:
    run, _ = runtime.start(definitions, Start("p", variables), step())
    return run


def migrate(run: Run, new: Definitions, at: Any = NOW, **mapping: str) -> tuple[Run, Changes]:
    run = runtime.restore(run.definitions, run.state())
    migrated, changes = runtime.migrate(run, new, mapping, step(at))
    return runtime.restore(new, migrated.state()), changes


def said(run: Run, new: Definitions, **mapping: str) -> list[tuple[str, str]]:
    fitting = runtime.fit(run, new, mapping)
    return [(remark.what, remark.element_id) for remark in fitting.remarks]


def complete(run: Run, element_id: str, at: Any = NOW, **variables: Any) -> Changes:
    task = next(task for task in run.open_tasks() if task.element_id == element_id)
    return run.apply(CompleteTask(task.task_id, variables), step(at))


def elements(run: Run) -> list[str]:
    return [task.element_id for task in run.open_tasks()]


def timers(run: Run) -> list[tuple[str, Any]]:
    return [(armed.element_id, armed.due_at) for armed in run.timers()]


SHORT = (start("s"), user("a"), user("b"), end("e"))
LONG = (start("s"), user("a"), user("between"), user("b"), end("e"))


def test_a_task_keeps_its_id_and_goes_on_in_the_new_diagram() -> None:
    old = drawn(*SHORT, flows="s > a > b > e")
    new = drawn(*LONG, flows="s > a > between > b > e")
    run = begin(old)
    before = run.open_tasks()[0].task_id
    assert said(run, new) == [("keeps", "a")]
    run, changes = migrate(run, new)
    assert [task.task_id for task in run.open_tasks()] == [before]
    assert (changes.tasks_opened, changes.tasks_closed) == ([], [])
    complete(run, "a")
    assert elements(run) == ["between"]


def test_a_step_that_is_gone_is_for_a_person_to_decide() -> None:
    old = drawn(*LONG, flows="s > a > between > b > e")
    new = drawn(*SHORT, flows="s > a > b > e")
    run = begin(old)
    complete(run, "a")
    assert said(run, new) == [("undecided", "between")]
    assert runtime.fit(run, new, {}).undecided[0].why == "gone"
    with pytest.raises(runtime.MigrationUndecided):
        migrate(run, new)
    before = run.open_tasks()[0].task_id
    run, _ = migrate(run, new, between="b")
    assert [(t.task_id, t.element_id) for t in run.open_tasks()] == [(before, "b")]
    complete(run, "b")
    assert run.ended


def test_a_step_of_another_kind_starts_anew_where_the_author_says() -> None:
    old = drawn(start("s"), catch("w", timer("PT1H")), end("e"), flows="s > w > e")
    new = drawn(start("s"), user("a"), end("e"), flows="s > a > e")
    run = begin(old)
    assert said(run, new, w="a") == [("restarts", "w")]
    run, changes = migrate(run, new, w="a")
    assert (elements(run), timers(run)) == (["a"], [])
    assert len(changes.timers_disarmed) == 1
    assert [t.element_id for t in changes.tasks_opened] == ["a"]


WAITING = "s > a > e; late > c > e"


def with_reminder(text: str, *more: str, flows: str = WAITING) -> Definitions:
    late = boundary("late", "a", timer(text), interrupting=False)
    return drawn(start("s"), user("a"), late, user("c"), end("e"), *more, flows=flows)


def test_a_timer_keeps_its_time_whatever_the_new_diagram_says() -> None:
    run = begin(with_reminder("PT2H"))
    run, changes = migrate(run, with_reminder("PT30M"), NOW + HOUR)
    assert timers(run) == [("late", NOW + 2 * HOUR)]
    assert changes.timers_armed == []
    run.apply(FireTimers(), step(NOW + 2 * HOUR))
    assert elements(run) == ["a", "c"]


def test_a_timer_that_has_fired_is_never_armed_again() -> None:
    old, new = with_reminder("PT2H"), with_reminder("PT30M")
    run = begin(old)
    run.apply(FireTimers(), step(NOW + 2 * HOUR))
    complete(run, "c", NOW + 2 * HOUR)
    run, changes = migrate(run, new, NOW + 3 * HOUR)
    assert (elements(run), timers(run)) == (["a"], [])
    assert changes.timers_armed == []
    run, _ = migrate(run, old, NOW + 3 * HOUR)
    assert timers(run) == []


def test_a_timer_that_fell_due_meanwhile_fires_once() -> None:
    run = begin(with_reminder("PT2H"))
    run, changes = migrate(run, with_reminder("PT9H"), NOW + 3 * HOUR)
    assert elements(run) == ["a", "c"]
    assert (timers(run), len(changes.timers_disarmed)) == ([], 1)


def test_a_reminder_that_is_new_counts_from_now() -> None:
    old = drawn(*SHORT, flows="s > a > b > e")
    new = with_reminder("PT2H")
    run = begin(old)
    assert ("new", "late") in said(run, new)
    run, changes = migrate(run, new, NOW + HOUR)
    assert timers(run) == [("late", NOW + 3 * HOUR)]
    assert [armed.element_id for armed in changes.timers_armed] == ["late"]


def test_a_reminder_that_is_gone_falls_away() -> None:
    run = begin(with_reminder("PT2H"))
    new = drawn(*SHORT, flows="s > a > b > e")
    assert said(run, new) == [("keeps", "a"), ("falls_away", "late")]
    run, changes = migrate(run, new)
    assert (timers(run), len(changes.timers_disarmed)) == ([], 1)


def test_a_cycle_goes_on_in_its_own_rhythm() -> None:
    run = begin(with_reminder("R/PT1H"))
    run.apply(FireTimers(), step(NOW + HOUR))
    run, _ = migrate(run, with_reminder("R/PT5H"), NOW + HOUR)
    assert timers(run) == [("late", NOW + 2 * HOUR)]
    run.apply(FireTimers(), step(NOW + 2 * HOUR))
    assert timers(run) == [("late", NOW + 3 * HOUR)]


def hearing(name: str, key: str = "case_id") -> Definitions:
    heard = catch("h", message(name, correlationKey=key))
    return drawn(start("s"), heard, user("b"), end("e"), flows="s > h > b > e")


def test_another_message_is_waited_for_in_the_same_place() -> None:
    run = begin(hearing("old.news"), case_id="C-1", task_id="T-1")
    [before] = run.subscriptions()
    new = hearing("new.news", "task_id")
    assert runtime.fit(run, new, {}).remarks[0].changed == ("message",)
    run, changes = migrate(run, new)
    [armed] = run.subscriptions()
    assert (armed.subscription_id, armed.name) == (before.subscription_id, "new.news")
    assert armed.correlation == {"task_id": "T-1"}
    assert changes.subscriptions_armed == [armed]
    run.apply(DeliverMessage(armed.subscription_id, "new.news"), step())
    assert elements(run) == ["b"]


def test_a_message_whose_key_is_not_known_is_an_incident_of_that_step() -> None:
    run = begin(hearing("news"), case_id="C-1")
    run, changes = migrate(run, hearing("news", "contact_id"))
    assert [failed.error for failed in changes.failed] == ["MissingCorrelation"]


def test_many_at_once_go_over_with_what_they_have_gathered() -> None:
    def repeated(more: str = "") -> Definitions:
        made = user("a", many(over="list", each="item", into="found", output="out"))
        extra = (user("b"),) if more else ()
        return drawn(start("s"), made, *extra, end("e"), flows=f"s > a > {more}e")

    run = begin(repeated(), list=["x", "y", "z"])
    complete(run, "a", out=1)
    kept = [task.task_id for task in run.open_tasks()]
    run, _ = migrate(run, repeated("b > "))
    assert [task.task_id for task in run.open_tasks()] == kept
    assert run.task_variables(kept[0])["item"] == "y"
    complete(run, "a", out=2)
    complete(run, "a", out=3)
    assert (elements(run), run.variables["found"]) == (["b"], [1, 2, 3])


@pytest.mark.parametrize("sequential", [None, True])
def test_what_repeats_otherwise_is_for_a_person_to_decide(sequential: bool | None) -> None:
    old = drawn(start("s"), user("a", many(times="2")), end("e"), flows="s > a > e")
    marker = many(times="2", sequential=True) if sequential else ""
    new = drawn(start("s"), user("a", marker), end("e"), flows="s > a > e")
    [undecided] = runtime.fit(begin(old), new, {}).undecided
    assert (undecided.element_id, undecided.why) == ("a", "repeats_otherwise")


def nested(*more: str, flows: str) -> Definitions:
    handler = sub("h", start("hs", message("stop")), user("x"), end("he"), flows="hs > x > he",
                  event=True)  # fmt: skip
    inside = sub("sp", start("s1"), user("a"), end("e1"), handler, *more, flows=flows)
    return drawn(start("s"), inside, end("e"), flows="s > sp > e")


def test_what_runs_inside_goes_over_with_its_handlers() -> None:
    run = begin(nested(flows="s1 > a > e1"))
    run, changes = migrate(run, nested(user("b"), flows="s1 > a > b > e1"))
    assert changes.subscriptions_armed == []
    assert [armed.name for armed in run.subscriptions()] == ["stop"]
    complete(run, "a")
    assert elements(run) == ["b"]
    [armed] = run.subscriptions()
    run.apply(DeliverMessage(armed.subscription_id, "stop"), step())
    assert elements(run) == ["x"]


def test_a_handler_that_is_new_waits_from_now_on() -> None:
    inside = sub("sp", start("s1"), user("a"), end("e1"), flows="s1 > a > e1")
    old = drawn(start("s"), inside, end("e"), flows="s > sp > e")
    run = begin(old)
    assert ("new", "hs") in said(run, nested(flows="s1 > a > e1"))
    run, changes = migrate(run, nested(flows="s1 > a > e1"))
    assert [armed.name for armed in changes.subscriptions_armed] == ["stop"]
    run, changes = migrate(run, old)
    assert (run.subscriptions(), len(changes.subscriptions_disarmed)) == ([], 1)


def test_a_called_process_goes_over_and_another_one_is_for_a_person() -> None:
    def calling(called: str, *steps: str) -> Definitions:
        inside = " > ".join(["s2", *steps, "e2"])
        made = [start("s2"), *[user(each) for each in steps], end("e2")]
        others = (
            process(*made, flows=inside, id="q"),
            process(start("s3"), user("z"), end("e3"), flows="s3 > z > e3", id="r"),
        )
        return drawn(start("s"), call("c", called), end("e"), flows="s > c > e", others=others)

    run = begin(calling("q", "a"))
    run, _ = migrate(run, calling("q", "a", "b"))
    complete(run, "a")
    assert elements(run) == ["b"]
    [undecided] = runtime.fit(run, calling("r", "a", "b"), {}).undecided
    assert (undecided.element_id, undecided.why) == ("c", "calls_other")


def test_tokens_at_a_join_came_by_the_same_way() -> None:
    def joined(*more: str) -> Definitions:
        branches = ["a", "b", *more]
        flows = "; ".join(f"f > {each} > j" for each in branches) + "; s > f; j > c > e"
        return drawn(
            start("s"), parallel("f"), parallel("j"), *[user(b) for b in branches], user("c"),
            end("e"), flows=flows,
        )  # fmt: skip

    run = begin(joined("d"))
    complete(run, "a")
    complete(run, "b")
    assert runtime.fit(run, joined(), {}).undecided[0].element_id == "d"
    run, changes = migrate(run, joined(), d="c")
    assert elements(run) == ["c", "c"]
    run = begin(joined())
    complete(run, "a")
    run, _ = migrate(run, joined("d"))
    complete(run, "b")
    assert elements(run) == []  # it waits for the third way, which nobody has gone


def test_events_behind_a_gateway_go_over_come_and_go() -> None:
    def choosing(**events: str) -> Definitions:
        made = [catch(id, timer(text)) for id, text in events.items()]
        flows = "s > g; " + "; ".join(f"g > {id} > a" for id in events) + "; a > e"
        return not_linted(start("s"), event_gateway("g"), *made, user("a"), end("e"), flows=flows)

    run = begin(choosing(one="PT1H", two="PT2H"))
    run, changes = migrate(run, choosing(two="PT7H", three="PT3H"), NOW + HOUR / 2)
    assert sorted(timers(run)) == [
        ("three", NOW + HOUR / 2 + 3 * HOUR),
        ("two", NOW + 2 * HOUR),
    ]
    new = choosing(four="PT4H", five="PT5H")
    run, _ = migrate(run, new, NOW + HOUR / 2)
    assert [id for id, _ in timers(run)] == ["four", "five"]


def test_an_incident_goes_over_and_is_retried_on_the_new_diagram() -> None:
    old = with_reminder("PT2H")
    new = drawn(
        start("s"), user("a"), boundary("over", "a", condition("n = 1")), user("c"), end("e"),
        flows="s > a > e; over > c > e",
    )  # fmt: skip
    run = begin(old, n=0)
    run, _ = migrate(run, new)
    run.apply(SetVariables({"n": 1}), step())
    assert elements(run) == ["c"]


def test_what_has_ended_is_not_moved() -> None:
    run = begin(drawn(start("s"), end("e"), flows="s > e"))
    with pytest.raises(runtime.InstanceEnded):
        runtime.migrate(run, run.definitions, {}, step())


def test_a_held_instance_moves_and_drives_nothing() -> None:
    run = begin(with_reminder("PT2H"))
    held = replace(step(NOW + 3 * HOUR), holds=True)
    run, changes = runtime.migrate(run, with_reminder("PT1H"), {}, held)
    assert (elements(run), timers(run)) == (["a"], [("late", NOW + 2 * HOUR)])


# -- whatever is drawn ------------------------------------------------------------------------

choices = st.lists(st.integers(0, 11), max_size=25)
STEMS = "xj|ij|pj|egj|eg|lm|lc|lx|sub|bt|hs|be|ah|[ustwhzxipbfkvcq]"
DRAWN_ID = re.compile(rf'"((?:{STEMS})[0-9]+)"')


def moved(definitions: Definitions, run: Run) -> Run:
    """Carry a run to the twin of its release, store it, and see that nothing has happened."""
    if run.ended:
        return run
    twin = replace(run.definitions, sha256=run.definitions.sha256[::-1])
    before = (run.open_tasks(), run.timers(), run.subscriptions(), run.variables)
    run, changes = runtime.migrate(run, twin, {}, run.step)
    assert (run.open_tasks(), run.timers(), run.subscriptions(), run.variables) == before
    assert [line.kind for line in changes.history] == ["migration"]
    assert changes == Changes(history=changes.history)
    return runtime.restore(twin, run.state())


def same_when_moved(block: Block, chosen: list[int], choose: Choose = any_move) -> None:
    definitions = defined(block)
    expected = play(definitions, chosen, lambda _, run: run, choose)
    assert play(definitions, chosen, kept_step(moved), choose) == expected


def kept_step(between: Between) -> Between:
    """Give a restored run the instant at which it was stored."""

    def wrapped(definitions: Definitions, run: Run) -> Run:
        at = run.step
        after = between(definitions, run)
        after.step = at
        return after

    return wrapped


def renamed(definitions: Definitions) -> tuple[Definitions, dict[str, str]]:
    """The same diagram with another id for every element, and which became which."""
    text = definitions.files["p.bpmn"].content.decode()
    mapping = {id: f"{id}_new" for id in DRAWN_ID.findall(text)}
    assert mapping
    return of_text(DRAWN_ID.sub(r'"\1_new"', text)), mapping


def under_old_names(played: Played) -> str:
    return repr(played).replace("_new", "")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, choices)
def test_moving_to_an_identical_release_changes_nothing_that_follows(
    block: Block, chosen: list[int]
) -> None:
    same_when_moved(block, chosen)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, choices, st.integers(0, 6))
def test_moving_to_other_names_changes_nothing_that_follows(
    block: Block, chosen: list[int], when: int
) -> None:
    definitions = defined(block)
    twin, mapping = renamed(definitions)
    moves = 0

    def once(_: Definitions, run: Run) -> Run:
        nonlocal moves
        moves += 1
        if run.ended or moves <= when or run.definitions is twin:
            return run
        return runtime.migrate(run, twin, mapping, run.step)[0]

    expected = play(definitions, chosen, lambda _, run: run)
    assert under_old_names(play(definitions, chosen, once)) == under_old_names(expected)


@pytest.mark.nightly
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, choices)
def test_moving_two_thousand_diagrams_changes_nothing_that_follows(
    block: Block, chosen: list[int]
) -> None:
    same_when_moved(block, chosen)
