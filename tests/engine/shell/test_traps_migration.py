"""The trap of moving instances to another release (engine notes, 20)."""

from datetime import timedelta

from desk import Desk
from diagrams import boundary, catch, diagram, end, process, start, timer, user
from sqlalchemy import select

from engine import instances, user_tasks
from engine.living import migrating
from engine.models import Timer

STEPS = (
    start("begin"),
    user("ask", name="Ask", dueAt='"PT4H"'),
    boundary("remind", "ask", timer("PT2H"), interrupting=False),
    catch("pause", timer("PT3H")),
    end("done"),
)
OLD = diagram(process(*STEPS, flows="begin > ask > done; begin > pause > done; remind > done"))
NEW = diagram(
    process(
        *STEPS,
        user("close", name="Close"),
        flows="begin > ask > close > done; begin > pause > done; remind > done",
    )
)


def test_trap_20_what_was_begun_is_kept_and_no_timer_starts_again(desk: Desk) -> None:
    """The task keeps its id, by which its draft is found, its owner and its due time."""
    old = desk.publish({"p.bpmn": OLD})
    instance_id = desk.start(variables={"case_id": "C-1", "attempts": 2})
    with desk.work() as session:
        user_tasks.start(session, desk.task(instance_id), by="amina", now=desk.now)
    [before] = desk.open_tasks(instance_id)
    with desk.work() as session:
        timers = {row.id: row.due_at for row in session.scalars(select(Timer))}
    new = desk.publish({"p.bpmn": NEW})
    desk.clock.advance(timedelta(hours=1))

    with desk.work() as session:
        about = {"reason": "Close is new", "by": "olu", "now": desk.now}
        plan = migrating.plan(session, desk.tenant_id, "p", old, new, {}, **about).id
    [moved] = migrating.execute(
        desk.database, desk.tenant_id, plan, [instance_id], by="olu", now=desk.now
    )

    assert (moved.outcome, desk.instance(instance_id).release_id) == ("migrated", new)
    [after] = desk.open_tasks(instance_id)
    kept = ("id", "state", "actual_owner", "claimed_at", "due_at", "created_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    with desk.work() as session:
        assert {row.id: row.due_at for row in session.scalars(select(Timer))} == timers
        assert instances.variables(session, instance_id) == {"case_id": "C-1", "attempts": 2}
    desk.complete(after.id)
    assert [task.element_id for task in desk.open_tasks(instance_id)] == ["close"]
    assert desk.is_consistent()
