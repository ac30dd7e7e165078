"""The traps of data and storage (engine notes, 12 to 22)."""

import ast
import inspect
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from diagrams import (
    ad_hoc,
    boundary,
    call,
    end,
    inclusive,
    many,
    message,
    parallel,
    process,
    script,
    signal,
    start,
    sub,
    timer,
    user,
)
from rehearsing import HOUR, do, not_linted, rehearse, step
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine

import engine
from engine import runtime, specs
from engine.changes import CompleteTask, Start
from engine.core.tokens import Instance
from engine.expressions import FeelEngine, NoPython


def test_trap_12_a_branch_cannot_overwrite_what_it_never_touched() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        parallel("j"),
        user("z"),
        end("e"),
        flows="s > f > a > j > z > e; f > b > j",
    )
    instance = drawn.start("p", {"refs": ["r1"], "n": 1, "note": "orig"})
    do(drawn, "a", refs=["r1", "A", "A"], n=2)
    do(drawn, "b", note="from b")
    assert drawn.variables(instance) == {"refs": ["r1", "A", "A"], "n": 2, "note": "from b"}


def test_trap_13_history_does_not_change_with_later_values() -> None:
    drawn = rehearse(start("s"), user("a"), user("b"), end("e"), flows="s > a > b > e")
    instance = drawn.start("p")
    do(drawn, "a", victim={"address": {"town": "York"}})
    before = deepcopy(drawn.history(instance))
    drawn.variables(instance)["victim"]["address"]["town"] = "Leeds"
    do(drawn, "b", victim={"address": {"town": "Hull"}})
    assert drawn.history(instance)[: len(before)] == before
    line = next(line for line in before if line.element_id == "a" and line.data)
    assert line.data["set"]["victim"] == [None, {"address": {"town": "York"}}]


@pytest.mark.parametrize(
    "value", [{"typename": "note"}, {"typename": "datetime", "value": "2020-01-01"}, {"$": 1}]
)
def test_trap_14_no_value_can_brick_an_instance_or_become_another(value: Any) -> None:
    definitions = not_linted(start("s"), user("a"), end("e"), flows="s > a > e")
    run, _ = runtime.start(definitions, Start("p", {"form": value}), step())
    assert runtime.restore(definitions, run.state()).variables["form"] == value


def test_trap_15_a_change_of_type_alone_is_kept() -> None:
    definitions = not_linted(start("s"), user("a"), user("b"), end("e"), flows="s > a > b > e")
    run, _ = runtime.start(definitions, Start("p", {"consent": 1, "score": 1.0}), step())
    run = runtime.restore(definitions, run.state())
    run.apply(CompleteTask(run.open_tasks()[0].task_id, {"consent": True, "score": 1}), step())
    kept = runtime.restore(definitions, run.state()).variables
    assert kept["consent"] is True and type(kept["score"]) is int


def test_trap_16_every_workflow_speaks_feel_before_and_after_restoring() -> None:
    definitions = not_linted(start("s"), user("a"), end("e"), flows="s > a > e")
    run, _ = runtime.start(definitions, Start("p"), step())
    for each in (run, runtime.restore(definitions, run.state())):
        assert type(each.instance.script_engine) is FeelEngine
        assert type(each.instance.script_engine.environment) is NoPython
    assert issubclass(FeelEngine, PythonScriptEngine)


def test_trap_16_nobody_else_makes_workflows() -> None:
    makers = []
    for path in Path(engine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("BpmnWorkflow", "BpmnSubWorkflow", "PythonScriptEngine"):
                    makers.append(f"{path.name}:{node.lineno}")
    assert makers == []
    assert "script_engine=FeelEngine()" in inspect.getsource(Instance)


def test_trap_17_another_format_version_is_told_apart() -> None:
    definitions = not_linted(start("s"), user("a"), end("e"), flows="s > a > e")
    run, _ = runtime.start(definitions, Start("p"), step())
    state = run.state()
    with pytest.raises(runtime.StateUnreadable, match="format version"):
        runtime.restore(definitions, bytes([99]) + state[1:])


def test_trap_18_feel_values_are_stored_exactly() -> None:
    definitions = not_linted(
        start("s"),
        script("a", '{n: 1.50, d: date("2026-03-29"), t: duration("P1DT0.000005S"), l: [1]}'),
        user("b"),
        end("e"),
        flows="s > a > b > e",
    )
    run, _ = runtime.start(definitions, Start("p"), step())
    kept = runtime.restore(definitions, run.state()).variables
    assert kept == run.variables
    assert str(kept["n"]) == "1.50" and kept["l"] == [Decimal(1)]
    assert kept["t"].microseconds == 5


@pytest.mark.parametrize(
    ("cancel_remaining", "open_then"), [("true", []), ("false", ["b"])], ids=["cancel", "leave"]
)
def test_trap_19_what_remains_of_an_ad_hoc_subprocess_is_cancelled_only_if_drawn_so(
    cancel_remaining: str, open_then: list[str]
) -> None:
    definitions = not_linted(
        start("s"),
        ad_hoc("ah", user("a"), user("b"), until="true", cancelRemainingInstances=cancel_remaining),
        end("e"),
        flows="s > ah > e",
    )
    run, _ = runtime.start(definitions, Start("p"), step())
    run = runtime.restore(definitions, run.state())
    first = next(task for task in run.open_tasks() if task.element_id == "a")
    run.apply(CompleteTask(first.task_id), step())
    run = runtime.restore(definitions, run.state())
    assert [task.element_id for task in run.open_tasks()] == open_then
    assert run.ended == (not open_then)


def fingerprint(spec: Any, seen: set[int] | None = None) -> Any:
    """Everything that can be reached from a spec, as comparable data."""
    seen = set() if seen is None else seen
    if isinstance(spec, str | int | float | bool | None | tuple) and not isinstance(spec, tuple):
        return spec
    if id(spec) in seen:
        return "..."
    seen.add(id(spec))
    if isinstance(spec, dict):
        return {key: fingerprint(value, seen) for key, value in sorted(spec.items())}
    if isinstance(spec, list | tuple):
        return [fingerprint(item, seen) for item in spec]
    held = getattr(spec, "__dict__", None) or {
        slot: getattr(spec, slot) for slot in getattr(type(spec), "__slots__", ())
    }
    return type(spec).__name__, {key: fingerprint(held[key], seen) for key in sorted(held)}


def test_trap_21_running_changes_no_spec() -> None:
    handler = sub(
        "h",
        start("hs", message("stop"), interrupting=False),
        user("fix"),
        end("he"),
        flows="hs > fix > he",
        event=True,
    )
    other = sub(
        "qh",
        start("qhs", message("stop"), interrupting=False),
        user("qfix"),
        end("qhe"),
        flows="qhs > qfix > qhe",
        event=True,
    )
    called = process(start("s2"), user("c"), end("e2"), other, flows="s2 > c > e2", id="q")
    drawn = rehearse(
        start("s"),
        inclusive("f", default="a"),
        user("a", many(times="2")),
        call("b", "q"),
        boundary("t", "b", timer("PT1H"), interrupting=False),
        boundary("x", "b", signal("x")),
        end("e"),
        end("e3"),
        end("e4"),
        handler,
        flows="s > f; f > a; f > b [n = 1]; a > e; b > e; t > e3; x > e4",
        others=(called,),
    )
    kept = [specs.spec_of(drawn.definitions, id) for id in ("p", "q")]
    before = [fingerprint(spec) for spec in kept]
    for n in (1, 2):
        instance = drawn.start("p", {"n": n})
        drawn.send_message("stop", {"n": n})
        drawn.advance(2 * HOUR)
        for _ in range(10):
            if drawn.open_tasks():
                drawn.complete(drawn.open_tasks()[0].id)
        drawn.send_signal("x")
        assert drawn.trace(instance)
    assert [fingerprint(spec) for spec in kept] == before
    fresh = drawn.start("p", {"n": 2})
    assert [task.element_id for task in drawn.open_tasks() if task.instance_id == fresh] == [
        "a",
        "a",
    ]


@pytest.mark.parametrize(
    "order", ["z a1 b1 a2 b2 a3 b3 e", "z a1 a2 b1 b2 b3 a3 e", "z b1 a1 b2 a2 b3 a3 e"]
)
def test_trap_22_two_branches_keep_their_data_in_any_order(order: str) -> None:
    definitions = not_linted(
        start("s"),
        user("z"),
        parallel("f"),
        parallel("j"),
        user("e"),
        end("end"),
        *(user(f"{branch}{n}") for branch in "ab" for n in (1, 2, 3)),
        flows="s > z > f; f > a1 > a2 > a3 > j; f > b1 > b2 > b3 > j; j > e > end",
    )
    run, _ = runtime.start(definitions, Start("p"), step())
    for name in order.split():
        run = runtime.restore(definitions, run.state())
        (open_task,) = [task for task in run.open_tasks() if task.element_id == name]
        run.apply(CompleteTask(open_task.task_id, {f"f_{name}": "v"}), step())
    assert run.ended
    assert run.variables == {f"f_{name}": "v" for name in order.split()}


def test_a_called_process_is_restored_with_its_variables() -> None:
    called = process(start("s2"), user("c"), end("e2"), flows="s2 > c > e2", id="q")
    definitions = not_linted(
        start("s"),
        call("b", "q", in_="{inner: n}", out="{result: inner}"),
        end("e"),
        flows="s > b > e",
        others=(called,),
    )
    run, _ = runtime.start(definitions, Start("p", {"n": 1}), step())
    run = runtime.restore(definitions, run.state())
    (open_task,) = run.open_tasks()
    assert run.task_variables(open_task.task_id) == {"inner": 1}
    run.apply(CompleteTask(open_task.task_id, {"inner": 2}), step())
    assert run.variables == {"n": 1, "result": 2}
