"""Starting, moving and saving instances: one transaction, few statements."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from desk import Desk
from diagrams import (
    boundary,
    diagram,
    end,
    error,
    message,
    process,
    rule,
    service,
    start,
    throw,
    user,
)
from dmn import decision, model, table
from sqlalchemy import select

from engine import history, instances, user_tasks
from engine.changes import CancelInstance, SetVariables
from engine.db import memory
from engine.kept import Cache
from engine.models import DecisionRecord, MessageInbox, UserTask
from engine.operations import BusinessError, OperationContext, operation
from engine.runtime import InstanceEnded, NoSuchProcess
from engine.states import InstanceStatus, UserTaskState

CALLS = diagram(
    process(
        start("begin"),
        user("ask", name="Ask"),
        user("ring", name="Ring back", dueAt='"PT4H"'),
        user("close", name="Close"),
        end("done"),
        flows="begin > ask > ring > close > done",
        riskRank='if risk = "high" then 2 else 0',
        businessKey="case_id",
    )
)
NOTES: list[str] = []


@operation("shelltest.note")
def note(context: OperationContext, *, text: str) -> dict[str, str]:
    """Write through the session, then do as it is told."""
    payload = {"concept_name": text, "lifecycle_transition": "complete"}
    history.append(
        context.session, f"case:{text}", payload, tenant_id=context.tenant_id, at=context.now
    )
    if text == "error":
        raise BusinessError("refused")
    if text == "fault":
        raise ZeroDivisionError
    return {"noted": text}


NOTING = diagram(
    process(
        start("begin"),
        user("ask"),
        service("service_note", "shelltest.note", text="text"),
        boundary("boundary_refused", "service_note", error("refused")),
        user("after"),
        user("otherwise"),
        end("done"),
        flows="begin > ask > service_note > after > done; boundary_refused > otherwise > done",
    )
)


def noted(desk: Desk, text: str) -> int:
    with desk.work() as session:
        return len(history.read(session, f"case:{text}"))


def test_three_tasks_from_start_to_end(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    case_id = uuid4()
    instance_id = desk.start(variables={"case_id": str(case_id), "risk": "none"})

    for name in ("Ask", "Ring back", "Close"):
        [task] = desk.open_tasks(instance_id)
        assert (task.name, task.state, task.business_key) == (name, "ready", case_id)
        assert desk.is_consistent()
        desk.complete(task.id, {"risk": "high"})

    assert desk.open_tasks() == []
    ended = desk.instance(instance_id)
    assert (ended.status, ended.ended_at) == (InstanceStatus.COMPLETED, desk.now)
    assert desk.lines(instance_id)[0][1:] == ("start", "amina")
    assert desk.lines(instance_id)[-1][1:] == ("complete", "amina")
    assert ("Ask", "complete", "amina") in desk.lines(instance_id)
    assert desk.is_consistent()


def test_open_work_follows_the_risk_and_the_case(desk: Desk) -> None:
    drawn = process(
        start("begin"),
        user("grade"),
        user("watch", dueAt='"PT4H"'),
        end("done"),
        flows="begin > grade > done; begin > watch > done",
        riskRank='if risk = "high" then 2 else 0',
        businessKey="case_id",
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    grade, watch = sorted(desk.open_tasks(), key=lambda task: task.element_id)
    case_id = uuid4()
    desk.complete(grade.id, {"risk": "high", "case_id": str(case_id)})
    [watching] = desk.open_tasks(instance_id)
    assert (watching.id, watching.risk_rank, watching.business_key) == (watch.id, 2, case_id)
    assert desk.instance(instance_id).business_key == case_id


def test_a_completion_takes_few_statements_and_one_commit(
    desk: Desk, statements: Callable[[], list[str]]
) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"case_id": str(uuid4()), "risk": "none"})
    first = desk.task(instance_id)
    statements()
    desk.complete(first, {"risk": "none"})
    sent = statements()
    assert sent.count("COMMIT") == 1
    assert len(sent) - 1 <= 4, sent


def test_a_completion_of_everything_at_once_stays_in_the_budget(
    desk: Desk, statements: Callable[[], list[str]]
) -> None:
    everything = process(
        start("begin"),
        user("ask"),
        service("service_note", "shelltest.note", text='"all"'),
        throw("tell", message("told", payload='{"case_id": "1"}')),
        user("wait", dueAt='"PT1H"'),
        boundary("answered", "wait", message("answered")),
        end("done"),
        flows="begin > ask > service_note > tell > wait > done; answered > done",
        riskRank="2",
    )
    desk.publish({"p.bpmn": diagram(everything)})
    first = desk.task(desk.start())
    with desk.work() as session:
        statements()
        user_tasks.complete(session, first, {}, by="amina", now=desk.now)
        session.flush()
        assert len(statements()) <= 15


def test_a_failing_operation_is_undone_and_the_completion_stands(desk: Desk) -> None:
    desk.publish({"p.bpmn": NOTING})
    instance_id = desk.start()
    task_id = desk.task(instance_id)
    changes = desk.complete(task_id, {"text": "fault"})

    assert [failed.operation for failed in changes.failed] == ["shelltest.note"]
    [incident] = desk.incidents()
    assert (incident.element_id, incident.operation) == ("service_note", "shelltest.note")
    assert "fault" not in incident.cause
    assert noted(desk, "fault") == 0
    with desk.work() as session:
        assert session.get_one(UserTask, task_id).state == UserTaskState.COMPLETED
    assert desk.is_consistent()


def test_a_business_error_takes_its_way_and_undoes_what_was_written(desk: Desk) -> None:
    desk.publish({"p.bpmn": NOTING})
    instance_id = desk.start()
    desk.complete(desk.task(instance_id), {"text": "error"})
    [task] = desk.open_tasks(instance_id)
    assert task.element_id == "otherwise"
    assert noted(desk, "error") == 0
    assert desk.incidents() == []


def test_what_an_operation_wrote_is_committed_with_the_step(desk: Desk) -> None:
    desk.publish({"p.bpmn": NOTING})
    instance_id = desk.start()
    desk.complete(desk.task(instance_id), {"text": "well"})
    assert noted(desk, "well") == 1
    with desk.work() as session:
        assert instances.variables(session, instance_id)["noted"] == "well"


def test_nothing_stays_of_a_completion_that_is_rolled_back(desk: Desk) -> None:
    desk.publish({"p.bpmn": NOTING})
    instance_id = desk.start()
    task_id = desk.task(instance_id)
    with pytest.raises(RuntimeError, match="power cut"), desk.work() as session:
        user_tasks.complete(session, task_id, {"text": "lost"}, by="amina", now=desk.now)
        raise RuntimeError("power cut")
    assert noted(desk, "lost") == 0
    assert desk.task(instance_id) == task_id
    desk.complete(task_id, {"text": "kept"})
    assert noted(desk, "kept") == 1
    assert desk.is_consistent()


def test_a_savepoint_gone_back_to_leaves_no_trace_in_the_cache(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    task_id = desk.task(instance_id)
    with desk.work() as session:
        with pytest.raises(RuntimeError, match="not so"), session.begin_nested():
            user_tasks.complete(session, task_id, {}, by="amina", now=desk.now)
            raise RuntimeError("not so")
        assert memory(session) == {}
    assert desk.task(instance_id) == task_id
    for _ in range(3):
        desk.complete(desk.task(instance_id))
    assert desk.instance(instance_id).status == InstanceStatus.COMPLETED
    assert desk.is_consistent()


def test_one_transaction_may_move_an_instance_twice(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    with desk.work() as session:
        for _ in range(2):
            task_id = session.scalars(
                select(UserTask.id).where(UserTask.completed_at.is_(None))
            ).one()
            user_tasks.complete(session, task_id, {}, by="amina", now=desk.now)
    [task] = desk.open_tasks(instance_id)
    assert task.name == "Close"
    assert desk.instance(instance_id).version == 3
    assert desk.is_consistent()


def test_two_nodes_that_take_turns_never_use_an_old_state(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    nodes = [Cache(), Cache()]
    for turn in range(3):
        monkeypatch.setattr(instances, "_cache", nodes[turn % 2])
        desk.complete(desk.task(instance_id), {f"turn_{turn}": turn})
        assert desk.is_consistent()
    assert desk.instance(instance_id).status == InstanceStatus.COMPLETED


def test_a_kept_object_is_used_and_dropped_when_something_raises(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    task_id = desk.task(instance_id)
    assert instance_id in instances._cache
    with pytest.raises(ValueError, match="no"), desk.work() as session:
        user_tasks.complete(session, task_id, {}, by="amina", now=desk.now)
        raise ValueError("no")
    assert instance_id not in instances._cache
    desk.complete(task_id)
    assert instance_id in instances._cache


def test_an_instance_is_cancelled_with_all_that_is_open(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    with desk.work() as session:
        command = CancelInstance("Opened by mistake")
        instances.move(session, instance_id, command, by="chidi", now=desk.now)
    assert desk.open_tasks() == []
    assert desk.instance(instance_id).status == InstanceStatus.CANCELLED
    assert desk.lines(instance_id)[-1][1:] == ("withdraw", "chidi")
    with pytest.raises(InstanceEnded), desk.work() as session:
        instances.move(session, instance_id, SetVariables({"a": 1}), by="chidi", now=desk.now)


def test_a_process_that_is_not_in_the_release_is_named(desk: Desk) -> None:
    desk.publish({"calls.bpmn": CALLS})
    with pytest.raises(NoSuchProcess, match="'nothing'"):
        desk.start("nothing")


def test_an_instance_stays_on_the_release_it_started_on(desk: Desk) -> None:
    first = desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    newer = desk.publish({"calls.bpmn": CALLS.replace("Ring back", "Telephone")})
    desk.complete(desk.task(instance_id))
    assert desk.open_tasks(instance_id)[0].name == "Ring back"
    assert desk.instance(instance_id).release_id == first
    assert desk.instance(desk.start(variables={"risk": "", "case_id": None})).release_id == newer


def test_what_is_thrown_lies_in_the_inbox_of_the_same_transaction(desk: Desk) -> None:
    drawn = process(
        start("begin"),
        throw("tell", message("told", payload='{"case_id": "1"}')),
        user("wait"),
        end("done"),
        flows="begin > tell > wait > done",
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    instance_id = desk.start()
    with desk.work() as session:
        sent = session.scalars(select(MessageInbox)).one()
    assert (sent.name, sent.payload, sent.origin_id) == ("told", {"case_id": "1"}, instance_id)


def test_history_names_release_tasks_and_those_who_could_do_them(desk: Desk) -> None:
    release_id = desk.publish({"calls.bpmn": CALLS.replace('name="Ring back"', 'name="Ring"')})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    first = desk.task(instance_id)
    desk.complete(first)
    second = desk.open_tasks(instance_id)[0]
    with desk.work() as session:
        entries = history.read(session, f"instance:{instance_id}")
    began = entries[0].payload
    assert (began["release"], began["process"]) == (str(release_id), "p")
    about = {
        (e.payload.get("task"), e.payload["lifecycle_transition"])
        for e in entries
        if e.payload["kind"] == "userTask"
    }
    assert about == {
        (str(first), "schedule"),
        (str(first), "complete"),
        (str(second.id), "schedule"),
    }
    offered = next(e.payload for e in entries if e.payload.get("task") == str(second.id))
    assert second.due_at is not None
    assert offered["due_at"] == second.due_at.isoformat()
    assert offered["org_role"] == second.potential_owners


def test_a_decision_leaves_a_record_of_what_fired_on_what(desk: Desk) -> None:
    graded = process(
        start("begin"),
        user("ask"),
        rule("decide", "level"),
        user("act"),
        end("done"),
        flows="begin > ask > decide > act > done",
        businessKey="case_id",
    )
    rows = ['< 14 | "standard"', '>= 14 | "high"']
    decided = model(decision("level", table(["score"], ["level"], rows)))
    desk.publish({"p.bpmn": diagram(graded), "level.dmn": decided})
    case_id = uuid4()
    instance_id = desk.start(variables={"case_id": str(case_id)})
    desk.complete(desk.task(instance_id), {"score": 17}, by="chidi")
    with desk.work() as session:
        [record] = session.scalars(select(DecisionRecord))
    assert (record.decision_id, record.element_id) == ("level", "decide")
    assert record.inputs == {"score": 17}
    assert (record.outputs, len(record.matched_rows)) == ("high", 1)
    assert (record.business_key, record.actor) == (case_id, "chidi")
    assert len(record.file_sha256) == 64


def test_whoever_only_looks_waits_for_nobody(desk: Desk) -> None:
    release_id = desk.publish({"calls.bpmn": CALLS})
    instance_id = desk.start(variables={"risk": "none", "case_id": None})
    with desk.work() as mover:
        instances.hold(mover, instance_id)
        with desk.work() as reader:
            assert instances.release_of(reader, instance_id) == release_id
            assert instances.variables(reader, instance_id)["risk"] == "none"
            with pytest.raises(instances.InstanceNotFound):
                instances.release_of(reader, uuid4())
