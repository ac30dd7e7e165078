"""What storage costs: a completion through the service layer against a step in memory, in CPU.

The service layer locks, restores, saves, writes history and commits on PostgreSQL with fsync; a
step in memory only moves the token. Divided is by plain SpiffWorkflow's step (`yardstick.py`, A),
because that is what the peers divide by.

The bars were set on a case: some thirty nodes, three called processes, forty fields
(`case_drawing.py`), where SpiffWorkflow's own form of storage costs 15 to 17 of its steps on
PostgreSQL. `service_layer.cpu_ratio` and `.warm_ratio` are measured on it; warm is a process that
still has the instance that it moved before. `.stock_ratio` is SpiffWorkflow's own form (B) in the
same minute, still without a database.

The comparison process of three tasks (`.small_...`) has so short a step that what is left is the
price of a transaction: there the stock form needs some 4.5 steps without a database.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks import case_drawing, yardstick
from benchmarks.figures import Figure, median
from benchmarks.office import Office
from benchmarks.three_tasks import PROCESS, open_tasks
from engine import instances, releases, runtime, user_tasks
from engine.changes import CompleteTask, Start, Step
from engine.definitions import Definitions
from engine.kept import Cache
from engine.standins import StandIns

INSTANCES, CASES, RUNS = 60, 10, 5
VARIABLES = ({"risk_level": 4}, {"b_ok": True}, {"c_ok": True})
STOCK = "stock SpiffWorkflow persistence 15-17"
NEXT = "SELECT id, element_id FROM user_task WHERE instance_id = :id AND completed_at IS NULL"


def measure(office: Office) -> Iterator[Figure]:
    yield from _of_cases(office)
    yield from _of_three_tasks(office)


def _of_cases(office: Office) -> Iterator[Figure]:
    case_cpu(office, 2)  # warm: caches, prepared statements
    runs = [  # interleaved, so that all meet the same machine
        (
            cold(case_cpu, office, CASES),
            case_cpu(office, CASES),
            yardstick.case_cpu(CASES),
            yardstick.case_cpu(2, stock=True),
        )
        for _ in range(RUNS)
    ]
    cold_s, warm_s, spiff, stock = (list(column) for column in zip(*runs, strict=True))
    yield Figure("service_layer.cpu_ratio", _ratio(cold_s, spiff), "x", 3.0, peer=STOCK)
    yield Figure("service_layer.warm_ratio", _ratio(warm_s, spiff), "x", 2.2)
    yield Figure("service_layer.stock_ratio", _ratio(stock, spiff), "x")
    yield Figure("service_layer.cpu_ms", median(cold_s) * 1000, "ms",
                 peer=f"SpiffWorkflow's step {median(spiff) * 1000:.2f} ms")  # fmt: skip
    yield Figure("service_layer.warm_ms", median(warm_s) * 1000, "ms")


def _of_three_tasks(office: Office) -> Iterator[Figure]:
    with office.work() as session:
        definitions = _definitions(session, office)
    service_cpu(office)
    runs = [
        (
            cold(service_cpu, office),
            service_cpu(office),
            memory_cpu(definitions),
            yardstick.in_memory_cpu(INSTANCES, VARIABLES),
            yardstick.stock_cpu(INSTANCES, VARIABLES),
        )
        for _ in range(RUNS)
    ]
    cold_s, warm_s, own, spiff, stock = (list(column) for column in zip(*runs, strict=True))
    yield Figure("service_layer.small_ratio", _ratio(cold_s, spiff), "x")
    yield Figure("service_layer.small_warm_ratio", _ratio(warm_s, spiff), "x")
    yield Figure("service_layer.small_stock_ratio", _ratio(stock, spiff), "x")
    yield Figure("service_layer.small_ms", median(cold_s) * 1000, "ms",
                 peer=f"SpiffWorkflow's step {median(spiff) * 1000:.2f} ms")  # fmt: skip
    yield Figure("service_layer.small_own_step_ms", median(own) * 1000, "ms")


def _ratio(of: list[float], to: list[float]) -> float:
    return median([one / other for one, other in zip(of, to, strict=True)])


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


def cold(measured: Any, *given: Any) -> float:
    """Return what ``measured`` finds when every instance has to be restored."""
    remembered, instances._cache = instances._cache, Cache(most=0)
    try:
        return float(measured(*given))
    finally:
        instances._cache = remembered


def service_cpu(office: Office) -> float:
    """Return CPU seconds of a completion of the comparison process."""
    started = [_started(office, PROCESS, {}) for _ in range(INSTANCES)]
    cpu = 0.0
    for variables in VARIABLES:
        for task in open_tasks(office, [str(instance) for instance in started]):
            cpu += _completed(office, UUID(task), variables)
    return cpu / (INSTANCES * len(VARIABLES))


def case_cpu(office: Office, count: int) -> float:
    """Return CPU seconds of a completion in whole cases, one after the other."""
    cpu, completions = 0.0, 0
    for number in range(count):
        instance, calls = _started(office, case_drawing.PROCESS, case_drawing.data(number)), 0
        while (task := _next_task(office, instance)) is not None:
            calls += task.element_id == "callback"
            cpu += _completed(office, task.id, case_drawing.answers(task.element_id, calls))
            completions += 1
    return cpu / completions


def _started(office: Office, process_id: str, variables: dict[str, Any]) -> UUID:
    by, now = str(office.staff_id), datetime.now(UTC)
    with office.work() as session:
        return instances.start(session, office.tenant_id, process_id, variables, by=by, now=now)


def _next_task(office: Office, instance: UUID) -> Any:
    """Look the next task up apart, so that looking is not measured."""
    with office.work() as session:
        return session.execute(text(NEXT), {"id": instance}).first()


def _completed(office: Office, task: UUID, variables: dict[str, Any]) -> float:
    """Complete a task in a unit of work of its own; return the CPU seconds that took."""
    began = time.process_time()
    with office.work() as session:
        by, now = str(office.staff_id), datetime.now(UTC)
        user_tasks.complete(session, task, variables, by=by, now=now)
    return time.process_time() - began
