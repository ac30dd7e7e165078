"""A failed step waits for somebody who retries, skips or cancels, and says why."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import catch, diagram, end, message, process, service, start, user
from sqlalchemy import Engine, text

from engine import history, incidents, instances
from engine.incidents import CannotBeSkipped, IncidentNotFound, IncidentSettled, ReasonMissing
from engine.models import Incident
from engine.operations import OperationContext, operation
from engine.states import IncidentState, InstanceStatus, MessageState

ANSWERS: list[Any] = []


@operation("shelltest.flaky")
def flaky(context: OperationContext) -> dict[str, Any]:
    """Answer what the test has laid down; raise if it is an exception."""
    answer = ANSWERS.pop(0) if ANSWERS else {}
    if isinstance(answer, Exception):
        raise answer
    return {"answer": answer}


FLAKY = diagram(
    process(
        start("begin"),
        service("service_ask", "shelltest.flaky"),
        user("go_on"),
        end("done"),
        flows="begin > service_ask > go_on > done",
        businessKey="case_id",
    )
)


@pytest.fixture
def failed(desk: Desk) -> UUID:
    """An instance whose only step has failed."""
    ANSWERS[:] = [ZeroDivisionError("a secret number")]
    desk.publish({"p.bpmn": FLAKY})
    return desk.start(variables={"case_id": str(uuid4())})


def the_incident(desk: Desk) -> Incident:
    [incident] = desk.incidents()
    return incident


def test_an_incident_names_the_step_and_tells_no_value(desk: Desk, failed: UUID) -> None:
    incident = the_incident(desk)
    assert incident.instance_id == failed
    assert (incident.element_id, incident.operation) == ("service_ask", "shelltest.flaky")
    assert "secret" not in incident.cause
    assert ("service_ask", "fail", None) in desk.lines(failed)
    with desk.work() as session:
        assert [i.id for i in incidents.open_incidents(session)] == [incident.id]
        assert incidents.open_incidents(session, business_key=uuid4()) == []
    assert desk.is_consistent()


def test_a_retry_that_works_goes_on(desk: Desk, failed: UUID) -> None:
    incident = the_incident(desk)
    with desk.work() as session:
        incidents.retry(session, incident.id, by="admin", now=desk.now, reason="The line is up")
    assert desk.open_tasks(failed)[0].element_id == "go_on"
    with desk.work() as session:
        settled = incidents.get(session, incident.id)
        assert (settled.state, settled.resolved_by, settled.reason) == (
            IncidentState.RETRIED,
            "admin",
            "The line is up",
        )
        said = [
            (e.payload.get("reason"), e.payload.get("org_resource"))
            for e in history.read(session, f"instance:{failed}")
            if e.payload["concept_name"] == "incident"
        ]
    assert said == [("The line is up", "admin")]
    assert desk.is_consistent()


def test_a_retry_that_fails_is_a_new_incident(desk: Desk, failed: UUID) -> None:
    first = the_incident(desk)
    ANSWERS[:] = [KeyError("x")]
    with desk.work() as session:
        incidents.retry(session, first.id, by="admin", now=desk.now, reason="Try")
    second = the_incident(desk)
    assert second.id != first.id
    with pytest.raises(IncidentSettled) as refused, desk.work() as session:
        incidents.retry(session, first.id, by="admin", now=desk.now, reason="Try")
    assert refused.value.extra["by"] == "admin"


def test_a_skipped_step_is_left_behind_with_what_was_set_by_hand(desk: Desk, failed: UUID) -> None:
    with desk.work() as session:
        incidents.skip(
            session,
            the_incident(desk).id,
            {"answer": "by telephone"},
            by="admin",
            now=desk.now,
            reason="Done by telephone",
        )
    assert desk.open_tasks(failed)[0].element_id == "go_on"
    with desk.work() as session:
        assert instances.variables(session, failed)["answer"] == "by telephone"
    assert desk.incidents() == []
    assert desk.is_consistent()


def test_cancelling_ends_the_instance(desk: Desk, failed: UUID) -> None:
    incident = the_incident(desk)
    with desk.work() as session:
        incidents.cancel(session, incident.id, by="admin", now=desk.now, reason="A test call")
    assert desk.instance(failed).status == InstanceStatus.CANCELLED
    with desk.work() as session:
        settled = incidents.get(session, incident.id)
    assert (settled.state, settled.reason) == (IncidentState.CANCELLED, "A test call")
    assert desk.is_consistent()


@pytest.mark.parametrize("verb", [incidents.retry, incidents.cancel])
def test_whoever_settles_one_says_why(desk: Desk, failed: UUID, verb: Any) -> None:
    with pytest.raises(ReasonMissing), desk.work() as session:
        verb(session, the_incident(desk).id, by="admin", now=desk.now, reason="  ")


def test_one_that_does_not_exist_is_not_found(desk: Desk) -> None:
    with pytest.raises(IncidentNotFound), desk.work() as session:
        incidents.retry(session, uuid4(), by="admin", now=desk.now, reason="x")


WAITING = process(
    start("begin"),
    catch("answer", message("answered")),
    user("read"),
    end("done"),
    flows="begin > answer > read > done",
)


def test_an_ambiguous_message_is_tried_again_once_it_is_clear(desk: Desk) -> None:
    desk.publish({"p.bpmn": diagram(WAITING)})
    first, second = desk.start(), desk.start()
    row_id = desk.send("answered", {})
    incident = the_incident(desk)
    with pytest.raises(CannotBeSkipped), desk.work() as session:
        incidents.skip(session, incident.id, {}, by="admin", now=desk.now, reason="x")
    with desk.work() as session:
        command = instances.CancelInstance("Opened twice")
        instances.move(session, first, command, by="admin", now=desk.now)
    with desk.work() as session:
        incidents.retry(session, incident.id, by="admin", now=desk.now, reason="Clear now")
    desk.drain()
    assert desk.message(row_id).consumed_by == second
    assert desk.incidents() == []


def test_an_ambiguous_message_can_be_closed(desk: Desk) -> None:
    desk.publish({"p.bpmn": diagram(WAITING)})
    desk.start(), desk.start()
    row_id = desk.send("answered", {})
    with desk.work() as session:
        incidents.cancel(
            session, the_incident(desk).id, by="admin", now=desk.now, reason="Told by telephone"
        )
    assert desk.message(row_id).state == MessageState.CLOSED
    assert desk.incidents() == []


def test_one_poisoned_instance_leaves_the_others_alone(
    desk: Desk, failed: UUID, owner_database: Engine
) -> None:
    ANSWERS[:] = []
    sound = desk.start(variables={"case_id": None})
    with owner_database.begin() as connection:
        change = "UPDATE process_instance SET state = 'x', version = 9 WHERE id = :id"
        connection.execute(text(change), {"id": failed})
    desk.complete(desk.task(sound))
    assert desk.instance(sound).status == InstanceStatus.COMPLETED
