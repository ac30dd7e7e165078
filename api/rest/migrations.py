"""Moving running instances to another release: plan, look, move a batch, read what became of each.

By whoever answers for the diagrams. Nothing here says of whom an instance is.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import Schema, ValidationError, fields, validate

from api import work
from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import programme
from api.work import now, session
from engine.living import migrating as engine_migrating
from engine.living.migrating import Preview, plain
from engine.living.models import InstanceMigration, MigrationResult
from workflows.living import migrating
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_migrations", __name__)
ALL = "/migrations"
AT = "/migrations/<uuid:migration_id>"


def mapping_field() -> fields.Dict:
    """Elements of the old diagram by id, and that of the new one which takes each over."""
    an_id = validate.Length(1, 200)
    return fields.Dict(
        keys=fields.String(validate=an_id), values=fields.String(validate=an_id), load_default=dict
    )


class PlanIn(Schema):
    """Which process goes from which release to which, where elements differ, and why.

    `reason` names nobody: it stands in every history as it is.
    """

    process_id = fields.String(required=True, validate=validate.Length(1, 200))
    from_release_id = fields.UUID(required=True)
    to_release_id = fields.UUID(required=True)
    mapping = mapping_field()
    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class MappingIn(Schema):
    """Elements of the old diagram that another element of the new one takes over."""

    mapping = mapping_field()


class BatchIn(Schema):
    """How many to move, and behind which instance to begin."""

    after = fields.UUID(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, migrating.MOST))


@blueprint.get(ALL)
@programme(Scope.PROCESSES)
def index() -> dict[str, Any]:
    """List the plans, the newest first."""
    migrating.require(actor())
    return listed(lambda limit, offset: migrating.plans(session(), actor(), limit, offset), _shown)


@blueprint.post(ALL)
@programme(Scope.PROCESSES, takes=PlanIn)
def plan() -> tuple[dict[str, Any], int]:
    """Keep a plan. Nothing moves yet."""
    given = body()
    made = migrating.plan(
        session(),
        given["process_id"],
        given["from_release_id"],
        given["to_release_id"],
        given["mapping"],
        given["reason"],
        actor=actor(),
        now=now(),
    )
    return _shown(made), 201


@blueprint.get(AT)
@programme(Scope.PROCESSES)
def show(migration_id: UUID) -> dict[str, Any]:
    """Say how a plan stands: how many still run on the old release, what became of the others."""
    found = _found(migration_id)
    return {
        **_shown(found),
        "to_move": migrating.count(session(), found, actor=actor()),
        "outcomes": engine_migrating.outcomes(session(), found.id),
    }


@blueprint.put(f"{AT}/mapping")
@programme(Scope.PROCESSES, takes=MappingIn)
def decide(migration_id: UUID) -> dict[str, Any]:
    """Say which elements take the place of which, for all that have not moved yet."""
    mapping = body()["mapping"]
    return _shown(migrating.decide(session(), migration_id, mapping, actor=actor(), now=now()))


@blueprint.get(f"{AT}/preview")
@programme(Scope.PROCESSES)
def preview(migration_id: UUID) -> dict[str, Any]:
    """Say of each instance what it keeps, what falls away and what needs a decision.

    Nothing is changed or locked. `?after=` is the last instance of the page before.
    """
    found = _found(migration_id)
    after, limit = _page()
    seen = migrating.look(session(), found, actor=actor(), after=after, limit=limit + 1)
    items = [_preview(each) for each in seen[:limit]]
    return {"items": items, "following": items[-1]["instance_id"] if len(seen) > limit else None}


@blueprint.post(f"{AT}/execute")
@programme(Scope.PROCESSES, takes=BatchIn)
def execute(migration_id: UUID) -> dict[str, Any]:
    """Move the next instances, each in a transaction of its own, and say what became of each.

    One that cannot go stays as it was and stops nobody else. `following` is what to begin behind
    the next time; null: that was all. To repeat it changes nothing that has moved.
    """
    given = body()
    batch = migrating.execute(
        work.database(),
        session(),
        migration_id,
        after=given["after"],
        limit=given["limit"],
        actor=actor(),
        now=now(),
    )
    return {
        "items": [_result(each) for each in batch.results],
        "following": str(batch.following) if batch.following else None,
    }


@blueprint.get(f"{AT}/results")
@programme(Scope.PROCESSES)
def results(migration_id: UUID) -> dict[str, Any]:
    """List what became of each instance at the last attempt."""
    found = _found(migration_id)
    after, limit = _page()
    seen = engine_migrating.results(session(), found.id, after=after, limit=limit + 1)
    items = [_result(each) for each in seen[:limit]]
    return {"items": items, "following": items[-1]["instance_id"] if len(seen) > limit else None}


def _found(migration_id: UUID) -> InstanceMigration:
    migrating.require(actor())
    return migrating.get(session(), actor(), migration_id)


def _page() -> tuple[UUID | None, int]:
    try:
        asked = request.args.get("after")
        limit = int(request.args.get("limit", 50))
        return (UUID(asked) if asked else None), min(max(limit, 1), migrating.MOST)
    except ValueError as wrong:
        raise ValidationError({"after": ["Give an id, and a number as limit."]}) from wrong


def _shown(migration: InstanceMigration) -> dict[str, Any]:
    return {
        "id": str(migration.id),
        "process_id": migration.process_id,
        "from_release_id": str(migration.from_release_id),
        "to_release_id": str(migration.to_release_id),
        "mapping": migration.mapping,
        "reason": migration.reason,
        "created_by": migration.created_by,
        "created_at": text(migration.created_at),
    }


def _preview(preview: Preview) -> dict[str, Any]:
    return {
        "instance_id": str(preview.instance_id),
        "is_decided": preview.is_decided,
        "remarks": [plain(remark) for remark in preview.remarks],
    }


def _result(result: MigrationResult) -> dict[str, Any]:
    return {
        "instance_id": str(result.instance_id),
        "outcome": str(result.outcome),
        "findings": result.findings,
        "tried_by": result.tried_by,
        "tried_at": text(result.tried_at),
    }
