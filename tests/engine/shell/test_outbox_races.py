"""What leaves, when two workers race for it, one is killed at it, or nobody can send it."""

import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from desk import Desk
from sqlalchemy import Engine, select, text, update

from engine import incidents, outbox
from engine.incidents import CannotBeSkipped
from engine.models import Incident, Outbox
from engine.outbox import Delivery
from engine.states import IncidentState, OutboxState

SCRIPT = Path(__file__).with_name("sending.py")
WORKERS, DELIVERIES = 4, 40


def put(desk: Desk) -> UUID:
    with desk.work() as session:
        return outbox.put(session, "mail", {}, tenant_id=desk.tenant_id, now=desk.now)


def entry(desk: Desk, id: UUID) -> Outbox:
    with desk.work() as session:
        return session.get_one(Outbox, id)


def test_workers_that_race_send_everything_once(desk: Desk, worker_database: Engine) -> None:
    ids = [put(desk) for _ in range(DELIVERIES)]
    sent: list[UUID] = []
    together = threading.Barrier(WORKERS)

    def work() -> None:
        together.wait()
        outbox.deliver_due(worker_database, desk.now, {"mail": lambda s, d: sent.append(d.id)})

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert Counter(sent) == Counter(ids)
    assert {entry(desk, id).attempts for id in ids} == {1}


def killed_while_sending(desk: Desk, url: str) -> list[str]:
    """Let a process send and kill it before it can say so; return what the receiver got."""
    order = {"url": url, "now": desk.now.isoformat()}
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sending:
        assert sending.stdin is not None and sending.stdout is not None
        sending.stdin.write(json.dumps(order) + "\n")
        sending.stdin.flush()
        received = sending.stdout.readline()
        sending.kill()
        rest = sending.stdout.read()
    return (received + rest).split()


def test_kill_9_between_sending_and_saying_so_sends_it_again_under_the_same_id(
    desk: Desk, database_url: str, worker_database: Engine
) -> None:
    id = put(desk)
    assert killed_while_sending(desk, database_url) == [str(id)]
    assert (entry(desk, id).state, entry(desk, id).attempts) == (OutboxState.PENDING, 1)
    sent: list[Delivery] = []
    senders = {"mail": lambda session, delivery: sent.append(delivery)}
    assert outbox.deliver_due(worker_database, desk.now, senders) == 0, "not at once: it rests"
    desk.clock.advance(outbox.PAUSES[0])
    assert outbox.deliver_due(worker_database, desk.now, senders) == 1
    assert [(delivery.id, delivery.attempt) for delivery in sent] == [(id, 2)]
    assert entry(desk, id).state == OutboxState.SENT


def test_what_kills_its_process_every_time_is_given_up_and_holds_up_no_other(
    desk: Desk, database_url: str, worker_database: Engine
) -> None:
    deadly = put(desk)
    with desk.work() as session:
        near_the_end = update(Outbox).values(attempts=len(outbox.PAUSES))
        session.execute(near_the_end)
    assert killed_while_sending(desk, database_url) == [str(deadly)]
    harmless = put(desk)
    desk.clock.travel_to(entry(desk, deadly).next_at)
    sent: list[UUID] = []
    outbox.deliver_due(worker_database, desk.now, {"mail": lambda s, d: sent.append(d.id)})
    assert sent == [harmless]
    assert entry(desk, deadly).state == OutboxState.DEAD
    assert [incident.delivery_id for incident in desk.incidents()] == [deadly]


def test_a_connection_that_is_lost_while_sending_is_an_attempt(
    desk: Desk, worker_database: Engine, owner_database: Engine
) -> None:
    """The receiver may have it: sent again at every tick, it would get it without end."""
    id = put(desk)
    sent: list[int] = []

    def lose_the_database(session: object, delivery: Delivery) -> None:
        sent.append(delivery.attempt)
        with owner_database.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE state = 'idle in transaction' AND datname = current_database()"
                )
            )

    for _ in range(3):
        outbox.deliver_due(worker_database, desk.now, {"mail": lose_the_database})
    assert sent == [1]
    kept = entry(desk, id)
    assert (kept.state, kept.next_at) == (OutboxState.PENDING, desk.now + outbox.PAUSES[0])


def test_what_is_called_off_before_it_is_sent_does_not_leave(
    desk: Desk, worker_database: Engine
) -> None:
    first, second = sorted(put(desk) for _ in range(2))
    sent: list[UUID] = []

    def call_the_other_off(session: object, delivery: Delivery) -> None:
        sent.append(delivery.id)
        with desk.work() as other:
            other.execute(update(Outbox).where(Outbox.id == second).values(state=OutboxState.DEAD))

    outbox.deliver_due(worker_database, desk.now, {"mail": call_the_other_off})
    assert sent == [first]


@pytest.fixture
def dead(desk: Desk, worker_database: Engine) -> Incident:
    """The incident of something that could not be sent for hours."""
    id = put(desk)
    while entry(desk, id).state == OutboxState.PENDING:
        desk.clock.travel_to(entry(desk, id).next_at)
        outbox.deliver_due(worker_database, desk.now, {})
    [incident] = desk.incidents()
    assert (incident.delivery_id, incident.element_id) == (id, "mail")
    return incident


def test_a_dead_letter_is_an_incident_and_tried_again_from_there(
    desk: Desk, worker_database: Engine, dead: Incident
) -> None:
    with desk.work() as session:
        incidents.retry(session, dead.id, by="admin", now=desk.now, reason="The line is mended")
    assert desk.incidents() == []
    sent: list[UUID | None] = []
    outbox.deliver_due(worker_database, desk.now, {"mail": lambda s, d: sent.append(d.id)})
    assert sent == [dead.delivery_id]


def test_a_dead_letter_that_dies_again_is_another_incident(
    desk: Desk, worker_database: Engine, dead: Incident
) -> None:
    with desk.work() as session:
        incidents.retry(session, dead.id, by="admin", now=desk.now, reason="Perhaps now")
        session.execute(update(Outbox).values(attempts=len(outbox.PAUSES)))
    outbox.deliver_due(worker_database, desk.now, {})
    [again] = desk.incidents()
    assert (again.delivery_id, again.id != dead.id) == (dead.delivery_id, True)


def test_a_dead_letter_is_not_passed_over_but_can_be_laid_aside(desk: Desk, dead: Incident) -> None:
    with pytest.raises(CannotBeSkipped), desk.work() as session:
        incidents.skip(session, dead.id, {}, by="admin", now=desk.now, reason="Why not")
    with desk.work() as session:
        incidents.cancel(session, dead.id, by="admin", now=desk.now, reason="Too late by now")
    with desk.work() as session:
        [kept] = session.scalars(select(Incident))
        assert (kept.state, kept.reason) == (IncidentState.CANCELLED, "Too late by now")
        assert session.scalars(select(Outbox.state)).all() == [OutboxState.DEAD]
