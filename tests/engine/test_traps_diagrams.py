"""The traps of reading diagrams and of expressions (engine notes, 47 to 62)."""

import pytest
from diagrams import (
    boundary,
    call,
    catch,
    diagram,
    element,
    end,
    many,
    parallel,
    process,
    script,
    start,
    sub,
    task,
    timer,
    user,
    xor,
)
from drawing import HEAD
from rehearsing import NOW, do, names, not_linted, rehearse, step

from engine import runtime
from engine.changes import RetryIncident, Start
from engine.core.failures import StepFailed
from engine.definitions import ReleaseRefused, check
from engine.expressions import FeelEngine
from engine.rehearsal import Rehearsal


def test_trap_47_a_flow_without_an_id_is_followed() -> None:
    body = start("s") + user("a") + end("e")
    flows = '<bpmn:sequenceFlow sourceRef="s" targetRef="a"/>'
    flows += '<bpmn:sequenceFlow sourceRef="a" targetRef="e"/>'
    drawn = Rehearsal({"p.bpmn": f"{HEAD}{process(body, flows, flows='')}</bpmn:definitions>"}, NOW)
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.trace(instance) == ["s", "a", "e"]


def test_trap_48_reserved_ids_are_the_authors_outside() -> None:
    drawn = rehearse(start("Start"), user("Root"), end("End"), flows="Start > Root > End")
    instance = drawn.start("p")
    assert names(drawn) == ["Root"]
    do(drawn, "Root")
    assert drawn.trace(instance) == ["Start", "Root", "End"]
    assert [line.element_id for line in drawn.history(instance) if line.element_id] == [
        "Start",
        "Root",
        "Root",
        "End",
    ]


def test_trap_54_the_counters_of_a_repeated_activity_can_be_read() -> None:
    drawn = rehearse(
        start("s"),
        user(
            "a",
            many(
                times="4",
                until="numberOfCompletedInstances = 2 and numberOfActiveInstances = 2"
                " and numberOfInstances = 4",
            ),
        ),
        end("e"),
        flows="s > a > e",
    )
    instance = drawn.start("p")
    do(drawn, "a")
    do(drawn, "a")
    assert drawn.has_ended(instance)
    assert drawn.variables(instance) == {}, "counters stay inside"


def test_trap_55_what_bpmn_lets_one_leave_out_is_understood() -> None:
    drawn = rehearse(
        task("a"),
        boundary("t", "b", timer("PT1H")),
        user("b"),
        sub("sp", user("c")),
        task("x"),
        task("y"),
        flows="a > b; a > sp; t > x; t > y",
    )
    instance = drawn.start("p")
    assert sorted(names(drawn)) == ["b", "c"]
    drawn.advance_to(NOW.replace(hour=11))
    assert drawn.trace(instance) == ["a", "t", "x", "y"]
    do(drawn, "c")
    assert drawn.has_ended(instance)


def test_trap_55_generated_elements_never_appear() -> None:
    drawn = rehearse(task("a"), task("b"), task("c"), flows="a > b; a > c")
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["a", "b", "c"]
    assert {line.element_id for line in drawn.history(instance)} == {None, "a", "b", "c"}


def test_trap_56_data_stores_and_loose_associations_stop_nothing() -> None:
    store = element("dataStoreReference", "archive")
    reads = (
        '<bpmn:dataInputAssociation id="in1"><bpmn:sourceRef>archive</bpmn:sourceRef>'
        "<bpmn:targetRef>nowhere</bpmn:targetRef></bpmn:dataInputAssociation>"
    )
    drawn = rehearse(
        store, start("s"), element("userTask", "a", reads), end("e"), flows="s > a > e"
    )
    instance = drawn.start("p")
    do(drawn, "a")
    assert drawn.has_ended(instance)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE definitions SYSTEM "http://example.org/remote.dtd">',
        '<!DOCTYPE d [<!ENTITY lol "lol">]>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["remote", "internal", "file"],
)
def test_trap_60_a_document_type_is_refused_and_nothing_is_fetched(declared: str) -> None:
    drawn = diagram(process(start("s"), user("a"), end("e"), flows="s > a > e"))
    with pytest.raises(ReleaseRefused) as refused:
        check({"p.bpmn": declared + drawn})
    assert "document_type" in {finding.rule for finding in refused.value.findings}


@pytest.mark.parametrize(
    "text",
    [
        '__import__("os").system("true")',
        'open("/etc/passwd")',
        "().__class__.__bases__",
        "n.__class__",
    ],
)
def test_trap_61_nothing_of_python_can_be_reached(text: str) -> None:
    definitions = not_linted(
        start("s"),
        parallel("f"),
        script("a", f"{{x: {text}}}"),
        xor("g", default="e"),
        end("e"),
        catch("t", timer(text)),
        end("e2"),
        end("e3"),
        end("e4"),
        flows=f"s > f > a > e2; f > g; g > e3 [{text.replace('>', '')}]; g > e; f > t > e4",
    )
    run, changes = runtime.start(definitions, Start("p", {"n": 1}), step())
    errors = {failed.element_id: failed.error for failed in changes.failed}
    assert {"g", "t"} <= errors.keys()
    assert run.variables.get("x") is None


def test_trap_61_spiffworkflows_own_way_in_leads_to_feel_too() -> None:
    definitions = not_linted(start("s"), user("a"), end("e"), flows="s > a > e")
    run, _ = runtime.start(definitions, Start("p", {"n": 2}), step())
    engine: FeelEngine = run.instance.script_engine
    token = run.open_task(run.open_tasks()[0].task_id)
    assert engine.evaluate(token, "n + 1") == 3
    assert engine.execute(token, "{m: n * 2}") and run.variables["m"] == 4
    with pytest.raises(StepFailed):
        engine.environment.evaluate("1 + 1", {})
    with pytest.raises(StepFailed):
        engine.environment.execute("import os", {})
    with pytest.raises(StepFailed):
        engine.call_service(token, operation_name="x")


def test_trap_62_a_variable_named_like_a_function_hides_no_function() -> None:
    drawn = rehearse(
        start("s"), script("a", "{y: count([1, 2]) + count}"), end("e"), flows="s > a > e"
    )
    assert drawn.variables(drawn.start("p", {"count": 1, "sum": 2}))["y"] == 3


def test_a_call_of_a_process_that_is_not_there_is_an_incident_that_can_be_retried() -> None:
    definitions = not_linted(start("s"), call("c", "nobody"), end("e"), flows="s > c > e")
    run, changes = runtime.start(definitions, Start("p"), step())
    (failed,) = changes.failed
    assert failed.error == "NoProcess"
    again = run.apply(RetryIncident(failed.incident_id), step())
    assert again.resolved == [failed.incident_id]
    assert [each.error for each in again.failed] == ["NoProcess"]
