"""What the diagrams of consent and its withdrawal may call."""

from typing import TypedDict
from uuid import UUID

from engine.operations import OperationContext, operation
from workflows.cases.models import Case
from workflows.consent import sharing
from workflows.consent.models import ConsentDecision, ConsentRecord
from workflows.consent.recording import in_force
from workflows.risk import levels


class BasisFound(TypedDict):
    basis_found: str


@operation("sharing.find_basis")
def find_basis(context: OperationContext, *, case_id: str, consent_id: str) -> BasisFound:
    """Find the basis for one line of the grid; only the decision becomes a variable."""
    case = context.session.get_one(Case, UUID(case_id))
    consent = context.session.get_one(ConsentRecord, UUID(consent_id))
    disclosure = sharing.find_basis(
        context,
        case,
        purpose=consent.purpose,
        recipient_class=consent.recipient_class,
        consent=consent,
        danger={},
    )
    return {"basis_found": disclosure.decision}


class Stopped(TypedDict):
    risk_is_high: bool


@operation("consent.stop")
def stop(
    context: OperationContext, *, case_id: str, person_id: str, purpose: str, recipient_token: str
) -> Stopped:
    """Make sure that sharing with the recipient has stopped; who asked for it need not be known.

    The withdrawal itself was written when it was taken down, so that it held at once.
    """
    case = context.session.get_one(Case, UUID(case_id))
    token = bytes.fromhex(recipient_token)
    now_in_force = in_force(context.session, UUID(person_id), purpose, token, now=context.now)
    stopped = now_in_force is None or now_in_force.decision == ConsentDecision.WITHDRAWN
    if not stopped:
        raise LookupError("a withdrawal was announced that nobody has recorded")
    return {"risk_is_high": levels.is_high(case.risk_level)}


class ByHand(TypedDict):
    by_hand_count: int


@operation("consent.notify")
def notify(
    context: OperationContext, *, case_id: str, person_id: str, purpose: str, recipient_token: str
) -> ByHand:
    """Say how many recipients already have something and must be told to stop by hand."""
    count = sharing.shared_with(
        context.session, UUID(case_id), purpose, bytes.fromhex(recipient_token)
    )
    return {"by_hand_count": count}
