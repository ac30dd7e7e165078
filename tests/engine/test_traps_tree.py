"""The traps of SpiffWorkflow's task tree and stepping (engine notes, 1 to 11)."""

from time import process_time
from typing import Any

import pytest
from diagrams import (
    boundary,
    call,
    end,
    escalation,
    many,
    message,
    parallel,
    script,
    service,
    start,
    sub,
    task,
    throw,
    timer,
    user,
    xor,
)
from rehearsing import HOUR, do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import CompleteTask, RetryIncident, Start

CALL_BACKS = (
    start("s"),
    xor("m"),
    user("ring"),
    service("count", "attempts.count", n="n", result="n"),
    xor("g", default="e"),
    end("e"),
)
LOOP = "s > m > ring > count > g; g > m [again]; g > e"


def attempts(rounds: int) -> Any:
    drawn = rehearse(*CALL_BACKS, flows=LOOP, operations={"attempts.count": lambda n: n + 1})
    return drawn, drawn.start("p", {"n": 0}), rounds


def test_trap_01_a_thousand_rounds_of_a_loop_end_as_they_should() -> None:
    drawn, instance, rounds = attempts(1_000)
    for number in range(1, rounds + 1):
        do(drawn, "ring", again=number < rounds)
    assert drawn.has_ended(instance)
    assert drawn.variables(instance)["n"] == rounds
    assert drawn.trace(instance).count("ring") == rounds


def test_trap_01_the_last_round_costs_what_the_tenth_does() -> None:
    drawn = not_linted(
        start("s"),
        xor("m"),
        user("ring"),
        script("count", "{n: n + 1}"),
        xor("g", default="e"),
        end("e"),
        flows="s > m > ring > count > g; g > m [again]; g > e",
    )
    run, _ = runtime.start(drawn, Start("p", {"n": 0}), step())
    sizes, costs = [], []
    for _ in range(1_000):
        before = process_time()
        run = runtime.restore(drawn, run.state())
        run.apply(CompleteTask(run.open_tasks()[0].task_id, {"again": True}), step())
        sizes.append(len(run.state()))
        costs.append(process_time() - before)
    assert sizes[-1] <= sizes[10] + 8  # the counters have more digits
    assert sorted(costs[-100:])[50] < 2 * sorted(costs[10:110])[50]
    assert max(token.depth for token in run.instance.tokens()) < 500


def test_trap_02_a_straight_line_of_300_steps_is_no_recursion() -> None:
    ids = [f"t{number}" for number in range(298)]
    drawn = rehearse(
        start("s"), *(task(id) for id in ids), end("e"), flows=" > ".join(["s", *ids, "e"])
    )
    assert drawn.trace(drawn.start("p")) == ["s", *ids, "e"]


def test_trap_03_a_completed_task_is_not_run_again_and_a_future_one_not_yet() -> None:
    drawn = rehearse(start("s"), user("a"), user("b"), end("e"), flows="s > a > b > e")
    drawn.start("p")
    (first,) = drawn.open_tasks()
    drawn.complete(first.id)
    with pytest.raises(runtime.TaskNotOpen):
        drawn.complete(first.id)
    assert names(drawn) == ["b"]


def test_trap_04_a_due_timer_needs_no_second_push() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("PT1H")),
        script("b", "{}"),
        user("c"),
        end("e"),
        end("e2"),
        flows="s > a > e; t > b > c > e2",
    )
    drawn.start("p")
    drawn.advance(HOUR)
    assert names(drawn) == ["c"]


def test_trap_05_a_join_whose_branch_ended_elsewhere_is_reported() -> None:
    definitions = not_linted(
        start("s"),
        parallel("f"),
        xor("g", default="j"),
        parallel("j"),
        end("e"),
        end("away"),
        flows="s > f > g; f > j > e; g > away [n = 1]; g > j",
    )
    run, changes = runtime.start(definitions, Start("p", {"n": 1}), step())
    assert [failed.error for failed in changes.failed] == ["StuckJoin"]
    assert not run.ended


def test_trap_06_a_gateway_without_a_way_out_is_an_incident() -> None:
    drawn = rehearse(
        start("s"), xor("g"), end("a"), end("b"), flows="s > g; g > a [n = 1]; g > b [n = 2]"
    )
    instance = drawn.start("p", {"n": 3})
    assert [incident.error for incident in drawn.incidents()] == ["NoPathTaken"]
    assert not drawn.has_ended(instance)


def test_trap_07_a_failing_script_parks_its_token_and_the_completion_stands() -> None:
    drawn = rehearse(start("s"), user("a"), script("b", "given"), end("e"), flows="s > a > b > e")
    instance = drawn.start("p")
    do(drawn, "a", given="text")
    assert drawn.trace(instance) == ["s", "a"]
    assert drawn.variables(instance) == {"given": "text"}
    assert [incident.element_id for incident in drawn.incidents()] == ["b"]


def test_trap_08_an_interrupted_process_says_that_it_has_ended() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("PT1H")),
        end("e"),
        end("e2"),
        flows="s > a > e; t > e2",
    )
    instance = drawn.start("p")
    drawn.advance(HOUR)
    assert drawn.has_ended(instance)


def test_trap_09_an_interruption_of_parallel_subprocesses_is_no_crash() -> None:
    drawn = rehearse(
        start("s"),
        sub("each", start("s1"), user("a"), end("e1"), many(times="3"), flows="s1 > a > e1"),
        boundary("stop", "each", message("stop")),
        user("after"),
        end("e"),
        end("e2"),
        flows="s > each > e; stop > after > e2",
    )
    drawn.start("p")
    assert names(drawn) == ["a", "a", "a"]
    drawn.send_message("stop")
    assert names(drawn) == ["after"]


def test_trap_10_an_interruption_comes_before_further_inner_steps() -> None:
    drawn = rehearse(
        start("s"),
        sub(
            "sp",
            start("s1"),
            throw("up", escalation("help")),
            script("never", "{n: 1}"),
            end("e1"),
            flows="s1 > up > never > e1",
        ),
        boundary("caught", "sp", escalation("help")),
        end("e"),
        end("e2"),
        flows="s > sp > e; caught > e2",
    )
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "s1", "up", "caught", "e2"]
    assert drawn.variables(instance) == {}


def test_trap_11_an_endless_loop_is_stopped_by_its_budget_and_can_go_on() -> None:
    definitions = not_linted(
        start("s"),
        xor("m"),
        script("a", "{n: n + 1}"),
        xor("g", default="e"),
        end("e"),
        flows="s > m > a > g; g > m [n < 400]; g > e",
    )
    run, changes = runtime.start(definitions, Start("p", {"n": 0}), step())
    (failed,) = changes.failed
    assert failed.error == "BudgetExceeded"
    assert len(run.state()) < 1_000
    for _ in range(5):
        if run.ended:
            break
        again = run.apply(RetryIncident(failed.incident_id), step())
        failed = again.failed[0] if again.failed else failed
    assert run.ended and run.variables["n"] == 400


def test_trap_11_a_budget_stops_every_branch_and_each_can_be_retried() -> None:
    definitions = not_linted(
        start("s"),
        parallel("f"),
        xor("m1"),
        task("a"),
        xor("m2"),
        task("b"),
        end("e"),
        flows="s > f > m1 > a > m1; f > m2 > b > m2",
    )
    _, changes = runtime.start(definitions, Start("p"), step())
    assert [failed.error for failed in changes.failed] == ["BudgetExceeded"] * 2


def test_trap_11_a_process_that_calls_itself_stops_at_depth_20() -> None:
    drawn = rehearse(start("s"), call("c", "p"), end("e"), flows="s > c > e")
    drawn.start("p")
    assert [incident.error for incident in drawn.incidents()] == ["CallsTooDeep"]


def test_trap_11_a_thousand_instances_run_and_one_more_does_not() -> None:
    drawn = rehearse(start("s"), task("a", many(times="n")), end("e"), flows="s > a > e")
    assert drawn.trace(drawn.start("p", {"n": 1_000})).count("a") == 1_000
    drawn.start("p", {"n": 1_001})
    assert [incident.error for incident in drawn.incidents()] == ["TooManyInstances"]
