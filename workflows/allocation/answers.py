"""What the forms of allocation leave behind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.models import UserTask
from workflows.allocation import file, offers
from workflows.cases.models import Case
from workflows.tasks.answers import answers


@answers("allocation")
def allocation(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> dict[str, Any]:
    """Offer the case; the engine learns whom, so that the task is theirs."""
    return {"worker_id": str(offers.offer(session, task, given, by=by, now=now).staff_id)}


@answers("accept_case")
def accept(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    offers.answer(session, task, given, by=by, now=now)


@answers("complete_file")
def complete_file(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Add to the case what the file lacked."""
    file.add(session, session.get_one(Case, task.business_key), given, by=by, now=now)
