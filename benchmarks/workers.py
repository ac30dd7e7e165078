"""Two web processes with a client each against one with one: how much more is done in a second."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.figures import Figure, median
from benchmarks.office import Client, Office, Server
from benchmarks.three_tasks import answers, open_tasks, start_all

RUNS = 3


def measure(office: Office) -> Iterator[Figure]:
    with Server(office) as one:
        alone = typical(office, one.clients(1))
    with Server(office, processes=2) as two:
        together = typical(office, two.clients(2))
    yield Figure("workers.ratio", together / alone, "x", 1.7, at_least=True)


def typical(office: Office, clients: list[Client]) -> float:
    rate(office, clients)  # warm: caches, prepared statements
    return median([rate(office, clients) for _ in range(RUNS)])


def rate(office: Office, clients: list[Client]) -> float:
    """Return completions in a second of A, B and C by clients that work on different instances."""
    started = [start_all(client) for client in clients]
    seconds = 0.0
    count = 0
    for step in range(3):
        tasks = [open_tasks(office, instances) for instances in started]
        count += sum(map(len, tasks))
        with ThreadPoolExecutor(len(clients)) as threads:
            began = time.perf_counter()
            list(threads.map(complete, clients, tasks, [step] * len(clients)))
            seconds += time.perf_counter() - began
    return count / seconds


def complete(client: Client, tasks: list[str], step: int) -> None:
    for task in tasks:
        client.post(f"/api/v1/user-tasks/{task}/complete", {"answers": answers(0)[step]})
