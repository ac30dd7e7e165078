"""What the diagram of the case's life may call."""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from engine.operations import BusinessError, OperationContext, operation
from workflows import audit, keys
from workflows.cases import facts, opening
from workflows.cases.models import Case, CaseStatus
from workflows.contact import closing
from workflows.contact.models import Contact
from workflows.contact.said import external_level
from workflows.decisions import decide
from workflows.follow_up.operations import purge_outbox


def case_of(context: OperationContext, case_id: str) -> Case:
    return context.session.get_one(Case, UUID(case_id))


def record(context: OperationContext, case: Case, action: str, **about: Any) -> None:
    by = context.actor or "system"
    audit.of_case(context.session, case.tenant_id, case.id, action, by=by, at=context.now, **about)


class Opened(TypedDict):
    case_id: str
    person_id: str
    external_level: str | None
    next_at: datetime | None


@operation("case.open")
def open_case(context: OperationContext, *, contact_id: str) -> Opened:
    """Open the case of a contact, once however often it is asked.

    Raises the error "known_meanwhile" when the person has to be looked for again.
    """
    contact = context.session.get_one(Contact, UUID(contact_id))
    dash_high = int(context.settings["dash_high"])
    try:
        case = opening.open_case(
            context.session,
            contact,
            decide=lambda name, given: decide(context, name, given, subject_id=contact.subject_id),
            dash_high=dash_high,
            by=context.actor or "system",
            now=context.now,
        )
    except opening.KnownMeanwhile as known:
        raise BusinessError("known_meanwhile") from known
    return {
        "case_id": str(case.id),
        "person_id": str(case.person_id),
        "external_level": external_level(contact.answers or {}, dash_high),
        # "they cannot talk now": the time that was agreed before they hung up
        "next_at": _instant((contact.answers or {}).get("follow_up_at")),
    }


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@operation("case.set_status")
def set_status(context: OperationContext, *, case_id: str, status: str) -> None:
    """Say how far the case is: open, supported, closing."""
    case = case_of(context, case_id)
    case.status = CaseStatus(status)
    record(context, case, f"case.{case.status}")


class RiskLevel(TypedDict):
    risk_level: str


@operation("case.risk_level")
def risk_level(context: OperationContext, *, case_id: str) -> RiskLevel:
    """Return the level of risk that is recorded now; medium before the first grade."""
    return {"risk_level": case_of(context, case_id).risk_level or "medium"}


class Owner(TypedDict):
    owner_id: str | None


@operation("case.append_contact")
def append_contact(
    context: OperationContext, *, case_id: str, contact_id: str | None = None
) -> Owner:
    """Link a further contact to the case and say whose case it is."""
    case = case_of(context, case_id)
    contact = context.session.get(Contact, UUID(contact_id)) if contact_id else None
    if contact is not None and contact.case_id is None:
        contact.case_id, contact.person_id = case.id, contact.person_id or case.person_id
        keys.wrap_into(context.session, contact.id, case.id)
        closing.close(contact, "added_to_case", now=context.now)
    return {"owner_id": str(case.owner_id) if case.owner_id else None}


@operation("case.close")
def close(context: OperationContext, *, case_id: str) -> None:
    """Close the case."""
    case = case_of(context, case_id)
    if case.closed_at is None:
        case.status, case.closed_at = CaseStatus.CLOSED, context.now
        record(context, case, "case.closed")


class LockedOut(TypedDict):
    was_owner: bool


@operation("case.lock_out")
def lock_out(context: OperationContext, *, case_id: str, user_id: str) -> LockedOut:
    """Make sure that a conflict of interest has taken hold, and say whether a worker is wanted.

    The declaration itself closed the case to them in its own transaction. A case that is not
    supported yet has no worker to lose.
    """
    case = case_of(context, case_id)
    if case.owner_id == UUID(user_id):
        case.owner_id = None
    return {"was_owner": case.owner_id is None and case.status == CaseStatus.SUPPORTED}


@operation("case.stop_outbound")
def stop_outbound(context: OperationContext, *, case_id: str) -> None:
    """Stop all that would go out to the client, and give up what waits to be sent."""
    case = case_of(context, case_id)
    case.outbound_stopped = True
    purged = purge_outbox(context.session, case, now=context.now)
    record(context, case, "outbound.stopped", purged=purged)


@operation("case.restore_outbound")
def restore_outbound(context: OperationContext, *, case_id: str) -> None:
    """Let things go out to the client again: the report was not so."""
    case = case_of(context, case_id)
    case.outbound_stopped = False
    record(context, case, "outbound.restored")


@operation("case.set_legal_hold")
def set_legal_hold(context: OperationContext, *, case_id: str, held: bool) -> None:
    """Keep the records from being disposed of, or release them."""
    case = case_of(context, case_id)
    case.legal_hold = held
    record(context, case, "legal_hold.set" if held else "legal_hold.cleared")


@operation("case.merge")
def merge(context: OperationContext, *, case_id: str, into_case_id: str) -> None:
    """Close the case in favour of another one, and say in both which the other is.

    No record moves: contacts, grades and consents stay where they were made, and the safe-contact
    card is the person's.
    """
    case, into = case_of(context, case_id), case_of(context, into_case_id)
    case.status, case.merged_into_id = CaseStatus.MERGED, into.id
    case.closed_at = case.closed_at or context.now
    record(context, case, "case.merged", into_case_id=into.id)
    record(context, into, "case.merged", from_case_id=case.id)


class MayAnswer(TypedDict):
    may_answer: bool


@operation("referral.may_answer")
def may_answer(
    context: OperationContext, *, case_id: str, referral_in_id: str | None = None
) -> MayAnswer:
    """Say whether the referrer may hear how it stands: verified, and with a basis."""
    known = facts.of(context.session, case_of(context, case_id))
    return {"may_answer": facts.flag(known, "referrer_verified")}


@operation("referral.status")
def tell_referrer(context: OperationContext, *, case_id: str, status: str) -> None:
    """Note what a verified referrer may hear: one of a few words, and never more. Sends nothing."""
    case = case_of(context, case_id)
    if facts.flag(facts.of(context.session, case), "referrer_verified"):
        record(context, case, "referrer.may_hear", status=status)
