"""Live contacts: somebody is on the line. Begin, danger now, end."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.auth import actor
from api.rest.bodies import body
from api.rest.contacts import SOURCES, checked, contact_form, service_of, shown
from api.rest.guard import programme
from api.work import now, session
from engine.errors import Forbidden, NotFound
from workflows.access.policy import findable_people
from workflows.access.reading import require, require_contact
from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.contact.said import LIVE_CHANNELS
from workflows.people.models import Person
from workflows.programmes.tokens import Scope
from workflows.tasks import drafts
from workflows.tasks.asked import require_current

blueprint = Blueprint("rest_live_contacts", __name__)


class NotYourContact(Forbidden):
    """Somebody else is on the line of this contact."""


class BeginIn(Schema):
    """Which service answers, and on which channel."""

    service = fields.String(required=True, validate=validate.Length(1, 100))
    channel = fields.String(required=True, validate=validate.OneOf(sorted(LIVE_CHANNELS)))
    source = fields.String(load_default="self", validate=validate.OneOf(SOURCES))


class EndIn(Schema):
    """The answers to the form `contact`, and whom the handler has recognised."""

    answers = fields.Dict(keys=fields.String(), required=True)
    form_sha256 = fields.String(load_default=None, allow_none=True)
    person_id = fields.UUID(load_default=None, allow_none=True)


@blueprint.post("/contacts/live")
@programme(Scope.CASEWORK, takes=BeginIn)
def begin() -> tuple[dict[str, Any], int]:
    """Answer: the caller handles this contact from now on. Gives the form as form-js JSON."""
    require(actor(), "create_contact")
    given = body()
    contact = intake.begin(
        session(),
        actor().tenant_id,
        service_of(given["service"]).id,
        channel=given["channel"],
        source=given["source"],
        handler_id=actor().staff_id,
        now=now(),
    )
    form = contact_form()
    return {**shown(contact), "form": form.source, "form_sha256": form.sha256}, 201


@blueprint.post("/contacts/<uuid:contact_id>/danger-now")
@programme(Scope.CASEWORK)
def danger_now(contact_id: UUID) -> tuple[dict[str, Any], int]:
    """Raise safeguarding at once, before anything is filled in; once however often it is sent."""
    contact = require_contact(session(), actor(), contact_id, now())
    concern = intake.danger_now(session(), contact.id, by=actor().by, now=now())
    return {"concern_id": str(concern.id) if concern else None, "raised": concern is not None}, 202


@blueprint.post("/contacts/<uuid:contact_id>/end")
@programme(Scope.CASEWORK, takes=EndIn)
def end(contact_id: UUID) -> dict[str, Any]:
    """Store the answers and let the process go on: what is resolved opens no task.

    409 when it has ended already or the form has changed; 422 names each answer to change.
    """
    given = body()
    contact = _mine(contact_id)
    require_current(contact_form(), given["form_sha256"])
    intake.end(
        session(),
        contact.id,
        checked(given["answers"]),
        by=actor().by,
        now=now(),
        person_id=_recognised(given["person_id"]),
    )
    drafts.discard_contact(session(), contact.id)
    return shown(contact)


def _mine(contact_id: UUID) -> Contact:
    contact = require_contact(session(), actor(), contact_id, now())
    if contact.handler_id != actor().staff_id:
        raise NotYourContact(by=str(contact.handler_id) if contact.handler_id else None)
    return contact


def _recognised(person_id: UUID | None) -> UUID | None:
    if person_id is None:
        return None
    known = select(Person.id).where(Person.id == person_id, findable_people(actor(), now()))
    if session().scalar(known) is None:
        raise NotFound
    return person_id
