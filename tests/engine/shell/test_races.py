"""Many people, many nodes, one PostgreSQL: one winner each time, and the others are told."""

import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, func, literal_column, select, text
from together import together

from engine import idempotency, messages, timers, user_tasks
from engine.db import unit_of_work
from engine.models import MessageInbox, UserTask
from engine.states import MessageState
from engine.user_tasks import AlreadyClaimed, UserTaskNotFound, UserTaskNotOpen

ASK = diagram(
    process(
        start("begin"),
        user("ask", name="Ask"),
        user("ring", name="Ring"),
        end("done"),
        flows="begin > ask > ring > done",
    )
)


@pytest.mark.parametrize(("people", "rounds"), [(2, 50), (4, 25)])
def test_one_completes_and_the_others_are_told_who(desk: Desk, people: int, rounds: int) -> None:
    desk.publish({"p.bpmn": ASK})
    names = [f"person_{n}" for n in range(people)]

    def complete(task_id: UUID, by: str) -> str:
        with desk.work() as session:
            held = session.get(UserTask, task_id)  # held: the identity map is weak
            assert held is not None
            user_tasks.complete(session, task_id, {"by": by}, by=by, now=desk.now)
        return by

    for _ in range(rounds):
        instance_id = desk.start()
        task_id = desk.task(instance_id)
        out = together(*[partial(complete, task_id, name) for name in names])
        winners = [each for each in out if isinstance(each, str)]
        told = [each for each in out if isinstance(each, UserTaskNotOpen)]
        assert (len(winners), len(told)) == (1, people - 1), out
        assert {each.extra["by"] for each in told} == set(winners)
        [following] = desk.open_tasks(instance_id)
        assert following.name == "Ring"
    assert desk.is_consistent()


def test_one_claims_and_the_other_is_told_who(desk: Desk) -> None:
    desk.publish({"p.bpmn": ASK})

    def claim(task_id: UUID, by: str) -> str:
        with desk.work() as session:
            session.get(UserTask, task_id)
            user_tasks.claim(session, task_id, by=by, now=desk.now)
        return by

    for _ in range(20):
        task_id = desk.task(desk.start())
        out = together(partial(claim, task_id, "amina"), partial(claim, task_id, "ben"))
        [winner] = [each for each in out if isinstance(each, str)]
        [told] = [each for each in out if isinstance(each, AlreadyClaimed)]
        assert told.extra["by"] == winner
    assert desk.is_consistent()


def test_a_policy_is_asked_again_when_the_task_was_written_in_that_very_moment(desk: Desk) -> None:
    """The statement begins, somebody claims and is done with it, then the statement locks."""
    desk.publish({"p.bpmn": ASK})
    task_id = desk.task(desk.start())
    waits = literal_column("(SELECT pg_advisory_xact_lock_shared(7)) IS NOT NULL")
    policy = literal_column(
        "NOT EXISTS (SELECT 1 FROM user_task u WHERE u.id = user_task.id AND u.actual_owner > '')"
    )
    reading, told = user_tasks.Reading(waits, policy), threading.Event()
    refused: list[bool] = []

    def look() -> None:
        with desk.work() as session:
            told.set()
            try:
                user_tasks.lock(session, task_id, reading)
            except UserTaskNotFound:
                refused.append(True)

    with desk.work() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(7)"))
        looking = threading.Thread(target=look)
        looking.start()
        told.wait(10)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not session.scalar(text(waiting)):
            assert looking.is_alive()
        with desk.work() as other:
            user_tasks.claim(other, task_id, by="amina", now=desk.now)
    looking.join(10)
    assert refused == [True]


def test_two_tasks_of_one_instance_are_both_completed(desk: Desk) -> None:
    parallel = process(
        start("begin"),
        user("a"),
        user("b"),
        end("done"),
        flows="begin > a > done; begin > b > done",
    )
    desk.publish({"p.bpmn": diagram(parallel)})
    for _ in range(20):
        instance_id = desk.start()
        first, second = (task.id for task in desk.open_tasks(instance_id))
        out = together(partial(desk.complete, first), partial(desk.complete, second))
        assert not [each for each in out if isinstance(each, Exception)]
        assert desk.instance(instance_id).status == "completed"
    assert desk.is_consistent()


def test_three_nodes_fire_each_timer_once(desk: Desk, worker_database: Engine) -> None:
    waiting = process(
        start("begin"),
        catch("an_hour", timer("PT1H")),
        user("chase"),
        end("done"),
        flows="begin > an_hour > chase > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    for _ in range(20):
        desk.start()
    desk.clock.advance(timedelta(hours=1))
    fired = together(*[lambda: timers.fire_due(worker_database, desk.now)] * 3)
    assert sum(fired) + timers.fire_due(worker_database, desk.now) == 20, fired
    assert Counter(task.element_id for task in desk.open_tasks()) == {"chase": 20}
    assert desk.is_consistent()


def test_a_task_and_its_timer_take_turns(desk: Desk, worker_database: Engine) -> None:
    """Whoever is first wins: either the task was done in time, or the boundary has fired."""
    drawn = process(
        start("begin"),
        user("ask"),
        boundary("late", "ask", timer("PT1H")),
        user("chase"),
        end("done"),
        flows="begin > ask > done; late > chase > done",
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    for _ in range(10):
        instance_id = desk.start()
        task_id = desk.task(instance_id)
        desk.clock.advance(timedelta(hours=1))
        done, _ = together(
            partial(desk.complete, task_id), partial(timers.fire_due, worker_database, desk.now)
        )
        open_now = [task.element_id for task in desk.open_tasks(instance_id)]
        assert open_now == (["chase"] if isinstance(done, UserTaskNotOpen) else []), done
    assert desk.is_consistent()


def test_a_message_and_its_catcher_never_miss_each_other(desk: Desk) -> None:
    """One transaction sends while another arms the catcher: the message arrives all the same."""
    drawn = process(
        start("begin"),
        user("ask"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        flows="begin > ask > answer > read > done",
    )
    desk.publish({"p.bpmn": diagram(drawn)})
    for number in range(40):
        case_id = f"C-{number}"
        instance_id = desk.start(variables={"case_id": case_id})
        task_id = desk.task(instance_id)
        out = together(
            partial(desk.complete, task_id),
            partial(desk.send, "answered", {}, correlation={"case_id": case_id}),
        )
        assert not [each for each in out if isinstance(each, Exception)], out
        assert [task.element_id for task in desk.open_tasks(instance_id)] == ["read"]
    assert desk.is_consistent()


def test_two_nodes_that_drain_deliver_each_message_once(desk: Desk) -> None:
    counting = process(
        start("begin", message("counted")), user("count"), end("done"), flows="begin > count > done"
    )
    desk.publish({"p.bpmn": diagram(counting)})
    with desk.work() as session:
        for number in range(20):
            messages.send(
                session, desk.tenant_id, "counted", {"number": number}, by="amina", now=desk.now
            )
    together(desk.drain, desk.drain, desk.drain)
    with unit_of_work(desk.database, desk.tenant_id) as session:
        states = select(MessageInbox.state, func.count()).group_by(MessageInbox.state)
        assert session.execute(states).all() == [(MessageState.DELIVERED, 20)]
    assert len(desk.open_tasks()) == 20


def test_a_request_sent_twice_at_once_is_carried_out_once(desk: Desk) -> None:
    desk.publish({"p.bpmn": ASK})

    def post(task_id: UUID) -> bytes:
        asked = {"actor": "amina", "route": "complete", "body_sha256": "0" * 64}
        with desk.work() as session:
            given = idempotency.replay(session, "k-1", now=desk.now, **asked)
            if given is not None:
                return given.body
            user_tasks.complete(session, task_id, {}, by="amina", now=desk.now)
            body = str(threading.get_ident()).encode()
            idempotency.store(
                session, "k-1", actor="amina", route="complete", status=200, body=body
            )
            return body

    task_id = desk.task(desk.start())
    first, second = together(lambda: post(task_id), lambda: post(task_id))
    assert first == second, (first, second)
    assert isinstance(first, bytes)


def test_a_message_taken_while_somebody_closes_its_task(desk: Desk) -> None:
    """Its catcher comes while a team leader deals with it: one of the two has it, none is lost."""
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        flows="begin > answer > read > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    for number in range(10):
        key = {"case_id": f"C-{number}"}
        row_id = desk.send("answered", {}, correlation=key, expires_after=timedelta())
        [asked] = desk.open_tasks()
        out = together(partial(desk.complete, asked.id), partial(desk.start, variables=key))
        told = [each for each in out if isinstance(each, Exception)]
        assert all(isinstance(each, UserTaskNotOpen) for each in told), out
        desk.drain()
        row = desk.message(row_id)
        taken = {task.instance_id for task in desk.open_tasks() if task.element_id == "read"}
        if row.state == MessageState.DELIVERED:
            assert taken == {row.consumed_by}
        else:
            assert (row.state, taken, told) == (MessageState.CLOSED, set(), [])
        for task in desk.open_tasks():
            desk.complete(task.id)
    assert desk.is_consistent()


def test_a_catcher_that_comes_while_its_message_expires_gets_it(
    desk: Desk, owner_database: Engine, worker_database: Engine
) -> None:
    """It passes over a row that somebody holds: whoever holds it must look for it."""
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        flows="begin > answer > read > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    row_id = desk.send("answered", {}, correlation={"case_id": "C-1"})
    with owner_database.begin() as expiring:
        lock = text("SELECT 1 FROM message_inbox WHERE id = :id FOR UPDATE")
        expiring.execute(lock, {"id": row_id})
        instance_id = desk.start(variables={"case_id": "C-1"})
    assert desk.message(row_id).state == MessageState.WAITING

    messages.expire(worker_database, desk.now + timedelta(hours=4))
    messages.sweep(worker_database, desk.now)
    assert desk.message(row_id).consumed_by == instance_id
    assert [task.element_id for task in desk.open_tasks()] == ["read"]
    assert desk.is_consistent()


def test_a_message_expires_while_its_catcher_comes_and_one_of_both_sees_the_other(
    desk: Desk, worker_database: Engine
) -> None:
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        flows="begin > answer > read > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    for number in range(20):
        key = {"case_id": f"C-{number}"}
        row_id = desk.send("answered", {}, correlation=key)
        late = desk.now + timedelta(hours=4)
        out = together(
            partial(desk.start, variables=key), partial(messages.expire, worker_database, late)
        )
        assert not [each for each in out if isinstance(each, Exception)], out
        messages.sweep(worker_database, late)
        assert desk.message(row_id).consumed_by == out[0]
    assert {task.element_id for task in desk.open_tasks()} == {"read"}
    assert desk.is_consistent()
