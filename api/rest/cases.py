"""Cases: list, look, raise a concern, declare a conflict, take consent back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import programme
from api.work import now, session
from engine.errors import NotFound
from workflows.access import conflicts
from workflows.access.policy import visible_cases
from workflows.access.reading import record_read, require, require_case
from workflows.cases.models import Case
from workflows.consent import recording
from workflows.consent.models import ConsentRecord
from workflows.programmes.tokens import Scope
from workflows.risk import grading
from workflows.safeguarding import concerns

blueprint = Blueprint("rest_cases", __name__)

YES_NO_UNSURE = ("yes", "no", "unsure")


class ConcernIn(Schema):
    """The five fields with which anybody raises a concern."""

    at_risk = fields.String(
        required=True, validate=validate.OneOf(["child", "adult", "unborn", "staff", "other"])
    )
    verbatim_words = fields.String(required=True, validate=validate.Length(1, 8000))
    danger_now = fields.String(required=True, validate=validate.OneOf(YES_NO_UNSURE))
    where_now = fields.String(validate=validate.Length(max=2000), load_default=None)
    about_staff = fields.String(
        required=True, validate=validate.OneOf(["no", "here", "partner", "unsure"])
    )
    refer_now = fields.Boolean(load_default=False)  # waiting for the lead is unsafe


class ReasonIn(Schema):
    """Why; kept encrypted."""

    reason = fields.String(required=True, validate=validate.Length(1, 2000))


class WithdrawalIn(Schema):
    """Whether it was certainly the person who took it back."""

    verified = fields.Boolean(required=True)


def shown(case: Case) -> dict[str, Any]:
    """What is operational: a name is never in a list."""
    return {
        "id": str(case.id),
        "case_number": case.case_number,
        "service_id": str(case.service_id),
        "status": str(case.status),
        "risk_level": case.risk_level,
        "grade_origin": case.grade_origin,
        "owner_id": str(case.owner_id) if case.owner_id else None,
        "opened_at": text(case.opened_at),
        "closed_at": text(case.closed_at),
    }


@blueprint.get("/cases")
@programme(Scope.CASEWORK)
def index() -> dict[str, Any]:
    """List the cases that one may see, newest first."""

    def find(limit: int, offset: int) -> list[Case]:
        newest = (
            select(Case)
            .where(visible_cases(actor(), now(), with_reason=False))
            .order_by(Case.opened_at.desc(), Case.id)
            .limit(limit)
            .offset(offset)
        )
        return list(session().scalars(newest))

    return listed(find, shown)


@blueprint.get("/cases/<uuid:case_id>")
@programme(Scope.CASEWORK)
def show(case_id: UUID) -> dict[str, Any]:
    """Show a case with the history of its grades. Reading it is recorded, with a purpose."""
    reason = request.args.get("reason")
    case = require_case(session(), actor(), case_id, now(), reason=reason)
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [case.id], now(), "case", reason=reason)
    return {
        **shown(case),
        "grades": [
            {
                "level": grade.level,
                "origin": grade.origin,
                "graded_at": text(grade.graded_at),
                "graded_by": grade.graded_by,
                "approved_by": grade.approved_by,
                "review_due_at": text(grade.review_due_at),
            }
            for grade in grading.history(session(), case.id)
        ],
    }


@blueprint.post("/cases/<uuid:case_id>/concerns")
@programme(Scope.CASEWORK, takes=ConcernIn)
def raise_concern(case_id: UUID) -> tuple[dict[str, Any], int]:
    """Raise a safeguarding concern: everybody may, on a case they see, in five fields."""
    case = require_case(session(), actor(), case_id, now(), reason="safeguarding")
    concern = concerns.raise_concern(
        session(),
        case_id=case.id,
        given=body(),
        refer_now=body()["refer_now"],
        by=actor().by,
        now=now(),
    )
    return {"id": str(concern.id), "raised_at": text(concern.raised_at)}, 201


@blueprint.post("/cases/<uuid:case_id>/conflicts")
@programme(Scope.CASEWORK, takes=ReasonIn)
def declare_conflict(case_id: UUID) -> Response:
    """Declare a conflict of interest: from this moment the case does not exist for the caller."""
    case = require_case(session(), actor(), case_id, now(), reason="conflict")
    conflicts.declare(
        session(),
        actor().staff_id,
        case_id=case.id,
        reason=body()["reason"],
        by=actor().by,
        now=now(),
    )
    return Response(status=204)


@blueprint.get("/cases/<uuid:case_id>/consents")
@programme(Scope.CASEWORK)
def consents(case_id: UUID) -> dict[str, Any]:
    """List what holds, one line for each purpose and recipient."""
    case = require_case(session(), actor(), case_id, now(), reason=request.args.get("reason"))
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [case.id], now(), "consents")
    return {
        "items": [
            {
                "id": str(row.id),
                "purpose": row.purpose,
                "recipient_class": row.recipient_class,
                "decision": str(row.decision),
                "recorded_at": text(row.recorded_at),
                "expires_at": text(row.expires_at),
            }
            for row in recording.overview(session(), case.id)
        ]
    }


@blueprint.post("/cases/<uuid:case_id>/consents/<uuid:consent_id>/withdraw")
@programme(Scope.CASEWORK, takes=WithdrawalIn)
def withdraw(case_id: UUID, consent_id: UUID) -> tuple[dict[str, Any], int]:
    """Take a decision back: sharing stops in this very transaction, verified or not."""
    case = require_case(session(), actor(), case_id, now(), reason="consent")
    require(actor(), "record_consent", service_id=case.service_id)
    consent = session().get(ConsentRecord, consent_id)
    if consent is None or consent.case_id != case.id:
        raise NotFound
    given = body()
    row = recording.withdraw(
        session(), consent, verified=given["verified"], by=actor().by, now=now()
    )
    return {"id": str(row.id), "decision": str(row.decision)}, 201
