"""Running several things at once, each on a thread of its own, all from one barrier."""

import threading
from collections.abc import Callable
from typing import Any


def together(*work: Callable[[], Any]) -> list[Any]:
    """Run everything at once, each on a thread of its own; return what came out, or was raised."""
    line = threading.Barrier(len(work))
    out: list[Any] = [None] * len(work)

    def run(place: int) -> None:
        line.wait()
        try:
            out[place] = work[place]()
        except Exception as raised:
            out[place] = raised

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out
