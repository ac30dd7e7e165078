"""What casework writes into the history, beside what the engine writes about its instances.

Kinds of stream: `case:<id>` and `person:<id>` for changes outside a task; `access:<staff>:<UTC
day>` for what somebody read; `admin` for logins, staff, roles, keys and configuration. An entry
joins the transaction of what it records. Personal values arrive as ciphertext or not at all.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import history

ADMIN = "admin"


def of_case(
    session: Session,
    tenant_id: UUID,
    case_id: UUID,
    action: str,
    *,
    by: str,
    at: datetime,
    **about: Any,
) -> None:
    """Record a change of a case that no task carries: conflict, seal, break-glass, notes."""
    payload = _line(action, by, {**about, "case_id": case_id})
    history.append(session, f"case:{case_id}", payload, tenant_id=tenant_id, at=at)


def of_person(
    session: Session,
    tenant_id: UUID,
    person_id: UUID,
    action: str,
    *,
    by: str,
    at: datetime,
    **about: Any,
) -> None:
    """Record a change of a person: identity, safe contact, suspended numbers, erasure."""
    payload = _line(action, by, {**about, "person_id": person_id})
    history.append(session, f"person:{person_id}", payload, tenant_id=tenant_id, at=at)


def of_admin(
    session: Session, tenant_id: UUID, action: str, *, by: str, at: datetime, **about: Any
) -> None:
    """Record an act of administration or identity."""
    history.append(session, ADMIN, _line(action, by, about), tenant_id=tenant_id, at=at)


def of_access(
    session: Session,
    tenant_id: UUID,
    action: str,
    *,
    by: str,
    at: datetime,
    ids: Iterable[UUID | str],
    purpose: str,
    **about: Any,
) -> None:
    """Record that somebody read personal data: one entry per page shown, with the ids on it."""
    day = at.astimezone(UTC).date().isoformat()
    payload = _line(action, by, {**about, "ids": [str(i) for i in ids], "purpose": purpose})
    history.append(session, f"access:{by}:{day}", payload, tenant_id=tenant_id, at=at)


def _line(action: str, by: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "concept_name": action,
        "lifecycle_transition": "complete",
        "org_resource": by,
        **{name: value for name, value in about.items() if value is not None},
    }
