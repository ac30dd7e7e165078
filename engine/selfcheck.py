"""Rebuild user tasks, timers, subscriptions and incidents from the stored states and compare.

The states are what the engine moves; the rows beside them are what lists, ticks and messages look
at. Both are written in one transaction, and this proves that they say the same. Nothing is locked
and nothing is changed: in a `db.snapshot` the check may run while everybody works.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from engine import correlation, leftovers, releases, runtime
from engine.incidents import SHELL_ERRORS
from engine.leftovers import Difference
from engine.models import Incident, MessageSubscription, ProcessInstance, Timer, UserTask
from engine.runtime import Run, StateUnreadable
from engine.states import IncidentState, InstanceStatus, TimerKind

__all__ = ["Difference", "check", "check_instance", "count"]

AT_ONCE = 200  # instances whose rows are read together

Rows = Mapping[UUID, tuple[Any, ...]]
ByInstance = Mapping[UUID, Rows]


def count(session: Session) -> int:
    """Return how many instances are running, all of which `check` compares."""
    running = select(func.count()).where(ProcessInstance.ended_at.is_(None))
    return session.scalar(running.select_from(ProcessInstance)) or 0


def check(session: Session) -> Iterator[Difference]:
    """Compare every running instance that the session can see, and look for what ended left."""
    last: UUID | None = None
    while found := _page(session, last):
        yield from _check_all(session, found)
        last = found[-1].id
    yield from leftovers.of_ended_instances(session)
    yield from leftovers.of_due_times(session)
    yield from leftovers.of_messages(session)
    yield from leftovers.of_suspensions(session)


def check_instance(session: Session, instance_id: UUID) -> Iterator[Difference]:
    """Compare one running instance with its rows."""
    one = _running().where(ProcessInstance.id == instance_id)
    yield from _check_all(session, session.execute(one).all())


def _running() -> Any:
    return select(
        ProcessInstance.id,
        ProcessInstance.release_id,
        ProcessInstance.state,
        ProcessInstance.status,
        ProcessInstance.risk_rank,
        ProcessInstance.told_rank,
        ProcessInstance.business_key,
    ).where(ProcessInstance.ended_at.is_(None))


def _page(session: Session, after: UUID | None) -> Sequence[Row[Any]]:
    page = _running().order_by(ProcessInstance.id).limit(AT_ONCE)
    if after is not None:
        page = page.where(ProcessInstance.id > after)
    return session.execute(page).all()


def _check_all(session: Session, instances: Sequence[Row[Any]]) -> Iterator[Difference]:
    ids = [instance.id for instance in instances]
    stored = {table: _grouped(session, columns, ids) for table, columns in STORED.items()}
    for instance in instances:
        rows = {table: found.get(instance.id, {}) for table, found in stored.items()}
        yield from _check_one(session, instance, rows)


def _check_one(
    session: Session, instance: Row[Any], stored: Mapping[str, Rows]
) -> Iterator[Difference]:
    definitions = releases.definitions(session, instance.release_id)
    try:
        run = runtime.restore(definitions, bytes(instance.state))
    except StateUnreadable as wrong:
        yield Difference(instance.id, "process_instance", instance.id, f"state unreadable: {wrong}")
        return
    risk = run.instance.risk_rank if instance.told_rank is None else instance.told_rank
    kept = {
        "user_task": _tasks(run, risk),
        "timer": _timers(run, risk),
        "message_subscription": _subscriptions(run),
        "incident": _incidents(run),
    }
    for table, rows in kept.items():
        for row_id, fault in _differences(stored[table], rows):
            yield Difference(instance.id, table, row_id, fault)
    for fault in _of_the_instance(instance, run, risk, bool(stored["incident"])):
        yield Difference(instance.id, "process_instance", instance.id, fault)


def _of_the_instance(instance: Row[Any], run: Run, risk: int, has_incident: bool) -> Iterator[str]:
    key = run.instance.business_key
    if run.ended:
        yield "ended, but the row says that it runs"
    elif instance.status == InstanceStatus.SUSPENDED:
        pass  # whoever resumes it moves it on
    elif not (run.open_tasks() or run.timers() or run.subscriptions() or has_incident):
        yield "nothing to wait for"
    if instance.risk_rank != risk:
        yield "row differs: risk"
    if key is not None and instance.business_key != key:
        yield "row differs: what it is about"


def _differences(stored: Rows, kept: Rows) -> Iterator[tuple[UUID, str]]:
    for row_id in sorted(stored.keys() | kept.keys()):
        if row_id not in stored:
            yield row_id, "row missing"
        elif row_id not in kept:
            yield row_id, "row too many"
        elif stored[row_id] != kept[row_id]:
            yield row_id, "row differs"


# -- what the states say ---------------------------------------------------------------------------


def _tasks(run: Run, risk: int) -> Rows:
    return {
        task.task_id: (task.element_id, task.process_id, task.name, task.form, risk)
        for task in run.open_tasks()
    }


def _timers(run: Run, risk: int) -> Rows:
    return {timer.timer_id: (timer.element_id, timer.due_at, risk) for timer in run.timers()}


def _subscriptions(run: Run) -> Rows:
    return {
        waiting.subscription_id: (
            waiting.element_id,
            waiting.kind,
            waiting.name,
            correlation.key_text(waiting.correlation),
        )
        for waiting in run.subscriptions()
    }


def _incidents(run: Run) -> Rows:
    return {id: (kept["error"], kept["cause"]) for id, kept in run.instance.incidents.items()}


# -- what the rows say: the instance, the row's id, and the same columns ---------------------------

STORED: Mapping[str, Any] = {
    "user_task": select(
        UserTask.instance_id,
        UserTask.id,
        UserTask.element_id,
        UserTask.process_id,
        UserTask.name,
        UserTask.form_id,
        UserTask.risk_rank,
    ).where(UserTask.completed_at.is_(None)),
    "timer": select(
        Timer.instance_id, Timer.id, Timer.element_id, Timer.due_at, Timer.risk_rank
    ).where(Timer.kind == TimerKind.BPMN),
    "message_subscription": select(
        MessageSubscription.instance_id,
        MessageSubscription.id,
        MessageSubscription.element_id,
        MessageSubscription.kind,
        MessageSubscription.name,
        MessageSubscription.correlation_key,
    ),
    "incident": select(Incident.instance_id, Incident.id, Incident.error, Incident.cause).where(
        Incident.state == IncidentState.OPEN, Incident.error.not_in(SHELL_ERRORS)
    ),
}


def _grouped(session: Session, columns: Any, ids: Sequence[UUID]) -> ByInstance:
    """Return the rows of these instances, by instance and id."""
    found: dict[UUID, dict[UUID, tuple[Any, ...]]] = defaultdict(dict)
    instance_id = columns.selected_columns[0]
    for owner, row_id, *rest in session.execute(columns.where(instance_id.in_(ids))):
        found[owner][row_id] = tuple(rest)
    return found
