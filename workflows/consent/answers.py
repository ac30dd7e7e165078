"""What the forms of consent leave behind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.models import UserTask
from workflows.consent import recording
from workflows.tasks.answers import answers


@answers("consent")
def consent(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> dict[str, Any]:
    records = recording.record(session, task, given, by=by, now=now)
    return {"consent_ids": [str(row.id) for row in records]}


@answers("capacity")
def capacity(
    session: Session, task: UserTask, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    recording.record_capacity(session, task, given, by=by, now=now)
