"""Whether a completion costs the same when a million instances have ended and 100,000 are open.

Rows are cloned in the database from those of instances that really ran, with ids of their own.
Cost is CPU of the web process and of the database together, over HTTP, with the planner's figures
up to date. The memory of a web process is looked at after two equal halves of work: what grows
with every completion would show.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, text

from benchmarks.figures import Figure, median
from benchmarks.office import Client, Office, Server
from benchmarks.three_tasks import PROCESS, answers, open_tasks, run
from engine.models import HistoryEvent, ProcessInstance, Timer, UserTask
from workflows.tasks.models import FormAnswers

FEW_FINISHED, FINISHED = 10, 1_000_000
FEW_OPEN, OPEN = 100, 100_000
BATCH = 50_000
RUNS = 5
HALF = 15  # runs of 50 instances: more of them than a process keeps restored

# Each clone is a second older than the one before, so that no index holds one value only.
CLONE = """
CREATE TEMP TABLE clone ON COMMIT DROP AS
SELECT CAST(:id AS uuid) AS old, gen_random_uuid() AS new, make_interval(secs => n) AS age
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n;
"""
CLONE_TASK = """
CREATE TEMP TABLE clone_task ON COMMIT DROP AS
SELECT t.id AS old, gen_random_uuid() AS new, c.new AS instance, c.age
FROM clone c JOIN user_task t ON t.instance_id = c.old
"""
# table, what is new in a clone's row, and whose row it is
ROWS: tuple[tuple[Any, Mapping[str, str], str], ...] = (
    (
        ProcessInstance,
        {"id": "c.new", "started_at": "r.started_at - c.age", "ended_at": "r.ended_at - c.age"},
        "JOIN clone c ON r.id = c.old",
    ),
    (
        UserTask,
        {
            "id": "c.new",
            "instance_id": "c.instance",
            "created_at": "r.created_at - c.age",
            "completed_at": "r.completed_at - c.age",
        },
        "JOIN clone_task c ON r.id = c.old",
    ),
    (FormAnswers, {"user_task_id": "c.new"}, "JOIN clone_task c ON r.user_task_id = c.old"),
    (
        Timer,
        {"id": "gen_random_uuid()", "instance_id": "c.new"},
        "JOIN clone c ON r.instance_id = c.old",
    ),
    (
        HistoryEvent,
        {"stream_id": "c.new"},
        "JOIN clone c ON r.stream_id = c.old",
    ),
)


def measure(office: Office) -> Iterator[Figure]:
    with Server(office) as server:
        run(office, server, 0)  # warm: caches, prepared statements
        memory = [_memory_after(office, server) for _ in range(2)]
        client = server.client()
        ended, waiting = _start(client), _start(client)
        for _ in range(3):
            _complete(office, client, ended)
        _complete(office, client, waiting)  # now it waits at B, where a timer counts
        _clone(office, ended, FEW_FINISHED)
        _clone(office, waiting, FEW_OPEN)
        few = _cost(office, server)
        _clone(office, ended, FINISHED)
        many_finished = _cost(office, server)
        _clone(office, waiting, OPEN)
        many_open = _cost(office, server)
    yield Figure("scale.cost_ms", few, "ms")
    yield Figure("scale.finished_ratio", many_finished / few, "x", 1.2)
    yield Figure("scale.open_ratio", many_open / many_finished, "x", 1.2)
    yield Figure("scale.memory_mib", memory[1], "MiB", 300)
    yield Figure("scale.memory_ratio", memory[1] / memory[0], "x", 1.05)


def _start(client: Client) -> UUID:
    return UUID(client.post("/api/v1/process-instances", {"process_id": PROCESS}).json["id"])


def _complete(office: Office, client: Client, instance: UUID) -> None:
    """Complete the open task of an instance: A first, for which high risk is answered."""
    with office.work() as session:
        statement = "SELECT count(*) FROM user_task WHERE instance_id = :id"
        step = int(session.scalar(text(statement), {"id": instance}) or 0) - 1
    (task,) = open_tasks(office, [str(instance)])
    client.post(f"/api/v1/user-tasks/{task}/complete", {"answers": answers(0)[step]})


def _cost(office: Office, server: Server) -> float:
    """Return the CPU of one completion, in milliseconds."""
    run(office, server, 0)  # the plans of before no longer hold
    runs = [run(office, server, 0) for _ in range(RUNS)]
    return median([each.cpu_ms + each.database_cpu_ms for each in runs])


def _memory_after(office: Office, server: Server) -> float:
    """Return the memory that the web process has for itself after some work, in MiB."""
    for _ in range(HALF):
        run(office, server, 0)
    return server.memory_bytes() / 2**20


def _clone(office: Office, instance: UUID, count: int) -> None:
    """Let there be ``count`` more instances just like one, and the planner know of them."""
    with office.worker_database.connect() as connection:
        for first in range(1, count + 1, BATCH):
            connection.execute(text("RESET ROLE"))
            # the rows they point to were written a line before, so nothing asks for each again
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            last = min(first + BATCH - 1, count)
            connection.execute(text(CLONE), {"id": instance, "first": first, "last": last})
            connection.execute(text(CLONE_TASK))
            for model, new, whose in ROWS:
                _insert(connection, model.__table__, new, whose)
            connection.commit()
        connection.invalidate()  # the next user of the pool must not find the owner
    _settle(office)


def _insert(connection: Connection, table: Table, new: Mapping[str, str], whose: str) -> None:
    names = [column.name for column in table.columns]
    values = ", ".join(new.get(name, f"r.{name}") for name in names)
    connection.execute(
        text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} r {whose}")
    )


def _settle(office: Office) -> None:
    """Do at once what the database would otherwise do during the measurement."""
    autocommit = office.worker_database.connect().execution_options(isolation_level="AUTOCOMMIT")
    with autocommit as connection:
        connection.execute(text("RESET ROLE"))
        for model, _, _ in ROWS:
            connection.execute(text(f"VACUUM ANALYZE {model.__tablename__}"))
        connection.execute(text("CHECKPOINT"))
        connection.invalidate()
