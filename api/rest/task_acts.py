"""What every task offers beside being done: raise a concern, alert the manager, declare a conflict.

None of them touches the task: what was being done goes on, and a draft stays.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.cases import ConcernIn, ReasonIn
from api.rest.guard import programme
from api.work import now, session
from engine.errors import NotFound
from engine.models import UserTask
from workflows.access import conflicts
from workflows.access.reading import record_read, require_task
from workflows.cases import alerts
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.programmes.tokens import Scope
from workflows.safeguarding import concerns
from workflows.tasks.completing import require_may_do

blueprint = Blueprint("rest_task_acts", __name__)


def _subject(task: UserTask) -> tuple[UUID | None, UUID | None]:
    """Return the case or else the contact that a task is about. Raises ``NotFound`` for neither."""
    key = task.business_key
    if key is not None and session().get(Case, key) is not None:
        return key, None
    if key is not None and session().get(Contact, key) is not None:
        return None, key
    raise NotFound


@blueprint.post("/user-tasks/<uuid:task_id>/concerns")
@programme(Scope.CASEWORK, takes=ConcernIn)
def raise_concern(task_id: UUID) -> tuple[dict[str, Any], int]:
    """Raise a safeguarding concern out of a task, in five fields. The task stays as it is."""
    task = require_task(session(), actor(), task_id, now())
    case_id, contact_id = _subject(task)
    concern = concerns.raise_concern(
        session(),
        case_id=case_id,
        contact_id=contact_id,
        given=body(),
        refer_now=body()["refer_now"],
        by=actor().by,
        now=now(),
    )
    return {"id": str(concern.id), "raised_at": text(concern.raised_at)}, 201


@blueprint.post("/user-tasks/<uuid:task_id>/alerts")
@programme(Scope.CASEWORK, takes=ReasonIn)
def alert_manager(task_id: UUID) -> tuple[dict[str, Any], int]:
    """Ask the team leader for help with a task, and say what stands in the way."""
    task = require_task(session(), actor(), task_id, now())
    message_id = alerts.alert(
        session(),
        task.tenant_id,
        task.service_id,
        task_id=task.id,
        about=task.business_key,
        reason=body()["reason"],
        by=actor().by,
        now=now(),
    )
    return {"message_id": str(message_id)}, 202


@blueprint.get("/user-tasks/<uuid:task_id>/alert")
@programme(Scope.CASEWORK)
def show_alert(task_id: UUID) -> dict[str, Any]:
    """Say who asks in an alert and why, to whoever may answer it. That it was read is recorded."""
    task = require_task(session(), actor(), task_id, now())
    raised = alerts.answered_in(session(), task)
    if raised is None:
        raise NotFound
    require_may_do(task, actor())
    record_read(session(), actor(), f"task {task.id}", raised.ids, now(), "alert")
    return {
        "raised_by": raised.by,
        "raised_at": text(raised.at),
        "reason": raised.reason,
        "rule": raised.rule,
        "user_task_id": str(raised.user_task_id) if raised.user_task_id else None,
    }


@blueprint.post("/user-tasks/<uuid:task_id>/conflicts")
@programme(Scope.CASEWORK, takes=ReasonIn)
def declare_conflict(task_id: UUID) -> Response:
    """Declare a conflict of interest: from this moment nothing of it exists for the caller."""
    task = require_task(session(), actor(), task_id, now())
    case_id, contact_id = _subject(task)
    conflicts.declare(
        session(),
        actor().staff_id,
        case_id=case_id,
        contact_id=contact_id,
        reason=body()["reason"],
        by=actor().by,
        now=now(),
    )
    return Response(status=204)
