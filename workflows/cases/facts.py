"""What decisions ask of a case beyond its level: encrypted under the case's key.

A fact is one of: `domestic_abuse`, `hate`, `stalking`, `sexual_violence`, `self_harm_indicated`,
`trafficking`, `honour_based` (true, false or absent: not known), `age` (whole years or absent),
`offence_kind`, `victim_kind`, `person_role`, `communication_need` (texts), `external_level`
(another agency's grade: standard, medium, high), `guardian_linked` (yes, no, unknown), ...
Absent means that nobody knows; nothing is ever guessed from it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows import keys
from workflows.cases.models import Case

Facts = Mapping[str, Any]


def of(session: Session, case: Case) -> Facts:
    """Return what is known of the case."""
    if case.facts is None:
        return {}
    known: Facts = keys.decrypt(
        session, case.subject_id, case.tenant_id, Case.__tablename__, case.id, "facts", case.facts
    )
    return known


def learn(session: Session, case: Case, **known: Any) -> None:
    """Add to what is known of the case; None takes a fact back."""
    merged = {**of(session, case), **known}
    case.facts = keys.encrypt(
        session,
        case.subject_id,
        case.tenant_id,
        Case.__tablename__,
        case.id,
        "facts",
        {name: value for name, value in merged.items() if value is not None},
    )


def flag(known: Facts, name: str) -> bool:
    """Tell whether a fact is known to be so."""
    return known.get(name) is True
