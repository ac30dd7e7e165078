"""Moving a token, passing over a step and correcting a value by hand, in the core."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from blocks import Block, blocks, defined
from diagrams import (
    boundary,
    call,
    catch,
    diagram,
    end,
    event_gateway,
    many,
    parallel,
    process,
    receive,
    script,
    start,
    sub,
    timer,
    user,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import HOUR, NOW, step

from engine import runtime
from engine.changes import (
    Changes,
    CompleteTask,
    MoveToken,
    Resume,
    SetVariables,
    SkipStep,
    Start,
)
from engine.core.run import Run
from engine.core.standing import Standing
from engine.definitions import check

BECAUSE = "It was done by telephone"


def begin(*inside: str, flows: str, others: tuple[str, ...] = (), **variables: Any) -> Run:
    definitions = check({"p.bpmn": diagram(process(*inside, flows=flows), *others)})
    run, _ = runtime.start(definitions, Start("p", variables), step())
    return run


def at(run: Run, element_id: str) -> Standing:
    return next(each for each in run.standing() if each.element_id == element_id)


def move(run: Run, source: str, target: str) -> Changes:
    return run.apply(MoveToken(at(run, source).token_id, target, BECAUSE), step())


def skip(run: Run, element_id: str, **variables: Any) -> Changes:
    return run.apply(SkipStep(at(run, element_id).token_id, BECAUSE, variables), step())


def stands(run: Run) -> list[tuple[str, str]]:
    return [(each.element_id, each.waits) for each in run.standing()]


def repairs(changes: Changes) -> list[Mapping[str, Any]]:
    return [line.data for line in changes.history if line.kind == "repair"]


LINE = {"flows": "s > a > b > c > e"}
STEPS = (start("s"), user("a"), user("b"), user("c"), end("e"))


def test_a_token_is_taken_from_one_step_and_put_before_another() -> None:
    run = begin(*STEPS, **LINE)
    changes = move(run, "a", "c")
    assert stands(run) == [("c", "task")]
    assert [(t.element_id, t.state) for t in changes.tasks_closed] == [("a", "obsolete")]
    assert [t.element_id for t in changes.tasks_opened] == ["c"]
    [said] = repairs(changes)
    assert said == {"act": "move", "to": "c", "to_name": "c", "reason": BECAUSE}


def test_it_goes_back_as_well_as_forward() -> None:
    run = begin(*STEPS, **LINE)
    run.apply(CompleteTask(run.open_tasks()[0].task_id), step())
    move(run, "b", "a")
    assert stands(run) == [("a", "task")]


def test_what_belongs_to_a_step_goes_with_it() -> None:
    inside = sub("sp", start("s1"), user("x"), end("e1"), flows="s1 > x > e1")
    run = begin(
        start("s"), inside, boundary("late", "sp", timer("PT1H")), user("b"), end("e"),
        flows="s > sp > b > e; late > b",
    )  # fmt: skip
    assert stands(run) == [("sp", "inside"), ("x", "task")]
    assert at(run, "x").within == ("sp",)
    changes = move(run, "sp", "b")
    assert stands(run) == [("b", "task")]
    assert run.timers() == []
    assert len(changes.timers_disarmed) == 1
    assert [t.element_id for t in changes.tasks_closed] == ["x"]


def test_it_stays_in_its_part_of_the_process() -> None:
    inside = sub("sp", start("s1"), user("x"), user("y"), end("e1"), flows="s1 > x > y > e1")
    run = begin(start("s"), inside, user("b"), end("e"), flows="s > sp > b > e")
    with pytest.raises(runtime.NoSuchTarget):
        move(run, "x", "b")
    assert [t.element_id for t in run.targets(at(run, "x").token_id)] == ["s1", "x", "y", "e1"]
    run = runtime.restore(run.definitions, run.state())
    move(run, "x", "y")
    assert stands(run) == [("sp", "inside"), ("y", "task")]


def test_a_token_moved_to_a_join_counts_as_one_that_came() -> None:
    run = begin(
        start("s"), parallel("f"), user("a"), user("b"), parallel("j"), user("c"), end("e"),
        flows="s > f > a > j > c > e; f > b > j",
    )  # fmt: skip
    move(run, "a", "j")
    assert sorted(stands(run)) == [("b", "task"), ("j", "join")]
    move(run, "b", "j")
    assert stands(run) == [("c", "task")]


def test_an_inner_instance_goes_where_its_step_goes() -> None:
    run = begin(start("s"), user("a", many(times="2")), user("b"), end("e"), flows="s > a > b > e")
    inner = [each for each in run.standing() if each.waits == "task"]
    with pytest.raises(runtime.TokenNotMovable):
        run.apply(MoveToken(inner[0].token_id, "b", BECAUSE), step())
    assert run.targets(inner[0].token_id) == []
    run = runtime.restore(run.definitions, run.state())
    move(run, "a", "b")
    assert stands(run) == [("b", "task")]


def test_a_step_of_a_person_is_passed_over() -> None:
    run = begin(*STEPS, **LINE, answer=None)
    changes = skip(run, "a", answer="yes")
    assert stands(run) == [("b", "task")]
    assert run.variables["answer"] == "yes"
    assert [(t.element_id, t.state, t.reason) for t in changes.tasks_closed] == [
        ("a", "obsolete", "skipped")
    ]
    [said] = repairs(changes)
    assert said == {"act": "skip", "reason": BECAUSE, "set": {"answer": [None, "yes"]}}
    assert ("a", "skip") in [(line.element_id, line.transition) for line in changes.history]


@pytest.mark.parametrize("element", ["waiting", "hearing", "sp", "j"])
def test_whatever_waits_can_be_passed_over(element: str) -> None:
    inside = sub("sp", start("s1"), user("x"), end("e1"), flows="s1 > x > e1")
    drawn = {
        "waiting": (catch("waiting", timer("PT1H")), "s > waiting > after > e"),
        "hearing": (receive("hearing", "news"), "s > hearing > after > e"),
        "sp": (inside, "s > sp > after > e"),
        "j": (
            parallel("f") + user("a") + parallel("j"),
            "s > f > a > j > after > e; f > j",
        ),
    }
    made, flows = drawn[element]
    run = begin(start("s"), made, user("after"), end("e"), flows=flows)
    skip(run, element)
    assert ("after", "task") in stands(run)
    assert run.timers() == run.subscriptions() == []
    assert not [each for each in run.open_tasks() if each.element_id == "x"]


def test_an_event_behind_a_gateway_is_taken_as_having_happened() -> None:
    run = begin(
        start("s"), event_gateway("g"), catch("an_hour", timer("PT1H")), receive("news", "news"),
        user("a"), user("b"), end("e"),
        flows="s > g; g > an_hour > a > e; g > news > b > e",
    )  # fmt: skip
    with pytest.raises(runtime.StepNotSkippable):
        skip(run, "g")
    run = runtime.restore(run.definitions, run.state())
    skip(run, "news")
    assert stands(run) == [("b", "task")]
    assert run.timers() == []


def test_inner_instances_are_passed_over_one_by_one() -> None:
    run = begin(start("s"), user("a", many(times="2")), user("b"), end("e"), flows="s > a > b > e")
    for _ in range(2):
        inner = next(each for each in run.standing() if each.waits == "task")
        run.apply(SkipStep(inner.token_id, BECAUSE), step())
    assert stands(run) == [("b", "task")]


def test_a_called_process_is_passed_over_with_its_work() -> None:
    called = process(start("s2"), user("x"), end("e2"), flows="s2 > x > e2", id="q")
    run = begin(
        start("s"), call("calling", "q"), user("b"), end("e"), flows="s > calling > b > e",
        others=(called,),
    )  # fmt: skip
    changes = skip(run, "calling")
    assert stands(run) == [("b", "task")]
    assert [t.element_id for t in changes.tasks_closed] == ["x"]


def test_a_corrected_value_stands_in_the_history_before_and_after() -> None:
    run = begin(*STEPS, **LINE, level="low")
    changes = run.apply(SetVariables({"level": "high"}, BECAUSE), step())
    assert repairs(changes) == [
        {"act": "set", "set": {"level": ["low", "high"]}, "reason": BECAUSE}
    ]
    done = run.apply(CompleteTask(run.open_tasks()[0].task_id), step())
    assert not any("set" in line.data for line in done.history)


def test_what_is_gone_is_not_repaired() -> None:
    run = begin(*STEPS, **LINE)
    for command in (MoveToken(uuid4(), "b", BECAUSE), SkipStep(uuid4(), BECAUSE)):
        with pytest.raises(runtime.TokenNotThere):
            run.apply(command, step())


def test_a_failed_step_is_moved_away_from_and_its_incident_is_over() -> None:
    drawn = (start("s"), script("t", "answer"), user("b"), end("e"))
    run = begin(*drawn, flows="s > t > b > e", answer=1)
    assert stands(run) == [("t", "incident")]
    changes = move(run, "t", "b")
    assert len(changes.resolved) == 1
    assert stands(run) == [("b", "task")]


def test_while_it_is_held_a_moved_token_waits_for_the_end_of_that() -> None:
    run = begin(
        start("s"), user("a"), script("t", "{n: 1}"), user("b"), end("e"),
        flows="s > a > t > b > e",
    )  # fmt: skip
    held = replace(step(), holds=True)
    run.apply(MoveToken(at(run, "a").token_id, "t", BECAUSE), held)
    assert stands(run) == [("t", "held")]
    assert "n" not in run.variables
    run = runtime.restore(run.definitions, run.state())
    run.apply(Resume("over"), step())
    assert stands(run) == [("b", "task")]
    assert run.variables["n"] == 1


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks, st.lists(st.integers(0, 50), max_size=12))
def test_whatever_is_repaired_the_run_can_be_stored_and_goes_on(
    block: Block, choices: list[int]
) -> None:
    """No repair leaves rows behind, hangs the run or breaks its state."""
    definitions = defined(block)
    run, changes = runtime.start(definitions, Start("p", {"a": 1, "b": 2, "c": 3, "n": 0}), step())
    tasks: set[UUID] = set()
    note(tasks, changes)
    for choice in choices:
        ways = [each for each in run.standing() if each.may_move or each.may_skip]
        if run.ended or not ways:
            break
        chosen = ways[choice % len(ways)]
        targets = run.targets(chosen.token_id)
        if chosen.may_skip and (choice % 2 or not targets):
            command: Any = SkipStep(chosen.token_id, BECAUSE)
        else:
            target = targets[choice % len(targets)]
            command = MoveToken(chosen.token_id, target.element_id, BECAUSE)
        note(tasks, run.apply(command, step(NOW + HOUR)))
        assert tasks == {task.task_id for task in run.open_tasks()}
        assert runtime.restore(definitions, run.state()).state() == run.state()


def note(tasks: set[UUID], changes: Changes) -> None:
    """Keep the rows of tasks as a shell would."""
    tasks |= {task.task_id for task in changes.tasks_opened}
    tasks -= {task.task_id for task in changes.tasks_closed}
