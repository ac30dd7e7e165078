"""Incidents: steps that failed. Whoever leads the work tries again, goes on behind, or ends."""

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import Schema, ValidationError, fields, validate

from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import programme
from api.work import now, session
from engine.models import Incident
from workflows.incidents import settling
from workflows.programmes.tokens import Scope

blueprint = Blueprint("rest_incidents", __name__)


class ReasonIn(Schema):
    """Why; kept encrypted under the key of the case."""

    reason = fields.String(required=True, validate=validate.Length(1, 2000))


class SkipIn(ReasonIn):
    """Why, and the decision variables that the failed step would have set."""

    variables = fields.Dict(keys=fields.String(), load_default=dict)


def shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": str(incident.id),
        "state": str(incident.state),
        "element_id": incident.element_id,
        "operation": incident.operation,
        "error": incident.error,
        "cause": incident.cause,
        "instance_id": str(incident.instance_id) if incident.instance_id else None,
        "message_id": str(incident.message_id) if incident.message_id else None,
        "business_key": str(incident.business_key) if incident.business_key else None,
        "service_id": str(incident.service_id) if incident.service_id else None,
        "created_at": text(incident.created_at),
        "resolved_at": text(incident.resolved_at),
        "resolved_by": incident.resolved_by,
    }


@blueprint.get("/incidents")
@programme(Scope.PROCESSES)
def index() -> dict[str, Any]:
    """List the incidents that wait for somebody, oldest first; `?case=` for those of one case."""
    case_id = _case_asked()
    return listed(
        lambda limit, offset: settling.waiting(
            session(), actor(), now(), case_id=case_id, limit=limit, offset=offset
        ),
        shown,
    )


def _case_asked() -> UUID | None:
    asked = request.args.get("case")
    try:
        return UUID(asked) if asked else None
    except ValueError as wrong:
        raise ValidationError({"case": ["This is not the id of a case."]}) from wrong


@blueprint.get("/incidents/<uuid:incident_id>")
@programme(Scope.PROCESSES)
def show(incident_id: UUID) -> dict[str, Any]:
    """Show an incident, and why it was settled as it was."""
    incident = settling.get(session(), actor(), incident_id, now())
    return {**shown(incident), "reason": settling.why(session(), incident)}


@blueprint.post("/incidents/<uuid:incident_id>/retry")
@programme(Scope.PROCESSES, takes=ReasonIn)
def retry(incident_id: UUID) -> dict[str, Any]:
    """Do the failed step again. If it fails again, that is a new incident."""
    settling.retry(session(), incident_id, body()["reason"], actor=actor(), now=now())
    return _settled(incident_id)


@blueprint.post("/incidents/<uuid:incident_id>/skip")
@programme(Scope.PROCESSES, takes=SkipIn)
def skip(incident_id: UUID) -> dict[str, Any]:
    """Leave the failed step undone and go on behind it, with variables set by hand."""
    given = body()
    settling.skip(
        session(), incident_id, given["variables"], given["reason"], actor=actor(), now=now()
    )
    return _settled(incident_id)


@blueprint.post("/incidents/<uuid:incident_id>/cancel")
@programme(Scope.PROCESSES, takes=ReasonIn)
def cancel(incident_id: UUID) -> dict[str, Any]:
    """End the whole instance, or close the message that nobody can take."""
    settling.cancel(session(), incident_id, body()["reason"], actor=actor(), now=now())
    return _settled(incident_id)


def _settled(incident_id: UUID) -> dict[str, Any]:
    incident = settling.get(session(), actor(), incident_id, now())
    session().refresh(incident)
    return shown(incident)
