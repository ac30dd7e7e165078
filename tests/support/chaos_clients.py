"""Clients that do casework over HTTP, whatever becomes of the servers.

Half of what they send carries an idempotency key: then they ask again until they are told, and the
answer must be that of the first time. Without a key they ask once; what nobody has told them they
look up in the list of open tasks, like anybody.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from chaos_town import Town

TIMEOUT = 30.0  # seconds
WAITS = (0.05, 0.1, 0.2, 0.5)
BACKLOG = 60  # with more open tasks than this nobody starts anything new
ONE_IN_BROKEN = 25  # instances that fail on the way


class Unknown(Exception):
    """Nobody knows what became of a request."""


@dataclass
class Ledger:
    """What the clients were told."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    completed: dict[UUID, list[str]] = field(default_factory=dict)  # task -> who was told 200
    started: list[UUID] = field(default_factory=list)
    broken: int = 0  # started so that they fail on the way
    statuses: Counter[int] = field(default_factory=Counter)
    unknown: int = 0
    replayed: int = 0
    surprises: list[str] = field(default_factory=list)
    slowest: float = 0.0
    answered_at: float = field(default_factory=time.monotonic)
    longest_silence: float = 0.0

    def answered(self, status: int, seconds: float) -> None:
        with self.lock:
            now = time.monotonic()
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)
            if status < 500:
                self.longest_silence = max(self.longest_silence, now - self.answered_at)
                self.answered_at = now

    def lost(self) -> None:
        with self.lock:
            self.unknown += 1

    def done(self, task_id: UUID, by: str) -> None:
        with self.lock:
            self.completed.setdefault(task_id, []).append(by)

    def begun(self, instance_id: UUID, *, is_broken: bool) -> None:
        with self.lock:
            self.started.append(instance_id)
            self.broken += is_broken

    def surprise(self, words: str) -> None:
        with self.lock:
            self.surprises.append(words)


@dataclass
class Client:
    """One person's programme."""

    town: Town
    name: str
    ledger: Ledger
    chance: random.Random
    starting: threading.Event  # as long as it is set, new work is begun
    stopping: threading.Event
    line: http.client.HTTPConnection | None = None
    is_beginning: bool = False  # something new may be under way

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except Unknown:
                self.stopping.wait(self.chance.choice(WAITS))
        self.hang_up()

    def work(self) -> None:
        waiting = self.waiting()
        self.is_beginning = True
        try:
            if self.starting.is_set() and len(waiting) < BACKLOG:
                self.start()
        finally:
            self.is_beginning = False
        if not waiting:
            self.stopping.wait(0.2)
            return
        for task_id in self.chance.sample(waiting, min(4, len(waiting))):
            self.complete(task_id)

    def waiting(self) -> list[UUID]:
        status, found = self.ask("GET", "/user-tasks?per_page=100")
        if status != 200:
            raise Unknown
        return [UUID(task["id"]) for task in found["items"]]

    def start(self) -> None:
        is_broken = self.chance.randrange(ONE_IN_BROKEN) == 0
        variables = {"errand": f"errand-{uuid4().hex}", "goes_well": None if is_broken else True}
        body = {"process_id": "errand", "variables": variables}
        status, answer = self.until_told("POST", "/process-instances", body)
        if status == 201:
            self.ledger.begun(UUID(answer["id"]), is_broken=is_broken)
        else:
            self.ledger.surprise(f"start: {status} {answer}")

    def complete(self, task_id: UUID) -> None:
        path = f"/user-tasks/{task_id}/complete"
        if self.chance.random() < 0.2:
            self.ask("POST", f"/user-tasks/{task_id}/claim", {})
        if self.chance.random() < 0.5:
            status, answer = self.until_told("POST", path, {})
        else:
            status, answer = self.ask("POST", path, {})
        if status == 200:
            self.ledger.done(task_id, self.name)
        elif status not in (403, 404, 409, 503):  # another has it, or the database is away
            self.ledger.surprise(f"complete: {status} {answer}")

    def until_told(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Ask again with one key until somebody says what has become of it."""
        key, tries = uuid4().hex, 0
        while True:
            tries += 1
            try:
                status, answer = self.ask(method, path, body, key)
            except Unknown:
                status, answer = 503, None
            if status < 500:
                self.ledger.replayed += tries > 1
                return status, answer
            if status != 503:
                self.ledger.surprise(f"{method} {path}: {status} {answer}")
            if self.stopping.wait(self.chance.choice(WAITS)):
                raise Unknown

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        """Ask once, on either node. Raises `Unknown` when nobody answers."""
        began = time.monotonic()
        try:
            status, answer = self._ask(method, path, body, key)
        except (OSError, http.client.HTTPException, ValueError) as gone:
            self.hang_up()
            self.ledger.lost()
            raise Unknown from gone
        self.ledger.answered(status, time.monotonic() - began)
        if status == 500:
            self.ledger.surprise(f"{method} {path.partition('?')[0]}: 500")
        return status, answer

    def _ask(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, Any]:
        if self.line is None:
            port = self.chance.choice(self.town.ports)
            self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        headers = {"Authorization": f"Bearer {self.town.tokens[self.name]}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        given = None if body is None else json.dumps(body)
        if given is not None:
            headers["Content-Type"] = "application/json"
        self.line.request(method, f"/api/v1{path}", given, headers)
        answer = self.line.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None
