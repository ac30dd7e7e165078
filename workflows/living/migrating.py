"""Move running instances to another release: whoever answers for the diagrams does.

They see which process stands where, by a reference of its own, and never of whom. An instance in
which a concern about staff is escalated does not exist to them: it stays on its release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, select
from sqlalchemy.orm import Session

from engine.living import migrating
from engine.living.migrating import MigrationNotFound, Preview
from engine.living.models import InstanceMigration, MigrationResult
from engine.models import ProcessInstance
from workflows import audit
from workflows.access.actor import Actor
from workflows.access.instances import unrestricted
from workflows.access.reading import NotAllowed, may

CAPABILITY = "edit_definitions"
MOST = 100  # instances in one batch


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some instances, and behind which the next batch begins (None: that is all)."""

    results: Sequence[MigrationResult]
    following: UUID | None


def may_migrate(actor: Actor) -> bool:
    """Whether the actor decides on which release instances run."""
    return may(actor, CAPABILITY) or may(actor, CAPABILITY, act="approve")


def require(actor: Actor) -> None:
    if not may_migrate(actor):
        raise NotAllowed("Process owners and service managers move instances.")


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on `ProcessInstance` that the actor may move it."""
    own = ProcessInstance.tenant_id == actor.tenant_id
    return and_(own, unrestricted(actor, ProcessInstance.id))


def plan(
    session: Session,
    process_id: str,
    from_release_id: UUID,
    to_release_id: UUID,
    mapping: Mapping[str, str],
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> InstanceMigration:
    """Keep a plan. ``reason`` is about the diagrams: it names nobody and is kept as it is."""
    require(actor)
    return migrating.plan(
        session,
        actor.tenant_id,
        process_id,
        from_release_id,
        to_release_id,
        mapping,
        reason=reason,
        by=actor.by,
        now=now,
    )


def decide(
    session: Session, migration_id: UUID, mapping: Mapping[str, str], *, actor: Actor, now: datetime
) -> InstanceMigration:
    """Say which elements take the place of which, for all that have not moved yet."""
    require(actor)
    get(session, actor, migration_id)
    return migrating.decide(session, migration_id, mapping, by=actor.by, now=now)


def get(session: Session, actor: Actor, migration_id: UUID) -> InstanceMigration:
    """Return a plan. Raises ``MigrationNotFound``."""
    migration = migrating.get(session, migration_id)
    if migration.tenant_id != actor.tenant_id:
        raise MigrationNotFound
    return migration


def plans(
    session: Session, actor: Actor, limit: int = 50, offset: int = 0
) -> list[InstanceMigration]:
    """Return plans, the newest first."""
    newest = (
        select(InstanceMigration)
        .where(InstanceMigration.tenant_id == actor.tenant_id)
        .order_by(InstanceMigration.created_at.desc(), InstanceMigration.id)
    )
    return list(session.scalars(newest.limit(limit).offset(offset)))


def look(
    session: Session,
    migration: InstanceMigration,
    *,
    actor: Actor,
    after: UUID | None = None,
    limit: int = MOST,
) -> list[Preview]:
    """Say of each instance what would become of it."""
    return migrating.look(session, migration, after=after, limit=limit, only=visible(actor))


def count(session: Session, migration: InstanceMigration, *, actor: Actor) -> int:
    return migrating.count(session, migration, visible(actor))


def execute(
    database: Engine,
    session: Session,
    migration_id: UUID,
    *,
    after: UUID | None = None,
    limit: int = MOST,
    actor: Actor,
    now: datetime,
) -> Batch:
    """Move the next instances, each in a unit of work of its own.

    ``session`` is the request's: it says what was done. Call it again with ``after`` until nothing
    follows; what has moved is passed over.
    """
    require(actor)
    migration = get(session, actor, migration_id)
    wanted = migrating.to_move(migration, visible(actor))
    if after is not None:
        wanted = wanted.where(ProcessInstance.id > after)
    ids = list(session.scalars(wanted.limit(limit + 1)))
    results = migrating.execute(
        database, actor.tenant_id, migration.id, ids[:limit], by=actor.by, now=now
    )
    outcomes: dict[str, int] = {}
    for result in results:
        outcomes[result.outcome] = outcomes.get(result.outcome, 0) + 1
    audit.of_admin(
        session,
        actor.tenant_id,
        "instances.migrated",
        by=actor.by,
        at=now,
        migration=migration.id,
        outcomes=outcomes,
    )
    return Batch(results, ids[limit - 1] if len(ids) > limit else None)
