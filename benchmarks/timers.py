"""Ten thousand waiting timers: find the due ones, fire them in time, fire many quickly.

Waiting ones are cloned in the database from one that an instance really set; what is due has been
set by instances of its own.
"""

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from benchmarks.figures import Figure, median
from benchmarks.office import Office
from engine import instances, timers
from engine.db import WORKER_ROLE, connect, unit_of_work
from engine.worker import Worker, WorkerSettings

WAITING, DUE, MANY = 10_000, 50, 600
CLONE_INSTANCES = """
INSERT INTO process_instance
SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid()))).*
FROM process_instance i, generate_series(1, :count) WHERE i.id = :id
"""
CLONE_TIMERS = """
INSERT INTO timer
SELECT (jsonb_populate_record(
    t, jsonb_build_object('id', gen_random_uuid(), 'instance_id', c.id))).*
FROM timer t, process_instance c
WHERE t.instance_id = :id AND c.process_id = 'one_timer' AND c.id <> :id
"""


def measure(office: Office) -> Iterator[Figure]:
    far = datetime.now(UTC) + timedelta(days=30)
    (waiting,) = start_waiting(office, 1, far)
    with office.work() as session:
        session.execute(text(CLONE_INSTANCES), {"id": waiting, "count": WAITING})
        session.execute(text(CLONE_TIMERS), {"id": waiting})
    with office.worker_database.connect() as connection:
        connection.execute(text("RESET ROLE"))
        connection.execute(text("ANALYZE timer"))
        connection.commit()
        connection.invalidate()
    start_waiting(office, DUE, datetime.now(UTC) - timedelta(seconds=1))
    yield Figure("timers.find_due_ms", find_due_ms(office), "ms", 10, peer="SpiffArena 1,900 ms")
    fire_all(office, 1)
    yield Figure("timers.late_s", late_s(office), "s", 2, peer="SpiffArena up to 120 s")
    yield Figure("timers.fired_per_s", fired_per_s(office), "1/s", 300, at_least=True)


def start_waiting(office: Office, count: int, due_at: datetime) -> list[UUID]:
    """Start instances that wait for ``due_at``."""
    started = []
    for _ in range(count):
        with office.work() as session:
            started.append(
                instances.start(
                    session,
                    office.tenant_id,
                    "one_timer",
                    {"due_at": due_at},
                    by="bench",
                    now=min(due_at, datetime.now(UTC)) - timedelta(seconds=1),
                )
            )
    return started


def find_due_ms(office: Office) -> float:
    found = []
    for _ in range(20):
        with unit_of_work(office.worker_database) as session:
            began = time.perf_counter()
            due = timers.find_due(session, datetime.now(UTC), DUE)
            found.append((time.perf_counter() - began) * 1000)
        assert len(due) == DUE
    return median(found)


def late_s(office: Office) -> float:
    """Return how long after its due time the latest of some timers was fired by a worker."""
    due_at = datetime.now(UTC) + timedelta(seconds=3)
    started = start_waiting(office, DUE, due_at)
    worker = Worker(WorkerSettings(office.url))
    worker.start()
    try:
        ended = _ended_at(office, started)
    finally:
        worker.stop()
    return max((at - due_at).total_seconds() for at in ended)


def _ended_at(office: Office, started: list[UUID]) -> list[datetime]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with office.work() as session:
            rows = session.execute(
                text("SELECT ended_at FROM process_instance WHERE id = ANY(:ids)"),
                {"ids": started},
            ).scalars()
            found = [at for at in rows if at is not None]
        if len(found) == len(started):
            return found
        time.sleep(0.05)
    raise TimeoutError("some timers were not fired within a minute")


def fired_per_s(office: Office) -> float:
    """Return how many timers two workers fire in a second, each exactly once."""
    rates = []
    for _ in range(3):
        start_waiting(office, MANY, datetime.now(UTC) - timedelta(seconds=1))
        began = time.perf_counter()
        assert fire_all(office, 2) == MANY
        rates.append(MANY / (time.perf_counter() - began))
    return statistics.median(rates)


def fire_all(office: Office, workers: int) -> int:
    """Fire everything that is due, with several workers at once; return how many were fired."""
    fired: list[int] = []

    def work() -> None:
        database = connect(office.url, role=WORKER_ROLE)
        while count := timers.fire_due(database, datetime.now(UTC)):
            fired.append(count)
        database.dispose()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(fired)
