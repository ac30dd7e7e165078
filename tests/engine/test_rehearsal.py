"""The rehearsal as outsiders use it: what the API promises."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from diagrams import (
    boundary,
    catch,
    diagram,
    end,
    message,
    parallel,
    process,
    rule,
    script,
    service,
    signal,
    start,
    throw,
    timer,
    user,
    xor,
)
from rehearsing import DAY, HOUR, NOW, do, names, rehearse

from engine import operations, runtime
from engine.operations import BusinessError
from engine.rehearsal import Rehearsal, ReleaseRefused

LONDON_CALLS = diagram(
    process(start("s"), user("a", name="Ring back"), end("e"), flows="s > a > e")
)


def test_the_api_is_the_promised_one() -> None:
    rehearsal = Rehearsal(files={"p.bpmn": LONDON_CALLS}, now=NOW, operations=None)
    instance = rehearsal.start("p", data={"n": 1})
    (task,) = rehearsal.open_tasks()
    assert (task.element_id, task.name, task.lane) == ("a", "Ring back", None)
    assert (task.instance_id, task.due_at) == (instance, None)
    assert rehearsal.has_ended(instance) is False
    rehearsal.set_variables(instance, {"m": 2})
    rehearsal.advance(timedelta(minutes=5))
    rehearsal.advance_to(NOW + HOUR)
    assert rehearsal.send_message("news", payload=None, correlation=None) == []
    assert rehearsal.send_signal("alarm", payload=None) == []
    rehearsal.complete(task.id, data={"k": 3})
    assert rehearsal.has_ended(instance) is True
    assert rehearsal.variables(instance) == {"n": 1, "m": 2, "k": 3}
    assert rehearsal.trace(instance) == rehearsal.trace() == ["s", "a", "e"]
    assert rehearsal.incidents() == []
    assert rehearsal.instances() == [instance]


def test_a_file_is_what_it_contains_whatever_it_is_called() -> None:
    rehearsal = Rehearsal({"readme.txt": LONDON_CALLS.encode()}, NOW)
    rehearsal.start("p")
    assert names(rehearsal) == ["a"]


def test_every_finding_is_listed_at_once() -> None:
    broken = diagram(
        process(start("s"), service("x", "no.such"), xor("g"), end("e"), end("f"),
                flows="s > x > g; g > e [1 +]; g > f [n ==]")
    )  # fmt: skip
    with pytest.raises(ReleaseRefused) as refused:
        Rehearsal({"p.bpmn": broken, "q.bpmn": "no XML"}, NOW)
    assert len(refused.value.findings) >= 3
    assert all(finding.message and finding.rule for finding in refused.value.findings)


def test_an_unsafe_diagram_may_be_rehearsed() -> None:
    drawn = rehearse(
        start("s"), xor("g"), end("a"), end("b"), flows="s > g; g > a [n = 1]; g > b [n = 2]"
    )
    assert drawn.trace(drawn.start("p", {"n": 2})) == ["s", "g", "b"]


def test_the_clock_must_be_aware_and_never_goes_back() -> None:
    with pytest.raises(ValueError, match="naive"):
        Rehearsal({"p.bpmn": LONDON_CALLS}, datetime(2026, 3, 2, 9))
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    with pytest.raises(ValueError, match="before"):
        rehearsal.advance(-HOUR)
    rehearsal.advance(DAY)
    assert rehearsal.now == NOW + DAY


def test_advancing_fires_each_timer_at_its_own_instant() -> None:
    drawn = rehearse(
        start("s"),
        user("a"),
        boundary("t", "a", timer("R/PT1H"), interrupting=False),
        script("note", "{at: append(at, now())}"),
        end("e"),
        end("e2"),
        flows="s > a > e; t > note > e2",
    )
    instance = drawn.start("p", {"at": []})
    drawn.advance(3 * HOUR + HOUR / 2)
    assert drawn.variables(instance)["at"] == [NOW + n * HOUR for n in (1, 2, 3)]


def test_of_timers_due_together_the_riskier_instance_comes_first() -> None:
    drawn = rehearse(
        start("s"), catch("t", timer("PT1H")), end("e"), flows="s > t > e", riskRank="risk"
    )
    low, high = drawn.start("p", {"risk": 1}), drawn.start("p", {"risk": 3})
    drawn.advance(HOUR)
    ended = [id for id in drawn.instances() if drawn.has_ended(id)]
    assert ended == [low, high]
    order = [instance for instance, element in drawn._trace if element == "e"]
    assert order == [high, low]


def test_a_task_can_be_completed_by_the_text_of_its_id_and_only_once() -> None:
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    rehearsal.start("p")
    (task,) = rehearsal.open_tasks()
    rehearsal.complete(str(task.id))
    for id in (task.id, uuid4()):
        with pytest.raises(runtime.TaskNotOpen):
            rehearsal.complete(id)


def test_a_process_that_is_not_there_cannot_be_started() -> None:
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    with pytest.raises(runtime.NoSuchProcess, match="'q'"):
        rehearsal.start("q")


def test_a_process_with_several_event_starts_must_be_started_by_one_of_them() -> None:
    drawn = rehearse(
        start("s1", message("called")),
        start("s2", signal("alarm")),
        xor("m"),
        user("a"),
        end("e"),
        flows="s1 > m > a > e; s2 > m",
    )
    with pytest.raises(runtime.NoSuchStart):
        drawn.start("p")
    (first,) = drawn.send_message("called")
    (second,) = drawn.send_signal("alarm")
    assert drawn.trace(first) == ["s1", "m"] and drawn.trace(second) == ["s2", "m"]


def test_what_cannot_be_a_variable_is_refused_and_changes_nothing() -> None:
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    instance = rehearsal.start("p")
    with pytest.raises(runtime.NotAVariable):
        rehearsal.complete(rehearsal.open_tasks()[0].id, {"x": object()})
    assert names(rehearsal) == ["a"]
    assert rehearsal.variables(instance) == {}


def test_stand_ins_get_keyword_parameters_only_and_copies() -> None:
    seen = []

    def keep(*positional: object, **given: object) -> None:
        seen.append((positional, given))
        given["list"].append("changed")  # type: ignore[attr-defined]

    drawn = rehearse(
        start("s"), service("a", "x.y", list="things"), end("e"), flows="s > a > e",
        operations={"x.y": keep},
    )  # fmt: skip
    instance = drawn.start("p", {"things": ["one"]})
    assert seen == [((), {"list": ["one", "changed"]})]
    assert drawn.variables(instance) == {"things": ["one"]}


def test_a_registered_operation_needs_no_stand_in_but_its_parameters() -> None:
    name = "rehearsal.registered"
    if name not in operations.registry():
        operations.operation(name, public=True)(needs_n)
    drawn = rehearse(
        start("s"), service("a", name, n="1"), service("b", name, m="1"), end("e"),
        flows="s > a > b > e",
    )  # fmt: skip
    instance = drawn.start("p")
    assert drawn.trace(instance) == ["s", "a"]
    (incident,) = drawn.incidents()
    assert (incident.error, incident.element_id) == ("WrongParameters", "b")


def needs_n(context: operations.OperationContext, *, n: int) -> None:
    """Do nothing with ``n``."""


def test_a_stand_in_may_end_with_a_business_error() -> None:
    def refuse() -> None:
        raise BusinessError("closed", "The office is closed.")

    drawn = rehearse(
        start("s"), service("a", "x.y"), end("e"), flows="s > a > e", operations={"x.y": refuse}
    )
    drawn.start("p")
    assert [incident.error for incident in drawn.incidents()] == ["UncaughtError"]


def test_variables_and_history_are_copies() -> None:
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    instance = rehearsal.start("p", {"deep": {"n": [1]}})
    rehearsal.variables(instance)["deep"]["n"].append(2)
    rehearsal.history(instance).clear()
    assert rehearsal.variables(instance) == {"deep": {"n": [1]}}
    assert rehearsal.history(instance)


def test_processes_that_answer_each_other_for_ever_are_stopped() -> None:
    ping = process(start("s", message("ping")), end("e", message("pong")), flows="s > e")
    pong = process(
        start("s2", message("pong")), end("e2", message("ping")), flows="s2 > e2", id="q"
    )
    rehearsal = Rehearsal({"p.bpmn": diagram(ping, pong)}, NOW)
    with pytest.raises(RuntimeError, match="without a pause"):
        rehearsal.send_message("ping")


DECISION = """
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
 <decision id="risk_level" name="Risk level">
  <decisionTable hitPolicy="FIRST">
   <input id="i"><inputExpression typeRef="number"><text>score</text></inputExpression></input>
   <output id="o" name="level" typeRef="string"/>
   <rule id="r1"><inputEntry id="i1"><text>&gt;= 14</text></inputEntry>
    <outputEntry id="o1"><text>"high"</text></outputEntry></rule>
   <rule id="r2"><inputEntry id="i2"><text>-</text></inputEntry>
    <outputEntry id="o2"><text>"standard"</text></outputEntry></rule>
  </decisionTable>
 </decision>
</definitions>
"""


def test_a_business_rule_task_decides_and_leaves_a_record() -> None:
    drawn = rehearse(
        start("s"), rule("grade", "risk_level"), end("e"), flows="s > grade > e",
        files={"risk_level.dmn": DECISION},
    )  # fmt: skip
    instance = drawn.start("p", {"score": 15, "other": 1})
    assert drawn.variables(instance)["risk_level"] == "high"
    (record,) = drawn.decisions(instance)
    assert (record.decision_id, record.element_id) == ("risk_level", "grade")
    assert record.matched_rows == ("r1",) and record.outputs == "high"
    assert record.inputs == {"score": 15}
    assert len(record.file_sha256) == 64


def test_a_decision_can_be_kept_under_another_name() -> None:
    drawn = rehearse(
        start("s"), rule("grade", "risk_level", resultVariable="level"), end("e"),
        flows="s > grade > e", files={"risk_level.dmn": DECISION},
    )  # fmt: skip
    assert drawn.variables(drawn.start("p", {"score": 2})) == {"score": 2, "level": "standard"}


def test_messages_are_kept_in_the_order_in_which_they_came() -> None:
    drawn = rehearse(
        start("s"), catch("one", message("news")), user("a"), catch("two", message("news")),
        end("e"), flows="s > one > a > two > e",
    )  # fmt: skip
    drawn.send_message("news", {"n": 1})
    drawn.send_message("news", {"n": 2})
    instance = drawn.start("p")
    assert drawn.variables(instance) == {"n": 1}
    do(drawn, "a")
    assert drawn.variables(instance) == {"n": 2}
    assert drawn.has_ended(instance)


def test_what_an_instance_throws_to_itself_arrives_too() -> None:
    drawn = rehearse(
        start("s"), parallel("f"), catch("c", message("news")), throw("t", message("news")),
        end("e"), end("e2"), flows="s > f > c > e; f > t > e2",
    )  # fmt: skip
    assert drawn.has_ended(drawn.start("p"))


def test_ids_of_instances_are_uuids() -> None:
    rehearsal = Rehearsal({"p.bpmn": LONDON_CALLS}, NOW)
    assert isinstance(rehearsal.start("p"), UUID)
    assert rehearsal.process_of(rehearsal.instances()[0]) == "p"
