"""Running instances for who looks after them: where one stands, and what can be done about it.

Who leads the work sees the case; a system administrator sees the process and its steps alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy import or_, select

from api.auth import actor, signed_in
from api.language import gettext, say
from api.pages import names
from api.pages.subjects import service_name, strip_of
from api.words import plain, then
from api.work import now, session
from engine import releases
from engine.core.standing import Standing
from engine.errors import NotFound
from engine.living import holding, repairing, suspending
from engine.living.models import Suspension
from engine.models import ProcessInstance
from engine.runtime import StateUnreadable
from engine.states import InstanceStatus
from workflows.incidents.operating import looks_after_any
from workflows.living import acts, seeing

blueprint = Blueprint("instances", __name__, url_prefix="/instances")

PAGE = 50
STATUS = {
    InstanceStatus.ACTIVE: "running",
    InstanceStatus.SUSPENDED: "suspended",
    InstanceStatus.COMPLETED: "ended",
    InstanceStatus.CANCELLED: "ended early",
}


@dataclass(frozen=True)
class Place:
    """One step at which an instance stands, in words."""

    token_id: UUID
    name: str
    within: str
    waits: str
    due_at: datetime | None
    may_move: bool
    may_skip: bool


@dataclass(frozen=True)
class Shown:
    """An instance as far as the viewer may know it."""

    id: UUID
    process: str
    release: int
    service: str
    status: str
    is_running: bool
    is_suspended: bool
    case: tuple[str, str | None] | None  # reference, and address where it may be opened
    started_at: datetime
    ended_at: datetime | None
    leads: bool

    @property
    def reference(self) -> str:
        return self.id.hex[-8:].upper()

    @property
    def address(self) -> str:
        return f"/instances/{self.id}"


@dataclass(frozen=True)
class Held:
    """A suspension in words. ``why`` is empty for who does not lead the work."""

    by: str
    at: datetime
    until: datetime
    why: str


@blueprint.get("")
@signed_in
def home() -> str:
    """List the instances that are suspended, or all that run, oldest first."""
    if not looks_after_any(actor()):
        raise NotFound
    all_running = request.args.get("show") == "running"
    asked = request.args.get("page", "")
    page = max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1
    leads = seeing.led(actor(), now())
    wanted = select(ProcessInstance, leads.label("leads")).where(
        or_(leads, seeing.operated(actor(), now())), ProcessInstance.ended_at.is_(None)
    )
    if not all_running:
        wanted = wanted.where(ProcessInstance.status == InstanceStatus.SUSPENDED)
    rows = session().execute(
        wanted.order_by(ProcessInstance.started_at, ProcessInstance.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    found = [shown(instance, leads) for instance, leads in rows]
    return render_template(
        "instances.html",
        instances=found[:PAGE],
        all_running=all_running,
        page=page,
        has_more=len(found) > PAGE,
        section="incidents",
    )


@blueprint.get("/<uuid:instance_id>")
@signed_in
def show(instance_id: UUID) -> str:
    instance, leads = seeing.find(session(), actor(), instance_id, now())
    seen = shown(instance, leads)
    return render_template(
        "instance.html",
        instance=seen,
        places=places_of(instance) if seen.is_running else [],
        held=held_of(instance, leads) if seen.is_suspended else None,
        values=values_of(instance) if leads and seen.is_running else [],
        may_act=seen.is_running and seeing.may_act(session(), actor(), instance_id, now()),
        never=suspending.is_never_suspended(session(), instance.release_id, instance.process_id),
        section="incidents",
    )


def shown(instance: ProcessInstance, leads: bool) -> Shown:
    definitions = releases.definitions(session(), instance.release_id)
    process = definitions.processes.get(instance.process_id)
    strip = strip_of(instance.business_key) if leads else None
    status = InstanceStatus(instance.status)
    return Shown(
        id=instance.id,
        process=process.name if process else plain(instance.process_id),
        release=releases.get(session(), instance.release_id).number,
        service=service_name(instance.service_id),
        status=gettext(STATUS[status]),
        is_running=not status.has_ended,
        is_suspended=status == InstanceStatus.SUSPENDED,
        case=(strip.reference, strip.address) if strip else None,
        started_at=instance.started_at,
        ended_at=instance.ended_at,
        leads=leads,
    )


def places_of(instance: ProcessInstance) -> list[Place]:
    """Return where an instance stands; nothing if its state cannot be read."""
    try:
        found = repairing.standing(session(), instance.id)
    except StateUnreadable:
        return []
    return [place_of(each) for each in found]


def place_of(each: Standing) -> Place:
    return Place(
        token_id=each.token_id,
        name=each.name,
        within=", ".join(each.within),
        waits=waits_words(each),
        due_at=each.due_at,
        may_move=each.may_move,
        may_skip=each.may_skip,
    )


def waits_words(each: Standing) -> str:
    """Say what is waited for at a step."""
    words = {
        "task": gettext("somebody has to do it"),
        "join": gettext("waits for the other ways"),
        "inside": gettext("something runs in it"),
        "incident": gettext("failed: it waits for somebody to settle it"),
        "held": gettext("goes on when it is resumed"),
    }
    if each.waits in words:
        return words[each.waits]
    if each.due_at is not None:
        return say("waits until %(at)s", at=then(each.due_at))
    return gettext("waits for a message")


def held_of(instance: ProcessInstance, leads: bool) -> Held | None:
    suspension: Suspension | None = holding.current(session(), instance.id)
    if suspension is None:
        return None
    return Held(
        by=names.name_of(suspension.suspended_by),
        at=suspension.suspended_at,
        until=suspension.review_at,
        why=holding.reason_of(session(), suspension) if leads else "",
    )


def values_of(instance: ProcessInstance) -> Sequence[tuple[str, object]]:
    """Return the decision variables that can be corrected."""
    try:
        return list(acts.correctable(session(), instance).items())
    except StateUnreadable:
        return []
