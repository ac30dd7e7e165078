"""Hand a live contact to a colleague: the line goes on, with whoever holds it now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.errors import NotFound, Refusal
from workflows import audit
from workflows.access.actor import NotSignedIn, actor_for
from workflows.access.walls import open_to
from workflows.contact.models import Contact
from workflows.staff.absences import is_current
from workflows.staff.matrix import ROLES, permission
from workflows.staff.models import Absence, StaffRole

TAKING = tuple(role for role in ROLES if permission(role, "create_contact"))


class CannotTakeContacts(Refusal):
    """This person does not take contacts. Choose a colleague who does."""

    status = 422


def hand_over(session: Session, contact_id: UUID, to: UUID, *, by: str, now: datetime) -> Contact:
    """Make ``to`` the handler of a live contact; its draft is theirs to take over."""
    contact = session.get(Contact, contact_id, with_for_update=True, populate_existing=True)
    if contact is None or not contact.is_live:
        raise NotFound
    if not _may_take(session, contact, to, now):
        raise CannotTakeContacts
    before, contact.handler_id = contact.handler_id, to
    audit.of_access(
        session,
        contact.tenant_id,
        "contact.handed_over",
        by=by,
        at=now,
        ids=[contact.id],
        purpose="hand-over",
        before=str(before),
        after=str(to),
    )
    return contact


def takes_contacts(staff_id: InstrumentedAttribute[UUID], now: datetime) -> ColumnElement[bool]:
    """The condition that somebody is here and holds a role that takes contacts."""
    holds = select(StaffRole.id).where(StaffRole.staff_id == staff_id, StaffRole.role.in_(TAKING))
    away = select(Absence.id).where(Absence.staff_id == staff_id, is_current(now))
    return exists(holds) & ~exists(away)


def _may_take(session: Session, contact: Contact, to: UUID, now: datetime) -> bool:
    """Whether somebody is here, takes contacts of the service, and no wall stands before this one.

    Whoever is in conflict with the caller would be handed a line that they cannot even see.
    """
    try:
        colleague = actor_for(session, to, now)
    except NotSignedIn:  # nobody who works here
        return False
    if colleague.is_absent or not colleague.permissions("create_contact", contact.service_id):
        return False
    seen = select(Contact.id).where(Contact.id == contact.id, open_to(colleague, Contact.id, now))
    return session.scalar(seen) is not None
