"""Processes on the database: a tenant with one release, and statements counted."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from desk import Desk
from sqlalchemy import Engine, event

from engine.clock import TravellingClock


@pytest.fixture
def desk(database: Engine, clock: TravellingClock) -> Desk:
    return Desk(database, clock, uuid4())


@pytest.fixture
def statements(database: Engine) -> Iterator[Callable[[], list[str]]]:
    """Count the SQL statements and commits sent since the last call."""
    sent: list[str] = []

    def seen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    def committed(connection: Any) -> None:
        sent.append("COMMIT")

    event.listen(database, "before_cursor_execute", seen)
    event.listen(database, "commit", committed)

    def take() -> list[str]:
        taken, sent[:] = list(sent), []
        return taken

    yield take
    event.remove(database, "before_cursor_execute", seen)
    event.remove(database, "commit", committed)
