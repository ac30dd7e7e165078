"""Print every figure as a table and write results.jsonl. Names choose: `script/bench timers`.

`scale` fills a database with a million instances, which takes minutes: it is run when it is named.
"""

import os
import sys
from collections.abc import Callable, Iterator

from benchmarks import http_cost, inbox, loop, scale, service_layer, three_tasks, timers, workers
from benchmarks.figures import Figure, table, write
from benchmarks.office import Office, office

MEASURES: dict[str, Callable[[Office], Iterator[Figure]]] = {
    "three_tasks": three_tasks.measure,
    "service_layer": service_layer.measure,
    "http": http_cost.measure,
    "loop": loop.measure,
    "timers": timers.measure,
    "inbox": inbox.measure,
    "workers": workers.measure,
    "scale": scale.measure,
}

WHEN_NAMED = {"scale"}


def main() -> int:
    asked = sys.argv[1:] or [name for name in MEASURES if name not in WHEN_NAMED]
    unknown = [name for name in asked if name not in MEASURES]
    if unknown:
        print(f"There is no measure {', '.join(unknown)}. There are: {', '.join(MEASURES)}.")
        return 2
    load, cores = os.getloadavg()[0], os.cpu_count()
    figures: list[Figure] = []
    for name in asked:
        with office() as place:  # each on a fresh database, so that none fills another's tables
            figures += MEASURES[name](place)
        print(f"{name} measured", file=sys.stderr)
    write(figures)
    print(table(figures))
    print(f"\nLoad average at the start: {load:.1f} on {cores} cores. On a busy machine trust CPU,")
    print("counts and ratios; what is timed by the wall is then the others' doing as well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
