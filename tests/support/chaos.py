"""Eight clients at work while processes are killed and the database falls over, and what was left.

    script/chaos --minutes 10

Two nodes with two ticks on one PostgreSQL (fsync on). Every few seconds something of these: kill -9
of a process that serves, of a whole web node, of a worker; an immediate restart of the database.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

from chaos_audit import audit, is_settled
from chaos_clients import Client, Ledger
from chaos_town import Town, megabytes, town, until
from desk import Desk
from diagrams import catch, diagram, end, message, process, start, throw, timer, user, xor

from engine.clock import TravellingClock

CLIENTS = 8
SETTLING = 180.0  # seconds to finish what was begun, with nothing broken any more
EVERY = (1.5, 4.0)  # seconds between two misfortunes
OWNERS = {"potentialOwners": "case_worker"}
ABOUT = {"payload": "{errand: errand}", "correlationKey": "errand"}
ERRAND = process(
    start("begin"),
    user("first", name="First", **OWNERS),
    throw("tell", message("errand.handed_over", **ABOUT)),
    catch("pause", timer("PT1S")),
    user("second", name="Second", **OWNERS),
    catch("answer", message("errand.checked", correlationKey="errand")),
    xor("well", default="badly"),
    user("third", name="Third", **OWNERS),
    end("done"),
    end("badly"),
    flows="begin > first > tell > pause > second > answer > well;"
    "well > third [goes_well = true]; well > badly; third > done",
    id="errand",
)
CHECK = process(
    start("hear", message("errand.handed_over")),
    user("check", name="Check", **OWNERS),
    throw("reply", message("errand.checked", **ABOUT)),
    end("checked"),
    flows="hear > check > reply > checked",
    id="checking",
)


@dataclass
class Report:
    """What a run did and found. ``faults`` is empty if everything held."""

    seconds: float
    misfortunes: dict[str, int]
    acknowledged_completions: int
    completions_a_second: float
    acknowledged_starts: int
    answers: dict[int, int]
    requests_without_an_answer: int
    repeated_until_told: int
    slowest_answer_seconds: float
    longest_silence_seconds: float
    restarts: dict[str, int]
    found: dict[str, Any]
    faults: list[str]


class Misfortune:
    """Breaks something every few seconds."""

    def __init__(self, place: Town, chance: random.Random, over: threading.Event) -> None:
        self.place, self.chance, self.over = place, chance, over
        self.done: Counter[str] = Counter()
        self.kinds: list[tuple[str, int, Callable[[], bool]]] = [
            ("kill -9 of a serving process", 4, self.kill_serving),
            ("kill -9 of a web node", 2, self.kill_web),
            ("kill -9 of a worker", 4, self.kill_worker),
            ("immediate restart of the database", 2, self.restart_database),
        ]

    def run(self) -> None:
        first = [kind for kind, *_ in self.kinds]  # each at least once, however short the run
        while not self.over.wait(self.chance.uniform(*EVERY)):
            weights = [weight for _, weight, _ in self.kinds]
            name, _, strike = self.chance.choices(self.kinds, weights)[0]
            if first:
                name, _, strike = next(kind for kind in self.kinds if kind[0] == first[-1])
            has_struck = strike()
            self.done[name] += has_struck
            if has_struck and first:
                first.pop()

    def kill_serving(self) -> bool:
        webs = self.chance.sample(self.place.webs, len(self.place.webs))
        return any(web.kill_a_child() for web in webs)

    def kill_web(self) -> bool:
        self.chance.choice(self.place.webs).kill()
        return True

    def kill_worker(self) -> bool:
        self.chance.choice(self.place.ticks).kill()
        return True

    def restart_database(self) -> bool:
        self.place.database.crash()
        self.place.database.recover()
        return True


class Crowd:
    """The clients, each on a thread of its own."""

    def __init__(self, place: Town, ledger: Ledger, seed: int) -> None:
        self.starting, self.stopping = threading.Event(), threading.Event()
        self.clients, self.threads = [], []
        for number in range(CLIENTS):
            name, chance = ("dana", "priya")[number % 2], random.Random(seed + number)
            client = Client(place, name, ledger, chance, self.starting, self.stopping)
            self.clients.append(client)
            self.threads.append(threading.Thread(target=client.run))

    def __enter__(self) -> Self:
        self.starting.set()
        for thread in self.threads:
            thread.start()
        return self

    def finish(self, place: Town) -> bool:
        """Begin nothing new, and say whether everything that was begun came to its end."""
        self.starting.clear()
        try:
            place.until_open()
            until(lambda: self.is_at_rest() and is_settled(place), SETTLING)
        except TimeoutError:
            return False
        return True

    def is_at_rest(self) -> bool:
        """Say whether nobody is in the middle of beginning something new."""
        return not any(client.is_beginning for client in self.clients)

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Scales:
    """Weighs every process now and then: the largest of each kind, in the quarters of a run."""

    def __init__(self, place: Town, seconds: float) -> None:
        self.place, self.pause = place, seconds / 20
        self.weighed: dict[str, list[float]] = {"web": [], "worker": []}

    def weigh(self, over: threading.Event) -> None:
        while not over.wait(self.pause):
            for kind, daemons in (("web", self.place.webs), ("worker", self.place.ticks)):
                heaviest = max(megabytes(daemon) for daemon in daemons)
                self.weighed[kind].append(heaviest)

    def quarters(self) -> dict[str, list[float]]:
        """Return the most that was weighed in each quarter, in MB."""
        found = {}
        for kind, weights in self.weighed.items():
            size = max(1, len(weights) // 4)
            parts = [weights[at : at + size] for at in range(0, len(weights), size)][:4]
            found[kind] = [round(max(part), 1) for part in parts]
        return found


def storm(seconds: float, seed: int, *, calm: bool = False) -> Report:
    """Let it storm for so long, let everybody finish, and look at what is left.

    ``calm``: nothing is broken, to compare with.
    """
    with town() as place:
        ledger, over = Ledger(), threading.Event()
        desk = Desk(place.application, TravellingClock(place.org.now), place.org.tenant_id)
        desk.publish({"errand.bpmn": diagram(ERRAND, CHECK)})
        misfortune = Misfortune(place, random.Random(seed), over)
        scales = Scales(place, seconds)
        others = [threading.Thread(target=scales.weigh, args=(over,))]
        others += [] if calm else [threading.Thread(target=misfortune.run)]
        begun = time.monotonic()
        with Crowd(place, ledger, seed + 1) as crowd:
            for thread in others:
                thread.start()
            try:
                over.wait(seconds)
                stormed = time.monotonic() - begun
                rate = len(ledger.completed) / stormed
            finally:
                over.set()
                for thread in others:
                    thread.join()
            has_settled = crowd.finish(place)
        found, faults = audit(place, ledger)
        if not has_settled:
            faults.append(f"after {SETTLING:g} s something was still under way")
        found["megabytes_by_quarter"] = scales.quarters()
        return reported(place, ledger, misfortune, found, faults, rate, stormed)


def reported(
    place: Town,
    ledger: Ledger,
    misfortune: Misfortune,
    found: dict[str, Any],
    faults: list[str],
    rate: float,
    seconds: float,
) -> Report:
    return Report(
        seconds=round(seconds, 1),
        misfortunes=dict(misfortune.done),
        acknowledged_completions=len(ledger.completed),
        completions_a_second=round(rate, 1),
        acknowledged_starts=len(ledger.started),
        answers=dict(sorted(ledger.statuses.items())),
        requests_without_an_answer=ledger.unknown,
        repeated_until_told=ledger.replayed,
        slowest_answer_seconds=round(ledger.slowest, 2),
        longest_silence_seconds=round(ledger.longest_silence, 2),
        restarts={daemon.log.stem: daemon.starts - 1 for daemon in place.daemons},
        found=found,
        faults=faults,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--calm", action="store_true", help="break nothing, to compare with")
    given = parser.parse_args()
    report = storm(given.minutes * 60, given.seed, calm=given.calm)
    sys.stdout.write(json.dumps({"seed": given.seed, **asdict(report)}, indent=2) + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
