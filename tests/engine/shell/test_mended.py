"""What failed for a while and goes through after all: nobody is asked about it any longer."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, select, text

from engine import backoff, history, incidents, instances, messages, timers
from engine.changes import SetVariables
from engine.incidents import IncidentSettled
from engine.models import Incident, Timer
from engine.states import IncidentState, MessageState

HOUR = timedelta(hours=1)
WATCHED = diagram(
    process(
        start("begin"),
        user("ask"),
        boundary("late", "ask", timer("wait"), interrupting=False),
        user("chase"),
        end("done"),
        end("told"),
        flows="begin > ask > done; late > chase > told",
        businessKey="case_id",
    )
)
HEARD = diagram(
    process(start("hear", message("said")), user("note"), end("done"), flows="hear > note > done")
)


@pytest.fixture
def change(owner_database: Engine) -> Callable[..., None]:
    """Change a row behind the back of the engine, as a fault of the disk or of a person would."""

    def change(statement: str, **values: object) -> None:
        with owner_database.begin() as connection:
            connection.execute(text(statement), values)

    return change


@pytest.fixture
def lost(desk: Desk, change: Callable[..., None]) -> Iterator[UUID]:
    """A message that could not be delivered three times; its payload is mended by now."""
    desk.publish({"p.bpmn": HEARD})
    with desk.work() as session:
        row_id = messages.send(session, desk.tenant_id, "said", {}, by="amina", now=desk.now)
    change('UPDATE message_inbox SET payload = \'{"$": "nothing we know", "v": 1}\'')
    for _ in range(backoff.INCIDENT_AFTER):
        desk.drain()
        desk.clock.advance(HOUR)
    change("UPDATE message_inbox SET payload = '{}'")
    yield row_id


def settle(desk: Desk, incident_id: UUID) -> None:
    with desk.work() as session:
        incidents.retry(session, incident_id, by="chidi", now=desk.now, reason="Again")
    desk.drain()


def test_a_message_that_arrived_after_all_cannot_be_sent_again(desk: Desk, lost: UUID) -> None:
    [incident] = desk.incidents()
    desk.drain()
    assert desk.message(lost).state == MessageState.DELIVERED
    assert desk.incidents() == []
    for act in (incidents.retry, incidents.cancel):
        with pytest.raises(IncidentSettled), desk.work() as session:
            act(session, incident.id, by="chidi", now=desk.now, reason="Again")
    assert [task.element_id for task in desk.open_tasks()] == ["note"]
    assert desk.is_consistent()


def test_a_message_that_is_sent_again_by_hand_arrives_once(desk: Desk, lost: UUID) -> None:
    [incident] = desk.incidents()
    settle(desk, incident.id)
    desk.drain()
    assert [task.element_id for task in desk.open_tasks()] == ["note"]
    with desk.work() as session:
        [kept] = session.scalars(select(Incident))
        assert (kept.state, kept.resolved_by) == (IncidentState.RETRIED, "chidi")


def test_a_message_that_fails_again_after_it_went_well_is_asked_about_again(
    desk: Desk, lost: UUID, change: Callable[..., None]
) -> None:
    desk.publish({"other.bpmn": HEARD.replace("said", "spoken")})
    desk.drain()  # nobody can take it any more: somebody is asked
    [task] = desk.open_tasks()
    assert desk.incidents() == []
    desk.complete(task.id, {"again": True})
    change("UPDATE message_inbox SET state = 'pending'")
    change('UPDATE message_inbox SET payload = \'{"$": "nothing we know", "v": 1}\'')
    for _ in range(backoff.INCIDENT_AFTER):
        desk.clock.advance(HOUR)
        desk.drain()
    assert len(desk.incidents()) == 1


def fail(desk: Desk, worker_database: Engine, change: Callable[..., None]) -> UUID:
    """Return an instance whose timer has failed three times; its state is mended by now."""
    desk.publish({"p.bpmn": WATCHED})
    variables = {"wait": "PT1H", "case_id": str(uuid4())}
    instance_id = desk.start(variables=variables, service_id=uuid4())
    kept = desk.instance(instance_id)
    change("UPDATE process_instance SET state = 'damaged', version = version + 1000")
    for _ in range(backoff.INCIDENT_AFTER):
        desk.clock.advance(HOUR)
        timers.fire_due(worker_database, desk.now)
    mend = "UPDATE process_instance SET state = :state, version = :version"
    change(mend, state=kept.state, version=kept.version)
    return instance_id


def test_the_incident_of_a_timer_is_for_those_whose_work_it_is(
    desk: Desk, worker_database: Engine, change: Callable[..., None]
) -> None:
    instance = desk.instance(fail(desk, worker_database, change))
    [incident] = desk.incidents()
    assert incident.error == backoff.TIMER_NOT_FIRED
    assert (incident.service_id, incident.business_key) == (
        instance.service_id,
        instance.business_key,
    )
    assert None not in (incident.service_id, incident.business_key)


def test_a_timer_that_fired_after_all_is_no_incident(
    desk: Desk, worker_database: Engine, change: Callable[..., None]
) -> None:
    fail(desk, worker_database, change)
    assert len(desk.incidents()) == 1
    desk.clock.advance(HOUR)
    assert timers.fire_due(worker_database, desk.now) == 1
    assert [task.element_id for task in desk.open_tasks()] == ["ask", "chase"]
    assert desk.incidents() == []
    assert desk.is_consistent()


def test_nobody_is_asked_about_the_timer_of_an_instance_that_has_ended(
    desk: Desk, worker_database: Engine, change: Callable[..., None]
) -> None:
    instance_id = fail(desk, worker_database, change)
    desk.complete(desk.task(instance_id))
    with desk.work() as session:
        [asked] = session.scalars(select(Incident))
        assert (asked.state, asked.resolved_by) == (IncidentState.CANCELLED, "amina")
    assert desk.is_consistent()


def test_who_ends_an_instance_because_of_its_timer_says_why(
    desk: Desk, worker_database: Engine, change: Callable[..., None]
) -> None:
    fail(desk, worker_database, change)
    [asked] = desk.incidents()
    with desk.work() as session:
        incidents.cancel(session, asked.id, by="chidi", now=desk.now, reason="Begun twice")
    with desk.work() as session:
        settled = session.get_one(Incident, asked.id)
        assert (settled.state, settled.reason) == (IncidentState.CANCELLED, "Begun twice")
    assert desk.is_consistent()


def test_a_time_that_cannot_be_made_out_is_an_incident_of_the_step(desk: Desk) -> None:
    """It is named apart from a timer that keeps failing, which the core knows nothing of."""
    desk.publish({"p.bpmn": WATCHED})
    instance_id = desk.start(variables={"wait": "soon", "case_id": str(uuid4())})
    [incident] = desk.incidents()
    assert incident.element_id == "late"
    assert desk.is_consistent()

    with desk.work() as session:
        command = SetVariables({"wait": "PT1H"}, "A slip of the pen")
        instances.move(session, instance_id, command, by="chidi", now=desk.now)
    settle(desk, incident.id)
    with desk.work() as session:
        [armed] = session.scalars(select(Timer))
        assert (armed.element_id, armed.due_at) == ("late", desk.now + HOUR)
        last = history.read(session, f"instance:{instance_id}", limit=100)[-1]
        assert last.payload["lifecycle_transition"] == "resume"
    assert desk.incidents() == []
    assert desk.is_consistent()
