"""Repairs on the database: rows follow, history keeps what was, and a reason is never missing."""

from typing import Any
from uuid import UUID

import pytest
from desk import Desk
from diagrams import (
    boundary,
    catch,
    diagram,
    end,
    message,
    process,
    service,
    start,
    timer,
    user,
)

from engine import history, messages
from engine.living import repairing, suspending
from engine.operations import OperationContext, operation
from engine.runtime import InstanceEnded
from engine.states import InstanceStatus
from engine.user_tasks import ReasonMissing

BECAUSE: dict[str, Any] = {"reason": "It was done by telephone", "by": "chidi"}
SENT: list[UUID] = []


@operation("repairtest.send")
def send(context: OperationContext) -> None:
    """Note that it was called."""
    SENT.append(context.instance_id)


STEPS = diagram(
    process(
        start("begin"),
        user("ask", name="Ask", dueAt='"PT4H"'),
        boundary("late", "ask", timer("PT1H")),
        catch("answer", message("answered", correlationKey="case_id")),
        service("service_send", "repairtest.send"),
        user("close", name="Close"),
        end("done"),
        flows="begin > ask > answer > service_send > close > done; late > close",
    )
)


def token(desk: Desk, instance_id: UUID, element_id: str) -> UUID:
    with desk.work() as session:
        found = repairing.standing(session, instance_id)
    return next(each.token_id for each in found if each.element_id == element_id)


def began(desk: Desk) -> UUID:
    desk.publish({"p.bpmn": STEPS})
    return desk.start(variables={"case_id": "C-1", "level": "low"})


def elements(desk: Desk, instance_id: UUID) -> list[str]:
    return [task.element_id for task in desk.open_tasks(instance_id)]


def told(desk: Desk, instance_id: UUID) -> list[dict[str, Any]]:
    with desk.work() as session:
        entries = history.read(session, f"instance:{instance_id}", limit=1000)
    return [dict(e.payload) for e in entries if e.payload["kind"] == "repair"]


def test_a_moved_token_takes_its_rows_along(desk: Desk) -> None:
    instance_id = began(desk)
    with desk.work() as session:
        source = repairing.standing(session, instance_id)[0]
        targets = [t.element_id for t in repairing.targets(session, instance_id, source.token_id)]
        assert targets == ["begin", "ask", "answer", "service_send", "close", "done"]
        repairing.move_token(
            session, instance_id, source.token_id, "close", now=desk.now, **BECAUSE
        )
    assert elements(desk, instance_id) == ["close"]
    [line] = told(desk, instance_id)
    assert (line["element"], line["org_resource"]) == ("ask", "chidi")
    assert line["data"]["to"] == "close"
    assert desk.is_consistent()
    desk.complete(desk.task(instance_id))
    assert desk.instance(instance_id).status == InstanceStatus.COMPLETED


def test_a_moved_token_finds_a_message_that_waits_for_it(desk: Desk) -> None:
    instance_id = began(desk)
    desk.send("answered", {}, correlation={"case_id": "C-1"})
    with desk.work() as session:
        ask = repairing.standing(session, instance_id)[0].token_id
        repairing.move_token(session, instance_id, ask, "answer", now=desk.now, **BECAUSE)
        produced = messages.produced(session)
    desk.drain(produced)
    assert elements(desk, instance_id) == ["close"]
    assert desk.is_consistent()


def test_a_step_is_passed_over_with_what_it_would_have_set(desk: Desk) -> None:
    instance_id = began(desk)
    ask = token(desk, instance_id, "ask")
    with desk.work() as session:
        repairing.skip_step(session, instance_id, ask, {"level": "high"}, now=desk.now, **BECAUSE)
    with desk.work() as session:
        assert [e.element_id for e in repairing.standing(session, instance_id)] == ["answer"]
    [line] = told(desk, instance_id)
    assert line["data"]["set"] == {"level": ["low", "high"]}
    assert desk.is_consistent()


def test_a_value_is_corrected(desk: Desk) -> None:
    instance_id = began(desk)
    with desk.work() as session:
        repairing.set_variables(session, instance_id, {"level": "high"}, now=desk.now, **BECAUSE)
    [line] = told(desk, instance_id)
    assert line["data"] == {
        "act": "set",
        "set": {"level": ["low", "high"]},
        "reason": BECAUSE["reason"],
    }
    assert desk.is_consistent()


def test_an_instance_is_ended_and_cannot_be_repaired_then(desk: Desk) -> None:
    instance_id = began(desk)
    ask = token(desk, instance_id, "ask")
    with desk.work() as session:
        repairing.cancel(session, instance_id, now=desk.now, **BECAUSE)
    assert desk.instance(instance_id).status == InstanceStatus.CANCELLED
    with pytest.raises(InstanceEnded), desk.work() as session:
        repairing.skip_step(session, instance_id, ask, {}, now=desk.now, **BECAUSE)
    assert desk.is_consistent()


def test_nothing_is_repaired_without_a_reason(desk: Desk) -> None:
    instance_id = began(desk)
    ask = token(desk, instance_id, "ask")
    silent: dict[str, Any] = {"reason": "  ", "by": "chidi", "now": desk.now}
    for act in (
        lambda session: repairing.move_token(session, instance_id, ask, "close", **silent),
        lambda session: repairing.skip_step(session, instance_id, ask, {}, **silent),
        lambda session: repairing.set_variables(session, instance_id, {"a": 1}, **silent),
        lambda session: repairing.cancel(session, instance_id, **silent),
    ):
        with pytest.raises(ReasonMissing), desk.work() as session:
            act(session)
    assert elements(desk, instance_id) == ["ask"]
    assert told(desk, instance_id) == []


def test_a_suspended_instance_is_repaired_and_goes_on_when_it_is_resumed(desk: Desk) -> None:
    """Nothing is carried out meanwhile: no operation is called, nobody gets a task to do."""
    SENT.clear()
    instance_id = began(desk)
    ask = token(desk, instance_id, "ask")
    with desk.work() as session:
        later = desk.now.replace(hour=12)
        suspending.suspend(session, instance_id, review_at=later, now=desk.now, **BECAUSE)
    with desk.work() as session:
        repairing.move_token(session, instance_id, ask, "service_send", now=desk.now, **BECAUSE)
    assert (SENT, elements(desk, instance_id)) == ([], [])
    assert desk.is_consistent()
    with desk.work() as session:
        [held] = repairing.standing(session, instance_id)
        assert (held.element_id, held.waits) == ("service_send", "held")
    with desk.work() as session:
        suspending.resume(session, instance_id, now=desk.now, **BECAUSE)
    assert (SENT, elements(desk, instance_id)) == ([instance_id], ["close"])
    assert desk.is_consistent()
