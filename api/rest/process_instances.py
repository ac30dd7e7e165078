"""Process instances: start one, see how it stands."""

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from engine import instances, releases
from engine.models import UserTask
from workflows.access.instances import require_instance, require_subject
from workflows.access.policy import visible_tasks
from workflows.access.reading import require
from workflows.programmes import inbound
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_process_instances", __name__)


class StartIn(Schema):
    """Which process, with which first variables (ids and decision variables only)."""

    process_id = fields.String(required=True, validate=validate.Length(1, 200))
    variables = fields.Dict(keys=fields.String(), load_default=dict)
    business_key = fields.UUID(load_default=None, allow_none=True)
    service_id = fields.UUID(load_default=None, allow_none=True)


@blueprint.post("/process-instances")
@programme(Scope.PROCESSES, takes=StartIn)
def start() -> tuple[dict[str, Any], int]:
    """Start a process of the release in force, about a case or contact that one sees, or none.

    Not one that waits for a message or belongs into another: those are started inside alone.
    """
    require(actor(), "create_contact")
    given = body()
    require_subject(session(), actor(), given["business_key"], now())
    inbound.require_words("variables", given["variables"])
    inbound.require_visible(session(), actor(), given["variables"], now(), reason="process")
    if definitions := releases.in_force(session(), actor().tenant_id, now()):
        inbound.require_startable(definitions, given["process_id"])
    instance_id = instances.start(
        session(),
        actor().tenant_id,
        given["process_id"],
        given["variables"],
        by=actor().by,
        now=now(),
        business_key=given["business_key"],
        service_id=given["service_id"],
    )
    return {"id": str(instance_id)}, 201


@blueprint.get("/process-instances/<uuid:instance_id>")
@programme(Scope.PROCESSES)
def show(instance_id: UUID) -> dict[str, Any]:
    """Say how an instance stands, with those of its open tasks that one may see."""
    require(actor(), "read_history", act="do")
    reason = request.args.get("reason")
    instance = require_instance(session(), actor(), instance_id, now(), reason=reason)
    tasks = session().execute(
        select(UserTask.id, UserTask.element_id, UserTask.name, UserTask.due_at)
        .where(
            UserTask.instance_id == instance_id,
            UserTask.completed_at.is_(None),
            visible_tasks(actor(), now()),
        )
        .order_by(UserTask.created_at, UserTask.id)
        .limit(200)
    )
    return {
        "id": str(instance.id),
        "process_id": instance.process_id,
        "release_id": str(instance.release_id),
        "status": str(instance.status),
        "started_at": text(instance.started_at),
        "ended_at": text(instance.ended_at),
        "open_tasks": [
            {
                "id": str(task.id),
                "element_id": task.element_id,
                "name": task.name,
                "due_at": text(task.due_at),
            }
            for task in tasks
        ],
    }
