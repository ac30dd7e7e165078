"""Fixed SQL texts straight to psycopg, on the connection and in the transaction of SQLAlchemy.

What runs in every request costs three to four times as much CPU when SQLAlchemy builds a context
and a description of columns around each result. Here the text goes to the driver, which prepares
it once per connection, and rows come back as they are. What SQLAlchemy has to know it is told:
listeners hear of every statement, and a fault becomes the error it would have been, with a lost
connection taken out of its pool.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import OperationalError, RawCursor
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

_CURSOR = "engine.driver"
_PLACE = re.compile(r"%\((\w+)\)s|%%")


class Rows(list[Any]):
    """All rows that a statement gave, as named tuples."""

    def one(self) -> Any:
        """Return the only row. Raises ``NoResultFound`` or ``MultipleResultsFound``."""
        if not self:
            raise NoResultFound("No row was found when one was required")
        return self.one_or_none()

    def one_or_none(self) -> Any:
        if len(self) > 1:
            raise MultipleResultsFound("Multiple rows were found when one or none was required")
        return self[0] if self else None

    def scalar_one(self) -> Any:
        """Return the first column of the only row."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self]


def send(connection: Connection, statement: str, values: Mapping[str, Any]) -> Rows:
    """Run a text in psycopg's style (``%(name)s``) and return what it gives."""
    cursor = _cursor(connection)
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, statement, values, None, False)
    try:
        text, names = _numbered(statement)
        cursor.execute(text, [values[name] for name in names] if names else None)
        result = cursor.pgresult
        return Rows(cursor.fetchall() if result and result.status == ExecStatus.TUPLES_OK else ())
    except BaseException as fault:
        # What SQLAlchemy does with a fault of its own statements. It has no public name, and the
        # parts that have one leave the dead connections of a restarted server in the pool.
        connection._handle_dbapi_exception(fault, statement, values, None, None)


def set_locally(connection: Connection, setting: str, value: UUID) -> None:
    """Make a setting until the transaction ends, which begins in the same round trip."""
    driver: Any = connection.connection.driver_connection
    change = f"SET LOCAL {setting} TO '{value}'"
    try:
        is_idle = driver.pgconn.transaction_status == TransactionStatus.IDLE
        if is_idle and not (driver.isolation_level or driver.read_only):
            result = driver.pgconn.exec_(f"BEGIN; {change}".encode())
            if result.status != ExecStatus.COMMAND_OK:
                raise OperationalError(result.get_error_message() or "the connection is lost")
        else:  # the driver knows how a transaction of that kind begins
            driver.execute(change)
    except BaseException as fault:
        connection._handle_dbapi_exception(fault, change, {}, None, None)


@lru_cache(maxsize=1024)
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a text as PostgreSQL takes it, and the names of its parameters in their order.

    psycopg would take every statement that is longer than 4 kB apart again at each request.
    """
    places: dict[str, int] = {}

    def placed(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${places.setdefault(name, len(places) + 1)}"

    return _PLACE.sub(placed, statement).encode(), tuple(places)


def _cursor(connection: Connection) -> RawCursor[Any]:
    """Return the cursor that a connection keeps for this: results are read at once."""
    cursor = connection.info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.driver_connection
        cursor = connection.info[_CURSOR] = RawCursor(driver, row_factory=namedtuple_row)
    return cursor
