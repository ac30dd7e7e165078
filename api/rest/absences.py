"""Absences: who leads colleagues says that they are away, and that they are back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import Schema, fields

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from workflows.programmes.tokens import Scope
from workflows.staff import leading
from workflows.staff.models import Absence

blueprint = Blueprint("rest_absences", __name__)


class AbsenceIn(Schema):
    """Who is away and for how long; null as the end: until they are said to be back."""

    staff_id = fields.UUID(required=True)
    starts_at = fields.AwareDateTime(load_default=None, allow_none=True)
    ends_at = fields.AwareDateTime(load_default=None, allow_none=True)


@blueprint.get("/absences")
@programme(Scope.CASEWORK)
def index() -> dict[str, Any]:
    """List the colleagues whom one leads: who is away, or will be, and how much they hold."""
    found = leading.colleagues(session(), actor(), now=now())
    return {
        "items": [
            {
                "staff_id": str(each.id),
                "name": each.name,
                "absence": shown(each.away) if each.away else None,
                "open_tasks": each.open_tasks,
                "high_risk": each.high_risk,
            }
            for each in found
        ]
    }


@blueprint.post("/absences")
@programme(Scope.CASEWORK, takes=AbsenceIn)
def record() -> tuple[dict[str, Any], int]:
    """Say that a colleague is away: from now on they hold no duty and are offered no case."""
    given = body()
    absence = leading.record_absence(
        session(),
        actor(),
        given["staff_id"],
        given["starts_at"] or now(),
        given["ends_at"],
        now=now(),
    )
    return shown(absence), 201


@blueprint.post("/absences/<uuid:staff_id>/end")
@programme(Scope.CASEWORK)
def end(staff_id: UUID) -> Response:
    """Say that a colleague is back; an absence that was still to come is called off."""
    leading.end_absence(session(), actor(), staff_id, now=now())
    return Response(status=204)


def shown(absence: Absence) -> dict[str, Any]:
    return {
        "staff_id": str(absence.staff_id),
        "starts_at": text(absence.starts_at),
        "ends_at": text(absence.ends_at),
    }
