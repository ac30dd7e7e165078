"""Sealed cases, and opening one in an emergency.

A sealed case exists for its named members alone. Break-glass opens any case but one in conflict:
a reason, a fresh second factor (the edge asks for it), 60 minutes, two people told in the same
transaction, and a review afterwards.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import messages
from engine.errors import NotFound, Refusal
from workflows import audit
from workflows.access.actor import Actor
from workflows.access.models import BreakGlass, SealedMember
from workflows.access.reading import NotAllowed
from workflows.access.walls import free_of_conflict
from workflows.cases.models import Case

LASTS = timedelta(minutes=60)
SHORTEST_REASON = 20  # characters


class SealNeedsMembers(Refusal):
    """A sealed case needs somebody who may see it."""

    status = 422


class ReasonTooShort(Refusal):
    """Say in a sentence why this cannot wait."""

    status = 422


def seal(
    session: Session, case: Case, members: Collection[UUID], *, by: str, now: datetime
) -> None:
    """Close a case to all but ``members``."""
    if not members:
        raise SealNeedsMembers
    case.sealed = True
    for staff_id in members:
        row = {"subject_id": case.id, "staff_id": staff_id, "tenant_id": case.tenant_id}
        session.execute(
            insert(SealedMember).values(**row, added_at=now, added_by=by).on_conflict_do_nothing()
        )
    session.flush()
    who = sorted(str(member) for member in members)
    audit.of_case(session, case.tenant_id, case.id, "case.sealed", by=by, at=now, members=who)


def break_glass(
    session: Session, actor: Actor, case_id: UUID, reason: str, *, now: datetime
) -> BreakGlass:
    """Open a case for 60 minutes. Raises ``NotFound`` for one in conflict: it does not exist."""
    if not actor.permissions("read_case"):
        raise NotFound
    case = session.scalar(select(Case).where(Case.id == case_id, free_of_conflict(actor, Case.id)))
    if case is None:
        raise NotFound
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonTooShort
    opened = BreakGlass(
        tenant_id=actor.tenant_id,
        staff_id=actor.staff_id,
        case_id=case_id,
        reason=reason,
        opened_at=now,
        ends_at=now + LASTS,
    )
    session.add(opened)
    session.flush()
    about = {"break_glass_id": opened.id, "until": opened.ends_at}
    audit.of_case(session, actor.tenant_id, case_id, "glass.broken", by=actor.by, at=now, **about)
    _tell(session, opened, case, actor, now=now)
    return opened


def review(session: Session, break_glass_id: UUID, *, by: str, now: datetime) -> BreakGlass:
    """Say that an emergency opening was looked at, by somebody other than who opened it."""
    opened = session.get(BreakGlass, break_glass_id, with_for_update=True)
    if opened is None:
        raise NotFound
    if by == str(opened.staff_id):
        raise NotAllowed("Somebody other than the person who opened it reviews this.")
    if opened.reviewed_at is None:
        opened.reviewed_at, opened.reviewed_by = now, by
        audit.of_case(
            session,
            opened.tenant_id,
            opened.case_id,
            "glass.reviewed",
            by=by,
            at=now,
            break_glass_id=opened.id,
        )
    return opened


def _tell(session: Session, opened: BreakGlass, case: Case, actor: Actor, *, now: datetime) -> None:
    """Start the process `break_glass`: the lead and a manager are told, and it is reviewed."""
    key = {"break_glass_id": str(opened.id)}
    messages.send(
        session,
        opened.tenant_id,
        "glass.broken",
        {**key, "case_id": str(opened.case_id), "opened_by": actor.by},
        correlation=key,
        by=actor.by,
        now=now,
        message_id=f"glass:{opened.id}",
        service_id=case.service_id,
    )
