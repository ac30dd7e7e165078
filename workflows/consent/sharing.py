"""May this be shared, and on what basis: decided at the moment of sharing, and always recorded."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations import OperationContext
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.consent.models import ConsentDecision, ConsentRecord, Disclosure
from workflows.decisions import decide
from workflows.risk import levels

# What the decision table calls a consent.
CONSENT = {
    ConsentDecision.GIVEN: "yes",
    ConsentDecision.REFUSED: "no",
    ConsentDecision.WITHDRAWN: "no",
    ConsentDecision.NOT_NEEDED: "none",
}
# Recipients the table does not know apart from the service itself, which shares with nobody.
RECIPIENTS = {"own": "commissioned"}


def high_risk_kind(session: Session, case: Case) -> str:
    """Return "da", "hate" or "none": the kinds of high risk that open sharing without consent."""
    known = facts.of(session, case)
    if not levels.is_high(case.risk_level):
        return "none"
    if facts.flag(known, "domestic_abuse"):
        return "da"
    return "hate" if facts.flag(known, "hate") else "none"


def find_basis(
    context: OperationContext,
    case: Case,
    *,
    purpose: str,
    recipient_class: str,
    consent: ConsentRecord | None,
    danger: Mapping[str, bool],
    concern_id: UUID | None = None,
) -> Disclosure:
    """Ask the decision `sharing_basis` and write down what it said.

    ``danger`` may hold `immediate_danger`, `child_at_risk`, `adult_p18`, `serious_harm` and
    `legal_duty`; what is absent is false.
    """
    inputs = _inputs(context.session, case, purpose, recipient_class, consent, danger)
    result = decide(context, "sharing_basis", inputs, subject_id=case.subject_id)
    disclosure = Disclosure(
        tenant_id=case.tenant_id,
        case_id=case.id,
        subject_id=case.subject_id,
        consent_id=consent.id if consent else None,
        concern_id=concern_id,
        instance_id=context.instance_id,
        purpose=purpose,
        recipient_class=recipient_class,
        decision=result["decision"],
        basis=result["basis"],
        tell=result["tell"],
        decided_at=context.now,
        decided_by=context.actor or "system",
    )
    disclosure.recipient = consent.recipient if consent else None
    context.session.add(disclosure)
    context.session.flush()
    return disclosure


DANGERS = ("immediate_danger", "child_at_risk", "adult_p18", "legal_duty", "serious_harm")


def _inputs(
    session: Session,
    case: Case,
    purpose: str,
    recipient_class: str,
    consent: ConsentRecord | None,
    danger: Mapping[str, bool],
) -> dict[str, Any]:
    said = CONSENT[ConsentDecision(consent.decision)] if consent else "none"
    return {
        **{name: bool(danger.get(name)) for name in DANGERS},
        "high_risk": high_risk_kind(session, case),
        "consent": "doubtful" if danger.get("pressure") else said,
        "purpose": purpose,
        "recipient_class": RECIPIENTS.get(recipient_class, recipient_class),
        "necessary_items": bool(consent.items) if consent else True,
    }


def shared_with(session: Session, person_case: UUID, purpose: str, token: bytes) -> int:
    """Count what went out to a recipient: who is told to stop when consent is withdrawn."""
    rows = session.scalars(
        select(Disclosure.id)
        .join(ConsentRecord, Disclosure.consent_id == ConsentRecord.id)
        .where(
            Disclosure.case_id == person_case,
            Disclosure.purpose == purpose,
            Disclosure.decision.startswith("share"),
            ConsentRecord.recipient_token == token,
            ConsentRecord.recipient_class != "own",
        )
        .limit(100)
    )
    return len(rows.all())


def log(session: Session, case_id: UUID, *, limit: int = 50, offset: int = 0) -> list[Any]:
    """Return what was decided about sharing, newest first."""
    newest = (
        select(Disclosure)
        .where(Disclosure.case_id == case_id)
        .order_by(Disclosure.decided_at.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(session.scalars(newest))
