"""Contacts: those that are live or waiting, one as it was taken, and written ones typed in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.wrappers import Response

import forms
from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext
from api.pages import names, wording
from api.pages.contact_form import contact_form, parts_of, rows_page, with_row, written_form
from api.pages.inbox_rows import initials_by_person
from api.pages.intake import AS_TYPED, WRITTEN, service_named
from api.pages.names import name_of
from api.pages.subjects import service_name, short
from api.work import now, session
from engine.errors import NotFound
from engine.models import UserTask
from forms import Form
from forms.definition import Question, Rows, every_question
from workflows.access import reading
from workflows.access.policy import visible_contacts, visible_tasks
from workflows.access.reading import Shown, shown
from workflows.cases.models import Case
from workflows.contact import intake
from workflows.contact.models import Contact, ContactStatus
from workflows.keys import DataClass

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")

PAGE = 50
SENSITIVE = frozenset({"C3", "C4"})


@blueprint.get("")
@signed_in
def home() -> str:
    given = request.args
    page = int(given["page"]) if given.get("page", "").isdecimal() else 1
    show = given.get("show", "open")
    wanted = select(Contact).where(visible_contacts(actor(), now(), with_reason=False))
    if show == "live":
        wanted = wanted.where(
            Contact.status == ContactStatus.LIVE, Contact.handler_id == actor().staff_id
        )
    elif show == "open":
        wanted = wanted.where(Contact.status != ContactStatus.CLOSED)
    newest = wanted.order_by(Contact.received_at.desc(), Contact.id)
    found = list(session().scalars(newest.offset((max(page, 1) - 1) * PAGE).limit(PAGE + 1)))
    shown_here = found[:PAGE]
    if shown_here:
        ids = [contact.id for contact in shown_here]
        reading.record_read(session(), actor(), "list of contacts", ids, now(), "contacts.listed")
    names.load({str(contact.handler_id) for contact in shown_here if contact.handler_id})
    return render_template(
        "contacts.html",
        contacts=shown_here,
        initials=initials_by_person({c.person_id for c in shown_here if c.person_id}),
        show=show,
        page=max(page, 1),
        has_more=len(found) > PAGE,
        name_of=name_of,
        service_name=service_name,
        mine=actor().staff_id,
        section="contacts",
    )


@blueprint.get("/<uuid:contact_id>")
@signed_in
def show(contact_id: UUID) -> str | Response:
    contact = reading.require_contact(session(), actor(), contact_id, now())
    if contact.is_live and contact.handler_id == actor().staff_id:
        return redirect(f"/contacts/{contact_id}/live", 302)
    reading.record_read(session(), actor(), "contact", [contact.id], now(), "contact.shown")
    case = session().get(Case, contact.case_id) if contact.case_id else None
    return render_template(
        "contact.html",
        contact=contact,
        short_reference=short(contact.reference),
        service=service_name(contact.service_id),
        handler=name_of(contact.handler_id) if contact.handler_id else gettext("nobody"),
        case=case,
        source=wording.answer("contact", "source", contact.source),
        tasks=_tasks(contact),
        twin=_twin(contact, case),
        as_typed=_as_typed(contact, case),
        section="contacts",
    )


def _tasks(contact: Contact) -> list[UserTask]:
    """Return what is open about the contact and its case; silent tasks stay silent."""
    keys = [key for key in (contact.id, contact.case_id) if key]
    found = select(UserTask).where(
        UserTask.business_key.in_(keys),
        UserTask.completed_at.is_(None),
        visible_tasks(actor(), now()),
    )
    return list(session().scalars(found.order_by(UserTask.due_at.asc().nulls_last()).limit(10)))


def _twin(contact: Contact, case: Case | None) -> list[tuple[str, str]]:
    """Return questions and answers; what could betray her is covered outside of the contact."""
    if not contact.answers:
        return []
    form = contact_form()
    covered = _covered(form) if _is_covered(contact, case) else set()
    answers = {key: value for key, value in contact.answers.items() if key not in covered}
    known = {key: value for key, value in answers.items() if key in form.questions}
    twin = forms.text_twin(form, known)
    return [(question, answer) for question, answer in twin if answer != "Not answered"]


def _as_typed(contact: Contact, case: Case | None) -> list[tuple[str, str]]:
    """Return what was typed before the contact was cut short and could not be taken as answers."""
    given = (contact.answers or {}).get(AS_TYPED, ())
    covered = _covered(contact_form()) if given and _is_covered(contact, case) else set()
    return [(each["question"], each["text"]) for each in given if each["key"] not in covered]


def _is_covered(contact: Contact, case: Case | None) -> bool:
    own = contact.handler_id == actor().staff_id
    during = own and contact.is_live
    return shown(actor(), DataClass.C3, case=case, during_contact=during) is not Shown.PLAIN


def _covered(form: Form) -> set[str]:
    return {key for key, node in form.questions.items() if _is_sensitive(node)}


def _is_sensitive(node: Question | Rows) -> bool:
    if isinstance(node, Rows):
        return any(question.data_class in SENSITIVE for question in every_question(node.nodes))
    return node.data_class in SENSITIVE


# -- written contacts ----------------------------------------------------------------------------


@blueprint.route("/written", methods=["GET", "POST"])
@signed_in
@once
def written() -> Response | str | tuple[str, int]:
    """Type in a letter, an e-mail or a referral; it gets its first deadline on arrival."""
    reading.require(actor(), "create_contact")
    channel, service = request.args.get("channel", ""), service_named(request.args.get("service"))
    if channel not in WRITTEN or service is None:
        raise NotFound
    if request.method == "GET":
        number = request.args.get("case", "")
        known = {"route": "existing_case", "case_number": number[:20]} if number else {}
        return _written_page(known)
    form, typed = written_form(), _typed()
    if {"_add", "_remove"} & request.form.keys():
        return _written_page(with_row(form, typed))
    try:
        checked = forms.check_answers(form, typed, now=now())
        with session().begin_nested():
            contact = intake.receive(
                session(),
                actor().tenant_id,
                service.id,
                channel=channel,
                source=checked["source"],
                answers=forms.to_json(checked),
                by=actor().by,
                now=now(),
            )
    except ValidationError as error:
        return _written_page(typed, error.normalized_messages()), 422
    except intake.NoSuchCase as refused:
        return _written_page(typed, {"case_number": [str(refused)]}), 422
    session().flush()
    return redirect(f"/contacts/{contact.id}", 303)


def _typed() -> dict[str, Any]:
    pairs = list(request.form.items(multi=True))
    typed: dict[str, Any] = forms.from_post(written_form(), pairs, keep_blank_rows=True)
    return typed


def _written_page(typed: Mapping[str, Any], errors: Mapping[Any, Any] | None = None) -> str:
    model = forms.render(written_form(), typed, errors)
    return render_template(
        "contact_written.html",
        parts_of=parts_of(model),
        model=model,
        channel=request.args["channel"],
        address=request.full_path,
        mostly_optional=True,
        section="contacts",
    )


@blueprint.post("/written/rows")
@signed_in
def written_rows() -> str:
    reading.require(actor(), "create_contact")
    return rows_page(written_form(), _typed())
