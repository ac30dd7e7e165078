"""Moving running instances to another release: one transaction each, and nothing is lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, event, select, text

from engine import history, instances, releases, timers, user_tasks
from engine.changes import CancelInstance
from engine.living import holding, migrating, suspending
from engine.living.models import InstanceMigration, MigrationResult
from engine.models import MessageSubscription, Timer, UserTask
from engine.states import InstanceStatus, MigrationOutcome

HOUR = timedelta(hours=1)


def drawn(*more: str, flows: str = "", name: str = "Ask", owners: str = "case_worker") -> str:
    return diagram(
        process(
            start("begin"),
            user("ask", name=name, potentialOwners=owners, dueAt='"PT4H"'),
            boundary("late", "ask", timer("PT2H"), interrupting=False),
            user("chase", name="Chase"),
            end("done"),
            *more,
            flows=flows or "begin > ask > done; late > chase > done",
        )
    )


OLD = drawn()
NEW = drawn(
    user("close", name="Close"),
    name="Ask again",
    owners="team_leader",
    flows="begin > ask > close > done; late > chase > done",
)


class Move:
    """Two releases, and a plan between them."""

    def __init__(self, desk: Desk, old: str = OLD, new: str = NEW):
        self.desk = desk
        self.old = desk.publish({"p.bpmn": old})
        self.instances = [desk.start(variables={"case_id": f"C-{n}"}) for n in range(3)]
        self.new = desk.publish({"p.bpmn": new})

    def plan(self, **mapping: str) -> UUID:
        with self.desk.work() as session:
            return migrating.plan(
                session,
                self.desk.tenant_id,
                "p",
                self.old,
                self.new,
                mapping,
                reason="A shorter way",
                by="olu",
                now=self.desk.now,
            ).id

    def run(self, migration_id: UUID, ids: list[UUID] | None = None) -> dict[UUID, str]:
        if ids is None:
            with self.desk.work() as session:
                plan = session.get_one(InstanceMigration, migration_id)
                ids = list(session.scalars(migrating.to_move(plan)))
        done = migrating.execute(
            self.desk.database, self.desk.tenant_id, migration_id, ids, by="olu", now=self.desk.now
        )
        return {result.instance_id: str(result.outcome) for result in done}

    def releases(self) -> list[UUID]:
        return [self.desk.instance(each).release_id for each in self.instances]


def test_all_move_and_keep_tasks_claims_and_due_times(desk: Desk) -> None:
    move = Move(desk)
    first = move.instances[0]
    [before] = desk.open_tasks(first)
    with desk.work() as session:
        user_tasks.claim(session, before.id, by="amina", now=desk.now)
    desk.clock.advance(HOUR)

    done = move.run(move.plan())

    assert set(done.values()) == {MigrationOutcome.MIGRATED}
    assert move.releases() == [move.new] * 3
    [after] = desk.open_tasks(first)
    assert (after.id, after.actual_owner, after.due_at) == (before.id, "amina", before.due_at)
    assert (after.name, after.potential_owners) == ("Ask again", ["team_leader"])
    with desk.work() as session:
        due = {t.due_at for t in session.scalars(select(Timer).where(Timer.kind == "bpmn"))}
        assert due == {desk.now + HOUR}
    assert desk.is_consistent()
    desk.complete(before.id)
    assert [task.element_id for task in desk.open_tasks(first)] == ["close"]


def test_a_task_that_was_offered_to_others_by_hand_stays_with_them(desk: Desk) -> None:
    move = Move(desk)
    task_id = desk.task(move.instances[0])
    with desk.work() as session:
        user_tasks.forward(session, task_id, to=["safeguarding_lead"], by="chidi", now=desk.now)
    move.run(move.plan())
    assert desk.open_tasks(move.instances[0])[0].potential_owners == ["safeguarding_lead"]


def test_looking_changes_nothing_and_says_what_would_become_of_each(desk: Desk) -> None:
    move = Move(desk)
    migration_id = move.plan()
    with desk.work() as session:
        plan = session.get_one(InstanceMigration, migration_id)
        assert migrating.count(session, plan) == 3
        first = migrating.look(session, plan, limit=2)
        rest = migrating.look(session, plan, after=first[-1].instance_id)
    assert [p.instance_id for p in (*first, *rest)] == sorted(move.instances)
    assert all(preview.is_decided for preview in first)
    said = {remark.element_id: remark for remark in first[0].remarks}
    assert (said["ask"].what, said["ask"].changed) == ("keeps", ("name", "people"))
    assert (said["late"].waits, said["late"].due_at) == ("time", desk.now + 2 * HOUR)
    assert move.releases() == [move.old] * 3
    assert desk.is_consistent()


GONE = diagram(
    process(
        start("begin"),
        user("ring", name="Ring"),
        end("done"),
        flows="begin > ring > done",
    )
)


def test_who_stands_on_a_step_that_is_gone_waits_for_a_decision(desk: Desk) -> None:
    move = Move(desk, new=GONE)
    migration_id = move.plan()
    assert set(move.run(migration_id).values()) == {MigrationOutcome.UNDECIDED}
    assert move.releases() == [move.old] * 3
    with desk.work() as session:
        kept = migrating.results(session, migration_id)
        assert [finding["element_id"] for finding in kept[0].findings] == ["ask"]
        migrating.decide(session, migration_id, {"ask": "ring"}, by="olu", now=desk.now)

    assert set(move.run(migration_id).values()) == {MigrationOutcome.MIGRATED}
    assert {t.element_id for t in desk.open_tasks()} == {"ring"}
    with desk.work() as session:
        outcomes = migrating.outcomes(session, migration_id)
    assert outcomes == {MigrationOutcome.MIGRATED: 3}
    assert desk.is_consistent()


def test_one_that_cannot_go_stops_nobody_else(desk: Desk) -> None:
    move = Move(desk, new=GONE)
    stuck = move.instances[1]
    desk.complete(desk.task(move.instances[0]))
    migration_id = move.plan()
    ended, waits, unknown = move.instances[0], stuck, uuid4()
    done = move.run(migration_id, [ended, waits])
    assert done == {ended: MigrationOutcome.ENDED, waits: MigrationOutcome.UNDECIDED}
    with desk.work() as session, pytest.raises(instances.InstanceNotFound):
        plan = session.get_one(InstanceMigration, migration_id)
        migrating.migrate(session, plan, unknown, by="olu", now=desk.now)


def test_it_can_be_repeated_and_changes_nothing_more(desk: Desk) -> None:
    move = Move(desk)
    migration_id = move.plan()
    move.run(migration_id)
    versions = [desk.instance(each).version for each in move.instances]
    with desk.work() as session:
        before = [r.tried_at for r in migrating.results(session, migration_id)]
    desk.clock.advance(HOUR)
    done = move.run(migration_id, move.instances)
    assert set(done.values()) == {MigrationOutcome.MIGRATED}
    assert [desk.instance(each).version for each in move.instances] == versions
    with desk.work() as session:
        assert [r.tried_at for r in migrating.results(session, migration_id)] == before


def test_a_fired_timer_stays_fired(desk: Desk, worker_database: Engine) -> None:
    move = Move(desk)
    desk.clock.advance(2 * HOUR)
    assert timers.fire_due(worker_database, desk.now) == 3
    move.run(move.plan())
    desk.clock.advance(3 * HOUR)
    with desk.work() as session:
        left = session.scalars(select(Timer).where(Timer.kind == "bpmn")).all()
    assert left == []
    first = sorted(t.element_id for t in desk.open_tasks(move.instances[0]))
    assert first == ["ask", "chase"]
    assert desk.is_consistent()


HEARS = diagram(
    process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        user("read"),
        end("done"),
        flows="begin > answer > read > done",
    )
)


def test_another_message_is_taken_though_it_was_sent_before(desk: Desk) -> None:
    move = Move(desk, old=HEARS, new=HEARS.replace("answered", "replied"))
    waiting = {"correlation": {"case_id": "C-0"}}
    with desk.work() as session:
        kept = set(session.scalars(select(MessageSubscription.id)))
    row_id = desk.send("replied", {}, **waiting)
    assert desk.message(row_id).consumed_at is None
    move.run(move.plan())
    assert desk.message(row_id).consumed_by == move.instances[0]
    with desk.work() as session:
        rows = session.scalars(select(MessageSubscription)).all()
    assert {row.name for row in rows} == {"replied"}
    assert {row.id for row in rows} < kept
    assert desk.is_consistent()


def test_a_suspended_instance_moves_and_stays_suspended(desk: Desk) -> None:
    move = Move(desk)
    first = move.instances[0]
    with desk.work() as session:
        suspending.suspend(
            session, first, reason="Moving", review_at=desk.now + HOUR, by="chidi", now=desk.now
        )
    desk.clock.advance(3 * HOUR)
    move.run(move.plan())
    assert desk.instance(first).status == InstanceStatus.SUSPENDED
    assert [(t.element_id, t.state) for t in desk.open_tasks(first)] == [("ask", "suspended")]
    assert desk.is_consistent()
    with desk.work() as session:
        suspending.resume(session, first, reason="Moved", by="chidi", now=desk.now)
    assert sorted(t.element_id for t in desk.open_tasks(first)) == ["ask", "chase"]


def test_a_fault_undoes_that_instance_alone(desk: Desk) -> None:
    move = Move(desk)
    broken = move.instances[1]
    with desk.work() as session:
        session.execute(
            text("UPDATE process_instance SET state = 'x', version = 9 WHERE id = :id"),
            {"id": broken},
        )
    migration_id = move.plan()
    with desk.work() as session:
        previews = migrating.look(session, session.get_one(InstanceMigration, migration_id))
        assert [p.instance_id for p in previews if not p.is_decided] == [broken]
    done = move.run(migration_id, move.instances)
    assert done.pop(broken) == MigrationOutcome.FAILED
    assert set(done.values()) == {MigrationOutcome.MIGRATED}
    assert desk.instance(broken).release_id == move.old


def test_the_history_says_from_where_to_where_and_why(desk: Desk) -> None:
    move = Move(desk)
    migration_id = move.plan()
    move.run(migration_id)
    with desk.work() as session:
        told = history.read(session, f"instance:{move.instances[0]}", limit=100)[-1].payload
        admin = [e.payload for e in history.read(session, releases.ADMIN, limit=100)]
    assert (told["kind"], told["org_resource"]) == ("migration", "olu")
    assert told["data"] == {
        "migration": str(migration_id),
        "from": 1,
        "to": 2,
        "reason": "A shorter way",
    }
    assert admin[-1]["concept_name"] == "instance migration"
    assert desk.is_consistent()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "old"}, "different"),
        ({"process_id": "q"}, "no process 'q'"),
        ({"mapping": {"nothing": "ask"}}, "no element 'nothing'"),
        ({"mapping": {"ask": "nothing"}}, "no element 'nothing'"),
    ],
)
def test_what_does_not_go_together_is_no_plan(
    desk: Desk, change: dict[str, Any], said: str
) -> None:
    move = Move(desk)
    with pytest.raises(migrating.MigrationRefused, match=said), desk.work() as session:
        migrating.plan(
            session,
            desk.tenant_id,
            change.get("process_id", "p"),
            move.old,
            move.old if change.get("to") else move.new,
            change.get("mapping", {}),
            reason="Because",
            by="olu",
            now=desk.now,
        )


def test_work_on_which_somebody_s_safety_hangs_says_so_after_the_move(desk: Desk) -> None:
    new = OLD.replace("dueAt", "safetyCritical").replace("&quot;PT4H&quot;", "true")
    move = Move(desk, new=new)
    held = move.instances[0]
    with desk.work() as session:
        review_at = desk.now + 100 * HOUR
        suspending.suspend(
            session, held, reason="Stop", review_at=review_at, by="chidi", now=desk.now
        )
    move.run(move.plan())
    assert {task.safety_critical for task in desk.open_tasks()} == {True}
    with desk.work() as session:
        suspension = holding.current(session, held)
        assert suspension is not None
        assert suspension.review_at == desk.now + holding.LONGEST_WATCHED
    assert desk.is_consistent()


def test_who_only_looks_while_it_moves_sees_it_before_or_after(desk: Desk) -> None:
    move = Move(desk)
    [first, *_] = move.instances
    plan = move.plan()
    moved: list[str] = []

    def in_between(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "state FROM process_instance" in statement and not moved:
            moved.append(statement)
            assert move.run(plan, [first]) == {first: MigrationOutcome.MIGRATED}

    event.listen(desk.database, "before_cursor_execute", in_between)
    with desk.work() as session:
        assert [task.name for task in instances.look(session, first).open_tasks()] == ["Ask again"]
    event.remove(desk.database, "before_cursor_execute", in_between)
    assert moved


def test_to_a_draft_nobody_moves(desk: Desk) -> None:
    move = Move(desk)
    with desk.work() as session:
        draft = releases.import_files(
            session, desk.tenant_id, {"p.bpmn": GONE}, by="olu", now=desk.now
        )
        move.new = draft.id
    with pytest.raises(migrating.MigrationRefused, match="published"):
        move.plan()


def test_an_ended_instance_is_left_alone(desk: Desk) -> None:
    move = Move(desk)
    first = move.instances[0]
    with desk.work() as session:
        instances.move(session, first, CancelInstance("Twice"), by="chidi", now=desk.now)
    done = move.run(move.plan(), [first])
    assert done == {first: MigrationOutcome.ENDED}
    with desk.work() as session:
        assert session.scalars(select(MigrationResult.findings)).all() == [[{"why": "ended"}]]
        assert session.scalars(select(UserTask.state).where(UserTask.instance_id == first)).all()
