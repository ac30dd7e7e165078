"""The live contact: one page, its sections in any order; the call does not follow our form.

The page drafts; *Danger now* is sent at once; *End contact* stores the answers and starts the
process. Losing the line or the connection loses no word.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

import forms
from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, say
from api.pages import people_found
from api.pages.contact_form import contact_form, parts_of, rows_page, sound, with_row
from api.pages.names import name_of
from api.problems import is_for_programmes
from api.words import clock_time
from api.work import now, session
from engine.errors import NotFound
from workflows.access import reading
from workflows.contact import handover, intake
from workflows.contact.handover import CannotTakeContacts
from workflows.contact.models import Contact
from workflows.contact.said import LIVE_CHANNELS
from workflows.staff.models import Staff, TeamMember
from workflows.tasks import drafts
from workflows.tasks.drafts import DraftConflict, Written
from workflows.tasks.models import Draft
from workflows.tenants.models import Service

blueprint = Blueprint("intake", __name__, url_prefix="/contacts")

LIVE = ("phone", "text_relay", "webchat", "walk_in", "app")
WRITTEN = ("email", "letter", "sms", "web_form", "agency_referral")
MATCH = "_match"  # beside the answers of a draft: who it is, and how that was decided
DECISIONS = ("same", "same_household", "new", "unsure")
# What is meant by the two buttons that end a contact early.
CUT_SHORT: Mapping[str, Mapping[str, str]] = {
    "cannot_talk": {"safe_now": "no", "route": "unclear"},
    "silent": {"safe_now": "silent", "conduct_kind": "silent", "route": "unclear"},
}
AS_TYPED = "_as_typed"  # beside the answers of a contact that was cut short: what is none


# -- beginning -----------------------------------------------------------------------------------


@blueprint.get("/new")
@signed_in
def new() -> str:
    reading.require(actor(), "create_contact")
    return _new_page()


@blueprint.post("")
@signed_in
@once
def begin() -> AnyResponse | tuple[str, int]:
    """Open a live contact; of what is written, its page comes first and is stored at its end."""
    reading.require(actor(), "create_contact")
    channel, service = request.form.get("channel", ""), service_named(request.form.get("service"))
    if service is None or channel not in (*LIVE, *WRITTEN):
        return _new_page(gettext("Select how they are in touch, and the service")), 422
    if channel not in LIVE_CHANNELS:
        return redirect(_written_page(channel, service, request.form.get("case", "")), 303)
    contact = intake.begin(
        session(),
        actor().tenant_id,
        service.id,
        channel=channel,
        handler_id=actor().staff_id,
        now=now(),
    )
    if number := request.form.get("case"):
        _save(contact, {"route": "existing_case", "case_number": number[:20]})
    return redirect(f"/contacts/{contact.id}/live", 303)


def _written_page(channel: str, service: Service, case_number: str) -> str:
    asked = {"channel": channel, "service": service.id, "case": case_number}
    return f"/contacts/written?{urlencode({key: value for key, value in asked.items() if value})}"


def _new_page(error: str = "") -> str:
    services = _services()
    return render_template(
        "contact_new.html",
        live=LIVE,
        written=WRITTEN,
        services=services,
        chosen=request.form.get("service") or (str(services[0].id) if services else ""),
        case_number=request.values.get("case", ""),
        error=error,
        section="contacts",
    )


def _services() -> list[Service]:
    """Return the services in which the viewer takes contacts, their own first."""
    own = {grant.service_id for grant, _ in actor().permissions("create_contact")}
    found = list(session().scalars(select(Service).order_by(Service.name)))
    if None in own:
        return found
    return [service for service in found if service.id in own]


def service_named(service_id: str | None) -> Service | None:
    return next((s for s in _services() if str(s.id) == service_id), None)


# -- on the line ---------------------------------------------------------------------------------


@blueprint.get("/<uuid:contact_id>/live")
@signed_in
def live(contact_id: UUID) -> str | AnyResponse:
    contact = _mine(contact_id)
    if not contact.is_live:
        return redirect(f"/contacts/{contact_id}", 303)
    draft = drafts.of_contact(session(), contact_id)
    if draft is not None and draft.staff_id != actor().staff_id:
        drafts.adopt(session(), draft, actor=actor(), now=now())
    return page(contact, dict(draft.answers or {}) if draft else {}, draft)


@blueprint.post("/<uuid:contact_id>/draft")
@signed_in
def draft(contact_id: UUID) -> AnyResponse | tuple[str, int]:
    contact = _mine(contact_id, live=True)
    typed = _typed()
    try:
        saved = _save(contact, typed)
    except DraftConflict as conflict:
        if is_for_programmes():
            raise
        flash(str(conflict), "danger")
        return page(contact, typed, drafts.of_contact(session(), contact_id)), 409
    at = clock_time(saved.saved_at)
    if is_for_programmes():
        return jsonify(version=saved.version, saved=at)
    return redirect(f"/contacts/{contact_id}/live", 303)


@blueprint.post("/<uuid:contact_id>/rows")
@signed_in
def rows(contact_id: UUID) -> str:
    _mine(contact_id, live=True)
    return rows_page(contact_form(), _answers(_typed()))


@blueprint.post("/<uuid:contact_id>/danger")
@signed_in
def danger(contact_id: UUID) -> AnyResponse:
    """Raise safeguarding now, without waiting for the form. The conversation goes on."""
    _mine(contact_id, live=True)
    intake.danger_now(session(), contact_id, by=actor().by, now=now())
    if is_for_programmes():
        return jsonify(at=clock_time(now()))
    return redirect(f"/contacts/{contact_id}/live#danger", 303)


@blueprint.post("/<uuid:contact_id>/matches")
@signed_in
def matches(contact_id: UUID) -> str:
    """Say whom it may be, as far as this may be said. What lies behind a wall shows nothing."""
    contact, typed = _mine(contact_id, live=True), _typed()
    found = people_found.by_answers(
        contact.service_id, sound(contact_form(), _answers(typed)), "live contact"
    )
    return render_template("_matches.html", found=found, chosen=typed.get(MATCH, {}))


@blueprint.post("/<uuid:contact_id>/end")
@signed_in
@once
def end(contact_id: UUID) -> AnyResponse | tuple[str, int]:
    """Store the answers and start the process; what is wrong is shown with everything kept."""
    contact = _mine(contact_id, live=True)
    early = CUT_SHORT.get(request.form.get("_end", ""))
    if {"_add", "_remove"} & request.form.keys():
        changed = with_row(contact_form(), _answers(_typed()))
        return page(contact, changed, drafts.of_contact(session(), contact_id)), 200
    typed = _typed(blank_rows=False)
    try:
        checked = _check(typed, early)
        with session().begin_nested():
            match = typed.get(MATCH, {})
            _end(contact, checked, match if early is None else _still_known(match))
    except ValidationError as error:
        saved = drafts.of_contact(session(), contact_id)
        return page(contact, typed, saved, error.normalized_messages()), 422
    except intake.NoSuchCase as refused:
        saved = drafts.of_contact(session(), contact_id)
        return page(contact, typed, saved, {"case_number": [str(refused)]}), 422
    drafts.discard_contact(session(), contact_id)
    flash(say("Contact %(ref)s has ended.", ref=contact.reference), "good")
    return redirect(f"/contacts/{contact_id}", 303)


def _check(typed: Mapping[str, Any], early: Mapping[str, str] | None) -> dict[str, Any]:
    """Check what was said. A contact that was cut short asks for nothing more and refuses nothing:
    what cannot be read, and what ending early answers otherwise, is kept as it was typed.
    """
    form, answers = contact_form(), _answers(typed)
    if early is None:
        return forms.check_answers(form, answers, now=now())
    kept = forms.keep_all(form, answers, early, now=now())
    more = {AS_TYPED: [asdict(each) for each in kept.as_typed]} if kept.as_typed else {}
    return {"source": "self", **kept.answers, **more}


def _still_known(match: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return who it was said to be, unless that person is closed to the handler by now."""
    try:
        people_found.known(match.get("person_id") or "")
    except NotFound:
        return {}
    return match


def _end(contact: Contact, checked: dict[str, Any], match: Mapping[str, Any]) -> None:
    decision, who = match.get("decision"), match.get("person_id")
    person = people_found.known(who) if who and decision == "same" else None
    more: dict[str, Any] = {"match_reason": match.get("reason")} if match.get("reason") else {}
    if who and decision == "same_household":
        more["household_of"] = str(people_found.known(who))
    intake.end(
        session(),
        contact.id,
        {**forms.to_json(checked), **more},
        by=actor().by,
        now=now(),
        person_id=person,
    )


@blueprint.post("/<uuid:contact_id>/hand-over")
@signed_in
def hand_over(contact_id: UUID) -> AnyResponse:
    contact = _mine(contact_id, live=True)
    _save(contact, _typed())
    try:
        to = UUID(request.form.get("_to", ""))
        with session().begin_nested():
            handover.hand_over(session(), contact_id, to, by=actor().by, now=now())
    except (ValueError, CannotTakeContacts):
        flash(gettext("Choose a colleague who takes contacts."), "warn")
        return redirect(f"/contacts/{contact_id}/live", 303)
    flash(say("%(name)s has the contact now.", name=name_of(to)), "good")
    return redirect("/tasks", 303)


# -- the page ------------------------------------------------------------------------------------


def page(
    contact: Contact,
    typed: Mapping[str, Any],
    saved: Draft | None,
    errors: Mapping[Any, Any] | None = None,
) -> str:
    model = forms.render(contact_form(), _answers(typed), errors)
    service = session().get_one(Service, contact.service_id)
    return render_template(
        "intake.html",
        contact=contact,
        service=service.name,
        parts_of=parts_of(model),
        model=model,
        draft_version=saved.version if saved else 0,
        saved=say("Saved %(at)s", at=clock_time(saved.saved_at)) if saved else "",
        danger_at=clock_time(contact.danger_sent_at) if contact.danger_sent_at else "",
        match=typed.get(MATCH, {}),
        colleagues=_colleagues(),
        line_open=True,
        mostly_optional=True,
        section="contacts",
    )


def _mine(contact_id: UUID, *, live: bool = False) -> Contact:
    """Return a contact that the viewer handles; somebody else's does not exist here."""
    contact = reading.require_contact(session(), actor(), contact_id, now())
    if contact.handler_id != actor().staff_id:
        raise NotFound
    if live and not contact.is_live:
        raise intake.ContactNotLive
    reading.record_read(session(), actor(), "live contact", [contact.id], now(), "contact.handled")
    return contact


def _typed(*, blank_rows: bool = True) -> dict[str, Any]:
    """Return what was posted, as typed, with who it was said to be beside it.

    A row that was added and left blank is kept while somebody writes, and stands in nobody's way
    at the end.
    """
    pairs = list(request.form.items(multi=True))
    typed: dict[str, Any] = forms.from_post(contact_form(), pairs, keep_blank_rows=blank_rows)
    given = request.form
    match = {
        "decision": given.get("_match_decision", ""),
        "person_id": given.get("_match_person", ""),
        "reason": given.get("_match_reason", "").strip()[:500],
    }
    return {**typed, MATCH: match} if match["decision"] in DECISIONS else typed


def _answers(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in typed.items() if key != MATCH}


def _save(contact: Contact, typed: Mapping[str, Any]) -> Draft:
    version = request.form.get("_version", "0")
    form = contact_form()
    return drafts.save_contact(
        session(),
        contact.id,
        typed,
        Written(form.id, form.sha256, contact.subject_id),
        actor=actor(),
        now=now(),
        version=int(version) if version.isdecimal() else 0,
    )


def _colleagues() -> list[tuple[str, str]]:
    """Return whom the line may be handed to: colleagues of one's teams who take contacts, here."""
    team = (
        select(Staff.id, Staff.display_name)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .where(TeamMember.team_id.in_(actor().team_ids), Staff.active)
        .where(Staff.id != actor().staff_id, handover.takes_contacts(Staff.id, now()))
        .distinct()
        .order_by(Staff.display_name)
    )
    return [(str(staff_id), name) for staff_id, name in session().execute(team)]
