"""What storage costs: a completion through the service layer against the step in memory, in CPU.

Both complete the comparison process's three tasks; the service layer locks, restores, saves,
writes history and commits on PostgreSQL, the other only moves the token.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from benchmarks.figures import Figure, median
from benchmarks.office import Office
from benchmarks.three_tasks import PROCESS, open_tasks
from engine import instances, releases, runtime, user_tasks
from engine.changes import CompleteTask, Start, Step
from engine.definitions import Definitions
from engine.standins import StandIns

INSTANCES, RUNS = 60, 5
VARIABLES = ({"risk_level": 4}, {"b_ok": True}, {"c_ok": True})


def measure(office: Office) -> Iterator[Figure]:
    with office.work() as session:
        definitions = _definitions(session, office)
    ratios = []
    for _ in range(RUNS):  # interleaved, so that both meet the same machine
        in_memory, stored = memory_cpu(definitions), service_cpu(office)
        ratios.append(stored / in_memory)
    yield Figure(
        "service_layer.cpu_ratio", median(ratios), "x", peer="stock SpiffWorkflow persistence 15-17"
    )


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
