"""What casework writes into the history, beside what the engine writes about its instances.

Kinds of stream: `case:<id>` and `person:<id>` for changes outside a task; `access:<staff>:<UTC
day>` for what somebody read; `admin` for logins, staff, roles, keys and configuration. An entry
joins the transaction of what it records. Personal values arrive as ciphertext or not at all: why
somebody reads a case is typed by a person, and may speak of the one whose case it is.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import history
from workflows import keys

ADMIN = "admin"
ACCESS = "access:"
# Purposes that our own code gives, or offers to choose from. What is anything else was typed.
CHOSEN = frozenset(
    {
        "audit",
        "contact",
        "cover",
        "hand-over",
        "import",
        "list of cases",
        "list of contacts",
        "live contact",
        "other",
        "own case",
        "own tasks",
        "review",
        "safeguarding",
        "search",
        "supervision",
        # the same as people choose them, api/pages/purposes.py
        "Covering for a colleague",
        "A safeguarding matter",
        "Quality, a complaint or an audit",
        "Something else",
        "Supervising the work",
        "The client or a professional is in touch now",
    }
)
AT_WORK = re.compile(r"(task [0-9a-f-]{36}|contact [A-Z0-9-]{1,20})")
SEALED = "sealed:"


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
    """Record that somebody read personal data: one entry per page shown, with the ids on it.

    ``purpose``, and a ``reason`` in ``about``, are sealed under the reader's own key where they
    were typed; `opened` reads them.
    """
    day = at.astimezone(UTC).date().isoformat()
    why = {"purpose": purpose, "reason": about.get("reason")}
    said = {n: _closed(session, tenant_id, by, n, text) for n, text in why.items() if text}
    payload = _line(action, by, {**about, "ids": [str(i) for i in ids], **said})
    history.append(session, f"{ACCESS}{by}:{day}", payload, tenant_id=tenant_id, at=at)


def _closed(session: Session, tenant_id: UUID, by: str, name: str, text: str) -> str:
    if text in CHOSEN or AT_WORK.fullmatch(text):
        return text
    sealed = keys.encrypt(session, UUID(by), *_place(tenant_id, by, name), text)
    return SEALED + base64.b64encode(sealed).decode()


def opened(session: Session, tenant_id: UUID, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of an access stream with what was typed as it was typed."""
    read = dict(payload)
    by = str(payload.get("org_resource", ""))
    for name in ("purpose", "reason"):
        text = str(payload.get(name) or "")
        if text.startswith(SEALED):
            stored = base64.b64decode(text.removeprefix(SEALED))
            read[name] = keys.decrypt(session, UUID(by), *_place(tenant_id, by, name), stored)
    return read


def _place(tenant_id: UUID, by: str, name: str) -> tuple[UUID, str, UUID, str]:
    return tenant_id, "history_event", UUID(by), name


def _line(action: str, by: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "concept_name": action,
        "lifecycle_transition": "complete",
        "org_resource": by,
        **{name: value for name, value in about.items() if value is not None},
    }
