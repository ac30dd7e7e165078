"""Alert the manager: a task of the team leader, beside whatever goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from engine import messages
from workflows.cases import notes
from workflows.cases.models import Case


def alert(
    session: Session,
    tenant_id: UUID,
    service_id: UUID | None,
    *,
    task_id: UUID | None,
    case: Case | None,
    reason: str | None = None,
    by: str,
    now: datetime,
) -> UUID:
    """Send `manager.alert`; what was written stands in the record of the case.

    Returns the id of the message, which starts the process `manager_alert`.
    """
    if case is not None and reason:
        notes.add_note(session, case, reason, kind="decision", by=by, now=now)
    about = {
        "task_id": str(task_id) if task_id else None,
        "case_id": str(case.id) if case else None,
    }
    return messages.send(
        session, tenant_id, "manager.alert", about, by=by, now=now, service_id=service_id
    )
