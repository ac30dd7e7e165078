"""Alert the manager: a task of the team leader, beside whatever goes on.

Why somebody asks is typed by a person and may speak of one, so it never enters the process: it
lies encrypted in `manager_alert`, whose id travels with the message, and is shown beside the task
in which the alert is answered.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from engine import instances, messages
from engine.models import ProcessInstance, UserTask
from workflows.cases import notes
from workflows.cases.models import Case, ManagerAlert
from workflows.contact.models import Contact

PROCESS = "manager_alert"


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert as it is shown to whoever answers it. ``ids``: what was read, for the record."""

    by: str
    at: datetime
    reason: str | None  # as somebody wrote it
    rule: str | None  # a machine word, where a rule of the process asked
    user_task_id: UUID | None  # the task that cannot be done
    ids: tuple[UUID, ...]


def alert(
    session: Session,
    tenant_id: UUID,
    service_id: UUID | None,
    *,
    task_id: UUID | None,
    about: UUID | None,
    reason: str | None = None,
    rule: str | None = None,
    by: str,
    now: datetime,
) -> UUID:
    """Send `manager.alert` about a case, a contact or neither (``about``: its id).

    ``reason``, as somebody wrote it, is kept for whoever answers and in the record of a case;
    ``rule`` is a machine word. Returns the id of the message.
    """
    case = session.get(Case, about) if about else None
    contact = session.get(Contact, about) if about and case is None else None
    if case is not None and reason:
        notes.add_note(session, case, reason, kind="decision", by=by, now=now)
    row = ManagerAlert(id=uuid4(), tenant_id=tenant_id, user_task_id=task_id)
    found = case or contact
    row.subject_id = found.subject_id if found else tenant_id
    row.raised_at, row.raised_by = now, by
    ids = {
        "alert_id": row.id,
        "task_id": task_id,
        "case_id": case and case.id,
        "contact_id": contact and contact.id,
    }
    said = {name: str(given) if given else None for name, given in ids.items()} | {"reason": rule}
    row.message_id = messages.send(
        session, tenant_id, "manager.alert", said, by=by, now=now, service_id=service_id
    )
    row.reason = reason
    session.add(row)
    session.flush()
    return row.message_id


def answered_in(session: Session, task: UserTask) -> Raised | None:
    """Return the alert that ``task`` answers; None for any other task."""
    if task.process_id != PROCESS or task.instance_id is None:
        return None
    known = instances.variables(session, task.instance_id)
    rule = known.get("reason")
    row = session.get(ManagerAlert, UUID(known["alert_id"])) if known.get("alert_id") else None
    if row is not None:
        ids = (row.id, row.subject_id)
        return Raised(row.raised_by, row.raised_at, row.reason, rule, row.user_task_id, ids)
    started = session.get_one(ProcessInstance, task.instance_id)
    of_task = UUID(known["task_id"]) if known.get("task_id") else None
    return Raised(started.started_by, started.started_at, None, rule, of_task, ())
