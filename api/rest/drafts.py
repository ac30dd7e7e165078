"""Drafts: what somebody has typed so far into a task or a live contact, as typed."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from marshmallow import Schema, fields, validate

from api.auth import actor
from api.rest.bodies import body, text
from api.rest.guard import programme
from api.work import now, session
from engine.errors import NotFound
from workflows.access.reading import record_read, require_contact, require_task
from workflows.programmes.tokens import Scope
from workflows.tasks import drafts
from workflows.tasks.asked import form_of, subject_of
from workflows.tasks.drafts import NoDraft, Written
from workflows.tasks.models import Draft

blueprint = Blueprint("rest_drafts", __name__)

CONTACT_FORM = "contact"


class DraftIn(Schema):
    """What is typed, into which version of the form, over which version of the draft."""

    answers = fields.Dict(keys=fields.String(), required=True)
    form_sha256 = fields.String(required=True, validate=validate.Length(equal=64))
    version = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1))


def shown(draft: Draft) -> dict[str, Any]:
    return {
        "version": draft.version,
        "form_id": draft.form_id,
        "form_sha256": draft.form_sha256,
        "saved_by": str(draft.staff_id),
        "saved_at": text(draft.saved_at),
    }


def read(draft: Draft | None, purpose: str, subject: UUID) -> dict[str, Any]:
    """Show a draft with what is in it, and record that it was read."""
    if draft is None:
        raise NoDraft
    record_read(session(), actor(), purpose, [subject], now(), "draft.shown")
    return {**shown(draft), "answers": dict(draft.answers or {})}


@blueprint.get("/user-tasks/<uuid:task_id>/draft")
@programme(Scope.CASEWORK)
def of_task(task_id: UUID) -> dict[str, Any]:
    """Give the draft of a task, whoever wrote it. The reading is recorded."""
    task = require_task(session(), actor(), task_id, now())
    found = drafts.of_task(session(), task.id)
    return read(found, f"task {task.id}", task.business_key or task.id)


@blueprint.put("/user-tasks/<uuid:task_id>/draft")
@programme(Scope.CASEWORK, takes=DraftIn)
def save_of_task(task_id: UUID) -> dict[str, Any]:
    """Save what is typed into a task so far, unchecked.

    409 when somebody has saved since the version named: by whom, when, and the version that is
    there now; reading it gives the other side.
    """
    task = require_task(session(), actor(), task_id, now())
    form = form_of(session(), task)
    if form is None:
        raise NotFound
    given = body()
    written = Written(form.id, given["form_sha256"], subject_of(session(), task))
    draft = drafts.save_task(
        session(),
        task,
        given["answers"],
        written,
        actor=actor(),
        now=now(),
        version=given["version"],
    )
    return shown(draft)


@blueprint.get("/contacts/<uuid:contact_id>/draft")
@programme(Scope.CASEWORK)
def of_contact(contact_id: UUID) -> dict[str, Any]:
    """Give the draft of a live contact. The reading is recorded."""
    contact = require_contact(session(), actor(), contact_id, now())
    found = drafts.of_contact(session(), contact.id)
    return read(found, f"contact {contact.reference}", contact.id)


@blueprint.put("/contacts/<uuid:contact_id>/draft")
@programme(Scope.CASEWORK, takes=DraftIn)
def save_of_contact(contact_id: UUID) -> dict[str, Any]:
    """Save what is typed into a live contact so far; as for a task."""
    contact = require_contact(session(), actor(), contact_id, now())
    if not contact.is_live:
        raise NoDraft
    given = body()
    draft = drafts.save_contact(
        session(),
        contact.id,
        given["answers"],
        Written(CONTACT_FORM, given["form_sha256"], contact.subject_id),
        actor=actor(),
        now=now(),
        version=given["version"],
    )
    return shown(draft)
