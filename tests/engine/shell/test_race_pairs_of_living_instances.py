"""Any two things that can happen to one instance at the same moment happen one after the other.

For every pair, what comes out of the race is what comes out of the one order or of the other:
rows, states, releases, and who was told what. Nothing is lost and nothing happens twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement
from typing import Any
from uuid import UUID

import pytest
from desk import Desk
from diagrams import boundary, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, select
from together import together

from engine import instances, timers, user_tasks
from engine.changes import CancelInstance
from engine.errors import Refusal
from engine.living import migrating, suspending
from engine.models import MessageInbox, MessageSubscription, Timer, UserTask

ROUNDS = 4
HOUR = timedelta(hours=1)
ACTS = ("claim", "complete", "timer", "message", "migrate", "suspend", "cancel", "release")


def drawn(*more: str, flows: str) -> str:
    return diagram(
        process(
            start("begin"),
            user("ask"),
            boundary("late", "ask", timer("PT1H")),
            boundary("stop", "ask", message("stopped", correlationKey="case_id")),
            user("chase"),
            user("read"),
            end("done"),
            *more,
            flows=f"late > chase > done; stop > read > done; {flows}",
        )
    )


OLD = drawn(flows="begin > ask > done")
NEW = drawn(user("close"), flows="begin > ask > close > done")


@dataclass
class Case:
    """One instance of the older release, about to meet two acts."""

    desk: Desk
    worker: Engine
    releases: tuple[UUID, UUID]
    instance_id: UUID
    number: int
    task_id: UUID
    plan: UUID
    sent: list[UUID] = field(default_factory=list)

    def act(self, name: str, who: str) -> str:
        """Do one thing; return what one was told."""
        try:
            return str(getattr(self, name)(who) or "done")
        except Refusal as refusal:
            return type(refusal).__name__

    def claim(self, who: str) -> None:
        with self.desk.work() as session:
            user_tasks.claim(session, self.task_id, by=who, now=self.desk.now)

    def release(self, who: str) -> None:
        with self.desk.work() as session:
            user_tasks.release(session, self.task_id, by="amina", now=self.desk.now)

    def complete(self, who: str) -> None:
        self.desk.complete(self.task_id, by=who)

    def timer(self, who: str) -> None:
        timers.fire_due(self.worker, self.desk.now)

    def message(self, who: str) -> None:
        self.sent.append(self.desk.send("stopped", {"case_id": f"C-{self.number}"}))

    def migrate(self, who: str) -> str:
        [result] = migrating.execute(
            self.desk.database, self.desk.tenant_id, self.plan, [self.instance_id], by=who,
            now=self.desk.now,
        )  # fmt: skip
        return str(result.outcome)

    def suspend(self, who: str) -> None:
        with self.desk.work() as session:
            suspending.suspend(
                session, self.instance_id, reason="A pause", review_at=self.desk.now + HOUR,
                by=who, now=self.desk.now,
            )  # fmt: skip

    def cancel(self, who: str) -> None:
        with self.desk.work() as session:
            command = CancelInstance("Twice")
            instances.move(session, self.instance_id, command, by=who, now=self.desk.now)

    def settle(self, acts: tuple[str, ...]) -> None:
        """What the next tick does: who found the instance busy left its timer due."""
        if "timer" in acts:
            timers.fire_due(self.worker, self.desk.now)
        self.desk.drain()

    def looks(self) -> Any:
        """Everything that can be seen of it."""
        mine = self.instance_id
        instance = self.desk.instance(mine)
        with self.desk.work() as session:
            tasks = session.execute(
                select(UserTask.element_id, UserTask.state, UserTask.actual_owner).where(
                    UserTask.instance_id == mine
                )
            )
            due = select(Timer.element_id, Timer.held).where(Timer.instance_id == mine)
            catchers = select(MessageSubscription.element_id).where(
                MessageSubscription.instance_id == mine
            )
            posted = select(MessageInbox.state).where(MessageInbox.id.in_(self.sent))
            return (
                instance.status,
                self.releases.index(instance.release_id),
                sorted(map(str, tasks)),
                sorted(map(str, session.execute(due))),
                sorted(session.scalars(catchers)),
                sorted(session.scalars(posted)),
            )


class Table:
    """Makes cases, one after the other."""

    def __init__(self, desk: Desk, worker: Engine):
        self.desk, self.worker, self.number = desk, worker, 0

    def case(self, acts: tuple[str, ...]) -> Case:
        self.number += 1
        desk = self.desk
        old = desk.publish({"p.bpmn": OLD})
        instance_id = desk.start(variables={"case_id": f"C-{self.number}"})
        task_id = desk.task(instance_id)
        new = desk.publish({"p.bpmn": NEW})
        with desk.work() as session:
            plan = migrating.plan(
                session, desk.tenant_id, "p", old, new, {}, reason="Better", by="olu", now=desk.now
            ).id
            if "release" in acts:
                user_tasks.claim(session, task_id, by="amina", now=desk.now)
        if "timer" in acts:
            desk.clock.advance(HOUR)
        return Case(desk, self.worker, (old, new), instance_id, self.number, task_id, plan)


def in_order(table: Table, acts: tuple[str, str], order: tuple[int, int]) -> Any:
    case = table.case(acts)
    told = ["", ""]
    for place in order:
        told[place] = case.act(acts[place], WHO[place])
    case.settle(acts)
    return told, finished(case)


def at_once(table: Table, acts: tuple[str, str]) -> Any:
    case = table.case(acts)
    out = together(*[partial(case.act, acts[place], WHO[place]) for place in (0, 1)])
    assert all(isinstance(each, str) for each in out), out
    case.settle(acts)
    return out, finished(case)


def finished(case: Case) -> Any:
    """Look at it, and leave nothing behind that the next one's tick could find."""
    seen = case.looks()
    assert case.desk.is_consistent()
    case.act("cancel", "chidi")
    return seen


WHO = ("amina", "ben")


@pytest.fixture
def table(desk: Desk, worker_database: Engine) -> Iterator[Table]:
    yield Table(desk, worker_database)


@pytest.mark.parametrize(
    "acts", list(combinations_with_replacement(ACTS, 2)), ids=lambda acts: " and ".join(acts)
)
def test_two_things_at_once_are_one_after_the_other(table: Table, acts: tuple[str, str]) -> None:
    possible = [in_order(table, acts, (0, 1)), in_order(table, acts, (1, 0))]
    for _ in range(ROUNDS):
        assert at_once(table, acts) in possible
