"""Conflict of interest: declared by somebody, by a party, or matched. Effective at once.

In the transaction of the declaration the case is gone for that person: the policy reads the row,
their open tasks of it go back to the pool, and they own it no longer. No permission and no
break-glass opens it again; only the safeguarding lead can lift it, never for himself.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import messages, user_tasks
from engine.errors import NotFound
from engine.models import UserTask
from workflows import audit
from workflows.access.actor import Actor
from workflows.access.models import BreakGlass, CaseConflict, SealedMember
from workflows.access.reading import NotAllowed
from workflows.cases.models import Case, CaseParty
from workflows.contact.models import Contact
from workflows.staff.models import Staff


class ConflictStandsForOneself(NotAllowed):
    """Nobody lifts a conflict of their own. Another safeguarding lead can."""


def declare(
    session: Session,
    staff_id: UUID,
    *,
    case_id: UUID | None = None,
    contact_id: UUID | None = None,
    person_id: UUID | None = None,
    source: str = "declared",
    reason: str | None = None,
    by: str,
    now: datetime,
) -> CaseConflict:
    """Close a case, a contact or a person to a member of staff, now.

    A conflict with a case is one with its client as well, so that a search by that name shows
    nothing. Tells the case by the message `conflict.declared`, which re-allocates it.
    """
    staff = session.get_one(Staff, staff_id)
    case = session.get(Case, case_id) if case_id else None
    contact = session.get(Contact, contact_id) if contact_id else None
    if (case_id and case is None) or (contact_id and contact is None):
        raise NotFound
    client_id = (case and case.person_id) or (contact and contact.person_id)
    conflict = CaseConflict(
        tenant_id=staff.tenant_id,
        staff_id=staff_id,
        case_id=case_id or (contact and contact.case_id),
        contact_id=contact_id,
        person_id=person_id or client_id,
        source=source,
        reason=reason,
        declared_at=now,
        declared_by=by,
    )
    _return_tasks(session, conflict, now=now)
    session.add(conflict)
    session.flush()
    orphaned = _withdraw(session, conflict, now=now)
    _tell(session, conflict, orphaned, by=by, now=now)
    return conflict


def lift(
    session: Session, actor: Actor, conflict_id: UUID, reason: str, *, now: datetime
) -> CaseConflict:
    """Lift a conflict: the safeguarding lead alone, with a reason, never for oneself."""
    conflict = session.get(CaseConflict, conflict_id, with_for_update=True)
    if conflict is None or conflict.lifted_at is not None:
        raise NotFound
    if "safeguarding_lead" not in actor.roles or not reason.strip():
        raise NotAllowed("The safeguarding lead lifts a conflict, and says why.")
    if conflict.staff_id == actor.staff_id:
        raise ConflictStandsForOneself
    conflict.lifted_at, conflict.lifted_by, conflict.lift_reason = now, actor.by, reason
    _record(session, conflict, "conflict.lifted", by=actor.by, now=now)
    return conflict


def _return_tasks(session: Session, conflict: CaseConflict, *, now: datetime) -> None:
    # before any row of casework is locked: instances are locked first, always
    cases = _closed_by(session, conflict)
    contacts = select(Contact.id).where(
        (Contact.id == conflict.contact_id)
        | Contact.case_id.in_(cases)
        | (Contact.person_id == conflict.person_id)
    )
    held = select(UserTask.id).where(
        UserTask.business_key.in_([*cases, *session.scalars(contacts)]),
        UserTask.actual_owner == str(conflict.staff_id),
        UserTask.completed_at.is_(None),
    )
    for task_id in session.scalars(held.order_by(UserTask.instance_id, UserTask.id)).all():
        try:
            user_tasks.release(session, task_id, by=str(conflict.staff_id), now=now)
        except (user_tasks.UserTaskNotOpen, user_tasks.NotActualOwner):
            continue  # done, or with a colleague, since we looked: nothing to give back


def _closed_by(session: Session, conflict: CaseConflict) -> list[UUID]:
    """Return the cases that the conflict closes: the one named, and all that its person is in."""
    party = select(CaseParty.case_id).where(CaseParty.person_id == conflict.person_id)
    theirs = select(Case.id).where(
        (Case.id == conflict.case_id) | (Case.person_id == conflict.person_id) | Case.id.in_(party)
    )
    return list(session.scalars(theirs.order_by(Case.id)))


def _withdraw(session: Session, conflict: CaseConflict, *, now: datetime) -> list[UUID]:
    """Take away what the person holds of the cases; return those that have lost their owner."""
    cases = _closed_by(session, conflict)
    owned = session.scalars(
        update(Case)
        .where(Case.id.in_(cases), Case.owner_id == conflict.staff_id)
        .values(owner_id=None)
        .returning(Case.id)
    ).all()
    if conflict.contact_id:
        session.execute(
            update(Contact)
            .where(Contact.id == conflict.contact_id, Contact.handler_id == conflict.staff_id)
            .values(handler_id=None)
        )
    session.execute(
        delete(SealedMember).where(
            SealedMember.staff_id == conflict.staff_id,
            SealedMember.subject_id.in_([*cases, conflict.person_id]),
        )
    )
    session.execute(
        update(BreakGlass)
        .where(
            BreakGlass.staff_id == conflict.staff_id,
            BreakGlass.case_id.in_(cases),
            BreakGlass.ends_at > now,
        )
        .values(ends_at=now)
    )
    return list(owned)


def _tell(
    session: Session, conflict: CaseConflict, orphaned: Iterable[UUID], *, by: str, now: datetime
) -> None:
    """Tell the case, and every other one that has lost its owner, so that each gets another."""
    _record(session, conflict, "conflict.declared", by=by, now=now)
    for case_id in sorted({*orphaned, *([conflict.case_id] if conflict.case_id else [])}, key=str):
        key = {"case_id": str(case_id), "user_id": str(conflict.staff_id)}
        messages.send(
            session,
            conflict.tenant_id,
            "conflict.declared",
            key,
            correlation=key,
            by=by,
            now=now,
            message_id=f"conflict:{conflict.id}:{case_id}",
        )


def _record(
    session: Session, conflict: CaseConflict, action: str, *, by: str, now: datetime
) -> None:
    # who it is about stands in the entry; why they have a conflict does not
    about = {"conflict_id": conflict.id, "staff_id": conflict.staff_id, "source": conflict.source}
    if conflict.case_id is not None:
        audit.of_case(session, conflict.tenant_id, conflict.case_id, action, by=by, at=now, **about)
    else:
        audit.of_admin(session, conflict.tenant_id, action, by=by, at=now, **about)
