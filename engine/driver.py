"""Fixed SQL texts straight to psycopg, on the connection and in the transaction of SQLAlchemy.

What runs in every request costs three to four times as much CPU when SQLAlchemy builds a context
and a description of columns around each result. Here the text goes to the driver, which prepares
it once per connection, and rows come back as they are. What SQLAlchemy has to know it is told:
listeners hear of every statement, and a fault becomes the error it would have been, with a lost
connection taken out of its pool.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import Cursor
from psycopg.pq import ExecStatus
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

_CURSOR = "engine.driver"


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
        cursor.execute(statement, values)
        result = cursor.pgresult
        return Rows(cursor.fetchall() if result and result.status == ExecStatus.TUPLES_OK else ())
    except BaseException as fault:
        # What SQLAlchemy does with a fault of its own statements. It has no public name, and the
        # parts that have one leave the dead connections of a restarted server in the pool.
        connection._handle_dbapi_exception(fault, statement, values, None, None)


def _cursor(connection: Connection) -> Cursor[Any]:
    """Return the cursor that a connection keeps for this: results are read at once."""
    cursor = connection.info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.driver_connection
        cursor = connection.info[_CURSOR] = driver.cursor(row_factory=namedtuple_row)
    return cursor
