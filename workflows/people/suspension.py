"""A number at which somebody unsafe has answered: not to be rung for this person.

The pair counts. Another client on the same line keeps her card, and the number on any other card
of this person is found by its blind index. Read in the transaction of every call and every
sending, so that a suspension holds at once.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.errors import NotFound
from workflows import audit, keys
from workflows.follow_up.models import SuspendedNumber
from workflows.people.models import Person

FIELD = "phone"


def suspend(
    session: Session,
    person_id: UUID,
    number: str,
    reason: str,
    *,
    attempt_id: UUID | None = None,
    by: str,
    now: datetime,
) -> None:
    """Suspend a number (E.164) for a person; once however often it is asked."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    token = keys.blind_index(session, person.tenant_id, FIELD, number)
    row = {
        "tenant_id": person.tenant_id,
        "person_id": person_id,
        "number_token": token,
        "reason": reason,
        "attempt_id": attempt_id,
        "suspended_at": now,
        "suspended_by": by,
    }
    new = session.execute(
        insert(SuspendedNumber).values(**row).on_conflict_do_nothing().returning(SuspendedNumber.id)
    ).first()
    if new is not None:
        audit.of_person(
            session, person.tenant_id, person_id, "number.suspended", by=by, at=now, reason=reason
        )


def lift(session: Session, person_id: UUID, number: str, *, by: str, now: datetime) -> bool:
    """Allow a number again; return whether it was suspended. A manager decides it, elsewhere."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    token = keys.blind_index(session, person.tenant_id, FIELD, number)
    row = session.scalar(
        select(SuspendedNumber)
        .where(
            SuspendedNumber.person_id == person_id,
            SuspendedNumber.number_token == token,
            SuspendedNumber.lifted_at.is_(None),
        )
        .with_for_update()
    )
    if row is None:
        return False
    row.lifted_at, row.lifted_by = now, by
    audit.of_person(session, person.tenant_id, person_id, "number.allowed", by=by, at=now)
    return True


def suspended(
    session: Session, tenant_id: UUID, person_id: UUID, numbers: Iterable[str]
) -> frozenset[str]:
    """Return those of ``numbers`` (E.164) that are suspended for the person now."""
    asked = list(dict.fromkeys(numbers))
    if not asked:
        return frozenset()
    tokens = keys.blind_indexes(session, tenant_id, FIELD, asked)
    found = set(
        session.scalars(
            select(SuspendedNumber.number_token).where(
                SuspendedNumber.tenant_id == tenant_id,
                SuspendedNumber.person_id == person_id,
                SuspendedNumber.number_token.in_(tokens),
                SuspendedNumber.lifted_at.is_(None),
            )
        )
    )
    return frozenset(n for n, token in zip(asked, tokens, strict=True) if token in found)
