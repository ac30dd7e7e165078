"""What cannot be carried out stands at the head of its queue, and everything behind it goes on."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from desk import Desk
from diagrams import catch, diagram, end, message, process, service, start, timer, user
from sqlalchemy import Connection, Engine, select, text

from engine import backoff, codec, instances, messages, outbox, timers
from engine.core.refusals import StateTooNew
from engine.models import MessageInbox, Outbox, Timer
from engine.operations import OperationContext, operation
from engine.outbox import Delivery
from engine.states import MessageState, OutboxState
from engine.worker import Worker, WorkerSettings

WAITING = diagram(
    process(
        start("begin"),
        catch("an_hour", timer("PT1H")),
        user("chase"),
        end("done"),
        flows="begin > an_hour > chase > done",
        riskRank="rank",
    )
)
COUNTING = diagram(
    process(
        start("begin", message("counted")), user("count"), end("done"), flows="begin > count > done"
    )
)
UNREADABLE = '\'{"$": "nothing we know", "v": 1}\'::jsonb'


@pytest.fixture
def sent() -> list[Delivery]:
    return []


@pytest.fixture
def worker(desk: Desk, database_url: str, sent: list[Delivery]) -> Iterator[Worker]:
    senders = {"mail": lambda session, delivery: sent.append(delivery)}
    made = Worker(WorkerSettings(database_url, desk.clock, senders))
    yield made
    made.database.dispose()


@pytest.fixture
def damage(owner_database: Engine) -> Callable[[str], None]:
    """Change rows behind the back of the product."""

    def do(statement: str) -> None:
        with owner_database.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement))

    return do


def timer_rows(desk: Desk) -> list[Timer]:
    with desk.work() as session:
        return list(session.scalars(select(Timer)))


# -- timers ----------------------------------------------------------------------------------------


def test_more_bad_timers_than_a_tick_takes_hold_up_no_good_one(
    desk: Desk, worker: Worker, damage: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.AT_ONCE", 5)
    desk.publish({"p.bpmn": WAITING})
    bad = [desk.start(variables={"rank": 3}) for _ in range(7)]
    damage("UPDATE process_instance SET state = 'broken', version = version + 1000")
    good = desk.start(variables={"rank": 0})
    desk.clock.advance(timedelta(hours=1))

    worker.fire_timers()
    worker.fire_timers()  # a second later: those that failed are put off by then
    assert [task.element_id for task in desk.open_tasks(good)] == ["chase"]
    assert {row.instance_id for row in timer_rows(desk)} == set(bad)
    assert {row.attempts for row in timer_rows(desk)} == {1}


def test_a_timer_that_has_failed_for_months_is_put_off_like_any_other(
    desk: Desk, worker_database: Engine, damage: Callable[[str], None]
) -> None:
    """After some forty failures the pause must not leave the calendar, nor the count its column."""
    desk.publish({"p.bpmn": WAITING})
    desk.start(variables={"rank": 0})
    damage("UPDATE process_instance SET state = 'broken', version = version + 1000")
    damage(f"UPDATE timer SET attempts = {backoff.MOST_COUNTED}")
    desk.clock.advance(timedelta(hours=1))
    timers.fire_due(worker_database, desk.now)
    [row] = timer_rows(desk)
    assert (row.attempts, row.retry_at) == (backoff.MOST_COUNTED, desk.now + backoff.LONGEST_PAUSE)


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [backoff.pause(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 6, 7, 999)]
    assert minutes == [1, 2, 4, 32, 60, 60]


def test_a_timer_that_cannot_even_be_put_off_stops_no_other(
    desk: Desk,
    worker_database: Engine,
    damage: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.publish({"p.bpmn": WAITING})
    bad = desk.start(variables={"rank": 3})
    damage("UPDATE process_instance SET state = 'broken', version = version + 1000")
    good = desk.start(variables={"rank": 0})
    # a check that no row passes stands for whatever may stop the writing
    damage("ALTER TABLE timer ADD CONSTRAINT never CHECK (attempts = 0) NOT VALID")
    desk.clock.advance(timedelta(hours=1))
    try:
        assert timers.fire_due(worker_database, desk.now) == 1
    finally:
        damage("ALTER TABLE timer DROP CONSTRAINT never")
    assert desk.open_tasks(good)
    assert [(row.instance_id, row.attempts) for row in timer_rows(desk)] == [(bad, 0)]


# -- messages --------------------------------------------------------------------------------------


def message_states(desk: Desk) -> dict[UUID, str]:
    with desk.work() as session:
        return dict(session.execute(select(MessageInbox.id, MessageInbox.state)).all())


def test_a_message_that_cannot_be_read_holds_up_no_other(
    desk: Desk, worker: Worker, damage: Callable[[str], None]
) -> None:
    desk.publish({"p.bpmn": COUNTING})
    with desk.work() as session:
        ids = [
            messages.send(session, desk.tenant_id, "counted", {"n": n}, by="amina", now=desk.now)
            for n in range(3)
        ]
    damage(f"UPDATE message_inbox SET payload = {UNREADABLE} WHERE id = '{ids[0]}'")
    worker.deliver_messages()
    states = message_states(desk)
    assert [states[id] for id in ids] == ["pending", "delivered", "delivered"]
    row = desk.message(ids[0])
    assert (row.attempts, row.retry_at) == (1, desk.now + timedelta(minutes=1))

    for _ in range(2):
        desk.clock.travel_to(desk.message(ids[0]).retry_at or desk.now)
        worker.deliver_messages()
    assert [incident.error for incident in desk.incidents()] == ["DeliveryFailed"]


def test_an_expired_message_that_cannot_become_a_task_holds_up_no_other(
    desk: Desk, worker: Worker, damage: Callable[[str], None]
) -> None:
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        end("done"),
        flows="begin > answer > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    first, second = (desk.send("answered", {"case_id": f"C-{n}"}) for n in (1, 2))
    # a payload that is no object: nobody can say what the message is about
    damage(f"UPDATE message_inbox SET payload = '7'::jsonb WHERE id = '{first}'")
    desk.clock.advance(timedelta(hours=4))
    worker.deliver_messages()
    assert [task.message_id for task in desk.open_tasks()] == [second]
    row = desk.message(first)
    assert (row.state, row.attempts) == (MessageState.WAITING, 1)
    assert row.retry_at == desk.now + timedelta(minutes=1)
    worker.deliver_messages()
    assert desk.message(first).attempts == 1  # put off: not tried before its time


# -- what leaves -----------------------------------------------------------------------------------


def put(desk: Desk) -> UUID:
    with desk.work() as session:
        return outbox.put(session, "mail", {"n": 1}, tenant_id=desk.tenant_id, now=desk.now)


def entries(desk: Desk) -> dict[UUID, Outbox]:
    with desk.work() as session:
        return {entry.id: entry for entry in session.scalars(select(Outbox))}


def test_a_delivery_that_cannot_be_read_holds_up_no_other(
    desk: Desk, worker: Worker, sent: list[Delivery], damage: Callable[[str], None]
) -> None:
    bad, good = put(desk), put(desk)
    damage(f"UPDATE outbox SET payload = {UNREADABLE}, next_at = next_at - interval '1 hour' "
           f"WHERE id = '{bad}'")  # fmt: skip
    worker.send()
    assert [delivery.id for delivery in sent] == [good]
    kept = entries(desk)[bad]
    assert (kept.state, kept.error, kept.attempts) == (OutboxState.PENDING, "KeyError", 1)


def test_a_delivery_whose_commit_fails_is_put_off_and_holds_up_no_other(
    desk: Desk, worker: Worker, sent: list[Delivery], damage: Callable[[str], None]
) -> None:
    bad, good = put(desk), put(desk)
    damage("UPDATE outbox SET next_at = next_at - interval '1 hour' "
           f"WHERE id = '{bad}'")  # fmt: skip
    damage("ALTER TABLE outbox ADD CONSTRAINT never "
           f"CHECK (id <> '{bad}' OR state <> 'sent') NOT VALID")  # fmt: skip
    try:
        worker.send()
    finally:
        damage("ALTER TABLE outbox DROP CONSTRAINT never")
    assert {delivery.id for delivery in sent} == {bad, good}
    kept = entries(desk)
    assert (kept[bad].state, kept[bad].attempts) == (OutboxState.PENDING, 1)
    assert kept[bad].next_at == desk.now + outbox.PAUSES[0]
    assert kept[good].state == OutboxState.SENT


# -- a race that is lost inside an operation -----------------------------------------------------


@operation("poisontest.lock")
def lock_the_row(context: OperationContext) -> None:
    """Ask for a lock that somebody else may hold, and wait for it only a moment."""
    context.session.execute(text("SET LOCAL lock_timeout = '20ms'"))
    context.session.execute(text("SELECT pg_advisory_xact_lock(42)"))


LOCKING = diagram(
    process(
        start("begin"),
        user("ask"),
        service("lock", "poisontest.lock"),
        user("go_on"),
        end("done"),
        flows="begin > ask > lock > go_on > done",
    )
)


def hold_the_lock(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(42)"))


def test_a_lock_that_an_operation_does_not_get_is_a_lost_race_and_no_incident(
    desk: Desk, owner_database: Engine
) -> None:
    desk.publish({"p.bpmn": LOCKING})
    instance_id = desk.start()
    task_id = desk.task(instance_id)
    with owner_database.connect() as somebody:
        hold_the_lock(somebody)
        with pytest.raises(Exception, match="lock timeout"):
            desk.complete(task_id)
        somebody.execute(text("SELECT pg_advisory_unlock_all()"))
    assert desk.incidents() == []
    assert desk.task(instance_id) == task_id  # nothing has happened: it can be done again
    desk.complete(task_id)
    assert [task.element_id for task in desk.open_tasks(instance_id)] == ["go_on"]
    with desk.work() as session:
        assert instances.variables(session, instance_id) == {}
    assert desk.is_consistent()


# -- nodes of two versions -------------------------------------------------------------------------


def test_what_a_newer_node_has_written_is_left_to_it_and_counts_as_no_failure(
    desk: Desk, worker: Worker, damage: Callable[[str], None]
) -> None:
    """While one node after the other is brought up to date."""
    desk.publish({"p.bpmn": WAITING})
    instance_id = desk.start(variables={"rank": 3})
    other = desk.start(variables={"rank": 0})
    newer = f"set_byte(state, 0, {codec.VERSION + 1})"
    damage(
        f"UPDATE process_instance SET state = {newer}, version = version + 1 "
        f"WHERE id = '{instance_id}'"
    )
    desk.clock.advance(timedelta(hours=1))
    for _ in range(5):
        worker.fire_timers()
    assert [task.element_id for task in desk.open_tasks(other)] == ["chase"]
    [row] = timer_rows(desk)
    assert (row.instance_id, row.attempts, row.retry_at) == (instance_id, 0, None)
    assert desk.incidents() == []

    damage(f"UPDATE process_instance SET state = set_byte(state, 0, {codec.VERSION})")
    worker.fire_timers()  # the newer node comes by
    assert [task.element_id for task in desk.open_tasks(instance_id)] == ["chase"]


def test_people_are_asked_to_try_again_while_nodes_are_brought_up_to_date(
    desk: Desk, damage: Callable[[str], None]
) -> None:
    desk.publish({"p.bpmn": COUNTING})
    desk.send("counted", {"n": 1})
    [task] = desk.open_tasks()
    newer = f"set_byte(state, 0, {codec.VERSION + 1})"
    damage(f"UPDATE process_instance SET state = {newer}, version = version + 1")
    with pytest.raises(StateTooNew, match="a newer Signpost has written") as refused:
        desk.complete(task.id)
    assert (refused.value.status, refused.value.extra) == (503, {"retry_after": 5})
