"""The unit of work: one session, one transaction, opened at the edge.

PostgreSQL only. Every table that belongs to a tenant has `tenant_id` and a row-level security
policy that compares it with the setting `signpost.tenant`, which lives as long as the
transaction. Below the edge nobody commits.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    create_engine,
    event,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    Session,
    SessionTransaction,
    make_transient_to_detached,
)
from sqlalchemy.orm.util import identity_key
from sqlalchemy.types import TypeEngine

from engine import driver
from engine.driver import Rows

# Names are fixed, so that migrations can speak of a constraint and a test can compare.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

T = TypeVar("T")

APPLICATION_ROLE = "signpost_app"
WORKER_ROLE = "signpost_worker"


# Nobody waits for ever for a lock, and a session that has died in the middle lets go of its own.
PATIENCE = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '2min'"


# Pages and processes together run more different statements than psycopg keeps by default.
MOST_PREPARED = 300
SURELY_ALIVE = 1.0  # seconds since a connection was used

PASSING = (DeadlockDetected, LockNotAvailable, SerializationFailure)


class UtcDateTime(TypeDecorator[datetime]):
    """Store aware datetimes in UTC; refuse naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
    }


Entity = TypeVar("Entity", bound=Base)


def connect(url: str, *, role: str | None = APPLICATION_ROLE, **options: Any) -> Engine:
    """Return a pool of connections that act as ``role`` (None: as whoever the address names).

    The address names the owner of the schema; what serves people acts as a role that may neither
    change tables nor pass row-level security, so that a forgotten condition shows nothing.
    """
    database = create_engine(url, **options)
    _prove_the_idle(database)

    @event.listens_for(database, "connect")
    def act_as(connection: Any, record: Any) -> None:
        connection.prepared_max = MOST_PREPARED
        if role is not None:
            connection.autocommit = True
            connection.execute(f"SET ROLE {role}; {PATIENCE}")
            connection.autocommit = False

    return database


def _prove_the_idle(database: Engine) -> None:
    """Ask a connection whether it still lives before it is used, unless it has just been used.

    What SQLAlchemy calls pre-ping costs a round trip at every request.
    """

    @event.listens_for(database, "checkout")
    def prove(connection: Any, record: Any, proxy: Any) -> None:
        if time.monotonic() - record.info.get("used_at", 0.0) < SURELY_ALIVE:
            return
        try:
            database.dialect.do_ping(connection)
        except database.dialect.loaded_dbapi.Error as gone:
            raise DisconnectionError from gone  # the pool opens another one

    @event.listens_for(database, "connect")
    @event.listens_for(database, "checkin")
    def used(connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()


@contextmanager
def unit_of_work(database: Engine, tenant_id: UUID | None = None) -> Iterator[Session]:
    """Commit when the block ends, roll back when it raises.

    Only the edges open one: an HTTP request, a fired timer, an outbox delivery, a command.
    ``tenant_id`` opens the rows of that tenant for this transaction and no longer; without it
    only rows that belong to no tenant can be seen.
    """
    with Session(database, expire_on_commit=False) as session, session.begin():
        if tenant_id is not None:
            enter_tenant(session, tenant_id)
        yield session


@contextmanager
def snapshot(database: Engine, tenant_id: UUID) -> Iterator[Session]:
    """Read everything as of one instant, whatever is being written meanwhile; change nothing.

    For checks that compare tables with each other while the service runs: they lock nobody out.
    """
    still = database.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with unit_of_work(still, tenant_id) as session:
        yield session


def enter_tenant(session: Session, tenant_id: UUID) -> None:
    """Open the rows of ``tenant_id`` until the transaction ends."""
    driver.set_locally(session.connection(), "signpost.tenant", tenant_id)
    entered(session, tenant_id)


def entering(tenant_id: InstrumentedAttribute[UUID]) -> ColumnElement[str]:
    """Return a column for the select that finds out the tenant: to read it is to enter it.

    Saves the statement of `enter_tenant`; who uses it calls `entered` with what was found.
    """
    return func.set_config("signpost.tenant", cast(tenant_id, Text), True)


def entered(session: Session, tenant_id: UUID) -> None:
    """Note in whose rows the session works."""
    session.info["tenant_id"] = tenant_id


def tenant_of(session: Session) -> UUID:
    """Return in whose rows the session works. Raises ``KeyError`` when it has entered none's."""
    tenant_id: UUID = session.info["tenant_id"]
    return tenant_id


def run(session: Session, statement: str, values: Mapping[str, Any]) -> Rows:
    """Run one SQL text (psycopg's ``%(name)s``) in the session's transaction.

    For the few statements that run at every step: sent as they are, psycopg prepares them and
    SQLAlchemy neither compiles nor maps. What the session still holds back is written first.
    """
    session.flush()
    return driver.send(session.connection(), statement, values)


def varying(name: str, type_: TypeEngine[T] | None = None) -> BindParameter[T]:
    """Return a parameter of a `Fixed` statement, which gets its value whenever it is run."""
    return bindparam(name, None, type_, required=False)


class Fixed:
    """A statement written with the models and compiled once, to be sent as `run` sends texts.

    For statements that run in every request and never change their shape: what varies stands in
    them as ``varying("name")``. Rows are the driver's: plain values and no mapped objects.
    """

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(
            dialect=PGDialect_psycopg(), compile_kwargs={"render_postcompile": True}
        )
        self.sql = str(compiled)
        self._constants = {k: v for k, v in compiled.params.items() if v is not None}

    def run(self, session: Session, **values: Any) -> Rows:
        return run(session, self.sql, self._constants | values)

    def read(self, session: Session, **values: Any) -> Rows:
        """Run it without first writing what the session holds back, for what that never touches."""
        return driver.send(session.connection(), self.sql, self._constants | values)


def loaded(session: Session, entity: type[Entity], columns: Mapping[str, Any]) -> Entity:
    """Return the object of a row that a `Fixed` read: the session's own one, brought up to date.

    ``columns``: every column of ``entity`` under its attribute's name. An eighth of what it costs
    to let the session read the object itself.
    """
    values = {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in columns.items()
    }
    found = entity()
    vars(found).update(values)  # not by its attributes: they would note each value as a change
    make_transient_to_detached(found)
    if identity_key(instance=found) in session.identity_map:
        return session.merge(found, load=False)
    session.add(found)
    return found


def may_be_repeated(fault: BaseException) -> bool:
    """Say whether the same unit of work may succeed if it is begun again from the start.

    So it is after a deadlock, a lock that was not granted in time, a connection that was lost
    before anything was committed, and when there was no connection to be had.
    """
    if not isinstance(fault, DBAPIError):
        return False
    if isinstance(fault, OperationalError) and fault.statement is None:
        return True  # the server did not answer: nothing was asked of it
    return fault.connection_invalidated or isinstance(fault.orig, PASSING)


_MEMORY = "engine.memory"
_AFTER_COMMIT = "engine.after_commit"


def memory(session: Session) -> dict[str, Any]:
    """Return what this transaction knows, such as the locks it holds.

    Forgotten when the transaction ends and when it goes back to a savepoint, because a lock
    taken after the savepoint is gone then.
    """
    return session.info.setdefault(_MEMORY, {})


def after_commit(session: Session, do: Callable[[], None]) -> None:
    """Call ``do`` when, and only when, the transaction has been committed."""
    session.info.setdefault(_AFTER_COMMIT, []).append(do)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint was released; the transaction goes on
    for do in session.info.pop(_AFTER_COMMIT, ()):
        do()


@event.listens_for(Session, "after_soft_rollback")
def _went_back(session: Session, transaction: SessionTransaction) -> None:
    session.info.pop(_MEMORY, None)


@event.listens_for(Session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_MEMORY, None)
        session.info.pop(_AFTER_COMMIT, None)
