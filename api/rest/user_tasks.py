"""User tasks: list, look, claim, begin and give back, hand on, put off, complete."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import programme
from api.work import now, session
from engine.models import UserTask
from workflows.access.policy import visible_tasks
from workflows.access.reading import require_task
from workflows.programmes.tokens import Scope
from workflows.tasks import completing, worklist
from workflows.tasks.asked import asked_by

blueprint = Blueprint("rest_user_tasks", __name__)


class CompleteIn(Schema):
    """The answers to the task's form, and the version of the form that asked."""

    answers = fields.Dict(keys=fields.String(), load_default=dict)
    form_sha256 = fields.String(load_default=None, allow_none=True)


class DelegateIn(Schema):
    """To whom."""

    to = fields.UUID(required=True)


class ForwardIn(Schema):
    """To which roles."""

    to = fields.List(fields.String(), required=True, validate=validate.Length(1, 20))


class FollowUpIn(Schema):
    """Until when it is put aside; null puts it back on the list."""

    follow_up_at = fields.AwareDateTime(required=True, allow_none=True)


class DueIn(Schema):
    """When it is due, and why that changes."""

    due_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 500))


def shown(task: UserTask) -> dict[str, Any]:
    return {
        "id": str(task.id),
        "name": task.name,
        "element_id": task.element_id,
        "process_id": task.process_id,
        "instance_id": str(task.instance_id) if task.instance_id else None,
        "business_key": str(task.business_key) if task.business_key else None,
        "service_id": str(task.service_id) if task.service_id else None,
        "state": str(task.state),
        "priority": task.priority,
        "potential_owners": list(task.potential_owners),
        "actual_owner": task.actual_owner,
        "due_at": text(task.due_at),
        "follow_up_at": text(task.follow_up_at),
        "form_id": task.form_id,
    }


@blueprint.get("/user-tasks")
@programme(Scope.CASEWORK)
def index() -> dict[str, Any]:
    """List the open tasks that one may see: high risk first, then by due time."""

    def find(limit: int, offset: int) -> list[UserTask]:
        urgent_first = (
            select(UserTask)
            .where(visible_tasks(actor(), now()), UserTask.completed_at.is_(None))
            .order_by(UserTask.risk_rank.desc(), UserTask.due_at.nulls_last(), UserTask.id)
            .limit(limit)
            .offset(offset)
        )
        return list(session().scalars(urgent_first))

    return listed(find, shown)


@blueprint.get("/user-tasks/<uuid:task_id>")
@programme(Scope.CASEWORK)
def show(task_id: UUID) -> dict[str, Any]:
    """Show a task with the form it asks, as form-js JSON, and the version of that form."""
    task = require_task(session(), actor(), task_id, now())
    asked = asked_by(session(), task, now=now()) if task.is_open else None
    return {
        **shown(task),
        "form": asked.form.source if asked else None,
        "form_sha256": asked.form.sha256 if asked else None,
        "lists": {
            name: [{"value": o.value, "label": o.label} for o in options]
            for name, options in (asked.lists.items() if asked else ())
        },
    }


@blueprint.post("/user-tasks/<uuid:task_id>/claim")
@programme(Scope.CASEWORK)
def claim(task_id: UUID) -> dict[str, Any]:
    """Take a task. Whoever is slower is told by whom and when it was taken."""
    return shown(worklist.claim(session(), task_id, actor=actor(), now=now()))


@blueprint.post("/user-tasks/<uuid:task_id>/start")
@programme(Scope.CASEWORK)
def start(task_id: UUID) -> dict[str, Any]:
    """Say that one has begun with a task; takes it if nobody has."""
    return shown(worklist.start(session(), task_id, actor=actor(), now=now()))


@blueprint.post("/user-tasks/<uuid:task_id>/release")
@programme(Scope.CASEWORK)
def release(task_id: UUID) -> dict[str, Any]:
    """Give a task back to those who may take it."""
    return shown(worklist.release(session(), task_id, actor=actor(), now=now()))


@blueprint.post("/user-tasks/<uuid:task_id>/delegate")
@programme(Scope.CASEWORK, takes=DelegateIn)
def delegate(task_id: UUID) -> dict[str, Any]:
    """Hand a task to a colleague. Its clock goes on."""
    given = body()
    return shown(worklist.delegate(session(), task_id, to=given["to"], actor=actor(), now=now()))


@blueprint.post("/user-tasks/<uuid:task_id>/forward")
@programme(Scope.CASEWORK, takes=ForwardIn)
def forward(task_id: UUID) -> dict[str, Any]:
    """Offer a task to other roles."""
    given = body()
    return shown(worklist.forward(session(), task_id, to=given["to"], actor=actor(), now=now()))


@blueprint.put("/user-tasks/<uuid:task_id>/follow-up")
@programme(Scope.CASEWORK, takes=FollowUpIn)
def follow_up(task_id: UUID) -> dict[str, Any]:
    """Put a task aside until then. Its due time stays."""
    given = body()
    return shown(
        worklist.snooze(session(), task_id, given["follow_up_at"], actor=actor(), now=now())
    )


@blueprint.put("/user-tasks/<uuid:task_id>/due")
@programme(Scope.CASEWORK, takes=DueIn)
def due(task_id: UUID) -> dict[str, Any]:
    """Change when a task is due; who leads may, and says why."""
    given = body()
    return shown(
        worklist.set_due(
            session(),
            task_id,
            given["due_at"],
            reason=given["reason"],
            actor=actor(),
            now=now(),
        )
    )


@blueprint.post("/user-tasks/<uuid:task_id>/complete")
@programme(Scope.CASEWORK, takes=CompleteIn)
def complete(task_id: UUID) -> dict[str, Any]:
    """Complete a task with the answers to its form; claims it if nobody has.

    409 says who was faster, or that the form has changed; 422 names each answer to change.
    """
    given = body()
    done = completing.complete(
        session(),
        task_id,
        given["answers"],
        actor=actor(),
        now=now(),
        form_sha256=given["form_sha256"],
    )
    return {
        "id": str(task_id),
        "state": "completed",
        "completed_at": text(now()),
        "answers_not_kept": list(done.dropped),
        "opened_tasks": [
            {"id": str(task.task_id), "name": task.name, "due_at": text(task.due_at)}
            for task in done.changes.tasks_opened
        ],
        "ended": done.changes.ended,
    }
