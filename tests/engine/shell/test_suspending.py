"""A suspended instance keeps still and loses nothing; what watches over people goes on."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import (
    boundary,
    catch,
    condition,
    diagram,
    end,
    message,
    process,
    signal,
    start,
    timer,
    user,
)
from sqlalchemy import Engine, select

from engine import history, incidents, instances, messages, ranks, timers, user_tasks
from engine.changes import CancelInstance, RetryIncident, SetVariables
from engine.living import holding, suspending
from engine.living.holding import STILL_SUSPENDED, InstanceSuspended
from engine.living.models import Suspension
from engine.models import MessageInbox, Timer, UserTask
from engine.states import InstanceStatus, MessageState, UserTaskState

HOUR = timedelta(hours=1)
WORK = diagram(
    process(
        start("begin"),
        user("ask", name="Ask"),
        boundary("late", "ask", timer("PT2H"), interrupting=False),
        user("chase", name="Chase"),
        end("done"),
        flows="begin > ask > done; late > chase > done",
    )
)


def suspend(desk: Desk, instance_id: UUID, *, hours: int = 3) -> None:
    with desk.work() as session:
        suspending.suspend(
            session,
            instance_id,
            reason="The office moves",
            review_at=desk.now + hours * HOUR,
            by="chidi",
            now=desk.now,
        )


def resume(desk: Desk, instance_id: UUID) -> None:
    with desk.work() as session:
        suspending.resume(session, instance_id, reason="Moved", by="chidi", now=desk.now)
        produced = messages.produced(session)
    desk.drain(produced)


def states(desk: Desk, instance_id: UUID) -> dict[str, str]:
    return {task.element_id: str(task.state) for task in desk.open_tasks(instance_id)}


@pytest.mark.parametrize("before", ["ready", "reserved", "in_progress"])
def test_a_task_comes_back_as_it_was(desk: Desk, before: str) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    task_id = desk.task(instance_id)
    with desk.work() as session:
        if before != "ready":
            user_tasks.claim(session, task_id, by="amina", now=desk.now)
        if before == "in_progress":
            user_tasks.start(session, task_id, by="amina", now=desk.now)

    suspend(desk, instance_id)
    assert states(desk, instance_id) == {"ask": UserTaskState.SUSPENDED}
    assert desk.instance(instance_id).status == InstanceStatus.SUSPENDED
    assert desk.is_consistent()

    resume(desk, instance_id)
    assert states(desk, instance_id) == {"ask": before}
    assert desk.instance(instance_id).status == InstanceStatus.ACTIVE
    desk.complete(task_id)
    assert desk.instance(instance_id).status == InstanceStatus.COMPLETED
    assert desk.is_consistent()


def test_nobody_works_on_a_suspended_task_and_the_refusal_says_who_when_and_why(
    desk: Desk,
) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    task_id = desk.task(instance_id)
    suspend(desk, instance_id)
    since = desk.now
    how = {"by": "amina", "now": desk.now}
    for act in (
        lambda session: user_tasks.claim(session, task_id, **how),
        lambda session: user_tasks.start(session, task_id, **how),
        lambda session: user_tasks.release(session, task_id, **how),
        lambda session: user_tasks.delegate(session, task_id, to="ben", **how),
        lambda session: user_tasks.forward(session, task_id, to=["team_leader"], **how),
        lambda session: user_tasks.complete(session, task_id, {}, **how),
    ):
        with pytest.raises(InstanceSuspended, match="The office moves") as told:
            with desk.work() as session:
                act(session)
        assert (told.value.extra["by"], told.value.extra["at"]) == ("chidi", since)
        assert told.value.extra["review_at"] == since + 3 * HOUR
    assert states(desk, instance_id) == {"ask": "suspended"}


def test_who_only_keeps_the_system_running_is_not_told_why(desk: Desk) -> None:
    """The reason may speak of a person: it is for those who may read the task."""
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    suspend(desk, instance_id)
    command = RetryIncident(UUID(int=7))
    with pytest.raises(InstanceSuspended) as told, desk.work() as session:
        instances.move(session, instance_id, command, by="admin", now=desk.now)
    assert told.value.extra["by"] == "chidi"
    assert "reason" not in told.value.extra
    assert "The office moves" not in str(told.value)


def test_a_timer_keeps_its_time_and_fires_once_when_that_is_over(
    desk: Desk, worker_database: Engine
) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    due = desk.now + 2 * HOUR
    suspend(desk, instance_id)
    desk.clock.advance(2 * HOUR + timedelta(minutes=30))
    assert timers.fire_due(worker_database, desk.now) == 0
    with desk.work() as session:
        [kept] = session.scalars(select(Timer).where(Timer.kind == "bpmn"))
        assert (kept.due_at, kept.held) == (due, True)
        assert timers.lateness(session, desk.now) == timedelta()

    resume(desk, instance_id)
    assert states(desk, instance_id) == {"ask": "ready", "chase": "ready"}
    assert timers.fire_due(worker_database, desk.now) == 0
    assert states(desk, instance_id) == {"ask": "ready", "chase": "ready"}
    assert desk.is_consistent()


def test_a_timer_that_is_not_due_yet_counts_on(desk: Desk, worker_database: Engine) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    suspend(desk, instance_id, hours=1)
    desk.clock.advance(HOUR / 2)
    resume(desk, instance_id)
    desk.clock.advance(2 * HOUR)
    assert timers.fire_due(worker_database, desk.now) == 1
    assert states(desk, instance_id) == {"ask": "ready", "chase": "ready"}


HEARING = diagram(
    process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        catch("news", signal("withdrawn")),
        user("stop"),
        flows="begin > answer > read > done; begin > news > stop > done",
    )
)


def test_messages_wait_in_the_inbox_and_arrive_once(desk: Desk) -> None:
    desk.publish({"p.bpmn": HEARING})
    instance_id = desk.start(variables={"case_id": "C-1"})
    suspend(desk, instance_id)
    row_id = desk.send("answered", {}, correlation={"case_id": "C-1"})
    with desk.work() as session:
        messages.broadcast(session, desk.tenant_id, "withdrawn", {}, by="amina", now=desk.now)
    desk.drain()
    assert desk.message(row_id).state == MessageState.WAITING
    assert desk.open_tasks(instance_id) == []

    resume(desk, instance_id)
    assert sorted(states(desk, instance_id)) == ["read", "stop"]
    desk.drain()
    assert sorted(states(desk, instance_id)) == ["read", "stop"]
    with desk.work() as session:
        assert set(session.scalars(select(MessageInbox.state))) == {MessageState.DELIVERED}
    assert desk.is_consistent()


def test_a_message_that_waits_too_long_becomes_a_task_and_still_arrives(
    desk: Desk, worker_database: Engine
) -> None:
    desk.publish({"p.bpmn": HEARING})
    instance_id = desk.start(variables={"case_id": "C-1"})
    suspend(desk, instance_id, hours=24)
    row_id = desk.send("answered", {}, correlation={"case_id": "C-1"})
    desk.clock.advance(5 * HOUR)
    messages.expire(worker_database, desk.now)
    assert desk.message(row_id).state == MessageState.UNCLAIMED
    [asked] = desk.open_tasks()
    assert asked.message_id == row_id

    resume(desk, instance_id)
    assert [task.element_id for task in desk.open_tasks()] == ["read"]
    assert desk.message(row_id).state == MessageState.DELIVERED


def test_the_alarm_of_a_due_time_is_raised_all_the_same(
    desk: Desk, worker_database: Engine
) -> None:
    """Who leads is told that the work is late, by a process of its own; nothing is frozen."""
    drawn = process(
        start("begin"), user("ring", dueAt='"PT1H"'), end("done"), flows="begin > ring > done"
    )
    alarm = process(
        start("late", message("task.overdue")),
        user("look"),
        end("seen"),
        flows="late > look > seen",
        id="alarm",
    )
    desk.publish({"p.bpmn": diagram(drawn), "alarm.bpmn": diagram(alarm)})
    instance_id = desk.start()
    suspend(desk, instance_id)
    desk.clock.advance(HOUR)
    timers.fire_due(worker_database, desk.now)
    desk.drain()
    assert states(desk, instance_id) == {"ring": "suspended"}
    assert "look" in [task.element_id for task in desk.open_tasks()]


def test_other_processes_of_the_same_case_go_on(desk: Desk) -> None:
    desk.publish({"p.bpmn": WORK})
    first, second = (desk.start(business_key=UUID(int=7)) for _ in range(2))
    suspend(desk, first)
    desk.complete(desk.task(second))
    assert desk.instance(second).status == InstanceStatus.COMPLETED
    assert states(desk, first) == {"ask": "suspended"}


def test_a_suspension_is_looked_at_again_in_time(desk: Desk, worker_database: Engine) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    suspend(desk, instance_id)
    desk.clock.advance(3 * HOUR)
    assert timers.fire_due(worker_database, desk.now) == 1
    assert timers.fire_due(worker_database, desk.now) == 0
    [incident] = desk.incidents()
    assert (incident.error, incident.instance_id) == (STILL_SUSPENDED, instance_id)

    with desk.work() as session:
        suspending.prolong(
            session,
            instance_id,
            reason="Boxes are late",
            review_at=desk.now + HOUR,
            by="chidi",
            now=desk.now,
        )
    assert desk.incidents() == []
    desk.clock.advance(HOUR)
    timers.fire_due(worker_database, desk.now)
    [again] = desk.incidents()
    with desk.work() as session:
        incidents.retry(session, again.id, by="chidi", now=desk.now, reason="Moved")
    assert desk.incidents() == []
    assert desk.instance(instance_id).status == InstanceStatus.ACTIVE
    assert timers.fire_due(worker_database, desk.now) == 0
    assert desk.is_consistent()


def test_who_ends_a_suspended_instance_settles_the_question(
    desk: Desk, worker_database: Engine
) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    suspend(desk, instance_id)
    desk.clock.advance(3 * HOUR)
    timers.fire_due(worker_database, desk.now)
    with desk.work() as session:
        instances.move(session, instance_id, CancelInstance("Twice"), by="chidi", now=desk.now)
    assert desk.incidents() == []
    assert desk.instance(instance_id).status == InstanceStatus.CANCELLED
    with desk.work() as session:
        [suspension] = session.scalars(select(Suspension))
        assert suspension.resumed_at == desk.now
        assert session.scalars(select(Timer)).all() == []
        assert session.scalars(select(UserTask.state)).all() == [UserTaskState.OBSOLETE]
    assert desk.is_consistent()


def test_high_risk_is_looked_at_within_hours(desk: Desk) -> None:
    drawn = process(
        start("begin"), user("ask"), end("done"), flows="begin > ask > done", riskRank="rank"
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    high, low = desk.start(variables={"rank": 3}), desk.start(variables={"rank": 1})
    with pytest.raises(suspending.ReviewTimeRefused, match="within 4 hours"):
        suspend(desk, high, hours=5)
    suspend(desk, high, hours=4)
    suspend(desk, low, hours=5)
    with pytest.raises(suspending.ReviewTimeRefused, match="within 336 hours"):
        suspend(desk, desk.start(variables={"rank": 1}), hours=15 * 24)
    with pytest.raises(suspending.ReviewTimeRefused, match="still to come"):
        suspend(desk, desk.start(variables={"rank": 1}), hours=0)


GRADED = diagram(
    process(
        start("begin"),
        user("ask"),
        end("done"),
        flows="begin > ask > done",
        riskRank='if level = "high" then 3 else 1',
        businessKey="case_id",
    )
)


def reviewed_at(desk: Desk, instance_id: UUID) -> datetime:
    with desk.work() as session:
        suspension = holding.current(session, instance_id)
        assert suspension is not None
        assert session.get_one(Timer, suspension.id).due_at == suspension.review_at
        return suspension.review_at


def test_a_risk_that_rises_meanwhile_is_looked_at_within_hours(
    desk: Desk, worker_database: Engine
) -> None:
    desk.publish({"p.bpmn": GRADED})
    case = uuid4()
    instance_id = desk.start(variables={"level": "low", "case_id": str(case)})
    other = desk.start(variables={"level": "low", "case_id": str(uuid4())})
    for each in (instance_id, other):
        suspend(desk, each, hours=200)
    with desk.work() as session:
        ranks.tell(session, desk.tenant_id, case, {"level": "high"}, at_least=3, now=desk.now)
    assert reviewed_at(desk, instance_id) == desk.now + 4 * HOUR
    assert reviewed_at(desk, other) == desk.now + 200 * HOUR
    desk.clock.advance(4 * HOUR)
    timers.fire_due(worker_database, desk.now)
    assert [(i.error, i.instance_id) for i in desk.incidents()] == [(STILL_SUSPENDED, instance_id)]


def test_a_value_set_right_that_raises_the_risk_brings_the_look_forward(desk: Desk) -> None:
    desk.publish({"p.bpmn": GRADED})
    instance_id = desk.start(variables={"level": "low", "case_id": str(uuid4())})
    suspend(desk, instance_id, hours=200)
    with desk.work() as session:
        command = SetVariables({"level": "high"}, "A slip of the pen")
        instances.move(session, instance_id, command, by="chidi", now=desk.now)
    assert reviewed_at(desk, instance_id) == desk.now + 4 * HOUR


def test_a_look_that_is_due_sooner_stays_where_it_is(desk: Desk) -> None:
    desk.publish({"p.bpmn": GRADED})
    case = uuid4()
    instance_id = desk.start(variables={"level": "low", "case_id": str(case)})
    suspend(desk, instance_id, hours=1)
    with desk.work() as session:
        ranks.tell(session, desk.tenant_id, case, {"level": "high"}, at_least=3, now=desk.now)
    assert reviewed_at(desk, instance_id) == desk.now + HOUR


def test_a_process_that_watches_over_somebody_is_never_suspended(desk: Desk) -> None:
    drawn = process(
        start("begin"), user("ask"), end("done"), flows="begin > ask > done", neverSuspended="true"
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    instance_id = desk.start()
    with pytest.raises(suspending.NeverSuspended):
        suspend(desk, instance_id)
    assert states(desk, instance_id) == {"ask": "ready"}


def test_what_is_suspended_is_not_suspended_twice_nor_resumed_twice(desk: Desk) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    with pytest.raises(suspending.NotSuspended):
        resume(desk, instance_id)
    suspend(desk, instance_id)
    with pytest.raises(suspending.AlreadySuspended) as told:
        suspend(desk, instance_id)
    assert told.value.extra["by"] and told.value.extra["at"] == desk.now
    resume(desk, instance_id)
    with pytest.raises(suspending.NotSuspended):
        resume(desk, instance_id)


def test_a_condition_that_becomes_true_meanwhile_waits_for_the_end(desk: Desk) -> None:
    drawn = process(
        start("begin"),
        user("ask"),
        boundary("over", "ask", condition("closed = true")),
        end("done"),
        user("after"),
        flows="begin > ask > done; over > after > done",
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    instance_id = desk.start(variables={"closed": False})
    suspend(desk, instance_id)
    with desk.work() as session:
        command = SetVariables({"closed": True}, "Chidi says so")
        instances.move(session, instance_id, command, by="chidi", now=desk.now)
    assert states(desk, instance_id) == {"ask": "suspended"}
    resume(desk, instance_id)
    assert states(desk, instance_id) == {"after": "ready"}
    assert desk.is_consistent()


def test_history_says_who_suspended_and_resumed_and_why(desk: Desk) -> None:
    desk.publish({"p.bpmn": WORK})
    instance_id = desk.start()
    suspend(desk, instance_id)
    resume(desk, instance_id)
    with desk.work() as session:
        told = [e.payload for e in history.read(session, f"instance:{instance_id}")][-2:]
        assert holding.current(session, instance_id) is None
    assert [line["lifecycle_transition"] for line in told] == ["suspend", "resume"]
    assert [line["org_resource"] for line in told] == ["chidi", "chidi"]
    assert [line["data"]["reason"] for line in told] == ["The office moves", "Moved"]
