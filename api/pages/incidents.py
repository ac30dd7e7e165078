"""Incidents: steps that failed, and trying again, passing over or ending what failed.

Who leads the work sees the case; a system administrator sees the step and the class of the fault.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import ColumnElement, or_, select
from werkzeug.wrappers import Response

from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, say
from api.pages import names
from api.pages.sentences import element_words
from api.pages.subjects import service_name, strip_of
from api.work import now, session
from engine import releases
from engine.changes import Changes
from engine.errors import NotFound
from engine.incidents import SHELL_ERRORS
from engine.models import Incident, ProcessInstance
from engine.states import IncidentState
from workflows.incidents import operating, settling

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")

PAGE = 50
LONGEST = 2000
Act = Callable[[UUID, str], Changes]


@dataclass(frozen=True)
class Shown:
    """An incident as far as the viewer may know it."""

    id: UUID
    step: str
    process: str
    service: str
    error: str
    operation: str | None
    cause: str  # empty for who does not lead the work
    case: tuple[str, str | None] | None  # reference, and address where it may be opened
    at: datetime
    settled: str  # how, by whom; empty while it waits
    settled_at: datetime | None
    may_skip: bool
    instance: str | None  # the address of what it happened in

    @property
    def reference(self) -> str:
        return self.id.hex[:8].upper()

    @property
    def address(self) -> str:
        return f"/incidents/{self.id}"


@blueprint.get("")
@signed_in
def home() -> str:
    _may_look()
    is_open = request.args.get("show") != "settled"
    asked = request.args.get("page", "")
    page = max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1
    order = (Incident.created_at,) if is_open else (Incident.resolved_at.desc(),)
    found = session().execute(
        select(Incident, _led().label("led"))
        .where(_visible(), (Incident.state == IncidentState.OPEN) == is_open)
        .order_by(*order, Incident.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    rows = [(incident, led) for incident, led in found]
    return render_template(
        "incidents.html",
        incidents=_shown(rows[:PAGE]),
        is_open=is_open,
        page=page,
        has_more=len(rows) > PAGE,
    )


@blueprint.get("/<uuid:incident_id>")
@signed_in
def show(incident_id: UUID) -> str:
    return _page(incident_id)


@blueprint.post("/<uuid:incident_id>")
@signed_in
@once
def settle(incident_id: UUID) -> Response | tuple[str, int]:
    """Try again, pass over or end, with a reason that is kept."""
    incident, led = _incident(incident_id)
    given = request.form
    act, reason = given.get("act", ""), given.get("reason", "").strip()[:LONGEST]
    errors = []
    if act not in ACTS:
        errors.append(("act-retry", gettext("Select what to do.")))
    if not reason:
        errors.append(("reason", gettext("Say why.")))
    if errors:
        return _page(incident_id, errors, act, reason), 422
    try:
        changes = (_by_lead() if led else _by_administrator())[act](incident.id, reason)
    except operating.WatchesOverSafety as refusal:
        return _page(incident_id, [("act-retry", str(refusal))], act, reason), 422
    if changes.failed:
        flash(gettext("It failed again. That is a new incident."), "warn")
    else:
        flash(gettext(ACTS[act]), "good")
    return redirect("/incidents", 303)


ACTS = {
    "retry": "The step was done again and the process goes on.",
    "skip": "The step was passed over and the process goes on.",
    "cancel": "It is ended. What was open in it is no longer needed.",
}


def _by_lead() -> dict[str, Act]:
    who: dict[str, Any] = {"actor": actor(), "now": now()}
    return {
        "retry": lambda i, reason: settling.retry(session(), i, reason, **who),
        "skip": lambda i, reason: settling.skip(session(), i, {}, reason, **who),
        "cancel": lambda i, reason: settling.cancel(session(), i, reason, **who),
    }


def _by_administrator() -> dict[str, Act]:
    who: dict[str, Any] = {"actor": actor(), "now": now()}
    return {
        "retry": lambda i, reason: operating.retry(session(), i, reason, **who),
        "skip": lambda i, reason: operating.skip(session(), i, reason, **who),
        "cancel": lambda i, reason: operating.cancel(session(), i, reason, **who),
    }


def _may_look() -> None:
    if not operating.looks_after_any(actor()):
        raise NotFound


def _led() -> ColumnElement[bool]:
    return settling.visible(actor(), now())


def _visible() -> ColumnElement[bool]:
    return or_(_led(), operating.visible(actor(), now()))


def _incident(incident_id: UUID) -> tuple[Incident, bool]:
    """Return an incident that the viewer may see, and whether they lead the work."""
    _may_look()
    seen = select(Incident, _led().label("led")).where(Incident.id == incident_id, _visible())
    found = session().execute(seen).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found.led


def _page(
    incident_id: UUID,
    errors: Iterable[tuple[str, str]] = (),
    act: str = "",
    reason: str = "",
) -> str:
    incident, led = _incident(incident_id)
    (shown,) = _shown([(incident, led)])
    return render_template(
        "incident.html",
        incident=shown,
        why=settling.why(session(), incident) if led else None,
        may_settle=not shown.settled and _may_settle(incident, led),
        errors=list(errors),
        act=act,
        reason=reason,
    )


def _may_settle(incident: Incident, led: bool) -> bool:
    """An auditor looks and settles nothing."""
    if not led:
        return True
    may = settling.visible(actor(), now(), settle=True)
    return session().scalar(select(Incident.id).where(Incident.id == incident.id, may)) is not None


def _shown(found: Iterable[tuple[Incident, bool]]) -> list[Shown]:
    rows = list(found)
    names.load({incident.resolved_by for incident, _ in rows if incident.resolved_by})
    ids = {incident.instance_id for incident, _ in rows if incident.instance_id}
    instances = select(ProcessInstance).where(ProcessInstance.id.in_(ids))
    by_id = {instance.id: instance for instance in session().scalars(instances)} if ids else {}
    return [
        _one(incident, led, by_id.get(incident.instance_id) if incident.instance_id else None)
        for incident, led in rows
    ]


def _one(incident: Incident, led: bool, instance: ProcessInstance | None) -> Shown:
    step, process = _names(incident, instance)
    strip = strip_of(incident.business_key) if led else None
    return Shown(
        id=incident.id,
        step=step,
        process=process,
        service=service_name(incident.service_id),
        error=incident.error,
        operation=incident.operation,
        cause=incident.cause if led else "",
        case=(strip.reference, strip.address) if strip else None,
        at=incident.created_at,
        settled=_settled(incident),
        settled_at=incident.resolved_at,
        may_skip=incident.message_id is None and incident.error not in SHELL_ERRORS,
        instance=f"/instances/{incident.instance_id}" if incident.instance_id else None,
    )


def _names(incident: Incident, instance: ProcessInstance | None) -> tuple[str, str]:
    """Return what the diagram calls the step and the process; never what is in them."""
    words = element_words(incident.element_id)
    if instance is None:
        if incident.delivery_id is not None:
            return words, gettext("Something that could not be sent")
        return words, gettext("A message nobody could take")
    definitions = releases.definitions(session(), instance.release_id)
    process = definitions.processes.get(instance.process_id)
    called = (
        found.get("name")
        for each in ([process] if process else []) + list(definitions.processes.values())
        for found in each.element.iter("{*}*")
        if found.get("id") == incident.element_id
    )
    step = next(called, None) or words
    return step, process.name if process else instance.process_id.replace("_", " ")


def _settled(incident: Incident) -> str:
    words = {
        IncidentState.RETRIED: gettext("tried again"),
        IncidentState.SKIPPED: gettext("passed over"),
        IncidentState.CANCELLED: gettext("ended"),
    }
    found = words.get(IncidentState(incident.state), "")
    if found and incident.resolved_by:
        return say("%(what)s by %(name)s", what=found, name=names.name_of(incident.resolved_by))
    return found
