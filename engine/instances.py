"""Start and move process instances: lock, restore, apply, save. The one way to move one.

`engine/runtime.py` is the core, which knows no database; this is its shell. One transaction moves
one existing instance; it may start new ones. What it sends to others lies in the inbox, and the
edge drains it after the commit (`engine/messages.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import codec, history, late, releases, routing, runtime, saving
from engine.changes import (
    CancelInstance,
    Changes,
    Command,
    RetryIncident,
    SkipIncident,
    Start,
    Step,
)
from engine.core.remarks import Remark
from engine.db import memory, run
from engine.deeds import Deed, Held
from engine.errors import NotFound
from engine.ids import new_id
from engine.kept import Cache
from engine.living import holding, refitting
from engine.ports import DatabasePorts
from engine.runtime import InstanceEnded, NoSuchProcess
from engine.states import IncidentState, InstanceStatus

HELD = (
    "id tenant_id service_id business_key release_id process_id status version risk_rank "
    "told_rank state"
).split()
LOCK = f"""
SELECT {", ".join(HELD)} FROM process_instance WHERE id = {{which}} FOR NO KEY UPDATE
"""
LOCK_INSTANCE = LOCK.format(which="%(id)s")
LOCK_INSTANCE_IF_FREE = LOCK_INSTANCE + "SKIP LOCKED"
LOCK_INSTANCE_OF_TASK = LOCK.format(which="(SELECT instance_id FROM user_task WHERE id = %(id)s)")

RELEASE = "SELECT release_id FROM process_instance WHERE id = %(id)s"
STATE = "SELECT state FROM process_instance WHERE id = %(id)s"
# In one statement: it may move to another release between two, and its state with it.
LOOK = "SELECT release_id, state FROM process_instance WHERE id = %(id)s"

BEGIN = """
INSERT INTO process_instance (id, tenant_id, service_id, business_key, release_id, process_id,
    status, version, state, risk_rank, history_seq, history_hash, started_by, started_at)
VALUES (%(id)s, %(tenant_id)s, %(service_id)s, %(business_key)s, %(release_id)s, %(process_id)s,
    %(status)s, %(version)s, '', %(risk_rank)s, 0, %(genesis)s, %(by)s, %(now)s)
"""


class InstanceNotFound(NotFound):
    """There is no such process instance."""


def start(
    session: Session,
    tenant_id: UUID,
    process_id: str,
    variables: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    service_id: UUID | None = None,
    business_key: UUID | None = None,
    element_id: str | None = None,
) -> UUID:
    """Start ``process_id`` on the release in force and run it to its first wait states.

    ``element_id`` names the start event when it is not the none start event. ``variables`` are ids
    and decision variables, never personal data.
    """
    release = releases.effective(session, tenant_id, now)
    definitions = releases.definitions(session, release.id)
    if process_id not in definitions.processes:
        raise NoSuchProcess(f"Release {release.number} has no process '{process_id}'.")
    held = Held(
        id=new_id(),
        tenant_id=tenant_id,
        service_id=service_id,
        business_key=business_key,
        release_id=release.id,
        process_id=process_id,
        status=InstanceStatus.ACTIVE,
        version=0,
        risk_rank=0,
    )
    run(session, BEGIN, asdict(held) | {"genesis": history.GENESIS, "by": by, "now": now})
    ports = _ports(session, held, by=by, now=now)
    command = Start(process_id, variables, element_id)
    begun, changes = runtime.start(definitions, command, Step(now, by, ports))
    ports.require_nothing_lost()
    _finish(session, held, begun, changes, Deed(by, now))
    return held.id


def move(
    session: Session,
    instance_id: UUID,
    command: Command,
    *,
    by: str,
    now: datetime,
    lines: Sequence[Mapping[str, Any]] = (),
    completed: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> Changes:
    """Apply one command to an instance and save what it changed.

    Locks the instance first. A failing automatic step becomes an incident and leaves the rest
    standing; any exception undoes everything. ``lines`` are entries of history that belong before
    the core's own, ``completed`` is that of a user task; ``reason`` is kept with incidents that
    the command resolves.
    """
    held = hold(session, instance_id)
    if InstanceStatus(held.status).has_ended:
        raise InstanceEnded
    holds = holding.require_moving(session, held, command)
    moving = _cache.take(session, held) or _restore(session, held)
    ports = _ports(session, held, by=by, now=now)
    rank_before = moving.instance.risk_rank
    changes = moving.apply(command, Step(now, by, ports, holds))
    ports.require_nothing_lost()
    deed = Deed(
        by,
        now,
        lines,
        completed,
        resolution=RESOLUTIONS.get(type(command), IncidentState.CANCELLED),
        reason=reason,
        is_cancelled=isinstance(command, CancelInstance),
        rank_before=rank_before,
        status=holding.status_after(command),
    )
    _finish(session, held, moving, changes, deed)
    return changes


def migrate(
    session: Session,
    instance_id: UUID,
    release_id: UUID,
    mapping: Mapping[str, str],
    about: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> Sequence[Remark]:
    """Carry an instance over to another release and say what became of each of its tokens.

    ``mapping`` and what it raises as in `runtime.migrate`; ``about`` goes into the history. Rows
    keep their ids. A suspended instance stays suspended.
    """
    held = hold(session, instance_id)
    if InstanceStatus(held.status).has_ended:
        raise InstanceEnded
    moving = _cache.take(session, held) or _restore(session, held)
    definitions = releases.definitions(session, release_id)
    remarks = runtime.fit(moving, definitions, mapping).remarks
    owners = refitting.owners(moving)
    goes = replace(held, release_id=release_id)
    ports = _ports(session, goes, by=by, now=now)
    step = Step(now, by, ports, holds=held.status == InstanceStatus.SUSPENDED)
    moved, changes = runtime.migrate(moving, definitions, mapping, step, about)
    ports.require_nothing_lost()
    refitting.move(session, instance_id, release_id)
    _finish(session, goes, moved, changes, Deed(by, now))
    refitting.refit(session, instance_id, moved, owners)
    if step.holds:
        holding.look_in_time(session, [instance_id], now)  # the new diagram may say more
    return remarks


RESOLUTIONS: Mapping[type, IncidentState] = {
    RetryIncident: IncidentState.RETRIED,
    SkipIncident: IncidentState.SKIPPED,
}


def hold(session: Session, instance_id: UUID) -> Held:
    """Lock an instance for this transaction, unless it is locked already, and return it."""
    known = _held(session).get(instance_id)
    return known or _lock(session, LOCK_INSTANCE, instance_id)


def hold_if_free(session: Session, instance_id: UUID) -> Held | None:
    """Lock an instance unless somebody else is moving it right now."""
    try:
        return _held(session).get(instance_id) or _lock(session, LOCK_INSTANCE_IF_FREE, instance_id)
    except InstanceNotFound:
        return None


def hold_of_task(session: Session, user_task_id: UUID) -> Held | None:
    """Lock the instance of a user task; None when there is no such task or it has no instance."""
    of_tasks: dict[UUID, UUID] = memory(session).setdefault("of_tasks", {})
    if user_task_id in of_tasks:
        return hold(session, of_tasks[user_task_id])
    try:
        held = _lock(session, LOCK_INSTANCE_OF_TASK, user_task_id)
    except InstanceNotFound:
        return None
    of_tasks[user_task_id] = held.id
    return held


def locked(session: Session, user_task_id: UUID, columns: Sequence[Any]) -> None:
    """Note that the instance of a user task has been locked with it; ``columns`` as in `HELD`."""
    held = Held(*columns)
    _held(session)[held.id] = held
    memory(session).setdefault("of_tasks", {})[user_task_id] = held.id


def forget(session: Session, instance_ids: Iterable[UUID]) -> None:
    """Read instances again when they are next held: something else has written their rows."""
    for instance_id in instance_ids:
        _held(session).pop(instance_id, None)


def release_of(session: Session, instance_id: UUID) -> UUID:
    """Return the release of an instance without locking it: for whoever only looks."""
    held = _held(session).get(instance_id)
    if held is not None:
        return held.release_id
    release_id: UUID | None = run(session, RELEASE, {"id": instance_id}).scalar_one_or_none()
    if release_id is None:
        raise InstanceNotFound
    return release_id


def look(session: Session, instance_id: UUID) -> runtime.Run:
    """Return an instance as it is stored, without locking it: for whoever only looks."""
    row = run(session, LOOK, {"id": instance_id}).one_or_none()
    if row is None:
        raise InstanceNotFound
    return runtime.restore(releases.definitions(session, row.release_id), bytes(row.state))


def variables(session: Session, instance_id: UUID) -> dict[str, Any]:
    """Return the variables of an instance without locking it: for whoever only looks."""
    return look(session, instance_id).variables


def task_variables(session: Session, instance_id: UUID, task_id: UUID) -> dict[str, Any]:
    """Return all that an open task sees, its own part of a repetition first; without locking."""
    return look(session, instance_id).task_variables(task_id)


def restore(session: Session, instance_id: UUID) -> runtime.Run:
    """Lock an instance and return it as it is stored, to compare and not to move."""
    return _restore(session, hold(session, instance_id))


def _held(session: Session) -> dict[UUID, Held]:
    held: dict[UUID, Held] = memory(session).setdefault("held", {})
    return held


def _lock(session: Session, statement: str, id: UUID) -> Held:
    row = run(session, statement, {"id": id}).one_or_none()
    if row is None:
        raise InstanceNotFound
    held = Held(*row)
    return _held(session).setdefault(held.id, held)


def _restore(session: Session, held: Held) -> runtime.Run:
    definitions = releases.definitions(session, held.release_id)
    state = held.state or run(session, STATE, {"id": held.id}).scalar_one()
    return runtime.restore(definitions, bytes(state))


def _ports(session: Session, held: Held, *, by: str, now: datetime) -> DatabasePorts:
    return DatabasePorts(
        session,
        releases.definitions(session, held.release_id),
        instance_id=held.id,
        tenant_id=held.tenant_id,
        service_id=held.service_id,
        business_key=held.business_key,
        by=by,
        now=now,
    )


def _finish(session: Session, held: Held, moved: runtime.Run, changes: Changes, deed: Deed) -> None:
    state = moved.state()
    after = saving.save(session, held, state, changes, deed)
    if changes.thrown:
        routing.throw(session, after, changes.thrown, by=deed.by, now=deed.now)
    if changes.tasks_closed:
        late.call_off(session, after, changes.tasks_closed, by=deed.by, now=deed.now)
    _held(session)[after.id] = after
    if InstanceStatus.SUSPENDED in (held.status, after.status):
        holding.follow(session, held, after, deed)
    if after.status == InstanceStatus.ACTIVE:
        _cache.keep(session, after, moved, codec.unpacked_size(state))


_cache = Cache()
