"""Messages reach exactly one instance, signals all; what nobody takes is never lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, signal, start, throw, user
from sqlalchemy import Engine, func, select, text

from engine import history, inbox, instances, messages, user_tasks
from engine.models import MessageInbox, MessageSubscription, UserTask
from engine.states import MessageState, UserTaskState

INTAKE = process(
    start("received", message("contact.received")),
    user("take", name="Take the call"),
    end("done"),
    flows="received > take > done",
    id="intake",
)
WAITING = process(
    start("begin"),
    catch("answer", message("answered", correlationKey="case_id")),
    user("read"),
    end("done"),
    flows="begin > answer > read > done",
    id="waiting",
)
TELLING = process(
    start("begin"),
    throw("tell", message("answered", correlationKey="case_id", payload="{level: level}")),
    end("done"),
    flows="begin > tell > done",
    id="telling",
)
WATCHING = process(
    start("begin"),
    user("work"),
    boundary(
        "changed", "work", signal("risk.changed", correlationKey="case_id"), interrupting=False
    ),
    user("adapt"),
    end("done"),
    flows="begin > work > done; changed > adapt > done",
    id="watching",
)
RAISING = process(
    start("begin"),
    throw("raise", signal("risk.changed", correlationKey="case_id")),
    end("done"),
    flows="begin > raise > done",
    id="raising",
)


@pytest.fixture
def published(desk: Desk) -> Desk:
    drawn = (INTAKE, WAITING, TELLING, WATCHING, RAISING)
    desk.publish({f"{number}.bpmn": diagram(each) for number, each in enumerate(drawn)})
    return desk


def variables(desk: Desk, instance_id: UUID) -> dict[str, Any]:
    with desk.work() as session:
        return instances.variables(session, instance_id)


def test_a_message_starts_one_instance_with_payload_and_key_as_variables(published: Desk) -> None:
    contact_id, service_id = str(uuid4()), uuid4()
    row_id = published.send(
        "contact.received",
        {"channel": "phone"},
        correlation={"contact_id": contact_id},
        service_id=service_id,
    )
    [task] = published.open_tasks()
    assert (task.name, task.service_id) == ("Take the call", service_id)
    assert task.instance_id is not None
    started = variables(published, task.instance_id)
    assert started == {"contact_id": contact_id, "channel": "phone"}
    row = published.message(row_id)
    assert (row.state, row.consumed_by) == (MessageState.DELIVERED, task.instance_id)
    assert published.lines(task.instance_id)[0][1:] == ("start", "amina")


def test_a_message_resumes_the_instance_with_its_key(published: Desk) -> None:
    first = published.start("waiting", {"case_id": "C-1"})
    second = published.start("waiting", {"case_id": "C-2"})
    published.send("answered", {}, correlation={"case_id": "C-2"})
    assert published.open_tasks(first) == []
    assert published.open_tasks(second)[0].element_id == "read"
    published.send("answered", {"case_id": "C-1"})  # the payload says for whom
    assert published.open_tasks(first)[0].element_id == "read"
    assert published.is_consistent()


def test_a_bare_value_fits_a_key_of_one_name(published: Desk) -> None:
    instance_id = published.start("waiting", {"case_id": "C-1"})
    published.send("answered", {}, correlation="C-1")
    assert published.open_tasks(instance_id)


def test_what_one_instance_throws_reaches_another(published: Desk) -> None:
    waiting = published.start("waiting", {"case_id": "C-1"})
    published.start("telling", {"case_id": "C-1", "level": "high"})
    assert published.open_tasks(waiting)[0].element_id == "read"
    assert variables(published, waiting)["level"] == "high"


def test_a_message_sent_twice_is_handled_once(published: Desk) -> None:
    first = published.send("contact.received", {"n": 1}, message_id="partner-7")
    second = published.send("contact.received", {"n": 2}, message_id="partner-7")
    assert first == second
    assert len(published.open_tasks()) == 1


def test_an_early_message_waits_for_its_catcher(published: Desk) -> None:
    row_id = published.send("answered", {}, correlation={"case_id": "C-1"})
    assert published.message(row_id).state == MessageState.WAITING
    other = published.start("waiting", {"case_id": "C-2"})
    assert published.open_tasks(other) == []
    assert published.message(row_id).state == MessageState.WAITING
    instance_id = published.start("waiting", {"case_id": "C-1"})
    assert published.open_tasks(instance_id)[0].element_id == "read"
    assert published.message(row_id).consumed_by == instance_id


def test_two_that_could_take_it_are_an_incident(published: Desk) -> None:
    first = published.start("waiting", {"case_id": "C-1"})
    second = published.start("waiting", {"case_id": "C-1"})
    row_id = published.send("answered", {}, correlation={"case_id": "C-1"})
    assert published.message(row_id).state == MessageState.AMBIGUOUS
    [incident] = published.incidents()
    assert (incident.error, incident.message_id) == ("AmbiguousMessage", row_id)
    assert published.open_tasks(first) == published.open_tasks(second) == []


def test_two_processes_that_it_would_start_are_an_incident(desk: Desk) -> None:
    second = INTAKE.replace('id="intake"', 'id="intake_2"')
    desk.publish({"a.bpmn": diagram(INTAKE), "b.bpmn": diagram(second)})
    row_id = desk.send("contact.received", {})
    assert desk.message(row_id).state == MessageState.AMBIGUOUS
    assert desk.open_tasks() == []


def test_an_expired_message_becomes_a_task_for_a_team_leader(
    published: Desk, worker_database: Engine
) -> None:
    case_id, service_id = uuid4(), uuid4()
    row_id = published.send(
        "answered", {}, correlation={"case_id": str(case_id)}, service_id=service_id
    )
    assert messages.expire(worker_database, published.now) == 0
    published.clock.advance(inbox.EXPIRES_AFTER)
    assert messages.expire(worker_database, published.now) == 1
    assert messages.expire(worker_database, published.now) == 0
    [task] = published.open_tasks()
    assert task.name == "See to it by hand: answered"
    assert (task.potential_owners, task.message_id) == (["team_leader"], row_id)
    assert (task.business_key, task.service_id) == (case_id, service_id)
    assert published.message(row_id).state == MessageState.UNCLAIMED


def test_a_message_that_no_process_can_take_is_a_task_at_once(published: Desk) -> None:
    row_id = published.send("marac.requested", {"case_id": str(uuid4())})
    assert published.message(row_id).state == MessageState.UNCLAIMED
    [task] = published.open_tasks()
    assert task.name == "See to it by hand: marac requested"


def test_that_task_is_called_as_the_step_that_sends_the_message(desk: Desk) -> None:
    asking = process(
        start("begin"), end("asked", message("marac.requested")), flows="begin > asked"
    ).replace('id="asked"', 'id="asked" name="MARAC asked for"')
    desk.publish({"p.bpmn": diagram(asking)})
    desk.send("marac.requested", {})
    assert [task.name for task in desk.open_tasks()] == ["See to it by hand: MARAC asked for"]


def test_whoever_does_that_task_closes_the_message_or_sends_it_again(published: Desk) -> None:
    closed = published.send("marac.requested", {})
    published.complete(published.open_tasks()[0].id, by="chidi")
    assert published.message(closed).state == MessageState.CLOSED
    again = published.send("marac.requested", {})
    [task] = published.open_tasks()
    with published.work() as session:
        user_tasks.claim(session, task.id, by="chidi", now=published.now)
    published.complete(task.id, {"again": True}, by="chidi")
    [asked_once_more] = published.open_tasks()
    assert (asked_once_more.message_id, asked_once_more.id != task.id) == (again, True)
    with published.work() as session:
        entries = history.read(session, f"message:{closed}")
        assert [e.payload["lifecycle_transition"] for e in entries] == ["schedule", "complete"]
    assert published.is_consistent()


def test_a_catcher_that_comes_late_still_gets_it_and_the_task_goes(
    published: Desk, worker_database: Engine
) -> None:
    row_id = published.send("answered", {}, correlation={"case_id": "C-1"})
    published.clock.advance(inbox.EXPIRES_AFTER)
    messages.expire(worker_database, published.now)
    [asked] = published.open_tasks()
    other = published.start("waiting", {"case_id": "C-2"})
    assert [task.id for task in published.open_tasks()] == [asked.id]  # asked once, not twice
    instance_id = published.start("waiting", {"case_id": "C-1"})
    assert published.message(row_id).consumed_by == instance_id
    with published.work() as session:
        assert session.get_one(UserTask, asked.id).state == UserTaskState.OBSOLETE
    assert published.open_tasks(other) == []
    assert published.is_consistent()


def test_a_signal_reaches_everybody_whose_key_fits(published: Desk) -> None:
    mine = [published.start("watching", {"case_id": "C-1"}) for _ in range(2)]
    other = published.start("watching", {"case_id": "C-2"})
    published.start("raising", {"case_id": "C-1"})
    for instance_id in mine:
        assert {t.element_id for t in published.open_tasks(instance_id)} == {"work", "adapt"}
    assert {t.element_id for t in published.open_tasks(other)} == {"work"}
    with published.work() as session:
        produced = messages.broadcast(
            session,
            published.tenant_id,
            "risk.changed",
            {"case_id": "C-2"},
            by="amina",
            now=published.now,
            message_id="s-1",
        )
        again = messages.broadcast(
            session,
            published.tenant_id,
            "risk.changed",
            {"case_id": "C-2"},
            by="amina",
            now=published.now,
            message_id="s-1",
        )
    assert (len(produced), again) == (1, [])
    published.drain(produced)
    assert {t.element_id for t in published.open_tasks(other)} == {"work", "adapt"}
    assert published.is_consistent()


def test_a_signal_starts_the_processes_that_wait_for_it(desk: Desk) -> None:
    starting = process(
        start("begin", signal("service_issue")),
        user("look"),
        end("done"),
        flows="begin > look > done",
        id="issue",
    )
    desk.publish({"p.bpmn": diagram(starting)})
    with desk.work() as session:
        ids = messages.broadcast(
            session, desk.tenant_id, "service_issue", {"n": 1}, by="amina", now=desk.now
        )
    desk.drain(ids)
    assert [task.element_id for task in desk.open_tasks()] == ["look"]


def test_the_correlation_of_the_standard_reads_the_payload(desk: Desk) -> None:
    standard = process(
        start("begin"),
        catch("paid", message("paid")),
        user("ship"),
        end("done"),
        flows="begin > paid > ship > done",
    )
    read = (
        '<bpmn:correlationProperty id="order" name="order">'
        '<bpmn:correlationPropertyRetrievalExpression id="r1" messageRef="message_paid">'
        '<bpmn:messagePath id="path_1">invoice.number</bpmn:messagePath>'
        "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"
    )
    desk.publish({"p.bpmn": diagram(standard, defs=read)})
    first, second = (desk.start(variables={"order": number}) for number in (7, 8))
    desk.send("paid", {"invoice": {"number": 8}})
    assert desk.open_tasks(first) == []
    assert desk.open_tasks(second)[0].element_id == "ship"


def test_a_poisoned_receiver_holds_up_no_other_message(
    published: Desk, owner_database: Engine
) -> None:
    poisoned = published.start("waiting", {"case_id": "C-1"})
    sound = published.start("waiting", {"case_id": "C-2"})
    with owner_database.begin() as connection:
        change = "UPDATE process_instance SET state = 'x', version = 99 WHERE id = :id"
        connection.execute(text(change), {"id": poisoned})
    with published.work() as session:
        for case_id in ("C-1", "C-2"):
            messages.send(
                session,
                published.tenant_id,
                "answered",
                {"case_id": case_id},
                by="amina",
                now=published.now,
            )
    report = published.drain()
    assert (len(report.failed), list(report.delivered.values())) == (1, [sound])
    row = published.message(report.failed[0])
    assert (row.state, row.attempts) == (MessageState.PENDING, 1)
    assert published.drain().failed == []  # put off
    for _ in range(2):
        published.clock.advance(timedelta(hours=1))
        published.drain()
    assert [incident.error for incident in published.incidents()] == ["DeliveryFailed"]


def test_the_worker_sweeps_up_what_an_edge_has_left(
    published: Desk, worker_database: Engine
) -> None:
    with published.work() as session:
        messages.send(
            session, published.tenant_id, "contact.received", {}, by="amina", now=published.now
        )
    assert messages.sweep(worker_database, published.now) == 1
    assert len(published.open_tasks()) == 1


def test_messages_that_answer_each_other_end(desk: Desk) -> None:
    ping = process(
        start("begin", message("ping")),
        throw("answer", message("ping")),
        end("done"),
        flows="begin > answer > done",
        id="ping",
    )
    desk.publish({"p.bpmn": diagram(ping)})
    desk.send("ping", {})
    with desk.work() as session:
        sent = session.scalar(select(func.count()).select_from(MessageInbox))
    assert sent == messages.MOST_AT_ONCE + 1


def test_catchers_go_with_what_they_stood_on(published: Desk) -> None:
    instance_id = published.start("watching", {"case_id": "C-1"})

    def armed() -> int:
        with published.work() as session:
            return session.scalar(select(func.count()).select_from(MessageSubscription)) or 0

    assert armed() == 1
    published.complete(published.task(instance_id))
    assert armed() == 0
