"""The unit of work: what it knows, what happens after its commit, how long it waits."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound, OperationalError

from engine import db
from engine.db import after_commit, connect, may_be_repeated, memory, run, unit_of_work
from engine.models import Outbox


def test_what_comes_after_the_commit_comes_only_then(database: Engine) -> None:
    done: list[str] = []
    with unit_of_work(database) as session:
        after_commit(session, lambda: done.append("after"))
        with session.begin_nested():
            done.append("inside")
        done.append("before")
    assert done == ["inside", "before", "after"]
    with pytest.raises(ValueError, match="no"), unit_of_work(database) as session:
        after_commit(session, lambda: done.append("never"))
        raise ValueError("no")
    assert "never" not in done


def test_what_a_transaction_knows_goes_with_its_savepoint(database: Engine) -> None:
    with unit_of_work(database) as session:
        memory(session)["lock"] = 1
        with session.begin_nested():
            pass
        assert memory(session) == {"lock": 1}
        with pytest.raises(ValueError, match="back"), session.begin_nested():
            raise ValueError("back")
        assert memory(session) == {}


def test_nobody_waits_for_ever_for_a_lock(database: Engine) -> None:
    with unit_of_work(database) as session:
        assert session.scalar(text("SHOW lock_timeout")) == "10s"
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "2min"


def test_a_lock_that_is_not_granted_may_be_tried_again(database: Engine) -> None:
    key = {"key": uuid4().int % 2**31}
    take = "SELECT pg_advisory_xact_lock(%(key)s)"
    with unit_of_work(database) as first:
        run(first, take, key)
        with pytest.raises(DBAPIError) as caught, unit_of_work(database) as second:
            run(second, "SET LOCAL lock_timeout = '1ms'", {})
            run(second, take, key)
    assert may_be_repeated(caught.value)


def test_a_fault_of_our_own_is_not_repeated(database: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, unit_of_work(database) as session:
        session.execute(text("SELECT 1 / 0"))
    assert not may_be_repeated(caught.value)
    assert not may_be_repeated(ValueError())


def test_a_connection_that_died_in_the_pool_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = connect(database_url)
    owner = connect(database_url, role=None)
    with unit_of_work(pool) as session:
        died = session.scalar(text("SELECT pg_backend_pid()"))
    with unit_of_work(owner) as session:
        session.execute(text("SELECT pg_terminate_backend(:died, 5000)"), {"died": died})
        monkeypatch.setattr(db, "SURELY_ALIVE", 0.0)  # as if it had been idle for longer
    with unit_of_work(pool) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != died
    pool.dispose()
    owner.dispose()


def test_rows_that_are_read_past_sqlalchemy_are_named(database: Engine) -> None:
    with unit_of_work(database) as session:
        rows = run(session, "SELECT n, n * 2 AS twice FROM generate_series(1, 2) AS n", {})
        assert [row.twice for row in rows] == [2, 4]
        assert rows.scalars() == [1, 2]
        assert run(session, "SET LOCAL work_mem = '4MB'", {}) == []
        with pytest.raises(MultipleResultsFound):
            rows.one_or_none()
        with pytest.raises(NoResultFound):
            run(session, "SELECT 1 WHERE false", {}).scalar_one()


def test_what_the_session_holds_back_is_written_first(database: Engine) -> None:
    tenant_id, now = uuid4(), datetime.now(UTC)
    row = Outbox(tenant_id=tenant_id, kind="mail", payload={}, created_at=now, next_at=now)
    with unit_of_work(database, tenant_id) as session, session.begin_nested() as inner:
        session.add(row)
        assert run(session, "SELECT kind FROM outbox", {}).scalars() == ["mail"]
        inner.rollback()


def test_a_server_that_cut_a_connection_is_told_as_by_sqlalchemy(database_url: str) -> None:
    pool = connect(database_url, pool_size=2)
    owner = connect(database_url, role=None)
    with pool.connect(), unit_of_work(pool) as session:  # two connections, one of them idle later
        pass
    with pytest.raises(OperationalError) as caught, unit_of_work(pool) as session:
        pid = run(session, "SELECT pg_backend_pid()", {}).scalar_one()
        with unit_of_work(owner) as killer:
            run(killer, "SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
        run(session, "SELECT 1", {})
    assert may_be_repeated(caught.value)
    assert caught.value.connection_invalidated
    with unit_of_work(pool) as session:  # at once, without asking whether it lives
        assert run(session, "SELECT pg_backend_pid()", {}).scalar_one() != pid
    pool.dispose()
    owner.dispose()


def test_whoever_listens_hears_of_every_statement(database: Engine) -> None:
    heard: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement)

    event.listen(database, "before_cursor_execute", hear)
    with unit_of_work(database) as session:
        run(session, "SELECT 1 AS heard", {})
    event.remove(database, "before_cursor_execute", hear)
    with unit_of_work(database) as session:
        run(session, "SELECT 2", {})
    assert heard == ["SELECT 1 AS heard"]


def test_a_name_that_stands_twice_is_sent_once_and_a_percent_sign_stays(database: Engine) -> None:
    statement = "SELECT %(a)s::int + %(a)s::int AS sum, 'x' LIKE '%%' AS like, %(b)s::text AS b"
    with unit_of_work(database) as session:
        row = run(session, statement, {"b": "100 %", "a": 2, "unused": 3}).one()
    assert (row.sum, row.like, row.b) == (4, True, "100 %")
