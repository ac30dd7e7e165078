"""What staff do with a task beside completing it: take it, give it back, pass it on, put it aside.

The engine says what holds for everybody (`engine/user_tasks.py`); here stands who may. One sees a
task through the policy or not at all; one acts on what is offered to one, on one's own, or on the
work of those one leads.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import user_tasks
from engine.errors import Refusal
from engine.models import UserTask
from workflows import keys
from workflows.access.actor import Actor, NotSignedIn, actor_for
from workflows.access.reading import NotAllowed
from workflows.staff.matrix import ROLES
from workflows.tasks.asked import subject_of
from workflows.tasks.completing import require_may_do
from workflows.tasks.seeing import is_for, is_led_by, lock_visible

HIGH_RISK = 3  # `riskRank` of the shipped processes: 1 standard or not graded, 2 medium, 3 high


class NotForThem(Refusal):
    """This person cannot take the task: another role, away, excluded, or it is not open to them."""

    status = 422


class UnknownQueue(Refusal):
    """There is no such role or position to offer the task to."""

    status = 422


class SnoozedPastDue(Refusal):
    """A high-risk task cannot be put aside beyond the time it is due."""

    status = 422


class SnoozedIntoThePast(Refusal):
    """Choose a time that is still to come."""

    status = 422


def claim(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> UserTask:
    """Take a task that is offered to the actor. Raises ``AlreadyClaimed`` with who and when."""
    task = lock_visible(session, actor, task_id, now=now)
    roles = actor.role_keys(task.service_id)
    return user_tasks.claim(session, task_id, by=actor.by, now=now, roles=roles)


def start(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> UserTask:
    """Say that the actor has begun; takes the task if nobody has."""
    task = lock_visible(session, actor, task_id, now=now)
    require_may_do(task, actor)
    return user_tasks.start(session, task_id, by=actor.by, now=now)


def release(session: Session, task_id: UUID, *, actor: Actor, now: datetime) -> UserTask:
    """Give a task back: one's own, or that of somebody one leads."""
    task = lock_visible(session, actor, task_id, now=now)
    overrule = task.actual_owner != actor.by and is_led_by(session, actor, task)
    return user_tasks.release(session, task_id, by=actor.by, now=now, overrule=overrule)


def delegate(session: Session, task_id: UUID, *, to: UUID, actor: Actor, now: datetime) -> UserTask:
    """Give a task to somebody else who may do it: one's own, or within what one leads.

    Its due time stays as it was. Raises ``NotForThem``.
    """
    task = lock_visible(session, actor, task_id, now=now)
    _require_mine_or_led(session, task, actor)
    try:
        colleague = actor_for(session, to, now)
    except NotSignedIn as nobody:
        raise NotForThem from nobody
    if colleague.is_absent or not is_for(session, colleague, task, now):
        raise NotForThem
    return user_tasks.delegate(session, task_id, to=colleague.by, by=actor.by, now=now)


def forward(
    session: Session,
    task_id: UUID,
    *,
    to: Sequence[str],
    team: str | None = None,
    actor: Actor,
    now: datetime,
) -> UserTask:
    """Offer a task to other roles or positions; nobody owns it then."""
    task = lock_visible(session, actor, task_id, now=now)
    _require_mine_or_led(session, task, actor)
    if not to or set(to) - POSITIONS - set(ROLES):
        raise UnknownQueue
    return user_tasks.forward(session, task_id, to=to, team=team, by=actor.by, now=now)


POSITIONS = frozenset({"duty_worker", "duty_manager", "second_reviewer", "alternate_recipient"})


def snooze(
    session: Session, task_id: UUID, until: datetime | None, *, actor: Actor, now: datetime
) -> UserTask:
    """Put a task aside until then; None brings it back. What is due stays due.

    A high-risk task is never put aside beyond its due time.
    """
    task = lock_visible(session, actor, task_id, now=now)
    if task.actual_owner != actor.by and not is_led_by(session, actor, task):
        require_may_do(task, actor)
    if until is not None:
        _require_sensible(task, until, now)
    return user_tasks.set_follow_up(session, task_id, until, by=actor.by, now=now)


def set_due(
    session: Session,
    task_id: UUID,
    due_at: datetime | None,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> UserTask:
    """Change when a task is due: by whoever leads the work, and with a reason.

    The reason may speak of a person, so it enters the history sealed under the subject's key.
    """
    task = lock_visible(session, actor, task_id, now=now)
    if not is_led_by(session, actor, task):
        raise NotAllowed("Whoever leads this work changes when it is due.")
    return user_tasks.set_due(
        session,
        task_id,
        due_at,
        reason=_sealed(session, task, reason) if reason.strip() else "",
        by=actor.by,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task of many: done, or why not."""

    task_id: UUID
    refusal: Refusal | None = None

    @property
    def is_done(self) -> bool:
        return self.refusal is None


def each(session: Session, task_ids: Iterable[UUID], do: Callable[[UUID], Any]) -> list[Outcome]:
    """Do something with each of several tasks; one that is refused does not stop the others.

    In a fixed order, so that two people who act on many tasks do not wait for each other in a
    circle.
    """
    outcomes = []
    for task_id in sorted(set(task_ids)):
        try:
            with session.begin_nested():
                do(task_id)
            outcomes.append(Outcome(task_id))
        except Refusal as refusal:
            outcomes.append(Outcome(task_id, refusal))
    return outcomes


def _require_mine_or_led(session: Session, task: UserTask, actor: Actor) -> None:
    if task.actual_owner == actor.by or is_led_by(session, actor, task):
        return
    if task.actual_owner is None:
        require_may_do(task, actor)
        return
    raise user_tasks.NotActualOwner(by=task.actual_owner, at=task.claimed_at)


def _require_sensible(task: UserTask, until: datetime, now: datetime) -> None:
    if until <= now:
        raise SnoozedIntoThePast
    is_high = task.risk_rank >= HIGH_RISK or task.safety_critical
    if is_high and task.due_at is not None and until > task.due_at:
        raise SnoozedPastDue(due_at=task.due_at)


def _sealed(session: Session, task: UserTask, reason: str) -> str:
    subject = subject_of(session, task)
    place = (task.tenant_id, "history_event", task.id, "reason")
    return base64.b64encode(keys.encrypt(session, subject, *place, reason)).decode()
