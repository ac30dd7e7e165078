"""What the file of a case still lacks before it is handed over, and what is added to it.

Source: domain specification, decision D10b `file_ready`. High risk never waits for it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.cases import facts, notes
from workflows.cases.models import Case
from workflows.consent.models import ConsentDecision, ConsentRecord
from workflows.people import persons
from workflows.people.models import Person, PersonKind, SafeContact
from workflows.risk import grading

# A grade older than this is not enough to hand a case over (domain specification, D10b).
GRADE_IS_CURRENT_FOR = timedelta(hours=72)


def inputs(session: Session, case: Case, now: datetime) -> dict[str, bool]:
    """Return the inputs of the decision `file_ready`."""
    person = session.get_one(Person, case.person_id)
    known = facts.of(session, case)
    anonymous = person.kind == PersonKind.ANONYMOUS
    return {
        "identity_missing": anonymous and not (known.get("known_as") or person.known_as),
        "safe_contact_missing": not _has_safe_contact(session, case),
        "risk_not_current": not _grade_is_current(session, case, now),
        "consent_missing": not _agreed_to_service(session, case),
        "reason_missing": not (known.get("offence_kind") or known.get("reason_known")),
        "children_not_asked": known.get("children_asked") is not True,
        "interpreter_not_asked": known.get("interpreter_asked") is not True,
    }


def _has_safe_contact(session: Session, case: Case) -> bool:
    card = select(SafeContact.id).where(SafeContact.person_id == case.person_id).limit(1)
    return session.scalar(card) is not None


def _grade_is_current(session: Session, case: Case, now: datetime) -> bool:
    grade = grading.current(session, case.id)
    return grade is not None and grade.graded_at >= now - GRADE_IS_CURRENT_FOR


def _agreed_to_service(session: Session, case: Case) -> bool:
    newest = session.scalar(
        select(ConsentRecord.decision)
        .where(ConsentRecord.case_id == case.id, ConsentRecord.purpose == "service")
        .order_by(ConsentRecord.recorded_at.desc())
        .limit(1)
    )
    return newest == ConsentDecision.GIVEN


def add(session: Session, case: Case, given: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Write what was found out into the case; what was left blank stays unknown."""
    learned: dict[str, Any] = {}
    if given.get("children") == "yes":
        learned["children_asked"] = True
    if given.get("interpreter") in ("yes", "no"):
        learned["interpreter_asked"] = True
    if given.get("language"):
        learned["language"] = given["language"]
    if given.get("reason"):
        learned["reason_known"] = True
        notes.add_note(session, case, given["reason"], by=by, now=now)
    if learned:
        facts.learn(session, case, **learned)
    if given.get("known_as"):
        persons.amend(session, case.person_id, known_as=given["known_as"], by=by, now=now)
