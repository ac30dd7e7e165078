"""What somebody has typed so far, kept on the server exactly as typed.

One draft per task and one per live contact. A save names the version it has seen: whoever saves
over a colleague's words is shown both sides instead. Nothing is checked but the size.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

import forms
from engine.errors import Refusal
from engine.models import UserTask
from engine.user_tasks import NotActualOwner
from workflows import audit
from workflows.access.actor import Actor
from workflows.tasks.asked import Asked
from workflows.tasks.models import Draft

LARGEST = 500_000  # bytes of JSON


class DraftConflict(Refusal):
    """Somebody else has saved a draft since you opened this. Choose what to keep of both."""


class DraftTooLarge(Refusal):
    """This is more than a draft can hold. Shorten it; nothing has been lost on the page."""

    status = 413


class NoDraft(Refusal):
    """There is no draft of this."""

    status = 404


@dataclass(frozen=True, slots=True)
class Written:
    """What a draft is of: the form as it was on the page, and whose key seals it."""

    form_id: str
    form_sha256: str
    subject_id: UUID


def of_task(session: Session, task_id: UUID) -> Draft | None:
    """Return the draft of a task; reading its answers is for who may see the task."""
    return session.scalar(select(Draft).where(Draft.user_task_id == task_id))


def of_contact(session: Session, contact_id: UUID) -> Draft | None:
    return session.scalar(select(Draft).where(Draft.contact_id == contact_id))


def save_task(
    session: Session,
    task: UserTask,
    answers: Mapping[str, Any],
    written: Written,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
) -> Draft:
    """Save the draft of a task that the actor may see.

    ``version`` is that of the draft the page was opened or last saved with; None for none.
    Raises ``DraftConflict`` when that is not the stored one: its ``extra`` say whose and when,
    and what they wrote is in the stored draft. What a colleague has claimed is theirs to write;
    a task that is over keeps what was typed into it too late.
    """
    if task.is_open and task.actual_owner not in (None, actor.by):
        raise NotActualOwner(by=task.actual_owner, at=task.claimed_at)
    here = {"user_task_id": task.id}
    return _save(session, here, answers, written, actor=actor, now=now, version=version)


def save_contact(
    session: Session,
    contact_id: UUID,
    answers: Mapping[str, Any],
    written: Written,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
) -> Draft:
    """Save the draft of a live contact; as `save_task`."""
    here = {"contact_id": contact_id}
    return _save(session, here, answers, written, actor=actor, now=now, version=version)


def adopt(session: Session, draft: Draft, *, actor: Actor, now: datetime) -> Draft:
    """Take over a colleague's draft on hand-over: from now on it is the actor's. Recorded."""
    fresh = _locked(session, Draft.id == draft.id)
    if fresh is None:
        raise NoDraft
    draft = fresh
    if draft.staff_id == actor.staff_id:
        return draft
    before, draft.staff_id = draft.staff_id, actor.staff_id
    draft.version += 1
    subject = draft.user_task_id or draft.contact_id
    audit.of_access(
        session,
        draft.tenant_id,
        "draft.adopted",
        by=actor.by,
        at=now,
        ids=[str(subject)],
        purpose="hand-over",
        before=str(before),
    )
    session.flush()
    return draft


def discard(session: Session, task_id: UUID, actor: Actor) -> None:
    """Drop the actor's own draft of a task; that of a colleague stays theirs to look at."""
    session.execute(
        delete(Draft).where(Draft.user_task_id == task_id, Draft.staff_id == actor.staff_id)
    )


def discard_contact(session: Session, contact_id: UUID) -> None:
    """Drop the draft of a contact whose answers have been stored."""
    session.execute(delete(Draft).where(Draft.contact_id == contact_id))


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that two drafts answer differently, both in words."""

    question: str
    mine: str
    theirs: str


def side_by_side(
    asked: Asked, mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[Difference]:
    """Return where two drafts of one form differ, in form order; what one lacks is blank."""
    sides = [
        dict(forms.text_twin(asked.form, answers, zone=asked.zone, lists=asked.lists))
        for answers in (mine, theirs)
    ]
    questions = list(dict.fromkeys([*sides[0], *sides[1]]))
    pairs = [(q, sides[0].get(q, ""), sides[1].get(q, "")) for q in questions]
    return [Difference(q, ours, other) for q, ours, other in pairs if ours != other]


def _save(
    session: Session,
    here: dict[str, UUID],
    answers: Mapping[str, Any],
    written: Written,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
) -> Draft:
    if len(json.dumps(answers)) > LARGEST:
        raise DraftTooLarge
    ((name, subject),) = here.items()
    where = getattr(Draft, name) == subject
    draft = _locked(session, where)
    if draft is None:
        _begin(session, here, written, actor=actor, now=now)
        draft = _locked(session, where)
    assert draft is not None  # begun above, by us or by somebody at the same moment
    if draft.version != (version or 0):
        raise DraftConflict(by=str(draft.staff_id), at=draft.saved_at, version=draft.version)
    draft.answers = dict(answers)
    draft.version += 1
    draft.staff_id, draft.saved_at = actor.staff_id, now
    draft.form_id, draft.form_sha256 = written.form_id, written.form_sha256
    session.flush()
    return draft


def _begin(
    session: Session, here: dict[str, UUID], written: Written, *, actor: Actor, now: datetime
) -> None:
    """Make the row at version 0, with nothing in it; leave one that is there."""
    row = {
        "id": uuid4(),
        "tenant_id": actor.tenant_id,
        "staff_id": actor.staff_id,
        "form_id": written.form_id,
        "form_sha256": written.form_sha256,
        "subject_id": written.subject_id,
        "version": 0,
        "saved_at": now,
    } | here
    session.execute(insert(Draft).values(row).on_conflict_do_nothing())


def _locked(session: Session, where: ColumnElement[bool]) -> Draft | None:
    fresh = select(Draft).where(where).with_for_update().execution_options(populate_existing=True)
    return session.scalar(fresh)
