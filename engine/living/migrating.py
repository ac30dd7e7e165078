"""Move running instances to another release: plan, look, then one transaction for each.

A plan names the process, the two releases, and where an element of the old diagram is another one
in the new. Looking changes nothing. Moving one instance that cannot go leaves it as it was and
says why; the others go on. It can be repeated: what has moved is passed over.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Engine, Select, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import history, instances, messages, releases, runtime
from engine.core.remarks import Remark
from engine.db import may_be_repeated, unit_of_work
from engine.definitions import Definitions
from engine.errors import NotFound, Refusal
from engine.living.models import InstanceMigration, MigrationResult
from engine.models import ProcessInstance, Release
from engine.runtime import InstanceEnded, MigrationUndecided, StateUnreadable
from engine.states import MigrationOutcome, ReleaseState
from engine.user_tasks import ReasonMissing

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200


class MigrationNotFound(NotFound):
    """There is no such migration."""


class MigrationRefused(Refusal):
    """Instances cannot move from the one release to the other."""

    status = 422


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of one instance."""

    instance_id: UUID
    remarks: Sequence[Remark]

    @property
    def is_decided(self) -> bool:
        return all(remark.what != "undecided" for remark in self.remarks)


def plan(
    session: Session,
    tenant_id: UUID,
    process_id: str,
    from_release_id: UUID,
    to_release_id: UUID,
    mapping: Mapping[str, str],
    *,
    reason: str,
    by: str,
    now: datetime,
) -> InstanceMigration:
    """Keep a plan. ``mapping``: elements of the old diagram that another one takes over.

    Raises `MigrationRefused` for releases or elements that do not go together.
    """
    if not reason.strip():
        raise ReasonMissing
    before, after = (releases.get(session, id) for id in (from_release_id, to_release_id))
    _require_apart(before, after)
    _require_mapping(session, process_id, before, after, mapping)
    migration = InstanceMigration(
        id=uuid4(),
        tenant_id=tenant_id,
        process_id=process_id,
        from_release_id=before.id,
        to_release_id=after.id,
        mapping=dict(mapping),
        reason=reason,
        created_by=by,
        created_at=now,
    )
    session.add(migration)
    session.flush()
    _record(session, migration, "schedule", by=by, now=now, reason=reason)
    return migration


def decide(
    session: Session, migration_id: UUID, mapping: Mapping[str, str], *, by: str, now: datetime
) -> InstanceMigration:
    """Change which elements take the place of which; holds for what has not moved yet."""
    migration = session.get(InstanceMigration, migration_id, with_for_update=True)
    if migration is None:
        raise MigrationNotFound
    before = releases.get(session, migration.from_release_id)
    after = releases.get(session, migration.to_release_id)
    _require_mapping(session, migration.process_id, before, after, mapping)
    migration.mapping = dict(mapping)
    session.flush()
    _record(session, migration, "assign", by=by, now=now, mapping=dict(mapping))
    return migration


def get(session: Session, migration_id: UUID) -> InstanceMigration:
    migration = session.get(InstanceMigration, migration_id)
    if migration is None:
        raise MigrationNotFound
    return migration


def to_move(migration: InstanceMigration, only: ColumnElement[bool] | None = None) -> Select[Any]:
    """Select the ids of the instances that run on the old release, in the order they move in."""
    wanted = select(ProcessInstance.id).where(
        ProcessInstance.tenant_id == migration.tenant_id,
        ProcessInstance.release_id == migration.from_release_id,
        ProcessInstance.process_id == migration.process_id,
        ProcessInstance.ended_at.is_(None),
    )
    return (wanted if only is None else wanted.where(only)).order_by(ProcessInstance.id)


def count(
    session: Session, migration: InstanceMigration, only: ColumnElement[bool] | None = None
) -> int:
    waiting = to_move(migration, only).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def look(
    session: Session,
    migration: InstanceMigration,
    *,
    after: UUID | None = None,
    limit: int = 50,
    only: ColumnElement[bool] | None = None,
) -> list[Preview]:
    """Say of some instances what would become of them, without locking or changing anything."""
    wanted = to_move(migration, only)
    if after is not None:
        wanted = wanted.where(ProcessInstance.id > after)
    definitions = releases.definitions(session, migration.to_release_id)
    ids = session.scalars(wanted.limit(limit)).all()
    return [_look(session, each, definitions, migration.mapping) for each in ids]


def _look(
    session: Session, instance_id: UUID, new: Definitions, mapping: Mapping[str, str]
) -> Preview:
    try:
        fitting = runtime.fit(instances.look(session, instance_id), new, mapping)
    except StateUnreadable:
        unreadable = Remark("undecided", "", "", waits="incident", why="unreadable")
        return Preview(instance_id, [unreadable])
    return Preview(instance_id, fitting.remarks)


# -- moving -----------------------------------------------------------------------------------


def execute(
    database: Engine,
    tenant_id: UUID,
    migration_id: UUID,
    ids: Iterable[UUID],
    *,
    by: str,
    now: datetime,
) -> list[MigrationResult]:
    """Move instances, each in a unit of work of its own, and say what became of each.

    For an edge. Whatever one of them raises undoes that one alone.
    """
    return [_one(database, tenant_id, migration_id, each, by, now) for each in ids]


def _one(
    database: Engine,
    tenant_id: UUID,
    migration_id: UUID,
    instance_id: UUID,
    by: str,
    now: datetime,
) -> MigrationResult:
    try:
        with unit_of_work(database, tenant_id) as session:
            result = migrate(session, get(session, migration_id), instance_id, by=by, now=now)
            sent = messages.produced(session)
    except Exception as fault:
        outcome, why = _fault(fault, instance_id)
    else:
        if sent:
            messages.drain(database, tenant_id, now=now, ids=sent)
        return result
    with unit_of_work(database, tenant_id) as session:
        migration = get(session, migration_id)
        found = _undecided(session, migration, instance_id) if outcome == UNDECIDED else [why]
        return _keep(session, migration, instance_id, outcome, found, by=by, now=now)


UNDECIDED = MigrationOutcome.UNDECIDED


def _fault(fault: Exception, instance_id: UUID) -> tuple[MigrationOutcome, dict[str, str]]:
    if isinstance(fault, MigrationUndecided):
        return UNDECIDED, {}
    if isinstance(fault, InstanceEnded):
        return MigrationOutcome.ENDED, {"why": "ended"}
    logger.exception("process instance %s could not be moved", instance_id)
    why = "busy" if may_be_repeated(fault) else type(fault).__name__
    return MigrationOutcome.FAILED, {"why": why}


def _undecided(
    session: Session, migration: InstanceMigration, instance_id: UUID
) -> list[dict[str, Any]]:
    new = releases.definitions(session, migration.to_release_id)
    preview = _look(session, instance_id, new, migration.mapping)
    return [plain(remark) for remark in preview.remarks if remark.what == "undecided"]


def migrate(
    session: Session, migration: InstanceMigration, instance_id: UUID, *, by: str, now: datetime
) -> MigrationResult:
    """Move one instance in this unit of work. One that has moved already stays as it is.

    Raises `MigrationUndecided`, `InstanceEnded`.
    """
    held = instances.hold(session, instance_id)
    if held.release_id != migration.from_release_id:
        done = session.get(MigrationResult, (migration.id, instance_id))
        return done or _keep(
            session, migration, instance_id, MigrationOutcome.ENDED, [{"why": "moved"}],
            by=by, now=now,
        )  # fmt: skip
    numbers = [
        releases.get(session, id).number
        for id in (migration.from_release_id, migration.to_release_id)
    ]
    about = {
        "migration": str(migration.id),
        "from": numbers[0],
        "to": numbers[1],
        "reason": migration.reason,
    }
    remarks = instances.migrate(
        session, instance_id, migration.to_release_id, migration.mapping, about, by=by, now=now
    )
    found = [plain(remark) for remark in remarks]
    outcome = MigrationOutcome.MIGRATED
    return _keep(session, migration, instance_id, outcome, found, by=by, now=now)


def _keep(
    session: Session,
    migration: InstanceMigration,
    instance_id: UUID,
    outcome: MigrationOutcome,
    found: Sequence[Any],
    *,
    by: str,
    now: datetime,
) -> MigrationResult:
    """Write what became of an instance at this attempt, in the place of an earlier one."""
    about = {"outcome": str(outcome), "findings": list(found), "tried_by": by, "tried_at": now}
    row = {
        "migration_id": migration.id,
        "instance_id": instance_id,
        "tenant_id": migration.tenant_id,
    }
    statement = upsert(MigrationResult).values(row | about)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["migration_id", "instance_id"],
            set_=about,
            where=MigrationResult.outcome != MigrationOutcome.MIGRATED,
        )
    )
    key = (migration.id, instance_id)
    return session.get_one(MigrationResult, key, populate_existing=True)


def results(
    session: Session, migration_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[MigrationResult]:
    """Return what became of instances, in the order of their ids."""
    wanted = select(MigrationResult).where(MigrationResult.migration_id == migration_id)
    if after is not None:
        wanted = wanted.where(MigrationResult.instance_id > after)
    return list(session.scalars(wanted.order_by(MigrationResult.instance_id).limit(limit)))


def outcomes(session: Session, migration_id: UUID) -> dict[str, int]:
    """Return how many instances have had each outcome."""
    counted = (
        select(MigrationResult.outcome, func.count())
        .where(MigrationResult.migration_id == migration_id)
        .group_by(MigrationResult.outcome)
    )
    return dict(session.execute(counted).all())


def plain(remark: Remark) -> dict[str, Any]:
    """Return a remark as JSON keeps it, without what says nothing."""
    found = asdict(remark) | {"changed": list(remark.changed)}
    if remark.due_at is not None:
        found["due_at"] = remark.due_at.isoformat()
    return {name: value for name, value in found.items() if value not in (None, [])}


# -- what goes together -------------------------------------------------------------------------


def _require_apart(before: Release, after: Release) -> None:
    if before.id == after.id:
        raise MigrationRefused("Choose two different releases.")
    if after.state != ReleaseState.PUBLISHED:
        raise MigrationRefused("Instances move to a published release only.")


def _require_mapping(
    session: Session,
    process_id: str,
    before: Release,
    after: Release,
    mapping: Mapping[str, str],
) -> None:
    known = []
    for release in (before, after):
        definitions = releases.definitions(session, release.id)
        if process_id not in definitions.processes:
            raise MigrationRefused(f"Release {release.number} has no process '{process_id}'.")
        known.append(elements(definitions))
    unknown = sorted(mapping.keys() - known[0].keys())
    if unknown:
        raise MigrationRefused(f"Release {before.number} has no element '{unknown[0]}'.")
    nowhere = sorted(set(mapping.values()) - known[1].keys())
    if nowhere:
        raise MigrationRefused(f"Release {after.number} has no element '{nowhere[0]}'.")


def elements(definitions: Definitions) -> dict[str, str]:
    """Return the ids of everything drawn in a release, with what it is called."""
    drawn = (e for p in definitions.processes.values() for e in p.element.iter("{*}*"))
    named = ((element.get("id"), element.get("name")) for element in drawn)
    return {id: name or id for id, name in named if id}


def _record(
    session: Session,
    migration: InstanceMigration,
    transition: str,
    *,
    by: str,
    now: datetime,
    **more: Any,
) -> None:
    payload = {
        "concept_name": "instance migration",
        "lifecycle_transition": transition,
        "org_resource": by,
        "migration": migration.id,
        "process": migration.process_id,
        "from_release": migration.from_release_id,
        "to_release": migration.to_release_id,
        **more,
    }
    history.append(session, releases.ADMIN, payload, tenant_id=migration.tenant_id, at=now)
