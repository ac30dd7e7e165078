"""What is due is fired: once, high risk first, and a failing timer holds up nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Connection, Engine, event, select, text

from engine import backoff, instances, messages, timers
from engine.db import unit_of_work
from engine.models import Timer, UserTask
from engine.states import TimerKind

WAITING = diagram(
    process(
        start("begin"),
        catch("an_hour", timer("PT1H")),
        user("chase"),
        end("done"),
        flows="begin > an_hour > chase > done",
        riskRank="rank",
    )
)
OVERDUE = diagram(
    process(
        start("begin"),
        user("ask", name="Ask", dueAt='"PT4H"', safetyCritical="true"),
        end("done"),
        flows="begin > ask > done",
        riskRank="2",
        businessKey="case_id",
    )
)
LADDER = diagram(
    process(
        start("told", message("task.overdue")),
        user("look"),
        end("done"),
        flows="told > look > done",
        id="task_overdue",
    )
)

Fire = Callable[[], int]


@pytest.fixture
def fire(desk: Desk, worker_database: Engine) -> Fire:
    return lambda: timers.fire_due(worker_database, desk.now)


def due_rows(desk: Desk) -> list[Timer]:
    with desk.work() as session:
        return list(session.scalars(select(Timer).order_by(Timer.due_at)))


def test_a_timer_fires_when_it_is_due_and_not_before(desk: Desk, fire: Fire) -> None:
    desk.publish({"p.bpmn": WAITING})
    instance_id = desk.start(variables={"rank": 0})
    desk.clock.advance(timedelta(minutes=59, seconds=59))
    assert fire() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert fire() == 1
    assert desk.open_tasks(instance_id)[0].element_id == "chase"
    assert due_rows(desk) == []
    assert fire() == 0


def test_high_risk_comes_first_then_the_oldest(desk: Desk, worker_database: Engine) -> None:
    desk.publish({"p.bpmn": WAITING})
    order = []
    for rank in (0, 2, 1, 2):
        order.append(desk.start(variables={"rank": rank}))
        desk.clock.advance(timedelta(seconds=1))
    desk.clock.advance(timedelta(hours=2))
    with unit_of_work(worker_database) as session:
        found = timers.find_due(session, desk.now)
    assert [due.target for due in found] == [order[1], order[3], order[2], order[0]]
    assert timers.fire_due(worker_database, desk.now, limit=1) == 1
    assert desk.open_tasks(order[1])


def test_what_was_missed_while_nobody_looked_fires_once(desk: Desk, fire: Fire) -> None:
    cycle = process(
        start("begin"),
        user("ask"),
        boundary("each_hour", "ask", timer("R/PT1H"), interrupting=False),
        user("remind"),
        end("done"),
        flows="begin > ask > done; each_hour > remind > done",
    )
    desk.publish({"p.bpmn": diagram(cycle)})
    desk.start()
    began = desk.now
    desk.clock.advance(timedelta(hours=5, minutes=30))
    fire()
    fire()
    assert [task.element_id for task in desk.open_tasks()].count("remind") == 1
    assert [row.due_at for row in due_rows(desk)] == [began + timedelta(hours=6)]
    assert desk.is_consistent()


def test_an_overdue_task_starts_the_ladder_once(desk: Desk, fire: Fire) -> None:
    desk.publish({"p.bpmn": OVERDUE, "ladder.bpmn": LADDER})
    case_id = uuid4()
    instance_id = desk.start(variables={"case_id": str(case_id)}, service_id=uuid4())
    task = desk.open_tasks(instance_id)[0]
    desk.clock.advance(timedelta(hours=4))
    assert fire() == 1
    assert fire() == 0
    desk.drain()
    [late, look] = sorted(desk.open_tasks(), key=lambda task: task.element_id)
    assert (late.id, look.element_id, look.service_id) == (task.id, "look", task.service_id)
    assert look.instance_id is not None
    with desk.work() as session:
        variables = instances.variables(session, look.instance_id)
    assert variables == {
        "task_id": str(task.id),
        "process_id": "p",
        "case_id": str(case_id),
        "safety_critical": True,
        "risk_rank": 2,
    }


def test_a_task_done_in_time_is_never_overdue(desk: Desk, fire: Fire) -> None:
    desk.publish({"p.bpmn": OVERDUE, "ladder.bpmn": LADDER})
    desk.complete(desk.task(desk.start(variables={"case_id": None})))
    assert due_rows(desk) == []
    desk.clock.advance(timedelta(hours=5))
    assert fire() == 0


def break_state(owner_database: Engine, instance_id: UUID) -> None:
    with owner_database.begin() as connection:
        damage(connection, instance_id, b"broken")


def damage(connection: Connection, instance_id: UUID, state: bytes) -> None:
    values = {"id": instance_id, "state": state}
    change = "UPDATE process_instance SET state = :state, version = version + 1000 WHERE id = :id"
    connection.execute(text(change), values)


def test_a_failing_timer_is_put_off_and_holds_up_nobody(
    desk: Desk, fire: Fire, owner_database: Engine
) -> None:
    desk.publish({"p.bpmn": WAITING})
    broken = desk.start(variables={"rank": 2})
    sound = desk.start(variables={"rank": 0})
    due_at = due_rows(desk)[0].due_at
    break_state(owner_database, broken)
    desk.clock.advance(timedelta(hours=1))

    assert fire() == 1
    assert desk.open_tasks(sound)
    [left] = due_rows(desk)
    assert (left.instance_id, left.attempts, left.due_at) == (broken, 1, due_at)
    assert left.retry_at == desk.now + timedelta(minutes=1)
    assert fire() == 0  # put off: nothing is tried before its time

    for attempt in (2, 3):
        desk.clock.travel_to(due_rows(desk)[0].retry_at or desk.now)
        fire()
        assert due_rows(desk)[0].attempts == attempt
    [incident] = desk.incidents()
    assert (incident.error, incident.instance_id) == ("TimerNotFired", broken)
    for _ in range(10):
        desk.clock.travel_to(due_rows(desk)[0].retry_at or desk.now)
        fire()
    [left] = due_rows(desk)
    assert left.retry_at == desk.now + backoff.LONGEST_PAUSE
    assert (left.due_at, len(desk.incidents())) == (due_at, 1)


def test_a_timer_of_an_instance_that_is_being_moved_waits_for_the_next_tick(
    desk: Desk, fire: Fire
) -> None:
    desk.publish({"p.bpmn": WAITING})
    instance_id = desk.start(variables={"rank": 0})
    desk.clock.advance(timedelta(hours=1))
    with desk.work() as session:
        lock = "SELECT 1 FROM process_instance WHERE id = :id FOR UPDATE"
        session.execute(text(lock), {"id": instance_id})
        assert fire() == 0
    assert fire() == 1


def test_fifty_due_among_ten_thousand_are_found_in_one_statement(
    desk: Desk, worker_database: Engine, owner_database: Engine
) -> None:
    with owner_database.begin() as connection:
        fill = """
            INSERT INTO timer (id, tenant_id, kind, element_id, due_at, attempts, risk_rank)
            SELECT gen_random_uuid(), :tenant, 'overdue', 'x',
                   CAST(:now AS timestamptz) + (n - 50) * interval '1 minute', 0, n % 3
            FROM generate_series(1, 10050) AS n"""
        connection.execute(text(fill), {"tenant": desk.tenant_id, "now": desk.now})
        connection.execute(text("ANALYZE timer"))
    sent: list[str] = []
    seen = lambda c, cursor, statement, *rest: sent.append(statement)  # noqa: E731
    event.listen(worker_database, "before_cursor_execute", seen)
    with unit_of_work(worker_database) as session:
        found = timers.find_due(session, desk.now)
    event.remove(worker_database, "before_cursor_execute", seen)
    assert (len(found), len(sent)) == (50, 1)
    with unit_of_work(worker_database) as session:
        values = {"now": desk.now.isoformat(), "limit": 100}
        statement = timers.DUE.replace("%(now)s", ":now").replace("%(limit)s", ":limit")
        plan = session.scalars(text(f"EXPLAIN {statement}"), values).all()
    assert any("ix_timer_due_at" in line for line in plan), plan


def test_lateness_is_told_for_health(desk: Desk, worker_database: Engine) -> None:
    desk.publish({"p.bpmn": WAITING})
    desk.start(variables={"rank": 0})

    def late_by(now: datetime) -> timedelta:
        with unit_of_work(worker_database) as session:
            return timers.lateness(session, now)

    assert late_by(desk.now) == timedelta()
    assert late_by(desk.now + timedelta(hours=1, seconds=5)) == timedelta(seconds=5)


def test_an_overdue_timer_stands_beside_its_task(desk: Desk) -> None:
    desk.publish({"p.bpmn": OVERDUE})
    desk.start(variables={"case_id": None})
    [row] = due_rows(desk)
    with desk.work() as session:
        task = session.get_one(UserTask, row.user_task_id)
    assert (row.kind, row.id, row.due_at, row.risk_rank) == (
        TimerKind.OVERDUE,
        task.id,
        task.due_at,
        2,
    )


def test_without_a_ladder_the_message_becomes_a_task_that_is_never_late(
    desk: Desk, fire: Fire
) -> None:
    desk.publish({"p.bpmn": OVERDUE})
    desk.start(variables={"case_id": None})
    desk.clock.advance(timedelta(hours=4))
    fire()
    report = messages.drain(desk.database, desk.tenant_id, now=desk.now)
    assert len(report.unclaimed) == 1
    [asked] = [task for task in desk.open_tasks() if task.instance_id is None]
    assert (asked.potential_owners, asked.due_at) == (["team_leader"], None)
