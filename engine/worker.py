"""The worker: ticks that fire timers, bring messages home and send what must leave.

APScheduler is a tick in memory and nothing else: every node ticks, and the database decides who
does what (`engine/timers.py`). Three ticks of their own, so that a slow receiver of mail holds up
no call-back. A tick that is still running is never started twice, and missed ticks count as one.
"""

import logging
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from engine import idempotency, messages, outbox, timers
from engine.clock import Clock, SystemClock
from engine.db import WORKER_ROLE, connect
from engine.outbox import Sender

logger = logging.getLogger(__name__)

AT_ONCE = 100  # rows that a tick takes before it looks at the clock again
SWEEP_UP_EVERY = 3600.0  # seconds
Sweeper = Callable[[Engine, datetime], None]


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs. ``senders`` deliver the outbox, by kind (`engine/outbox.py`).

    ``sweepers`` are called every hour to delete what must not be kept any longer; one that
    fails holds up nobody else.
    """

    database_url: str
    clock: Clock = field(default_factory=SystemClock)
    senders: Mapping[str, Sender] = field(default_factory=dict)
    tick_seconds: float = 1.0
    sweepers: Sequence[Sweeper] = ()


class Worker:
    """The ticks of one process. `run` is the loop around it."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self.database: Engine = connect(settings.database_url, role=WORKER_ROLE)
        self.scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        seconds = self.settings.tick_seconds
        for tick, every in (
            (self.fire_timers, seconds),
            (self.deliver_messages, seconds),
            (self.send, seconds),
            (self.sweep_up, SWEEP_UP_EVERY),
        ):
            self.scheduler.add_job(
                tick, "interval", seconds=every, max_instances=1, coalesce=True, id=tick.__name__
            )
        self.scheduler.start()

    def stop(self) -> None:
        """Let what is under way come to its end, begin nothing new, and let go."""
        self.stopping.set()
        self.scheduler.shutdown(wait=True)
        self.database.dispose()

    def fire_timers(self) -> None:
        self._until_nothing(lambda now: timers.fire_due(self.database, now, AT_ONCE))

    def deliver_messages(self) -> None:
        self._until_nothing(lambda now: messages.sweep(self.database, now))
        self._until_nothing(lambda now: messages.expire(self.database, now, limit=AT_ONCE))

    def send(self) -> None:
        self._until_nothing(
            lambda now: outbox.deliver_due(self.database, now, self.settings.senders, limit=AT_ONCE)
        )

    def sweep_up(self) -> None:
        for sweep in (idempotency.forget_old, *self.settings.sweepers):
            try:
                sweep(self.database, self.settings.clock.now())
            except Exception:
                logger.exception("sweeping up failed; the next hour tries again")

    def _until_nothing(self, act: Callable[[datetime], int]) -> None:
        """Act until nothing is left that can be done; a fault waits for the next tick.

        Not until less than a full load was done: of a load some may fail and be put off, and
        what is behind them is due as well.
        """
        try:
            while not self.stopping.is_set() and act(self.settings.clock.now()):
                pass
        except Exception:
            logger.exception("a tick failed; the next one tries again")


def run(settings: WorkerSettings) -> None:
    """Tick until SIGTERM or SIGINT, then finish what is under way."""
    worker = Worker(settings)

    def stop(signum: int, frame: FrameType | None) -> None:
        worker.stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    worker.start()
    logger.info("worker ticks every %s s", settings.tick_seconds)
    worker.stopping.wait()
    worker.stop()
    logger.info("worker stopped")
