"""A thousand attempts in one loop: does an old instance cost more than a young one?"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from benchmarks.figures import Figure, median
from benchmarks.office import Office
from benchmarks.three_tasks import open_tasks
from engine import instances, user_tasks

ATTEMPTS, WINDOW = 1_000, 20


def measure(office: Office) -> Iterator[Figure]:
    by = str(office.staff_id)
    with office.work() as session:
        now = datetime.now(UTC)
        instance = instances.start(session, office.tenant_id, "attempts", {}, by=by, now=now)
    cpu = []
    for _ in range(ATTEMPTS):
        (task,) = open_tasks(office, [str(instance)])
        began = time.process_time()
        with office.work() as session:
            user_tasks.complete(session, UUID(task), {"b_ok": False}, by=by, now=datetime.now(UTC))
        cpu.append(time.process_time() - began)
    young, old = cpu[10 : 10 + WINDOW], cpu[-WINDOW:]
    yield Figure(
        "loop.cost_ratio",
        median(old) / median(young),
        "x",
        1.2,
        peer="stock SpiffWorkflow stops silently at about 333",
    )
