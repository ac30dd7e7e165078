"""The running record of a case. A line is never changed; a correction is another line."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.access.actor import Actor
from workflows.cases.models import Case, CaseNote


def may_add(actor: Actor, case: Case) -> bool:
    """Whether somebody who reads the case may write in its record: an auditor reads only."""
    given = actor.permissions("read_case", case.service_id)
    return any(grant.role != "auditor" for grant, _ in given)


def add_note(
    session: Session, case: Case, text: str, *, kind: str = "note", by: str, now: datetime
) -> CaseNote:
    """Write a line into the record of ``case``."""
    note = CaseNote(
        tenant_id=case.tenant_id,
        case_id=case.id,
        kind=kind,
        at=now,
        by=by,
        subject_id=case.subject_id,
    )
    note.text = text
    session.add(note)
    session.flush()
    return note


def notes_of(session: Session, case_id: UUID, *, limit: int = 50) -> list[CaseNote]:
    """Return the newest lines of the record, newest first."""
    newest = select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.at.desc())
    return list(session.scalars(newest.limit(limit)))
