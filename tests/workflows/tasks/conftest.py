"""An office with one process, and statements counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from office import Office, open_office
from sqlalchemy import Engine, event

from engine.clock import TravellingClock


@pytest.fixture
def office(database: Engine, clock: TravellingClock) -> Office:
    return open_office(database, clock)


@pytest.fixture
def statements(database: Engine) -> Iterator[list[str]]:
    """The SQL statements sent since the list was last emptied."""
    sent: list[str] = []

    def seen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(database, "before_cursor_execute", seen)
    yield sent
    event.remove(database, "before_cursor_execute", seen)
