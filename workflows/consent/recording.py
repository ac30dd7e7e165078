"""Record what was decided, take it back at once, and say what holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

import forms
from engine import messages
from engine.errors import Refusal
from engine.models import UserTask
from workflows import audit, keys
from workflows.cases.models import Case
from workflows.consent.models import CapacityCheck, ConsentDecision, ConsentRecord

# Consent runs out after 12 months unless the form says earlier; the form allows 24 at most.
VALID_FOR = timedelta(days=365)
RECIPIENT = "consent_recipient"  # the field of the blind index


class SharingStopped(Refusal):
    """Consent for this was withdrawn. Nothing may be shared with this recipient."""


def recipient_token(session: Session, tenant_id: UUID, recipient_class: str, name: str) -> bytes:
    """Return the blind index by which a recipient is found again without reading its name."""
    normalised = f"{recipient_class}|{' '.join(name.casefold().split())}"
    return keys.blind_index(session, tenant_id, RECIPIENT, normalised)


def record(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> list[ConsentRecord]:
    """Write one row for each line of the grid, and one for being supported at all."""
    case = session.get_one(Case, task.business_key)
    to_us = {"purpose": "service", "recipient_class": "own"}
    agreed = "given" if given.get("consent_to_service") == "yes" else "refused"
    lines = [{**to_us, "decision": agreed, "items": "support"}, *(given.get("decisions") or [])]
    records = [_line(session, case, task, given, line, by=by, now=now) for line in lines]
    session.add_all(records)
    session.flush()
    return records


def _line(
    session: Session,
    case: Case,
    task: UserTask,
    given: Mapping[str, Any],
    line: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> ConsentRecord:
    name = line.get("recipient") or ""
    until = line.get("expires_on")
    row = ConsentRecord(
        tenant_id=task.tenant_id,
        person_id=case.person_id,
        case_id=case.id,
        user_task_id=task.id,
        purpose=line["purpose"],
        recipient_class=line["recipient_class"],
        recipient_token=recipient_token(session, task.tenant_id, line["recipient_class"], name),
        decision=line["decision"],
        basis_code=line.get("basis_code"),
        method=given["method"],
        given_by=given["given_by"],
        recorded_at=now,
        recorded_by=by,
        expires_at=datetime.combine(until, now.timetz()) if until else now + VALID_FOR,
    )
    row.recipient = name
    row.items = line.get("items")
    return row


def record_capacity(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Keep the reasons why somebody under 18 or in doubt could, or could not, decide."""
    case = session.get_one(Case, task.business_key)
    check = CapacityCheck(
        tenant_id=task.tenant_id,
        person_id=case.person_id,
        case_id=case.id,
        user_task_id=task.id,
        checked_at=now,
        checked_by=by,
    )
    check.answers = forms.to_json(given)
    session.add(check)


def in_force(
    session: Session, person_id: UUID, purpose: str, token: bytes, *, now: datetime
) -> ConsentRecord | None:
    """Return the newest decision for a purpose and recipient, unless it has run out."""
    row = session.scalar(
        select(ConsentRecord)
        .where(
            ConsentRecord.person_id == person_id,
            ConsentRecord.purpose == purpose,
            ConsentRecord.recipient_token == token,
        )
        .order_by(ConsentRecord.recorded_at.desc())
        .limit(1)
    )
    expired = row is not None and row.expires_at is not None and row.expires_at <= now
    return None if expired else row


def require_consent(
    session: Session, person_id: UUID, purpose: str, token: bytes, *, now: datetime
) -> None:
    """Refuse when consent was withdrawn or refused: read at the moment of sharing."""
    row = in_force(session, person_id, purpose, token, now=now)
    if row is not None and row.decision in (ConsentDecision.WITHDRAWN, ConsentDecision.REFUSED):
        raise SharingStopped


# What a withdrawal has in common with the decision it takes back.
KEPT = (
    "tenant_id",
    "person_id",
    "case_id",
    "purpose",
    "recipient_class",
    "recipient_token",
    "method",
    "given_by",
)


def withdraw(
    session: Session, consent: ConsentRecord, *, verified: bool, by: str, now: datetime
) -> ConsentRecord:
    """Take a decision back: it holds in this transaction, verified or not; the rest follows.

    Source: domain specification, withdrawal of consent: sharing stops at once.
    """
    taken_back = ConsentRecord(
        **{name: getattr(consent, name) for name in KEPT},
        decision=ConsentDecision.WITHDRAWN,
        recorded_at=now,
        recorded_by=by,
    )
    taken_back.recipient = consent.recipient
    session.add(taken_back)
    case = session.get_one(Case, consent.case_id)
    announced = {
        "case_id": str(case.id),
        "person_id": str(consent.person_id),
        "purpose": consent.purpose,
        "recipient_token": consent.recipient_token.hex(),
        "risk_level": case.risk_level,
        "verified": verified,
    }
    tenant_id, service_id = consent.tenant_id, case.service_id
    name = "consent.withdraw"
    messages.send(session, tenant_id, name, announced, by=by, now=now, service_id=service_id)
    audit.of_case(
        session,
        case.tenant_id,
        case.id,
        "consent.withdrawn",
        by=by,
        at=now,
        purpose=consent.purpose,
    )
    session.flush()
    return taken_back


def overview(session: Session, case_id: UUID, *, limit: int = 100) -> list[ConsentRecord]:
    """Return the decisions in force of a case, one for each purpose and recipient."""
    newest = (
        select(ConsentRecord)
        .where(ConsentRecord.case_id == case_id)
        .ext(distinct_on(ConsentRecord.purpose, ConsentRecord.recipient_token))
        .order_by(
            ConsentRecord.purpose, ConsentRecord.recipient_token, ConsentRecord.recorded_at.desc()
        )
        .limit(limit)
    )
    return list(session.scalars(newest))
