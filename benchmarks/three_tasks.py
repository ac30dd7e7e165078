"""The comparison process over HTTP: 50 instances, all A, all B, all C; three runs, medians.

One client, keep-alive, one request after another, one web process, the worker off. CPU is the web
process's and, apart, the database's. Statements and commits are counted on the same application in
this process, with an idempotency key.
"""

import random
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import event, text

from api import logs
from api.app import create_app
from api.settings import Settings
from benchmarks.figures import Figure, median, peers, percentile
from benchmarks.office import Client, Office, Server
from engine.clock import SystemClock

INSTANCES, RUNS = 50, 3
PROCESS = "Process_three_tasks"
TABLES = (
    "process_instance",
    "user_task",
    "timer",
    "history_event",
    "form_answers",
    "message_inbox",
    "message_subscription",
    "decision_record",
    "idempotency_key",
    "outbox",
)


@dataclass(frozen=True)
class Bars:
    """What has to be reached with some number of fields."""

    completions_per_s: float
    cpu_ms: float | None
    bytes_per_instance: float


P95_MS, STATEMENTS = 25, 10
BARS = {
    0: Bars(completions_per_s=150, cpu_ms=4, bytes_per_instance=6 * 1024),
    40: Bars(completions_per_s=117, cpu_ms=None, bytes_per_instance=20 * 1024),
}
FORTY_TO_TWO = 1.2  # what 40 fields may cost, divided by what two do


@dataclass(frozen=True)
class Run:
    """What one run of 50 instances gave."""

    completions_per_s: float
    latencies_ms: list[float]
    cpu_ms: float
    database_cpu_ms: float


def answers(fields: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    first = {"risk_level": 4, "note": "first contact"}
    letters = string.ascii_lowercase
    extra = {f"field_{i:02}": "".join(random.choices(letters, k=234)) for i in range(fields)}
    return {**first, **extra}, {"b_note": "seen", "b_ok": True}, {"c_note": "done", "c_ok": True}


def start_all(client: Client) -> list[str]:
    return [
        client.post("/api/v1/process-instances", {"process_id": PROCESS}).json["id"]
        for _ in range(INSTANCES)
    ]


def open_tasks(office: Office, instances: list[str]) -> list[str]:
    """Look the tasks up in the database, so that looking is not measured."""
    with office.work() as session:
        found = session.execute(
            text(
                "SELECT id FROM user_task WHERE completed_at IS NULL "
                "AND instance_id = ANY(CAST(:ids AS uuid[]))"
            ),
            {"ids": instances},
        )
        return [str(row.id) for row in found]


def run(office: Office, server: Server, fields: int) -> Run:
    client = server.client()
    instances = start_all(client)
    latencies, cpu, database_cpu = [], 0.0, 0.0
    for step in range(3):
        tasks = open_tasks(office, instances)
        bodies = [{"answers": answers(fields)[step]} for _ in tasks]
        before, database_before = server.cpu_seconds(), office.database_cpu_seconds()
        for task, body in zip(tasks, bodies, strict=True):
            began = time.perf_counter()
            client.post(f"/api/v1/user-tasks/{task}/complete", body)
            latencies.append((time.perf_counter() - began) * 1000)
        cpu += server.cpu_seconds() - before
        database_cpu += office.database_cpu_seconds() - database_before
    count = 3 * INSTANCES
    rate = count / (sum(latencies) / 1000)
    return Run(rate, latencies, cpu * 1000 / count, database_cpu * 1000 / count)


def measure(office: Office) -> Iterator[Figure]:
    with Server(office) as server:
        run(office, server, 0)  # warm: caches, prepared statements
        cpu = {}
        for fields, name in ((0, "three_tasks"), (40, "three_tasks_40")):
            size = bytes_of(office)
            runs = [run(office, server, fields) for _ in range(RUNS)]
            grown = (bytes_of(office) - size) / (RUNS * INSTANCES)
            cpu[fields] = median([each.cpu_ms for each in runs])
            yield from _figures(office, name, fields, runs, grown)
        yield Figure("three_tasks_40.cpu_ratio", cpu[40] / cpu[0], "x", FORTY_TO_TWO,
                     peer="SpiffArena 1.17")  # fmt: skip


def _figures(
    office: Office, name: str, fields: int, runs: list[Run], grown: float
) -> Iterator[Figure]:
    peer = peers()["spiffarena_http"]["40" if fields else "2"]
    latencies = [value for each in runs for value in each.latencies_ms]
    statements, commits = count_sql(office, fields)
    bars = BARS[fields]

    def spiffarena(key: str, unit: str) -> str:
        return f"SpiffArena {peer[key]:g} {unit}"

    rate = median([each.completions_per_s for each in runs])
    yield Figure(f"{name}.completions_per_s", rate, "1/s", bars.completions_per_s,
                 at_least=True, peer=spiffarena("completions_per_s", "1/s"))  # fmt: skip
    yield Figure(
        f"{name}.p50_ms", median(latencies), "ms", peer=spiffarena("complete_p50_ms", "ms")
    )
    yield Figure(f"{name}.p95_ms", percentile(latencies, 0.95), "ms", P95_MS,
                 peer=spiffarena("complete_p95_ms", "ms"))  # fmt: skip
    yield Figure(f"{name}.cpu_ms", median([each.cpu_ms for each in runs]), "ms", bars.cpu_ms,
                 peer=spiffarena("cpu_ms_per_completion", "ms"))  # fmt: skip
    yield Figure(f"{name}.database_cpu_ms", median([r.database_cpu_ms for r in runs]), "ms")
    yield Figure(f"{name}.sql_statements", statements, "", STATEMENTS, peer="SpiffArena 89-106")
    yield Figure(f"{name}.commits", commits, "", 1, peer="SpiffArena 5")
    yield Figure(f"{name}.bytes_per_instance", grown, "B", bars.bytes_per_instance,
                 peer=spiffarena("db_bytes_per_instance", "B"))  # fmt: skip


def count_sql(office: Office, fields: int) -> tuple[float, float]:
    """Return statements and commits of one completion of A, with an idempotency key."""
    logs.configure("WARNING")
    settings = Settings(secret_key="x" * 40, demo=True)
    app = create_app(
        settings, office.database, SystemClock(), worker_database=office.worker_database
    )
    client = app.test_client()
    headers = {"Authorization": f"Bearer {office.token}"}
    started = client.post(
        "/api/v1/process-instances", json={"process_id": PROCESS}, headers=headers
    )
    (task,) = open_tasks(office, [started.get_json()["id"]])
    statements: list[str] = []
    commits: list[datetime] = []

    def count(c: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    def committed(connection: Any) -> None:
        commits.append(datetime.now(UTC))

    event.listen(office.database, "before_cursor_execute", count)
    event.listen(office.database, "commit", committed)
    try:
        client.post(
            f"/api/v1/user-tasks/{task}/complete",
            json={"answers": answers(fields)[0]},
            headers={**headers, "Idempotency-Key": uuid4().hex},
        )
    finally:
        event.remove(office.database, "before_cursor_execute", count)
        event.remove(office.database, "commit", committed)
    return len(statements), len(commits)


def bytes_of(office: Office) -> int:
    """Return the size of the tables that instances live in, with their indexes, after VACUUM."""
    with office.worker_database.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(text("RESET ROLE"))
        for table in TABLES:
            connection.execute(text(f"VACUUM {table}"))
        total = connection.scalar(
            text(
                "SELECT sum(pg_total_relation_size(t::regclass)) "
                "FROM unnest(CAST(:tables AS text[])) AS t"
            ),
            {"tables": list(TABLES)},
        )
        connection.invalidate()  # the next user of the pool must not find the owner
        return int(total or 0)
