"""The unit of work: what it knows, what happens after its commit, how long it waits."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from engine import db
from engine.db import after_commit, connect, may_be_repeated, memory, run, unit_of_work


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
