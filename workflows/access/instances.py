"""Process instances through the one policy: one is as visible as the case or contact it is about.

A concern about somebody who works here is open to the alternate recipient alone: to everybody
else its instances, and what they decided, do not exist.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import ProcessInstance
from workflows.access.actor import Actor
from workflows.access.reading import require_case, require_contact
from workflows.access.walls import Id, restricted_instances
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.staff.matrix import Scope


def require_instance(
    session: Session,
    actor: Actor,
    instance_id: UUID,
    now: datetime,
    *,
    reason: str | None = None,
) -> ProcessInstance:
    """Return an instance that the actor may see.

    Raises ``NotFound`` for what is not there and for what may not be seen, alike;
    ``ReasonNeeded`` as `require_case`. An instance that is about nobody is open to the tenant.
    """
    instance = session.scalar(
        select(ProcessInstance).where(
            ProcessInstance.id == instance_id,
            ProcessInstance.tenant_id == actor.tenant_id,
            unrestricted(actor, ProcessInstance.id),
        )
    )
    if instance is None:
        raise NotFound
    require_subject(session, actor, instance.business_key, now, reason=reason)
    return instance


def require_subject(
    session: Session,
    actor: Actor,
    subject_id: UUID | None,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Let through what ``subject_id`` names: a case or a contact that the actor may see.

    An id that names neither is about nobody.
    """
    if subject_id is None:
        return
    if session.get(Case, subject_id) is not None:
        require_case(session, actor, subject_id, now, reason=reason)
    elif session.get(Contact, subject_id) is not None:
        require_contact(session, actor, subject_id, now, reason=reason)


def unrestricted(actor: Actor, instance_id: Id) -> ColumnElement[bool]:
    """The condition that no restricted concern is escalated in the instance, or it is theirs."""
    return or_(instance_id.is_(None), instance_id.not_in(restricted_instances(actor)))


def reads_all_history(actor: Actor) -> bool:
    """Whether the actor reads the process history of the whole organisation, people and all."""
    return any(
        grant.reach(given) is Scope.TENANT and "structure_only" not in given.limits
        for grant, given in actor.permissions("read_history")
    )
