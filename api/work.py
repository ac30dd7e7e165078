"""What a request works with: the settings, the clock, the database and its one unit of work."""

import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from flask import current_app, g
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.settings import Settings
from engine import messages
from engine.clock import Clock

Answer = TypeVar("Answer")

KEY = "signpost"
ATTEMPTS = 3
# serialisation failure, deadlock, lock not available: the next attempt usually succeeds
WORTH_REPEATING = {"40001", "40P01", "55P03"}


class Parts:
    """What `create_app` was given, kept on the application."""

    def __init__(
        self, settings: Settings, database: Engine, worker_database: Engine, clock: Clock
    ) -> None:
        self.settings, self.database = settings, database
        self.worker_database, self.clock = worker_database, clock


def parts() -> Parts:
    return cast(Parts, current_app.extensions[KEY])


def settings() -> Settings:
    return parts().settings


def database() -> Engine:
    return parts().database


def worker_database() -> Engine:
    """The worker's role: sees due rows of every tenant. For figures and for draining only."""
    return parts().worker_database


def clock() -> Clock:
    return parts().clock


def now() -> datetime:
    """Return the instant of this request, read once."""
    if "now" not in g:
        g.now = clock().now()
    return cast(datetime, g.now)


def session() -> Session:
    """Return the session of this request's unit of work."""
    return cast(Session, g.session)


def repeated(work: Callable[[], Answer]) -> Answer:
    """Do ``work``; do it again, a little later, when the database says that this helps.

    ``work`` opens and ends its own unit of work, so that a repetition starts from nothing.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in WORTH_REPEATING:
                raise
            time.sleep(random.uniform(0.01, 0.05) * attempt)
    return work()


def deliver_sent(sent: Iterable[UUID], tenant_id: UUID) -> None:
    """Hand on what this request's transaction sent to other instances, now that it is committed.

    At once, so that the next page can say what happens next; what does not go through now is
    swept up by the worker.
    """
    if ids := list(sent):
        messages.drain(database(), tenant_id, now=now(), ids=ids)
