"""What the diagram of allocation may call."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.orm import Session

from engine.operations import OperationContext, operation
from workflows import audit
from workflows.allocation import candidates, file, offers
from workflows.allocation.models import OfferState
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.decisions import decide
from workflows.staff import rota
from workflows.staff.models import Position
from workflows.staff.stand_ins import stand_ins


class NobodyOnCall(LookupError):
    """Nobody of the service is there: no duty worker, no duty manager and nobody who stands in."""


class FileReady(TypedDict):
    file_ready: list[str]
    risk_level: str | None
    person_id: str


@operation("allocation.file_ready")
def file_ready(context: OperationContext, *, case_id: str) -> FileReady:
    """Say what the file still lacks: decision `file_ready`."""
    session = context.session
    case = session.get_one(Case, UUID(case_id))
    inputs = file.inputs(session, case, context.now)
    missing = decide(context, "file_ready", inputs, subject_id=case.subject_id)
    return {
        "file_ready": missing or [],
        "risk_level": case.risk_level,
        "person_id": str(case.person_id),
    }


class HeldByDuty(TypedDict):
    held_by_duty: bool


@operation("allocation.duty_owner")
def duty_owner(context: OperationContext, *, case_id: str) -> HeldByDuty:
    """Let the duty worker own a high-risk case until somebody accepts it.

    Without a duty worker the duty manager has it, and where the rota names nobody whoever stands
    in. Raises ``NobodyOnCall`` where nobody is there at all: an incident, because a high-risk
    case without an owner must not go unseen.
    """
    session = context.session
    case = session.get_one(Case, UUID(case_id))
    if case.owner_id is not None:
        return {"held_by_duty": False}
    holder = _on_duty(session, case, context.now)
    if holder is None:
        raise NobodyOnCall("nobody is there who could hold the case")
    case.owner_id = holder
    audit.of_case(
        session,
        case.tenant_id,
        case.id,
        "case.held_by_duty",
        by=context.actor or "system",
        at=context.now,
        owner_id=holder,
    )
    return {"held_by_duty": True}


def _on_duty(session: Session, case: Case, now: datetime) -> UUID | None:
    """Return who holds a duty now, else who stands in; a fallback outside holds no case."""
    for position in (Position.DUTY_WORKER, Position.DUTY_MANAGER):
        holder = rota.duty(session, case.service_id, position, at=now)
        if isinstance(holder, UUID):
            return holder
    found = stand_ins(session, case.service_id, Position.DUTY_WORKER, at=now)
    return found[0] if found else None


class ServiceChosen(TypedDict):
    service: str | None


@operation("allocation.choose_service")
def choose_service(context: OperationContext, *, case_id: str) -> ServiceChosen:
    """Say which service leads: decision `service`."""
    case = context.session.get_one(Case, UUID(case_id))
    known = facts.of(context.session, case)
    flags = (
        "domestic_abuse",
        "sexual_violence",
        "trafficking",
        "hate",
        "needs_refuge_eligible",
        "own_justice_case",
        "trauma_stable_2_reviews",
        "stalking_non_partner",
    )
    inputs = {
        **{name: facts.flag(known, name) for name in flags},
        "risk_level": case.risk_level,
        "age": known.get("age"),
        "victim_kind": known.get("victim_kind"),
    }
    return {"service": decide(context, "service", inputs, subject_id=case.subject_id)}


class Candidates(TypedDict):
    candidate_count: int


@operation("allocation.candidates")
def list_candidates(context: OperationContext, *, case_id: str, service: str) -> Candidates:
    """Search for workers; the names stay with the search, the diagram learns how many."""
    case = context.session.get_one(Case, UUID(case_id))
    found = candidates.search(context, case, service)
    return {"candidate_count": sum(candidate.score is not None for candidate in found)}


class Offers(TypedDict):
    offers: int


@operation("allocation.next_candidate")
def next_candidate(context: OperationContext, *, case_id: str) -> Offers:
    """Close an offer that was not answered in time; say how many have been made."""
    asked = offers.open_offer(context.session, context.instance_id)
    if asked is not None:
        asked.state = OfferState.EXPIRED
        asked.answered_at = context.now
    return {"offers": offers.count(context.session, context.instance_id)}
