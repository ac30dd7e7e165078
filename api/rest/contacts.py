"""Contacts: a partner or a service's own system hands one in, and asks how it stands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import select

import forms
from api.auth import actor
from api.rest.bodies import body, listed, text
from api.rest.guard import has_scope, programme
from api.work import now, session
from engine import releases
from engine.errors import NotFound
from workflows.access.policy import visible_contacts
from workflows.access.reading import record_read, require, require_contact
from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.programmes.tokens import Scope
from workflows.tasks.asked import form_in
from workflows.tenants.models import Service

blueprint = Blueprint("rest_contacts", __name__)

# Written ones: whoever is on the line is on a page.
CHANNELS = ("agency_referral", "email", "sms", "web_form", "letter", "tprc", "police_feed")
SOURCES = ("self", "mash", "marac", "police", "gp", "other_agency", "tprc", "family", "other")
FORM = "contact"


class ContactIn(Schema):
    """A contact in the questions of the form `contact` of the release in force."""

    service = fields.String(required=True, validate=validate.Length(1, 100))
    channel = fields.String(load_default="agency_referral", validate=validate.OneOf(CHANNELS))
    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    external_id = fields.String(required=True, validate=validate.Length(1, 200))
    received_at = fields.AwareDateTime(load_default=None, allow_none=True)
    answers = fields.Dict(keys=fields.String(), required=True)


def shown(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.id),
        "reference": contact.reference,
        "service_id": str(contact.service_id),
        "channel": contact.channel,
        "source": contact.source,
        "status": str(contact.status),
        "received_at": text(contact.received_at),
        "first_response_due": text(contact.first_response_due),
        "case_id": str(contact.case_id) if contact.case_id else None,
        "outcome": contact.outcome,
    }


@blueprint.post("/contacts")
@programme(Scope.REFERRALS, takes=ContactIn)
def hand_in() -> tuple[dict[str, Any], int]:
    """Hand in a written contact. The same external_id again returns the first and adds nothing."""
    require(actor(), "create_contact")
    given = body()
    if given["received_at"] is not None and given["received_at"] > now():
        raise ValidationError({"received_at": ["This lies in the future."]})
    contact = intake.receive(
        session(),
        actor().tenant_id,
        service_of(given["service"]).id,
        channel=given["channel"],
        source=given["source"],
        answers=checked({**given["answers"], "source": given["source"]}),
        by=actor().by,
        now=now(),
        external_id=f"{actor().by}:{given['external_id']}",
        received_at=given["received_at"],
    )
    session().flush()
    return shown(contact), 201


def service_of(key: str) -> Service:
    found = session().scalar(
        select(Service).where(Service.tenant_id == actor().tenant_id, Service.key == key)
    )
    if found is None:
        raise ValidationError({"service": ["There is no such service."]})
    return found


def checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Check the answers by the form in force; what is not asked on paper may be left out."""
    try:
        return forms.check_answers(contact_form(), answers, now=now())
    except ValidationError as wrong:
        raise ValidationError({"answers": wrong.messages}) from wrong


def contact_form() -> forms.Form:
    """Return the form of contacts in the release in force."""
    release = releases.effective(session(), actor().tenant_id, now())
    return form_in(releases.definitions(session(), release.id), FORM)


@blueprint.get("/contacts")
@programme(Scope.CASEWORK)
def index() -> dict[str, Any]:
    """List the contacts that one may see, newest first."""

    def find(limit: int, offset: int) -> list[Contact]:
        newest = (
            select(Contact)
            .where(visible_contacts(actor(), now(), with_reason=False))
            .order_by(Contact.received_at.desc(), Contact.id)
            .limit(limit)
            .offset(offset)
        )
        return list(session().scalars(newest))

    return listed(find, shown)


@blueprint.get("/contacts/<uuid:contact_id>")
@programme(Scope.CASEWORK, also=Scope.REFERRALS)
def show(contact_id: UUID) -> dict[str, Any]:
    """Say how a contact stands. Reading it is recorded, with a purpose.

    With the scope `referrals` alone: id, reference and status of a contact that the same member
    of staff has handed in, and no purpose is asked for.
    """
    if not has_scope(Scope.CASEWORK):
        return _handed_in(contact_id)
    contact = require_contact(
        session(), actor(), contact_id, now(), reason=request.args.get("reason")
    )
    purpose = request.args.get("purpose", "")
    record_read(session(), actor(), purpose, [contact.id], now(), "contact")
    return shown(contact)


def _handed_in(contact_id: UUID) -> dict[str, Any]:
    """Return how one's own referral stands: nothing of what was made of it, or of whom it is."""
    contact = session().get(Contact, contact_id)
    if contact is None or not (contact.external_id or "").startswith(f"{actor().by}:"):
        raise NotFound
    return {
        "id": str(contact.id),
        "reference": contact.reference,
        "status": str(contact.status),
    }
