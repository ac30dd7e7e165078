"""Splits, choices and joins (BPMN 2.0.2, 13.4)."""

import pytest
from diagrams import boundary, end, inclusive, parallel, script, start, task, timer, user, xor
from rehearsing import do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import CompleteTask, RetryIncident, SkipIncident, Start


def test_the_first_flow_whose_condition_holds_is_taken() -> None:
    drawn = rehearse(
        start("s"),
        xor("g", default="c"),
        end("a"),
        end("b"),
        end("c"),
        flows="s > g; g > a [n > 10]; g > b [n > 5]; g > c",
    )
    assert drawn.trace(drawn.start("p", {"n": 11})) == ["s", "g", "a"]
    assert drawn.trace(drawn.start("p", {"n": 6})) == ["s", "g", "b"]
    assert drawn.trace(drawn.start("p", {"n": 1})) == ["s", "g", "c"]


def test_an_exclusive_gateway_merges_without_waiting() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        script("a", "{}"),
        script("b", "{}"),
        xor("m"),
        user("u"),
        end("e"),
        flows="s > f > a > m > u > e; f > b > m",
    )
    instance = drawn.start("p")
    assert names(drawn) == ["u", "u"]
    do(drawn, "u")
    assert not drawn.has_ended(instance)
    do(drawn, "u")
    assert drawn.has_ended(instance)


def test_a_parallel_join_waits_for_one_token_on_every_flow() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        user("c"),
        parallel("j"),
        end("e"),
        flows="s > f > a > j > e; f > b > j; f > c > j",
    )
    instance = drawn.start("p")
    for element_id in "bca":
        assert not drawn.has_ended(instance)
        do(drawn, element_id)
    assert drawn.trace(instance) == ["s", "f", "b", "c", "a", "j", "e"]


def test_a_join_in_a_loop_takes_one_token_of_each_flow_per_round() -> None:
    drawn = rehearse(
        start("s"),
        xor("m"),
        parallel("f"),
        script("a", "{n: n + 1}"),
        script("b", "{}"),
        parallel("j"),
        xor("again", default="e"),
        end("e"),
        flows="s > m > f > a > j > again; f > b > j; again > m [n < 3]; again > e",
    )
    instance = drawn.start("p", {"n": 0})
    assert drawn.has_ended(instance)
    assert drawn.trace(instance).count("j") == 3


def test_a_gateway_may_join_and_split_at_once() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        parallel("both"),
        end("x"),
        end("y"),
        script("a", "{}"),
        flows="s > f > both > x; f > a > both; both > y",
    )
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "f", "a", "both", "x", "y"]


@pytest.mark.parametrize(
    ("n", "taken"), [(1, ["a"]), (2, ["a", "b"]), (3, ["b"]), (4, ["c"])], ids=str
)
def test_an_inclusive_gateway_takes_every_flow_that_holds(n: int, taken: list[str]) -> None:
    drawn = rehearse(
        start("s"),
        inclusive("f", default="c"),
        user("a"),
        user("b"),
        user("c"),
        inclusive("j"),
        end("e"),
        flows="s > f; f > a [n <= 2]; f > b [n in (2, 3)]; f > c; a > j; b > j; c > j; j > e",
    )
    instance = drawn.start("p", {"n": n})
    assert sorted(names(drawn)) == taken
    for element_id in taken:
        assert not drawn.has_ended(instance)
        do(drawn, element_id)
    assert drawn.has_ended(instance)
    assert drawn.trace(instance).count("j") == 1


def test_an_inclusive_join_waits_for_tokens_that_can_still_come_from_afar() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("far"),
        xor("g", default="away"),
        inclusive("j"),
        end("e"),
        end("away"),
        flows="s > f > a > j > e; f > far > g; g > j [n = 1]; g > away",
    )
    waits = drawn.start("p", {"n": 1})
    do(drawn, "a")
    assert not drawn.has_ended(waits), "the other token could still come"
    do(drawn, "far")
    assert drawn.trace(waits) == ["s", "f", "a", "far", "g", "j", "e"]

    goes_on = drawn.start("p", {"n": 2})
    do(drawn, "a")
    do(drawn, "far")
    assert drawn.trace(goes_on) == ["s", "f", "a", "far", "g", "j", "away", "e"]


def test_an_inclusive_join_in_a_loop_is_not_held_up_by_its_own_token() -> None:
    drawn = rehearse(
        start("s"),
        inclusive("j"),
        script("a", "{n: n + 1}"),
        xor("again", default="e"),
        end("e"),
        flows="s > j > a > again; again > j [n < 3]; again > e",
    )
    instance = drawn.start("p", {"n": 0})
    assert drawn.trace(instance).count("j") == 3
    assert drawn.has_ended(instance)


def test_an_exclusive_split_into_an_inclusive_join_does_not_wait() -> None:
    drawn = rehearse(
        start("s"),
        xor("g", default="b"),
        script("a", "{}"),
        script("b", "{}"),
        inclusive("j"),
        end("e"),
        flows="s > g; g > a [n = 1]; g > b; a > j; b > j; j > e",
    )
    assert drawn.trace(drawn.start("p", {"n": 1})) == ["s", "g", "a", "j", "e"]


def test_a_condition_that_reads_a_missing_variable_is_an_incident() -> None:
    drawn = rehearse(
        start("s"),
        xor("g", default="b"),
        end("a"),
        end("b"),
        flows="s > g; g > a [risk = 1]; g > b",
    )
    instance = drawn.start("p")
    (incident,) = drawn.incidents()
    assert (incident.error, incident.element_id) == ("UndecidedCondition", "g")
    assert "'risk'" in incident.cause
    drawn.set_variables(instance, {"risk": 1})
    assert incident.id is not None
    drawn.retry(incident.id)
    assert drawn.trace(instance) == ["s", "g", "a"]
    assert drawn.incidents() == []


def test_a_condition_may_ask_whether_a_value_is_there() -> None:
    drawn = rehearse(
        start("s"),
        xor("g", default="b"),
        end("a"),
        end("b"),
        flows="s > g; g > a [risk != null and risk > 3]; g > b",
    )
    assert drawn.trace(drawn.start("p")) == ["s", "g", "b"]


def test_skipping_an_undecided_gateway_takes_the_default_flow() -> None:
    drawn = rehearse(
        start("s"),
        xor("g", default="b"),
        end("a"),
        end("b"),
        flows="s > g; g > a [risk = 1]; g > b",
    )
    instance = drawn.start("p")
    incident = drawn.incidents()[0].id
    assert incident is not None
    drawn.skip(incident)
    assert drawn.trace(instance) == ["s", "b"]
    assert drawn.has_ended(instance)


def test_no_condition_and_no_default_is_an_incident() -> None:
    drawn = rehearse(
        start("s"), xor("g"), end("a"), end("b"), flows="s > g; g > a [n = 1]; g > b [n = 2]"
    )
    drawn.start("p", {"n": 3})
    assert [incident.error for incident in drawn.incidents()] == ["NoPathTaken"]


def test_a_join_that_nothing_can_reach_any_more_is_an_incident_and_not_silence() -> None:
    # the linter refuses this one; a larger diagram could get past it, and then the monitor sees it
    definitions = not_linted(
        start("s"),
        parallel("f"),
        xor("g", default="j"),
        user("b"),
        parallel("j"),
        end("e"),
        end("other"),
        flows="s > f > g; f > b > j > e; g > other [n = 1]; g > j",
    )
    run, _ = runtime.start(definitions, Start("p", {"n": 1}), step())
    changes = run.apply(CompleteTask(run.open_tasks()[0].task_id), step())
    (failed,) = changes.failed
    assert (failed.error, failed.element_id) == ("StuckJoin", "j")
    assert not run.ended
    again = run.apply(RetryIncident(failed.incident_id), step())
    assert [each.error for each in again.failed] == ["StuckJoin"]
    run.apply(SkipIncident(again.failed[0].incident_id), step())
    assert run.ended


def test_conditional_flows_out_of_an_activity_are_an_inclusive_split() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        end("x"),
        end("y"),
        end("z"),
        flows="s > a; a > x [n > 1]; a > y [n > 2]; a > z",
    )
    instance = drawn.start("p")
    do(drawn, "a", n=2)
    assert drawn.trace(instance) == ["s", "a", "x", "z"]


def test_several_flows_into_an_activity_start_it_once_for_each_token() -> None:
    drawn = rehearse(
        start("s"),
        script("a", "{}"),
        script("b", "{}"),
        user("u"),
        end("e"),
        parallel("f"),
        flows="s > f > a > u > e; f > b > u",
    )
    drawn.start("p")
    assert names(drawn) == ["u", "u"]


def test_an_inclusive_join_does_not_wait_for_what_is_only_armed() -> None:
    """The step 'a' leads to the flow that has a token; its boundary event is no token yet."""
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        boundary("t", "a", timer("PT1H")),
        task("x"),
        xor("m"),
        inclusive("j"),
        user("z"),
        end("e"),
        flows="s > f > a > m > j; f > x > m; t > j; j > z > e",
    )
    drawn.start("p")
    assert sorted(names(drawn)) == ["a", "z"]
