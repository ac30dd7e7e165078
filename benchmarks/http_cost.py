"""What HTTP adds: a completion through the JSON interface against one through casework, in wall."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from benchmarks.figures import Figure, median
from benchmarks.office import Office, Server
from benchmarks.three_tasks import INSTANCES, answers, open_tasks, start_all
from workflows.access.actor import actor_for
from workflows.tasks import completing

RUNS = 3


def measure(office: Office) -> Iterator[Figure]:
    ratios = []
    with Server(office) as server:
        client = server.client()
        for number in range(RUNS + 1):
            by_http, by_call = [], []
            instances = start_all(client)
            for task in open_tasks(office, instances[: INSTANCES // 2]):
                began = time.perf_counter()
                client.post(f"/api/v1/user-tasks/{task}/complete", {"answers": answers(0)[0]})
                by_http.append(time.perf_counter() - began)
            for task in open_tasks(office, instances[INSTANCES // 2 :]):
                began = time.perf_counter()
                _complete(office, UUID(task))
                by_call.append(time.perf_counter() - began)
            if number:  # the first run warms both
                ratios.append(median(by_http) / median(by_call))
    yield Figure("http.ratio", median(ratios), "x", 1.4, peer="Viewflow about 2.5")


def _complete(office: Office, task: UUID) -> None:
    with office.work() as session:
        now = datetime.now(UTC)
        actor = actor_for(session, office.staff_id, now)
        completing.complete(session, task, answers(0)[0], actor=actor, now=now)
