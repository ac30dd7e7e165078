"""What few engines carry out: ad hoc subprocesses, complex gateways, token numbers, behaviours."""

import pytest
from diagrams import (
    ad_hoc,
    boundary,
    call,
    catch,
    complex_gateway,
    element,
    end,
    escalation,
    loop,
    many,
    marked,
    parallel,
    receive,
    script,
    signal,
    start,
    text,
    timer,
    user,
    xor,
)
from rehearsing import HOUR, do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import CompleteTask, RetryIncident, SetVariables, Start


def note(id: str, more: str = "") -> str:
    return script(id, f'{{log: append(log, "{id}")}}', more)


# -- how many tokens --------------------------------------------------------------------------


def test_an_activity_gives_and_takes_as_many_tokens_as_it_says() -> None:
    drawn = rehearse(
        start("s"),
        marked(note("send"), "send", completionQuantity=2),
        note("pass"),
        marked(note("take"), "take", startQuantity=2),
        end("e"),
        flows="s > send > pass > take > e",
    )
    instance = drawn.start("p", {"log": []})
    assert drawn.variables(instance)["log"] == ["send", "pass", "pass", "take"]
    assert drawn.has_ended(instance)


def test_tokens_gather_while_people_work() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        marked(user("both"), "both", startQuantity=2),
        boundary("late", "both", timer("PT1H")),
        end("e"),
        end("e2"),
        flows="s > f > a > both > e; f > b > both; late > e2",
    )
    instance = drawn.start("p")
    do(drawn, "b")
    assert names(drawn) == ["a"] and drawn.timers(instance) == []
    do(drawn, "a")
    assert names(drawn) == ["both"] and len(drawn.timers(instance)) == 1
    drawn.advance(HOUR)
    assert drawn.has_ended(instance)


def test_tokens_that_never_come_are_reported() -> None:
    drawn = rehearse(
        start("s"), marked(user("a"), "a", startQuantity=2), end("e"), flows="s > a > e"
    )
    instance = drawn.start("p")
    (incident,) = drawn.incidents()
    assert (incident.error, incident.element_id) == ("StuckJoin", "a")
    assert incident.id is not None
    drawn.skip(incident.id)
    assert drawn.has_ended(instance)


# -- complex gateways -------------------------------------------------------------------------

RACE = {
    "inside": (
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        user("c"),
        complex_gateway("g", "activationCount >= 2"),
        user("after"),
        end("e"),
    ),
    "flows": "s > f; f > a > g; f > b > g; f > c > g; g > after > e",
}


@pytest.mark.parametrize("stored", [False, True])
def test_a_complex_gateway_starts_on_its_condition_and_lets_the_late_ones_go(stored: bool) -> None:
    definitions = not_linted(*RACE["inside"], flows=str(RACE["flows"]))
    run, _ = runtime.start(definitions, Start("p"), step())
    opened = []
    for element_id in ("b", "a", "c", "after"):
        (task,) = [task for task in run.open_tasks() if task.element_id == element_id]
        changes = run.apply(CompleteTask(task.task_id), step())
        opened.append([task.element_id for task in changes.tasks_opened])
        if stored:
            run = runtime.restore(definitions, run.state())
    assert opened == [[], ["after"], [], []], "the third token is taken when the gateway is reset"
    assert run.ended


@pytest.mark.parametrize("stored", [False, True])
def test_a_complex_gateway_that_could_not_be_decided_starts_when_it_is_tried_again(
    stored: bool,
) -> None:
    definitions = not_linted(
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        complex_gateway("g", "enough = true"),
        user("after"),
        end("e"),
        flows="s > f; f > a > g; f > b > g; g > after > e",
    )
    run, changes = runtime.start(definitions, Start("p"), step())
    changes = run.apply(CompleteTask(changes.tasks_opened[0].task_id), step())
    [failed] = changes.failed
    run.apply(SetVariables({"enough": True}), step())
    if stored:
        run = runtime.restore(definitions, run.state())
    changes = run.apply(RetryIncident(failed.incident_id), step())
    assert [task.element_id for task in changes.tasks_opened] == ["after"]


def test_a_complex_gateway_works_again_after_its_reset() -> None:
    drawn = rehearse(
        start("s"),
        xor("again"),
        parallel("f"),
        note("a"),
        note("b"),
        complex_gateway("g", "activationCount >= 1"),
        script("count", "{n: n + 1}"),
        xor("more", default="e"),
        end("e"),
        flows="s > again > f; f > a > g; f > b > g; g > count > more; "
        "more > again [n < 3]; more > e",
    )
    instance = drawn.start("p", {"n": 0, "log": []})
    assert drawn.has_ended(instance)
    assert drawn.variables(instance)["n"] == 3


def test_conditions_can_ask_whether_the_gateway_is_starting() -> None:
    drawn = rehearse(
        start("s"),
        parallel("f"),
        user("a"),
        user("b"),
        complex_gateway("g", "activationCount >= 1"),
        user("first"),
        user("rest"),
        end("e"),
        flows="s > f; f > a > g; f > b > g; g > first [waitingForStart]; "
        "g > rest [not(waitingForStart)]; first > e; rest > e",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert sorted(names(drawn)) == ["b", "first"]
    do(drawn, "b")
    assert sorted(names(drawn)) == ["first", "rest"]
    do(drawn, "first")
    do(drawn, "rest")
    assert drawn.has_ended(instance)


@pytest.mark.parametrize(("n", "taken"), [(1, ["a"]), (2, ["a", "b"]), (0, ["c"])])
def test_a_complex_gateway_splits_by_its_conditions(n: int, taken: list[str]) -> None:
    drawn = rehearse(
        start("s"),
        complex_gateway("g", default="c"),
        end("a"),
        end("b"),
        end("c"),
        flows="s > g; g > a [n > 0]; g > b [n > 1]; g > c",
    )
    assert drawn.trace(drawn.start("p", {"n": n})) == ["s", "g", *taken]


# -- ad hoc subprocesses ----------------------------------------------------------------------


@pytest.mark.parametrize("ordering", ["Sequential", "Parallel"])
def test_every_step_of_an_ad_hoc_subprocess_is_done_once(ordering: str) -> None:
    drawn = rehearse(
        start("s"), ad_hoc("ah", user("a"), user("b"), ordering=ordering), end("e"),
        flows="s > ah > e",
    )  # fmt: skip
    instance = drawn.start("p")
    assert names(drawn) == (["a"] if ordering == "Sequential" else ["a", "b"])
    do(drawn, "a")
    assert names(drawn) == ["b"]
    do(drawn, "b")
    assert drawn.trace(instance) == ["s", "a", "b", "ah", "e"]
    assert drawn.has_ended(instance)


def test_an_ad_hoc_subprocess_is_complete_when_its_condition_holds() -> None:
    drawn = rehearse(
        start("s"), ad_hoc("ah", user("a"), user("b"), until="enough = true"), end("e"),
        flows="s > ah > e",
    )  # fmt: skip
    instance = drawn.start("p")
    do(drawn, "a", enough=False)
    do(drawn, "b")
    assert names(drawn) == ["a", "b"], "what people do can be done again"
    do(drawn, "a", enough=True)
    assert names(drawn) == [] and drawn.has_ended(instance)


def test_remaining_steps_may_be_let_run_to_their_end() -> None:
    drawn = rehearse(
        start("s"),
        ad_hoc("ah", user("a"), user("b"), until="true", cancelRemainingInstances="false"),
        end("e"),
        flows="s > ah > e",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert names(drawn) == ["b"]
    do(drawn, "b")
    assert drawn.has_ended(instance)


def test_steps_of_an_ad_hoc_subprocess_may_lead_to_others() -> None:
    drawn = rehearse(
        start("s"),
        ad_hoc("ah", user("a"), note("then"), user("b"), flows="a > then", ordering="Sequential"),
        end("e"),
        flows="s > ah > e",
    )
    instance = drawn.start("p", {"log": []})
    do(drawn, "a")
    do(drawn, "b")
    assert drawn.trace(instance) == ["s", "a", "then", "b", "ah", "e"]


def test_steps_that_no_person_does_are_not_repeated_without_a_word() -> None:
    drawn = rehearse(
        start("s"), ad_hoc("ah", note("a"), until="false"), end("e"), flows="s > ah > e"
    )
    drawn.start("p", {"log": []})
    (incident,) = drawn.incidents()
    assert (incident.error, incident.element_id) == ("AdHocNotComplete", "ah")


# -- what a multi-instance activity throws -------------------------------------------------------

DEFINED = '<bpmn:signalEventDefinition id="thrown" signalRef="signal_told"/>'


def behaving(behaviour: str) -> str:
    made = many(times="3", sequential=True)
    reference = f'{behaviour.lower()}BehaviorEventRef="thrown" ' if behaviour != "All" else ""
    return made.replace("isSequential", f'behavior="{behaviour}" {reference}isSequential')


@pytest.mark.parametrize(
    ("behaviour", "log"),
    [
        ("None", ["a", "tell", "a", "tell", "a", "tell", "after"]),
        ("One", ["a", "tell", "a", "a", "after"]),
        ("All", ["a", "a", "a", "after"]),
    ],
)
def test_an_event_is_thrown_for_instances_as_the_behaviour_says(
    behaviour: str, log: list[str]
) -> None:
    drawn = rehearse(
        start("s"),
        note("a", behaving(behaviour)),
        boundary("b", "a", signal("told"), interrupting=False),
        note("tell"),
        note("after"),
        end("e"),
        end("e2"),
        flows="s > a > after > e; b > tell > e2",
        defs=DEFINED,
    )
    instance = drawn.start("p", {"log": []})
    assert drawn.variables(instance)["log"] == log
    assert drawn.has_ended(instance)


def test_complex_behaviour_throws_by_a_condition_on_the_counters() -> None:
    rule = (
        '<bpmn:complexBehaviorDefinition id="rule">'
        + text("condition", "numberOfCompletedInstances = 2")
        + f'<bpmn:event id="what">{escalation("enough")}</bpmn:event>'
        "</bpmn:complexBehaviorDefinition>"
    )
    made = many(times="5").replace("isSequential", 'behavior="Complex" isSequential')
    made = made.replace("</bpmn:multi", f"{rule}</bpmn:multi")
    drawn = rehearse(
        start("s"),
        user("a", made),
        boundary("b", "a", escalation("enough")),
        end("e"),
        end("e2"),
        flows="s > a > e; b > e2",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert names(drawn) == ["a"] * 4
    do(drawn, "a")
    assert drawn.trace(instance) == ["s", "a", "a", "b", "e2"]


# -- other ways in ----------------------------------------------------------------------------


def test_a_receive_task_can_begin_a_process() -> None:
    begins = marked(receive("r", "news"), "r", instantiate="true")
    drawn = rehearse(begins, user("a"), end("e"), flows="r > a > e")
    (instance,) = drawn.send_message("news", {"n": 1})
    assert drawn.trace(instance) == ["r"]
    assert drawn.variables(instance) == {"n": 1}


@pytest.mark.parametrize(
    ("tag", "inside"),
    [
        ("globalScriptTask", text("script", "{n: n + 1}")),
        ("globalUserTask", ""),
        ("globalTask", ""),
    ],
)
def test_a_global_task_can_be_called(tag: str, inside: str) -> None:
    drawn = rehearse(
        start("s"), call("c", "shared"), end("e"), flows="s > c > e",
        defs=element(tag, "shared", inside, name="Shared step"),
    )  # fmt: skip
    instance = drawn.start("p", {"n": 1})
    if tag == "globalUserTask":
        assert [task.name for task in drawn.open_tasks()] == ["Shared step"]
        do(drawn, "shared", n=2)
    assert drawn.trace(instance) == ["s", "shared", "c", "e"]
    assert drawn.variables(instance)["n"] == (1 if tag == "globalTask" else 2)


# -- small things -----------------------------------------------------------------------------


def test_an_intermediate_cycle_sends_on_one_token_each_time() -> None:
    drawn = rehearse(
        start("s"), catch("c", timer("R3/PT1H")), note("a"), end("e"), flows="s > c > a > e"
    )
    instance = drawn.start("p", {"log": []})
    drawn.advance(2 * HOUR)
    assert not drawn.has_ended(instance)
    drawn.advance(HOUR)
    assert drawn.trace(instance) == ["s", *["c", "a", "e"] * 3]
    assert drawn.has_ended(instance)


def test_an_interrupting_cycle_fires_once() -> None:
    drawn = rehearse(
        start("s"), user("a"), boundary("t", "a", timer("R3/PT1H")), end("e"), end("e2"),
        flows="s > a > e; t > e2",
    )  # fmt: skip
    instance = drawn.start("p")
    drawn.advance(5 * HOUR)
    assert drawn.trace(instance) == ["s", "t", "e2"]


def test_who_waits_is_in_place_before_a_parallel_branch_throws() -> None:
    """The branch that throws is drawn first, and the other has a step more to go."""
    throws = element("intermediateThrowEvent", "t", signal("go"))
    drawn = rehearse(
        start("s"), parallel("f"), throws, note("a"), catch("c", signal("go")), end("e"),
        end("e2"), flows="s > f; f > t > e; f > a > c > e2",
    )  # fmt: skip
    instance = drawn.start("p", {"log": []})
    assert drawn.has_ended(instance)


def test_a_loop_of_a_subprocess_keeps_its_counter() -> None:
    inside = element(
        "subProcess", "sp",
        start("s1") + script("a", "{log: append(log, loopCounter)}") + end("e1")
        + '<bpmn:sequenceFlow id="x1" sourceRef="s1" targetRef="a"/>'
        + '<bpmn:sequenceFlow id="x2" sourceRef="a" targetRef="e1"/>' + loop("loopCounter < 3"),
    )  # fmt: skip
    drawn = rehearse(start("s"), inside, end("e"), flows="s > sp > e")
    assert drawn.variables(drawn.start("p", {"log": []}))["log"] == [1, 2, 3]
