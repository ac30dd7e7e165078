"""Two web processes with a client each against one with one: how much more is done in a second."""

import threading
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, median
from benchmarks.office import Client, Office, Server
from benchmarks.three_tasks import answers, open_tasks, start_all

RUNS = 3


def measure(office: Office) -> Iterator[Figure]:
    with Server(office) as one:
        alone = median([rate(office, [one.client()]) for _ in range(RUNS)])
    with Server(office, processes=2) as two:
        together = median([rate(office, [two.client(), two.client()]) for _ in range(RUNS)])
    yield Figure("workers.ratio", together / alone, "x", at_least=True)


def rate(office: Office, clients: list[Client]) -> float:
    """Return completions in a second of A, B and C by clients that work on different instances."""
    started = [start_all(client) for client in clients]
    seconds = 0.0
    count = 0
    for step in range(3):
        tasks = [open_tasks(office, instances) for instances in started]
        count += sum(map(len, tasks))
        threads = [
            threading.Thread(target=complete, args=(client, ids, step))
            for client, ids in zip(clients, tasks, strict=True)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds += time.perf_counter() - began
    return count / seconds


def complete(client: Client, tasks: list[str], step: int) -> None:
    for task in tasks:
        client.post(f"/api/v1/user-tasks/{task}/complete", {"answers": answers(0)[step]})
