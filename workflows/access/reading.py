"""Single objects and fields: let through, mask, or say that there is no such thing."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engine.errors import Forbidden, NotFound
from engine.models import UserTask
from workflows import audit
from workflows.access.actor import Actor
from workflows.access.policy import visible_cases, visible_contacts, visible_tasks
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.keys import DataClass
from workflows.staff.matrix import Scope

T = TypeVar("T", Case, Contact)


class ReasonNeeded(Forbidden):
    """Say why you need this. What you write is kept with your name."""


class NotAllowed(Forbidden):
    """Your role may not do this."""


class PurposeNeeded(Forbidden):
    """Say what you read this for."""


class Shown(StrEnum):
    """How much of a field somebody is shown."""

    PLAIN = "plain"
    MASKED = "masked"
    HIDDEN = "hidden"


# Which row of the matrix opens which class of data.
CAPABILITY_OF = {
    DataClass.C1: "read_case",
    DataClass.C2: "read_case",
    DataClass.C3: "read_safe_contact",
    DataClass.C4: "read_restricted",
}


def require_case(
    session: Session, actor: Actor, case_id: UUID, now: datetime, *, reason: str | None = None
) -> Case:
    """Return a case that the actor may see.

    Raises ``NotFound`` for what is not there and for what may not be seen, alike;
    ``ReasonNeeded`` where the role sees it for a stated reason only.
    """
    return _require(
        session,
        Case,
        case_id,
        visible_cases(actor, now),
        visible_cases(actor, now, with_reason=False),
        reason,
    )


def require_contact(
    session: Session, actor: Actor, contact_id: UUID, now: datetime, *, reason: str | None = None
) -> Contact:
    """Return a contact that the actor may see. Raises as `require_case`."""
    return _require(
        session,
        Contact,
        contact_id,
        visible_contacts(actor, now),
        visible_contacts(actor, now, with_reason=False),
        reason,
    )


def require_task(session: Session, actor: Actor, task_id: UUID, now: datetime) -> UserTask:
    """Return a task that the actor may see. Raises ``NotFound``."""
    seen = select(UserTask).where(UserTask.id == task_id, visible_tasks(actor, now))
    task = session.scalar(seen)
    if task is None:
        raise NotFound
    return task


def may(
    actor: Actor,
    capability: str,
    *,
    act: str = "do",
    case: Case | None = None,
    service_id: UUID | None = None,
) -> bool:
    """Whether the actor's roles allow an act of a capability, on a case or in a service.

    Whoever may do may also propose, contribute and request. Limits of a cell (`not_author`,
    `small`, ...) are for the capability's own code.
    """
    wanted = {act, "do"} if act in ("propose", "contribute", "request") else {act}
    where = case.service_id if case else service_id
    return any(
        given.acts & wanted and (case is None or _reaches(actor, grant.reach(given), case))
        for grant, given in actor.permissions(capability, where)
    )


def require(
    actor: Actor,
    capability: str,
    *,
    act: str = "do",
    case: Case | None = None,
    service_id: UUID | None = None,
) -> None:
    """Refuse with ``NotAllowed`` what `may` does not allow."""
    if not may(actor, capability, act=act, case=case, service_id=service_id):
        roles = ", ".join(sorted(actor.roles)) or "no role"
        raise NotAllowed(f"“{capability} ({act})” is not given to {roles} here.")


def shown(
    actor: Actor,
    data_class: DataClass,
    *,
    case: Case | None = None,
    reason: str | None = None,
    during_contact: bool = False,
) -> Shown:
    """Return how much of a field of ``data_class`` the actor is shown, on a case they may see.

    ``during_contact``: they are on the line with the client, or hold the attempt's task.
    """
    if data_class is DataClass.C0:
        return Shown.PLAIN
    found = Shown.HIDDEN
    for grant, given in actor.permissions(
        CAPABILITY_OF[data_class], case.service_id if case else None
    ):
        if "metadata" in given.limits:
            continue
        covered = "masked" in given.limits or (
            "during_contact" in given.limits and not during_contact
        )
        covered |= given.needs_reason and not (reason or "").strip()
        covered |= (
            case is not None
            and not during_contact
            and not _reaches(actor, grant.reach(given), case)
        )
        if not covered:
            return Shown.PLAIN
        found = Shown.MASKED
    return found


def record_read(
    session: Session,
    actor: Actor,
    purpose: str,
    ids: Iterable[UUID],
    now: datetime,
    what: str,
    *,
    reason: str | None = None,
) -> None:
    """Record that the actor is shown ``what`` of ``ids``, in the transaction of the reading.

    One entry per page shown. ``purpose`` is the task being worked or a choice from the list;
    without one nothing is shown. Raises ``PurposeNeeded``.
    """
    if not purpose.strip():
        raise PurposeNeeded
    audit.of_access(
        session,
        actor.tenant_id,
        what,
        by=actor.by,
        at=now,
        ids=ids,
        purpose=purpose,
        reason=reason,
        org_role=",".join(sorted(actor.roles)),
    )


def _reaches(actor: Actor, reach: Scope, case: Case) -> bool:
    if reach is Scope.OWN:
        return case.owner_id == actor.staff_id
    if reach is Scope.TEAM:
        return case.owner_id == actor.staff_id or case.team_id in actor.team_ids
    return True  # `permissions` has looked at the service, row-level security at the tenant


def _require(
    session: Session,
    model: type[T],
    row_id: UUID,
    visible: ColumnElement[bool],
    freely: ColumnElement[bool],
    reason: str | None,
) -> T:
    row = session.execute(
        select(model, freely.label("freely")).where(model.id == row_id, visible)
    ).one_or_none()
    if row is None:
        raise NotFound
    if not row.freely and not (reason or "").strip():
        raise ReasonNeeded
    found: T = row[0]
    return found
