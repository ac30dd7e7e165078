"""What storage costs: a completion through the service layer against a step in memory, in CPU.

All complete the comparison process's three tasks. The service layer locks, restores, saves, writes
history and commits on PostgreSQL with fsync; a step in memory only moves the token.

`service_layer.cpu_ratio` divides by plain SpiffWorkflow's step (`yardstick.py`, A), because that is
what the peers divide by; `service_layer.warm_ratio` does so when the process still has the instance
that it moved before. With its own form of storage SpiffWorkflow needs some 4.5 of these steps
(`service_layer.stock_ratio`, B, measured in the same minute and still without a database), on
PostgreSQL 15 to 17. Our own step is several times shorter than SpiffWorkflow's, so the same work
is a larger multiple of it: `service_layer.own_step_ratio`.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from benchmarks import yardstick
from benchmarks.figures import Figure, median
from benchmarks.office import Office
from benchmarks.three_tasks import PROCESS, open_tasks
from engine import instances, releases, runtime, user_tasks
from engine.changes import CompleteTask, Start, Step
from engine.definitions import Definitions
from engine.kept import Cache
from engine.standins import StandIns

INSTANCES, RUNS = 60, 5
VARIABLES = ({"risk_level": 4}, {"b_ok": True}, {"c_ok": True})


def measure(office: Office) -> Iterator[Figure]:
    with office.work() as session:
        definitions = _definitions(session, office)
    service_cpu(office)  # warm: caches, prepared statements
    runs = [  # interleaved, so that all meet the same machine
        (
            cold_cpu(office),
            service_cpu(office),
            memory_cpu(definitions),
            yardstick.in_memory_cpu(INSTANCES, VARIABLES),
            yardstick.stock_cpu(INSTANCES, VARIABLES),
        )
        for _ in range(RUNS)
    ]
    stock = "stock SpiffWorkflow persistence 15-17"
    cold, warm, own, spiff, kept = (list(column) for column in zip(*runs, strict=True))

    def ratio(of: list[float], to: list[float]) -> float:
        return median([one / other for one, other in zip(of, to, strict=True)])

    yield Figure("service_layer.cpu_ratio", ratio(cold, spiff), "x", 3.0, peer=stock)
    yield Figure("service_layer.warm_ratio", ratio(warm, spiff), "x", 2.2)
    yield Figure("service_layer.stock_ratio", ratio(kept, spiff), "x")
    yield Figure("service_layer.own_step_ratio", ratio(warm, own), "x")
    yield Figure("service_layer.cpu_ms", median(cold) * 1000, "ms")
    yield Figure("service_layer.warm_ms", median(warm) * 1000, "ms")
    yield Figure("service_layer.own_step_ms", median(own) * 1000, "ms",
                 peer=f"SpiffWorkflow {median(spiff) * 1000:.2f} ms")  # fmt: skip


def _definitions(session: Session, office: Office) -> Definitions:
    release = releases.effective(session, office.tenant_id, datetime.now(UTC))
    return releases.definitions(session, release.id)


def memory_cpu(definitions: Definitions) -> float:
    """Return CPU seconds of a completion without any storage."""
    step = Step(datetime.now(UTC), "bench", StandIns(definitions, {}))
    runs = [runtime.start(definitions, Start(PROCESS), step)[0] for _ in range(INSTANCES)]
    began = time.process_time()
    for variables in VARIABLES:
        for run in runs:
            (task,) = run.open_tasks()
            run.apply(CompleteTask(task.task_id, variables), step)
    return (time.process_time() - began) / (INSTANCES * len(VARIABLES))


def cold_cpu(office: Office) -> float:
    """Return the CPU seconds of a completion whose instance has to be restored."""
    remembered, instances._cache = instances._cache, Cache(most=0)
    try:
        return service_cpu(office)
    finally:
        instances._cache = remembered


def service_cpu(office: Office) -> float:
    """Return CPU seconds of a completion in a unit of work of its own."""
    by = str(office.staff_id)
    started = []
    for _ in range(INSTANCES):
        with office.work() as session:
            now = datetime.now(UTC)
            started.append(instances.start(session, office.tenant_id, PROCESS, {}, by=by, now=now))
    cpu = 0.0
    for variables in VARIABLES:
        for task in open_tasks(office, [str(instance) for instance in started]):
            began = time.process_time()
            with office.work() as session:
                user_tasks.complete(session, UUID(task), variables, by=by, now=datetime.now(UTC))
            cpu += time.process_time() - began
    return cpu / (INSTANCES * len(VARIABLES))
