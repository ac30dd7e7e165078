"""Complete a task: the form is checked, the capability takes over, the process moves on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

import forms
from engine import user_tasks
from engine.changes import Changes
from engine.db import run
from engine.models import UserTask
from workflows import keys
from workflows.access.actor import Actor
from workflows.tasks import drafts
from workflows.tasks.answers import handler_of
from workflows.tasks.asked import Asked, asked_by, require_current, subject_of
from workflows.tasks.models import FormAnswers
from workflows.tasks.seeing import lock_visible

# The answers take the place of what their author had drafted; a colleague's draft stays theirs.
KEEP = """
WITH dropped AS (
  DELETE FROM draft WHERE user_task_id = %(task_id)s AND staff_id = %(staff_id)s)
INSERT INTO form_answers (user_task_id, tenant_id, form_id, form_sha256, subject_id, answers, by,
    at)
VALUES (%(task_id)s, %(tenant_id)s, %(form_id)s, %(form_sha256)s, %(subject_id)s, %(answers)s,
    %(staff_id)s, %(at)s)
"""


@dataclass(frozen=True, slots=True)
class Completion:
    """A completed task, what it changed, and what was answered but no longer asked."""

    task: UserTask
    changes: Changes
    answers: Mapping[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()  # labels


def complete(
    session: Session,
    task_id: UUID,
    answers: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    form_sha256: str | None = None,
) -> Completion:
    """Check ``answers`` against the task's form, keep them, and complete the task.

    ``answers`` are raw: of a page (`forms.from_post`) or of a client. ``form_sha256`` is the
    version that was on the page; without it the present one is meant. A task that nobody has
    claimed and that the actor may do is claimed in the same transaction.

    Raises ``NotFound`` for what may not be seen, ``UserTaskNotOpen`` (who, and when),
    ``NotActualOwner``, ``NotPotentialOwner``, ``ExcludedOwner``, ``StaleForm`` (both versions),
    and ``marshmallow.ValidationError``. Then nothing has happened.
    """
    task = lock_visible(session, actor, task_id, now=now)
    require_may_do(task, actor)
    user_tasks.require_moving(session, task)
    asked = asked_by(session, task, now=now)
    checked = _check(asked, answers, form_sha256)
    variables: dict[str, Any] = {}
    about: dict[str, Any] = {}
    dropped: list[str] = []
    if asked is not None:
        given = _take_over(session, task, checked, actor, now)
        variables = forms.variables(asked.form, checked) | given
        dropped = asked.dropped(answers)
        sealed = _keep(session, task, asked, checked, actor, now)
        about = _about(asked, sealed, dropped)
    else:
        drafts.discard(session, task.id, actor)
    roles = actor.role_keys(task.service_id)
    changes = user_tasks.complete(
        session, task.id, variables, by=actor.by, now=now, roles=roles, about=about
    )
    return Completion(task, changes, checked, tuple(dropped))


def require_may_do(task: UserTask, actor: Actor) -> None:
    """Refuse at once what the engine would refuse at the end, before any answer is looked at."""
    if not task.is_open:
        raise user_tasks.UserTaskNotOpen(
            state=task.state, by=task.completed_by, at=task.completed_at
        )
    if task.actual_owner not in (None, actor.by):
        raise user_tasks.NotActualOwner(by=task.actual_owner, at=task.claimed_at)
    if actor.by in task.excluded_owners:
        raise user_tasks.ExcludedOwner
    is_mine = task.actual_owner == actor.by
    if not is_mine and not actor.role_keys(task.service_id) & set(task.potential_owners):
        raise user_tasks.NotPotentialOwner


def _check(
    asked: Asked | None, answers: Mapping[str, Any], form_sha256: str | None
) -> dict[str, Any]:
    if asked is not None:
        require_current(asked.form, form_sha256)
        return asked.check(answers)
    if answers:
        raise ValidationError({name: ["This task asks nothing"] for name in sorted(answers)[:20]})
    return {}


def _take_over(
    session: Session, task: UserTask, checked: dict[str, Any], actor: Actor, now: datetime
) -> dict[str, Any]:
    handler = handler_of(task.form_id or "")
    return (handler(session, task, checked, by=actor.by, now=now) or {}) if handler else {}


def _keep(
    session: Session,
    task: UserTask,
    asked: Asked,
    checked: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> bytes:
    """Store the answers in place of the draft and return them as they are stored, sealed."""
    subject = subject_of(session, task)
    sealed = keys.encrypt(
        session,
        subject,
        task.tenant_id,
        FormAnswers.__tablename__,
        task.id,
        FormAnswers.answers.name,
        forms.to_json(checked),
    )
    values = {
        "task_id": task.id,
        "tenant_id": task.tenant_id,
        "form_id": asked.form.id,
        "form_sha256": bytes.fromhex(asked.form.sha256),
        "subject_id": subject,
        "answers": sealed,
        "staff_id": actor.staff_id,
        "at": now,
    }
    run(session, KEEP, values)
    return sealed


def _about(asked: Asked, sealed: bytes, dropped: list[str]) -> dict[str, Any]:
    """Say in the history which form was answered, and by a hash that the answers stay as they are.

    The hash is over the version of the form and the ciphertext, so that the chain still verifies
    when the key is destroyed.
    """
    return {
        "form_id": asked.form.id,
        "answers_sha256": hashlib.sha256(bytes.fromhex(asked.form.sha256) + sealed).hexdigest(),
        "not_kept": len(dropped) or None,
    }
