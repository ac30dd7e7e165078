"""What the diagrams of the intake may call."""

from datetime import timedelta
from typing import Any, Literal, TypedDict
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from engine.operations import OperationContext, operation
from workflows import keys
from workflows.cases.models import Case
from workflows.contact import closing, describing, said
from workflows.contact.models import Contact, ContactStatus
from workflows.decisions import decide
from workflows.people import matching
from workflows.safeguarding.models import SafeguardingConcern

MISUSE_REMEMBERED = timedelta(days=365)


def contact_of(context: OperationContext, contact_id: str) -> Contact:
    return context.session.get_one(Contact, UUID(contact_id))


class Stamped(said.GatewayVariables):
    channel: str
    live: bool
    screening_done: bool
    danger_sent: bool
    case_id: str | None
    person_id: str | None


@operation("contact.stamp")
def stamp(context: OperationContext, *, contact_id: str) -> Stamped:
    """Say what the process has to know of a contact that has arrived."""
    contact = contact_of(context, contact_id)
    answers = contact.answers or {}
    on_the_line = contact.channel in said.LIVE_CHANNELS and contact.ended_at is None
    return {
        **said.gateway_variables(answers, context.settings["dash_high"]),
        "channel": contact.channel,
        "live": on_the_line,
        # a feed is read by its own rules, not by a person who looks for danger first
        "screening_done": "immediate_danger" in answers or contact.channel == "police_feed",
        "danger_sent": contact.danger_sent_at is not None,
        "case_id": str(contact.case_id) if contact.case_id else None,
        "person_id": str(contact.person_id) if contact.person_id else None,
    }


@operation("contact.queue", decision="contact_queue")
def queue(context: OperationContext, *, contact_id: str) -> dict[str, Any]:
    """Choose queue, priority and first deadline: decision `contact_queue`.

    It is asked on arrival and again with the answers; an earlier deadline stays.
    """
    contact = contact_of(context, contact_id)
    answers = contact.answers or {}
    inputs = {
        "channel": contact.channel,
        "source": contact.source,
        "immediate_danger": answers.get("immediate_danger") or "unknown",
        "vulnerable": said.is_vulnerable(answers),
        "stated_high_risk": said.is_stated_high(answers, context.settings["dash_high"]),
    }
    chosen: dict[str, Any] = decide(context, "contact_queue", inputs, subject_id=contact.subject_id)
    deadlines = [d for d in (contact.first_response_due, chosen["first_response_due"]) if d]
    due = min(deadlines, default=None)
    contact.queue, contact.priority = chosen["queue"], int(chosen["priority"])
    contact.first_response_due = due
    return {**chosen, "first_response_due": due}


class Matched(TypedDict):
    band: str
    walled_hit: bool


@operation("people.match")
def match(context: OperationContext, *, contact_id: str) -> Matched:
    """Compare whom the contact is about with everybody: decisions `match_score`, `match_band`.

    What was found stays with the contact for whoever resolves it; the process learns the band,
    and whether something stood behind a wall. Somebody recognised during the call is known.
    """
    contact = contact_of(context, contact_id)
    if contact.person_id is not None or contact.case_id is not None:
        return {"band": "none", "walled_hit": False}
    found = matching.match(
        context.session,
        context.tenant_id,
        describing.described(contact.answers or {}),
        decide=lambda name, inputs: decide(context, name, inputs, subject_id=contact.subject_id),
        actor=None,
        now=context.now,
    )
    contact.matches = [
        {
            "person_id": str(candidate.person_id),
            "band": candidate.band,
            "reasons": list(candidate.reasons),
        }
        for candidate in found.candidates
    ]
    return {"band": found.band, "walled_hit": found.walled_hit}


class Conduct(TypedDict):
    conduct_action: str | None


@operation("contact.conduct")
def conduct(context: OperationContext, *, contact_id: str, conduct_kind: str) -> Conduct:
    """Say what conduct asks for: decision `conduct_action`.

    Earlier misuse is counted by person, never by number: somebody in need may ring from it.
    """
    contact = contact_of(context, contact_id)
    answers = contact.answers or {}
    inputs = {
        "conduct_kind": conduct_kind,
        "possible_danger": answers.get("possible_danger") == "yes"
        or answers.get("immediate_danger") == "yes",
        "prior_12m": _earlier_misuse(context, contact),
    }
    action = decide(context, "conduct_action", inputs, subject_id=contact.subject_id)
    contact.answers = {**answers, "conduct_action": action}
    return {"conduct_action": action}


def _earlier_misuse(context: OperationContext, contact: Contact) -> int:
    if contact.person_id is None:
        return 0
    counted = select(func.count()).where(
        Contact.tenant_id == contact.tenant_id,
        Contact.person_id == contact.person_id,
        Contact.id != contact.id,
        Contact.outcome == "misuse_closed",
        Contact.received_at > context.now - MISUSE_REMEMBERED,
    )
    return context.session.scalar(counted) or 0


class Missing(TypedDict):
    missing_count: int
    stated_high_risk: bool
    source_kind: str


@operation("contact.missing")
def missing(context: OperationContext, *, contact_id: str) -> Missing:
    """List what the contact lacks (decision `missing_details`) and whom one may ask for it."""
    contact = contact_of(context, contact_id)
    answers = contact.answers or {}
    live = contact.channel in said.LIVE_CHANNELS
    inputs = {
        "details_needed": not live and not said.is_anonymous(answers),
        "way_known": said.has_way_to_reach(answers) or contact.case_id is not None,
        "reason_known": said.has_reason(answers) or contact.case_id is not None,
    }
    items = decide(context, "missing_details", inputs, subject_id=contact.subject_id) or []
    return {
        "missing_count": len(items),
        "stated_high_risk": said.is_stated_high(answers, context.settings["dash_high"]),
        "source_kind": said.source_kind(contact.source, answers),
    }


class DetailsTaken(TypedDict):
    incomplete_decision: Literal["proceed"]


@operation("contact.take_details")
def take_details(context: OperationContext, *, contact_id: str) -> DetailsTaken:
    """Go on with what the referrer has sent; it has joined the answers already."""
    contact_of(context, contact_id)
    return {"incomplete_decision": "proceed"}


class Linked(TypedDict):
    case_id: str
    person_id: str


@operation("contact.link")
def link(context: OperationContext, *, contact_id: str) -> Linked:
    """Link a contact to the case it belongs to: its key goes into the case's."""
    contact = contact_of(context, contact_id)
    if contact.case_id is None:
        raise LookupError("the contact names no case")
    case = context.session.get_one(Case, contact.case_id)
    if contact.status != ContactStatus.CLOSED:
        keys.wrap_into(context.session, contact.id, case.id)
    contact.person_id = contact.person_id or case.person_id
    closing.close(contact, "added_to_case", now=context.now)
    return {"case_id": str(case.id), "person_id": str(case.person_id)}


class Swept(TypedDict):
    missed: bool
    case_id: str | None


@operation("contact.sweep")
def sweep(context: OperationContext, *, contact_id: str) -> Swept:
    """Say whether a closed contact speaks of danger, or of a child, and nobody raised a concern.

    Where a case goes on, the child is asked about in it: the first contact and the grading both
    do. A contact that ended without one is the one in which a child is forgotten.
    """
    contact = contact_of(context, contact_id)
    answers = contact.answers or {}
    forgotten = said.mentions_child(answers) and contact.case_id is None
    speaks = forgotten or answers.get("immediate_danger") == "yes"
    return {
        "missed": speaks and not _concern_was_raised(context, contact),
        "case_id": str(contact.case_id) if contact.case_id else None,
    }


def _concern_was_raised(context: OperationContext, contact: Contact) -> bool:
    about = SafeguardingConcern.contact_id == contact.id
    if contact.case_id is not None:
        about = or_(about, SafeguardingConcern.case_id == contact.case_id)
    raised = exists().where(SafeguardingConcern.tenant_id == contact.tenant_id, about)
    return bool(context.session.scalar(select(raised)))
