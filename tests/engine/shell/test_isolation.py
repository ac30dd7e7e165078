"""The second lock: another tenant's rows do not exist, whatever is asked for."""

from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from engine import history, instances, messages, outbox, user_tasks
from engine.db import Base, unit_of_work
from engine.user_tasks import UserTaskNotFound

FULL = diagram(
    process(
        start("begin"),
        user("ask", dueAt='"PT4H"'),
        boundary("late", "ask", timer("PT1H"), interrupting=False),
        boundary("answered", "ask", message("answered"), interrupting=False),
        catch("wait", timer("PT1H")),
        end("done"),
        flows="begin > ask > wait > done; late > done; answered > done",
    )
)
OURS = [
    "process_instance",
    "user_task",
    "timer",
    "message_subscription",
    "message_inbox",
    "history_event",
    "history_head",
    "release",
    "release_file",
    "file_content",
    "outbox",
]


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A tenant with something in every table that follows from ordinary work."""
    desk.publish({"p.bpmn": FULL})
    desk.start()
    desk.send("nobody.takes_it", {})
    with desk.work() as session:
        outbox.put(session, "mail", {}, tenant_id=desk.tenant_id, now=desk.now)
        history.append(session, "admin", {"n": 1}, tenant_id=desk.tenant_id, at=desk.now)
    return desk


def count(database: Engine, tenant_id: UUID | None, table: str) -> int:
    with unit_of_work(database, tenant_id) as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


@pytest.mark.parametrize("table", OURS)
def test_a_bare_select_shows_only_the_own_rows(filled: Desk, table: str) -> None:
    assert count(filled.database, filled.tenant_id, table) > 0
    assert count(filled.database, uuid4(), table) == 0
    assert count(filled.database, None, table) == 0


def test_ids_of_another_tenant_are_not_found(filled: Desk) -> None:
    [task] = [task for task in filled.open_tasks() if task.instance_id is not None]
    with unit_of_work(filled.database, uuid4()) as session:
        for verb in (user_tasks.get, user_tasks.lock):
            with pytest.raises(UserTaskNotFound):
                verb(session, task.id)
        with pytest.raises(UserTaskNotFound):
            user_tasks.complete(session, task.id, {}, by="eve", now=filled.now)
        with pytest.raises(instances.InstanceNotFound):
            instances.hold(session, task.instance_id)
        assert history.read(session, f"instance:{task.instance_id}") == []


def test_rows_cannot_be_written_into_another_tenant(filled: Desk) -> None:
    with pytest.raises(DBAPIError), unit_of_work(filled.database, uuid4()) as session:
        messages.send(session, filled.tenant_id, "x", {}, by="eve", now=filled.now)


def test_a_message_reaches_no_catcher_of_another_tenant(desk: Desk) -> None:
    waiting = diagram(
        process(
            start("begin"),
            catch("answer", message("answered")),
            user("read"),
            end("done"),
            flows="begin > answer > read > done",
        )
    )
    other = Desk(desk.database, desk.clock, uuid4())
    for each in (desk, other):
        each.publish({"p.bpmn": waiting})
        each.start()
    desk.send("answered", {})
    assert len(desk.open_tasks()) == 1
    assert other.open_tasks() == []


def test_the_worker_sees_what_is_due_and_nothing_else(
    filled: Desk, worker_database: Engine
) -> None:
    for table in ("timer", "message_inbox", "outbox"):
        assert count(worker_database, None, table) > 0
    for table in ("process_instance", "user_task", "history_event", "release"):
        assert count(worker_database, None, table) == 0
        assert count(worker_database, filled.tenant_id, table) > 0


def test_the_worker_changes_nothing_outside_the_tenant_it_has_entered(
    filled: Desk, worker_database: Engine
) -> None:
    with unit_of_work(worker_database) as session:
        for change in ("UPDATE timer SET attempts = 9", "DELETE FROM timer"):
            assert session.execute(text(change)).rowcount == 0  # type: ignore[attr-defined]


def test_the_tenant_is_forgotten_with_the_transaction(filled: Desk) -> None:
    """A pooled connection never inherits one."""
    for _ in range(3):
        assert count(filled.database, filled.tenant_id, "user_task") > 0
        assert count(filled.database, None, "user_task") == 0


def test_neither_role_may_change_the_schema_or_pass_the_policies(
    database: Engine, worker_database: Engine
) -> None:
    for whoever in (database, worker_database):
        for act in ("DROP TABLE outbox", "ALTER TABLE timer DISABLE ROW LEVEL SECURITY"):
            with pytest.raises(DBAPIError), whoever.begin() as connection:
                connection.execute(text(act))


def test_every_table_of_the_engine_is_protected(owner_database: Engine) -> None:
    forced = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    with owner_database.connect() as connection:
        protected = set(connection.scalars(text(forced)))
        existing = set(inspect(connection).get_table_names())
    ours = {table.name for table in Base.metadata.tables.values()} & existing
    engine_tables = {
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if mapper.class_.__module__ == "engine.models"
    }
    assert engine_tables <= ours
    assert engine_tables <= protected
