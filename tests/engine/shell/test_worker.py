"""The worker: its ticks, and a clean end."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from desk import Desk
from diagrams import catch, diagram, end, message, process, start, throw, timer, user
from sqlalchemy import Engine

from engine import inbox, outbox
from engine.outbox import Delivery
from engine.worker import Worker, WorkerSettings

PROCESS = diagram(
    process(
        start("begin"),
        catch("an_hour", timer("PT1H")),
        throw("tell", message("told")),
        end("done"),
        flows="begin > an_hour > tell > done",
    ),
)
TOLD = diagram(
    process(
        start("hear", message("told")),
        user("look"),
        end("done"),
        flows="hear > look > done",
        id="told",
    )
)


@pytest.fixture
def sent() -> list[Delivery]:
    return []


@pytest.fixture
def worker(desk: Desk, database_url: str, sent: list[Delivery]) -> Iterator[Worker]:
    desk.publish({"p.bpmn": PROCESS, "told.bpmn": TOLD})
    made = Worker(
        WorkerSettings(database_url, desk.clock, {"mail": lambda s, d: sent.append(d)}, 0.01)
    )
    yield made
    made.database.dispose()


def test_ticks_do_what_is_due(desk: Desk, worker: Worker, sent: list[Delivery]) -> None:
    desk.start()
    with desk.work() as session:
        outbox.put(session, "mail", {}, tenant_id=desk.tenant_id, now=desk.now)
    desk.clock.advance(timedelta(hours=1))
    worker.fire_timers()
    worker.deliver_messages()
    worker.send()
    worker.sweep_up()
    assert [task.element_id for task in desk.open_tasks()] == ["look"]
    assert len(sent) == 1


def test_sweeping_up_goes_on_when_one_part_of_it_fails(desk: Desk, database_url: str) -> None:
    swept: list[datetime] = []

    def fail(database: Engine, now: datetime) -> None:
        raise RuntimeError

    def sweep(database: Engine, now: datetime) -> None:
        swept.append(now)

    settings = WorkerSettings(database_url, desk.clock, sweepers=[fail, sweep])
    worker = Worker(settings)
    worker.sweep_up()
    worker.database.dispose()
    assert swept == [desk.now]


def test_a_tick_takes_all_that_is_due_not_just_a_load(
    desk: Desk, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.AT_ONCE", 2)
    for _ in range(5):
        desk.start()
    desk.clock.advance(timedelta(hours=1))
    worker.fire_timers()
    worker.deliver_messages()
    assert len(desk.open_tasks()) == 5


def test_messages_that_nobody_takes_expire(desk: Desk, worker: Worker) -> None:
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        end("done"),
        flows="begin > answer > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    desk.send("answered", {"case_id": "C-1"})
    desk.clock.advance(inbox.EXPIRES_AFTER)
    worker.deliver_messages()
    assert len(desk.open_tasks()) == 1


def test_a_tick_that_fails_is_survived(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> int:
        raise ConnectionError

    monkeypatch.setattr("engine.timers.fire_due", broken)
    worker.fire_timers()


def test_the_scheduler_ticks_by_itself_and_stops(
    desk: Desk, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked = threading.Event()
    monkeypatch.setattr("engine.timers.fire_due", lambda *given: ticked.set() or 0)
    worker.start()
    assert ticked.wait(timeout=20)
    worker.stop()
    assert not worker.scheduler.running


def test_sigterm_ends_the_loop_cleanly(database_url: str) -> None:
    loop = (
        "import logging, sys; logging.basicConfig(level=logging.INFO, stream=sys.stdout);"
        "from engine.worker import WorkerSettings, run; run(WorkerSettings(sys.argv[1]))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", loop, database_url], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    for line in running.stdout:
        if "worker ticks" in line:
            break
    running.send_signal(signal.SIGTERM)
    rest, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert "worker stopped" in rest
