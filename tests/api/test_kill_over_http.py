"""Web processes die in the middle of their work: nothing acknowledged is lost, nothing doubled."""

import http.client
import queue
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from desk import Desk
from diagrams import diagram, end, process, start, user
from people import Organisation, make_ark
from processes import Web
from sqlalchemy import Engine, select

from engine import history
from engine.clock import TravellingClock
from engine.models import ProcessInstance, UserTask
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope

TASKS, CLIENTS = 200, 3
KILL_WORKER_AFTER, KILL_ALL_AFTER = 60, 130  # acknowledgements
OWNERS = {"potentialOwners": "case_worker"}
TWO = diagram(
    process(
        start("begin"),
        user("first", **OWNERS),
        user("second", **OWNERS),
        end("done"),
        flows="begin > first > second > done",
    )
)


@pytest.fixture
def now() -> datetime:
    """A minute ago: the processes go by the machine's clock."""
    return datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def org(database: Engine, now: datetime) -> Organisation:
    return make_ark(database, now)


@pytest.fixture
def desk(database: Engine, org: Organisation, now: datetime) -> Desk:
    desk = Desk(database, TravellingClock(now), org.tenant_id)
    desk.publish({"p.bpmn": TWO})
    return desk


@pytest.fixture
def token(org: Organisation) -> Callable[[str], str]:
    def make(login_name: str) -> str:
        with org.work() as session:
            return tokens.issue(
                session,
                org.tenant_id,
                org.staff[login_name],
                "a programme",
                [Scope.CASEWORK],
                by="system",
                now=datetime.now(UTC),
            )

    return make


def completions(desk: Desk) -> Counter[UUID]:
    """Return how often the history says that a first task was completed, by instance."""
    found: Counter[UUID] = Counter()
    with desk.work() as session:
        for instance_id in session.scalars(select(ProcessInstance.id)):
            for entry in history.read(session, f"instance:{instance_id}"):
                said = entry.payload
                if (said.get("element"), said["lifecycle_transition"]) == ("first", "complete"):
                    found[instance_id] += 1
    return found


class Clients:
    """Three clients who complete what waits until nothing does, whatever becomes of the server."""

    def __init__(self, web: Web, token: str, waiting: list[UUID]) -> None:
        self.web, self.token = web, token
        self.waiting: queue.SimpleQueue[UUID] = queue.SimpleQueue()
        for task_id in waiting:
            self.waiting.put(task_id)
        self.acknowledged: list[UUID] = []
        self.others: Counter[int] = Counter()
        self.milestone = threading.Condition()

    def run(self) -> None:
        while not self.waiting.empty():
            try:
                task_id = self.waiting.get_nowait()
            except queue.Empty:
                return
            try:
                path = f"/user-tasks/{task_id}/complete"
                answer = self.web.ask(self.token, "POST", path)
            except (OSError, http.client.HTTPException):
                self.waiting.put(task_id)  # nobody knows what became of it: ask again
                continue
            with self.milestone:
                if answer.status == 200:
                    self.acknowledged.append(task_id)
                else:
                    self.others[answer.status] += 1
                self.milestone.notify_all()

    def until(self, acknowledged: int) -> None:
        with self.milestone:
            reached = self.milestone.wait_for(lambda: len(self.acknowledged) >= acknowledged, 60)
        assert reached


def test_kill_9_loses_no_acknowledged_completion_and_doubles_none(
    desk: Desk, database_url: str, token: Callable[[str], str]
) -> None:
    of_instance = {desk.task(id): id for id in (desk.start() for _ in range(TASKS))}
    with Web(database_url) as web:
        clients = Clients(web, token("dana"), list(of_instance))
        threads = [threading.Thread(target=clients.run) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        clients.until(KILL_WORKER_AFTER)
        web.kill_a_worker()
        clients.until(KILL_ALL_AFTER)
        web.kill()
        known = set(clients.acknowledged)
        with desk.work() as session:
            still_open = set(
                session.scalars(select(UserTask.id).where(UserTask.completed_at.is_(None)))
            )
        assert not known & still_open
        assert desk.is_consistent()
        web.start()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive()

    # every task was acknowledged, or its repetition was told that it is done already
    assert set(clients.others) <= {409}
    assert len(clients.acknowledged) == len(set(clients.acknowledged))
    assert len(clients.acknowledged) + clients.others[409] == TASKS
    assert completions(desk) == Counter(of_instance.values())
    assert {task.element_id for task in desk.open_tasks()} == {"second"}
    assert len(desk.open_tasks()) == TASKS
    assert desk.is_consistent()


def test_of_two_at_once_one_completes_and_the_other_is_told_who(
    desk: Desk, database_url: str, org: Organisation, token: Callable[[str], str]
) -> None:
    tasks = [desk.task(desk.start()) for _ in range(50)]
    keys = {name: token(name) for name in ("dana", "priya")}
    barrier = threading.Barrier(2)
    told: dict[tuple[UUID, str], tuple[int, dict]] = {}

    with Web(database_url, processes=2) as web:

        def complete(name: str) -> None:
            for task_id in tasks:
                barrier.wait(timeout=60)
                answer = web.ask(keys[name], "POST", f"/user-tasks/{task_id}/complete")
                told[task_id, name] = answer.status, answer.json

        threads = [threading.Thread(target=complete, args=(name,)) for name in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)

    assert len(told) == 2 * len(tasks)
    for task_id in tasks:
        dana, priya = told[task_id, "dana"], told[task_id, "priya"]
        assert sorted((dana[0], priya[0])) == [200, 409]
        winner, refusal = (org.dana, priya[1]) if dana[0] == 200 else (org.priya, dana[1])
        assert refusal["type"] == "/problems/user-task-not-open"
        assert refusal["by"] == str(winner)
        assert datetime.fromisoformat(refusal["at"]) > desk.now
        assert desk_task(desk, task_id).completed_by == str(winner)
    assert set(completions(desk).values()) == {1}
    assert desk.is_consistent()


def desk_task(desk: Desk, task_id: UUID) -> UserTask:
    with desk.work() as session:
        return session.get_one(UserTask, task_id)
