"""Two things happen to one instance at the same moment: one is first, the other hears of it.

Every pair of what people, timers, messages and operators do, on the same instance, under contention
that is made and not hoped for: both are let go while somebody else holds the instance, and wait for
it together. Whatever comes out must be what one of the two orders gives, one after the other: the
same tasks, timers, incidents and history, and the same words for whoever came too late.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations_with_replacement, count
from typing import Any
from uuid import UUID

import pytest
from desk import Desk
from diagrams import (
    boundary,
    diagram,
    end,
    message,
    parallel,
    process,
    service,
    start,
    timer,
    user,
)
from sqlalchemy import Engine, NullPool, create_engine, select, text
from sqlalchemy.orm import Session

from engine import history, incidents, messages, timers, user_tasks
from engine.errors import Refusal
from engine.incidents import IncidentSettled
from engine.models import Incident, MessageInbox, ProcessInstance, Timer, UserTask
from engine.operations import OperationContext, operation
from engine.user_tasks import AlreadyClaimed, NotActualOwner, UserTaskNotOpen

DRAWN = diagram(
    process(
        start("begin"),
        parallel("split"),
        user("ask", name="Ask"),
        boundary("late", "ask", timer("PT1H")),
        user("chase", name="Chase"),
        boundary("called_off", "ask", message("called.off", correlationKey="case_id")),
        user("tidy", name="Tidy"),
        service("book", "racetest.book"),
        user("thank", name="Thank"),
        end("done"),
        flows="begin > split; split > ask > done; late > chase > done; called_off > tidy > done;"
        "split > book > thank > done",
    )
)
BOOKED: set[UUID] = set()  # the instances whose booking works by now


@operation("racetest.book")
def book(context: OperationContext) -> None:
    """Fail until the test says that it works."""
    if context.instance_id not in BOOKED:
        raise ConnectionError


@dataclass(frozen=True)
class Place:
    """One instance with everything that can happen to it, and who is there."""

    desk: Desk
    worker: Engine
    instance_id: UUID
    task_id: UUID
    incident_id: UUID
    case_id: str
    due: datetime  # when the timer is
    by: str = "amina"  # told apart where both do the same

    def as_(self, by: str) -> "Place":
        return replace(self, by=by)


def looking(session: Session, at: Place) -> UserTask:
    """Read the task before the lock, as a page does. Hold it: the identity map is weak."""
    return session.get_one(UserTask, at.task_id)


def claim(at: Place) -> None:
    with at.desk.work() as session:
        before = looking(session, at)
        user_tasks.claim(session, before.id, by=at.by, now=at.desk.now)


def complete(at: Place) -> None:
    with at.desk.work() as session:
        before = looking(session, at)
        user_tasks.complete(session, before.id, {"by": at.by}, by=at.by, now=at.desk.now)


def release(at: Place) -> None:
    with at.desk.work() as session:
        before = looking(session, at)
        user_tasks.release(session, before.id, by=at.by, now=at.desk.now, overrule=True)


def delegate(at: Place) -> None:
    with at.desk.work() as session:
        before = looking(session, at)
        to = f"{at.by}s_friend"
        user_tasks.delegate(session, before.id, to=to, by=at.by, now=at.desk.now)


def fire(at: Place) -> None:
    timers.fire_due(at.worker, at.due)


def send(at: Place) -> None:
    with at.desk.work() as session:
        messages.send(
            session,
            at.desk.tenant_id,
            "called.off",
            {},
            correlation={"case_id": at.case_id},
            by=at.by,
            now=at.desk.now,
        )
        produced = messages.produced(session)
    at.desk.drain(produced)


def cancel(at: Place) -> None:
    with at.desk.work() as session:
        incidents.cancel(session, at.incident_id, by=at.by, now=at.desk.now, reason="No more")


def retry(at: Place) -> None:
    with at.desk.work() as session:
        incidents.retry(session, at.incident_id, by=at.by, now=at.desk.now, reason="It works now")


ACTS: Mapping[str, Callable[[Place], None]] = {
    "claim": claim,
    "complete": complete,
    "timer": fire,
    "message": send,
    "cancel": cancel,
    "release": release,
    "delegate": delegate,
    "retry": retry,
}
PAIRS = list(combinations_with_replacement(ACTS, 2))

# Pairs of which only one can succeed, and what the other is told. The order does not matter where
# one is told whichever comes second; what can succeed twice (claim, then release) is not here.
EXCLUDING: Mapping[tuple[str, str], set[type[Refusal]]] = {
    ("claim", "claim"): {AlreadyClaimed},
    ("claim", "complete"): {UserTaskNotOpen, NotActualOwner},
    ("complete", "complete"): {UserTaskNotOpen},
    ("complete", "delegate"): {UserTaskNotOpen, NotActualOwner},
    ("cancel", "cancel"): {IncidentSettled},
    ("cancel", "retry"): {IncidentSettled},
    ("retry", "retry"): {IncidentSettled},
}


@pytest.fixture
def places(desk: Desk, worker_database: Engine) -> Iterator[Callable[[], Place]]:
    desk.publish({"p.bpmn": DRAWN})
    numbers = count()

    def make() -> Place:
        case_id = f"C-{next(numbers)}"
        instance_id = desk.start(variables={"case_id": case_id})
        incident = next(i for i in desk.incidents() if i.instance_id == instance_id)
        BOOKED.add(instance_id)
        due = desk.now + timedelta(hours=1)
        task_id = desk.task(instance_id)
        return Place(desk, worker_database, instance_id, task_id, incident.id, case_id, due)

    yield make
    BOOKED.clear()


@pytest.fixture
def holder(database_url: str) -> Engine:
    """Whoever holds the instance; keeps no connection afterwards."""
    return create_engine(database_url, poolclass=NullPool)


# -- letting two go at once ------------------------------------------------------------------------

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
AND datname = current_database()
"""


def contended(at: Place, holder: Engine, work: list[Callable[[], Any]]) -> list[Any]:
    """Run everything while the instance is locked, until all wait for it; then let go."""
    out: list[Any] = [None] * len(work)
    over = [threading.Event() for _ in work]

    def run(place: int) -> None:
        try:
            work[place]()
        except Refusal as told:
            out[place] = told
        over[place].set()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    pause = threading.Event()
    with holder.connect() as holding, holder.connect() as looking:
        lock = text("SELECT 1 FROM process_instance WHERE id = :id FOR UPDATE")
        holding.execute(lock, {"id": at.instance_id})
        for thread in threads:
            thread.start()
        for _ in range(2_000):
            gone = sum(event.is_set() for event in over)  # a timer passes over what is locked
            if looking.scalar(text(WAITING)) + gone >= len(work):
                break
            looking.rollback()
            pause.wait(0.005)
        else:
            raise TimeoutError("nobody waits for the instance")
        holding.rollback()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    return out


def one_after_the_other(at: Place, work: list[Callable[[], Any]]) -> list[Any]:
    out: list[Any] = []
    for each in work:
        try:
            out.append(each())
        except Refusal as told:
            out.append(told)
    return out


# -- what came out ---------------------------------------------------------------------------------


def settled(at: Place) -> dict[str, Any]:
    """Let the next tick do what is due, and return all that can be seen of the instance."""
    timers.fire_due(at.worker, at.due)
    at.desk.drain()
    mine = at.instance_id
    with at.desk.work() as session:
        tasks = select(UserTask).where(UserTask.instance_id == mine)
        entries = history.read(session, f"instance:{mine}", limit=200)
        sent = select(MessageInbox.state).where(
            MessageInbox.correlation["case_id"].astext == at.case_id
        )
        return {
            "status": session.get_one(ProcessInstance, mine).status,
            "tasks": sorted(
                (t.element_id, t.state, t.actual_owner or "", t.completed_by or "")
                for t in session.scalars(tasks)
            ),
            "timers": session.scalars(
                select(Timer.element_id).where(Timer.instance_id == mine)
            ).all(),
            "incidents": session.scalars(
                select(Incident.state).where(Incident.instance_id == mine)
            ).all(),
            "messages": sorted(session.scalars(sent)),
            "history": [
                (
                    e.payload["concept_name"],
                    e.payload["lifecycle_transition"],
                    e.payload.get("org_resource"),
                )
                for e in entries
            ],
        }


def told(out: list[Any]) -> list[str]:
    """Return who was told what, in the order of the acts."""
    return [type(each).__name__ if each is not None else "" for each in out]


def prepared(places: Callable[[], Place], pair: tuple[str, str]) -> Place:
    at = places()
    if "release" in pair:
        claim(at)
    return at


def acting(at: Place, pair: tuple[str, str]) -> list[Callable[[], Any]]:
    """Return the two acts, each by somebody else."""
    names = ("amina", "ben")
    return [
        lambda name=name, act=act: ACTS[act](at.as_(name))  # type: ignore[misc]  # bound now
        for name, act in zip(names, pair, strict=True)
    ]


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_of_two_at_once_one_is_first(
    pair: tuple[str, str],
    desk: Desk,
    places: Callable[[], Place],
    holder: Engine,
) -> None:
    orders = []
    for first_to_last in (1, -1):
        at = prepared(places, pair)
        out = one_after_the_other(at, acting(at, pair)[::first_to_last])[::first_to_last]
        orders.append((told(out), settled(at)))
    for round_ in range(4):
        at = prepared(places, pair)
        work = acting(at, pair)[:: 1 if round_ % 2 else -1]
        out = contended(at, holder, work)[:: 1 if round_ % 2 else -1]
        assert (told(out), settled(at)) in orders
        refusals = [each for each in out if each is not None]
        assert all(str(each) and each.__doc__ for each in refusals)
        if pair in EXCLUDING:
            [refusal] = refusals
            assert type(refusal) in EXCLUDING[pair]
            assert refusal.extra.get("by") or refusal.extra.get("state")
    assert desk.is_consistent()


def test_whoever_is_told_that_the_task_is_closed_hears_what_closed_it(
    places: Callable[[], Place],
) -> None:
    """Not only by whom it was done: also that the work went on without it."""
    for closing, state in ((complete, "completed"), (fire, "obsolete"), (cancel, "obsolete")):
        at = places()
        closing(at.as_("ben"))
        with pytest.raises(UserTaskNotOpen) as refused:
            claim(at)
        assert refused.value.extra["state"] == state
