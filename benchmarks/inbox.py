"""The inbox page: 50 tasks out of 100,000 open ones, 200 members of staff.

Tasks are cloned in the database from one that a process really opened, spread over people, due
times and risk.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text

from benchmarks.figures import Figure, percentile
from benchmarks.office import Client, Office, Server, add_worker
from engine import instances
from workflows.identity import enrolment, sessions
from workflows.identity.models import Login

OPEN, STAFF, PAGES = 100_000, 200, 200
CLONE = """
INSERT INTO user_task
SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', gen_random_uuid(),
    'actual_owner', CASE WHEN n % 3 = 0 THEN (CAST(:staff AS text[]))[1 + n % :people] END,
    'state', CASE WHEN n % 3 = 0 THEN 'reserved' ELSE 'ready' END,
    'risk_rank', n % 4,
    'priority', n % 4,
    'service_id', CAST(:service AS text),
    'due_at', CAST(:now AS timestamptz) + make_interval(mins => n % 20000 - 5000)
))).*
FROM user_task t, generate_series(1, :count) AS n WHERE t.id = :id
"""


def measure(office: Office) -> Iterator[Figure]:
    fill(office)
    with Server(office) as server:
        client = signed_in(office, server)
        latencies = []
        for number in range(PAGES):
            began = time.perf_counter()
            answer = client.get("/tasks")
            if number >= 20:  # warm
                latencies.append((time.perf_counter() - began) * 1000)
            if b"Try to reach them" not in answer.body:
                raise RuntimeError(f"no task in {answer.body[:300]!r}")
    yield Figure(
        "inbox.p95_ms",
        percentile(latencies, 0.95),
        "ms",
        50,
        peer="SpiffArena 2,110 ms at 10,000 open",
    )


def fill(office: Office) -> None:
    now = datetime.now(UTC)
    with office.work() as session:
        people = [office.staff_id, *(uuid4() for _ in range(STAFF - 1))]
        for number, staff_id in enumerate(people[1:], 1):
            add_worker(session, office.tenant_id, staff_id, f"worker{number}", now)
        instance = instances.start(
            session, office.tenant_id, "attempts", {}, by=str(office.staff_id), now=now
        )
        session.flush()
        task = session.scalar(
            text("SELECT id FROM user_task WHERE instance_id = :id"), {"id": instance}
        )
        session.execute(
            text(CLONE),
            {
                "id": task,
                "count": OPEN,
                "people": STAFF,
                "staff": [str(staff_id) for staff_id in people],
                "service": str(office.service_id),
                "now": now,
            },
        )
    with office.worker_database.connect() as connection:
        connection.execute(text("RESET ROLE"))
        connection.execute(text("ANALYZE user_task"))
        connection.commit()
        connection.invalidate()


def signed_in(office: Office, server: Server) -> Client:
    """Open a login session as a person's browser would hold it."""
    now = datetime.now(UTC)
    with office.work() as session:
        enrolment.enrol(session, office.staff_id, "a long enough phrase", by="system", now=now)
        login = session.get_one(Login, office.staff_id)
        secret = sessions.begin(session, login, now=now).secret
    return Client(server.port, "", cookie=f"signpost={secret}")
