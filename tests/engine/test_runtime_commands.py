"""What the shell asks of the core, and what it gets back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from diagrams import (
    boundary,
    catch,
    end,
    message,
    parallel,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)
from rehearsing import HOUR, NOW, NoPorts, do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import (
    CancelInstance,
    CompleteTask,
    DeliverMessage,
    DeliverSignal,
    FireTimers,
    RetryIncident,
    SetVariables,
    SkipIncident,
    Start,
    Step,
)
from engine.core import run as core_run

CASE = str(UUID(int=7))


class Ports(NoPorts):
    """Ports with settings and an operation that counts."""

    def __init__(self) -> None:
        self.calls: list[Mapping[str, Any]] = []

    def call_operation(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append(parameters)
        return {"called": len(self.calls)}

    def settings(self) -> Mapping[str, Any]:
        return {"limit": 3, "hours": {"soon": timedelta(hours=2)}}


def test_changes_name_what_has_opened_and_closed() -> None:
    definitions = not_linted(
        start("s"), user("a"), boundary("t", "a", timer("PT1H")), catch("c", message("m")),
        end("e"), end("e2"), flows="s > a > c > e; t > e2",
    )  # fmt: skip
    run, begun = runtime.start(definitions, Start("p"), step())
    (opened,) = begun.tasks_opened
    (armed,) = begun.timers_armed
    assert (opened.element_id, opened.process_id, armed.element_id) == ("a", "p", "t")
    assert begun.ended is False and begun.subscriptions_armed == []
    assert run.open_tasks() == [opened] and run.timers() == [armed]

    done = run.apply(CompleteTask(opened.task_id), step())
    assert [(task.task_id, task.state) for task in done.tasks_closed] == [
        (opened.task_id, "completed")
    ]
    assert done.timers_disarmed == [armed.timer_id]
    (waiting,) = done.subscriptions_armed
    assert run.subscriptions() == [waiting]

    over = run.apply(DeliverMessage(waiting.subscription_id, "m", {"n": 1}), step())
    assert over.subscriptions_disarmed == [waiting.subscription_id]
    assert over.ended and run.ended


def test_what_comes_and_goes_within_one_command_is_not_told() -> None:
    definitions = not_linted(
        start("s"), sub("sp", start("s1"), script("a", "{}"), end("e1"), flows="s1 > a > e1"),
        boundary("t", "sp", timer("PT1H")), boundary("m", "sp", message("m")), end("e"), end("e2"),
        end("e3"), flows="s > sp > e; t > e2; m > e3",
    )  # fmt: skip
    _, changes = runtime.start(definitions, Start("p"), step())
    assert changes.timers_armed == [] and changes.timers_disarmed == []
    assert changes.subscriptions_armed == [] and changes.subscriptions_disarmed == []


def test_a_task_that_is_cancelled_says_by_what() -> None:
    definitions = not_linted(
        start("s"), user("a"), boundary("t", "a", timer("PT1H")), end("e"), end("e2"),
        flows="s > a > e; t > e2",
    )  # fmt: skip
    run, _ = runtime.start(definitions, Start("p"), step())
    changes = run.apply(FireTimers(), step(NOW + HOUR))
    (closed,) = changes.tasks_closed
    assert (closed.state, closed.reason) == ("obsolete", "t")


def test_an_instance_can_be_cancelled_with_all_that_is_open_in_it() -> None:
    definitions = not_linted(
        start("s"), parallel("f"), user("a"), catch("c", message("m")), catch("t", timer("PT1H")),
        xor("g", default="e"), end("e"), end("e2"), end("e3"), end("e4"),
        flows="s > f > a > e4; f > c > e2; f > t > e3; f > g; g > e2 [missing = 1]; g > e",
    )  # fmt: skip
    run, begun = runtime.start(definitions, Start("p"), step())
    assert len(begun.failed) == 1
    changes = run.apply(CancelInstance("opened by mistake"), step())
    assert [task.state for task in changes.tasks_closed] == ["obsolete"]
    assert len(changes.timers_disarmed) == len(changes.subscriptions_disarmed) == 1
    assert changes.resolved == [begun.failed[0].incident_id]
    assert changes.ended and run.ended
    last = changes.history[-1]
    assert (last.kind, last.transition, last.data) == (
        "process", "withdraw", {"reason": "opened by mistake"}
    )  # fmt: skip
    with pytest.raises(runtime.InstanceEnded):
        run.apply(SetVariables({}), step())


def test_commands_that_do_not_fit_are_refused() -> None:
    definitions = not_linted(start("s"), user("a"), end("e"), flows="s > a > e")
    run, _ = runtime.start(definitions, Start("p"), step())
    for command, refusal in (
        (CompleteTask(uuid4()), runtime.TaskNotOpen),
        (DeliverMessage(uuid4(), "m"), runtime.SubscriptionNotArmed),
        (RetryIncident(uuid4()), runtime.IncidentNotOpen),
        (SkipIncident(uuid4()), runtime.IncidentNotOpen),
        (SetVariables({"x": object()}), runtime.NotAVariable),
    ):
        with pytest.raises(refusal):
            run.apply(command, step())
    with pytest.raises(runtime.NoSuchProcess):
        runtime.start(definitions, Start("nobody"), step())
    with pytest.raises(runtime.NoSuchStart):
        runtime.start(definitions, Start("p", element_id="nobody"), step())


def test_a_signal_reaches_all_catchers_of_an_instance_whose_key_fits() -> None:
    definitions = not_linted(
        start("s"), parallel("f"), catch("a", signal("x", correlationKey="case_id")),
        catch("b", signal("x")), end("e"), end("e2"), flows="s > f > a > e; f > b > e2",
    )  # fmt: skip
    run, _ = runtime.start(definitions, Start("p", {"case_id": "1"}), step())
    run.apply(DeliverSignal("x", {"case_id": "2"}), step())
    assert [armed.element_id for armed in run.subscriptions()] == ["a"]
    run.apply(DeliverSignal("x", {"case_id": "1"}), step())
    assert run.ended


def test_settings_can_be_read_and_operations_called() -> None:
    definitions = not_linted(
        start("s"), script("a", "{far: n > settings.limit}"), service("b", "x.y", n="n"),
        user("c", dueAt="settings.hours.soon"), end("e"), flows="s > a > b > c > e",
    )  # fmt: skip
    ports = Ports()
    run, changes = runtime.start(definitions, Start("p", {"n": 4}), Step(NOW, "amina", ports))
    assert ports.calls == [{"n": 4}]
    assert run.variables == {"n": 4, "far": True, "called": 1}
    assert changes.tasks_opened[0].due_at == NOW + 2 * HOUR


def test_risk_and_business_key_follow_the_variables() -> None:
    drawn = rehearse(
        start("s"), user("a"), user("b"), end("e"), flows="s > a > b > e",
        riskRank='if risk = "high" then 3 else 1', businessKey="case_id",
    )  # fmt: skip
    definitions = drawn.definitions
    run, changes = runtime.start(definitions, Start("p"), step())
    assert (changes.risk_rank, changes.business_key) == (1, None)
    task = run.open_tasks()[0].task_id
    changes = run.apply(CompleteTask(task, {"risk": "high", "case_id": CASE}), step())
    assert (changes.risk_rank, changes.business_key) == (3, UUID(CASE))
    run = runtime.restore(definitions, run.state())
    changes = run.apply(SetVariables({"case_id": None}), step())
    assert (changes.risk_rank, changes.business_key) == (3, UUID(CASE))


def test_history_tells_what_was_written_before_and_after() -> None:
    drawn = rehearse(
        start("s"), user("a"), script("b", "{n: n + 1}"), end("e"), flows="s > a > b > e"
    )
    instance = drawn.start("p", {"n": 1})
    do(drawn, "a", n=5)
    lines = [(line.element_id, line.transition, line.data) for line in drawn.history(instance)]
    assert lines == [
        (None, "start", {}),
        ("s", "complete", {}),
        ("a", "schedule", {}),
        ("a", "complete", {"set": {"n": [1, 5]}}),
        ("b", "complete", {"set": {"n": [5, 6]}}),
        ("e", "complete", {}),
        (None, "complete", {}),
    ]


def test_an_incident_survives_storing_and_is_settled_afterwards() -> None:
    definitions = not_linted(
        start("s"), xor("g", default="e"), end("e"), end("x"), flows="s > g; g > x [n = 1]; g > e"
    )
    run, begun = runtime.start(definitions, Start("p"), step())
    (failed,) = begun.failed
    run = runtime.restore(definitions, run.state())
    run.apply(SetVariables({"n": 1}), step())
    changes = run.apply(RetryIncident(failed.incident_id), step())
    assert changes.resolved == [failed.incident_id] and changes.ended


def test_skipping_works_for_every_kind_of_wait() -> None:
    drawn = rehearse(
        start("s"), parallel("f"),
        catch("c", message("m", correlationKey="nobody")), catch("t", timer("never")),
        user("u", dueAt="never"), throw("z", message("m", payload="never")),
        end("e1"), end("e2"), end("e3"), end("e4"),
        flows="s > f > c > e1; f > t > e2; f > u > e3; f > z > e4",
    )  # fmt: skip
    instance = drawn.start("p", {"never": "ever"})
    assert {incident.element_id for incident in drawn.incidents()} == {"c", "t", "u", "z"}
    for incident in drawn.incidents():
        assert incident.id is not None
        drawn.skip(incident.id)
    assert drawn.has_ended(instance)


def test_skipping_a_step_inside_goes_on_behind_it() -> None:
    drawn = rehearse(
        start("s"), sub("sp", start("s1"), script("bad", "n"), end("e1"), flows="s1 > bad > e1"),
        user("a"), end("e"), flows="s > sp > a > e",
    )  # fmt: skip
    drawn.start("p", {"n": 1})
    incident = drawn.incidents()[0].id
    assert incident is not None
    drawn.skip(incident)
    assert names(drawn) == ["a"]


def test_the_time_budget_stops_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000))
    monkeypatch.setattr(core_run.time, "thread_time", lambda: next(ticks) * 0.5)
    definitions = not_linted(
        start("s"), *(script(f"t{n}", "{}") for n in range(20)), end("e"),
        flows=" > ".join(["s", *(f"t{n}" for n in range(20)), "e"]),
    )  # fmt: skip
    run, changes = runtime.start(definitions, Start("p"), step())
    assert [failed.error for failed in changes.failed] == ["BudgetExceeded"]
    assert not run.ended
