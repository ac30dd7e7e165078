"""The rows of a suspended instance: what keeps still, who said so, and what frees it.

The lower half of `suspending`: `engine/instances.py` asks it whether a command may move an
instance, and lets it follow when an instance has been suspended, moved while it was, or freed.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import inbox
from engine.changes import WHILE_SUSPENDED, Command, Resume, Suspend
from engine.core.refusals import InstanceSuspended
from engine.db import run
from engine.deeds import Deed, Held
from engine.living.models import Suspension
from engine.models import Incident, Timer
from engine.states import IncidentState, InstanceStatus

STILL_SUSPENDED = "StillSuspended"  # the incident that asks whether it is still right
LONGEST_WATCHED = timedelta(hours=4)  # until a look at it, where somebody's safety may hang on it
HIGH_RISK = 3  # `risk_rank` from which that is so

HOLD = """
WITH tasks AS (
  UPDATE user_task SET suspended_from = state, state = 'suspended'
  WHERE instance_id = %(id)s AND completed_at IS NULL AND state <> 'suspended')
UPDATE timer SET held = true WHERE instance_id = %(id)s AND kind = 'bpmn' AND NOT held
"""

# Messages that lay waiting are tried again: not those whose row somebody holds who is waiting
# for this instance; he will find it free.
FREE = """
WITH tasks AS (
  UPDATE user_task SET state = coalesce(suspended_from, 'ready'), suspended_from = NULL
  WHERE instance_id = %(id)s AND state = 'suspended'),
timers AS (
  UPDATE timer SET held = false WHERE instance_id = %(id)s AND held)
UPDATE message_inbox SET state = 'pending', retry_at = NULL
WHERE id IN (
  SELECT id FROM message_inbox
  WHERE tenant_id = %(tenant_id)s AND (
    kind = 'signal' AND target_id = %(id)s AND state = 'waiting'
    OR kind = 'message' AND state IN ('waiting', 'unclaimed') AND name IN (
      SELECT name FROM message_subscription WHERE instance_id = %(id)s AND kind = 'message'))
  FOR UPDATE SKIP LOCKED)
RETURNING id
"""

# Somebody's safety hangs on what could wait when it was suspended: it is looked at sooner.
SOONER = """
WITH watched AS (
  SELECT s.id FROM suspension s JOIN process_instance i ON i.id = s.instance_id
  WHERE s.instance_id = ANY(%(ids)s::uuid[]) AND s.resumed_at IS NULL AND s.review_at > %(at)s
    AND (i.risk_rank >= %(high)s OR EXISTS (
      SELECT 1 FROM user_task t
      WHERE t.instance_id = i.id AND t.completed_at IS NULL AND t.safety_critical))),
said AS (UPDATE suspension s SET review_at = %(at)s FROM watched w WHERE s.id = w.id)
UPDATE timer t SET due_at = %(at)s FROM watched w WHERE t.id = w.id
"""


ReasonOf = Callable[[Session, Suspension], str]
R = TypeVar("R", bound=ReasonOf)
_reason_of: list[ReasonOf] = []


def opens_reasons(function: R) -> R:
    """Register ``(session, suspension) -> reason`` for what casework keeps sealed."""
    _reason_of[:] = [function]
    return function


def reason_of(session: Session, suspension: Suspension) -> str:
    """Return why an instance was suspended, as it was said."""
    return _reason_of[0](session, suspension) if _reason_of else suspension.reason


def current(session: Session, instance_id: UUID) -> Suspension | None:
    """Return the suspension that holds an instance now."""
    standing = select(Suspension).where(
        Suspension.instance_id == instance_id, Suspension.resumed_at.is_(None)
    )
    return session.scalar(standing.execution_options(populate_existing=True))


def refuse(session: Session, instance_id: UUID, *, why: bool = False) -> NoReturn:
    """Say who has suspended an instance, when, and until when. Raises `InstanceSuspended`.

    ``why``: with the reason, which may speak of a person: for those who may read the work itself.
    """
    suspension = current(session, instance_id)
    if suspension is None:
        raise InstanceSuspended
    since = f"Suspended since {suspension.suspended_at:%-d %B %Y, %H:%M} UTC"
    about = {
        "by": suspension.suspended_by,
        "at": suspension.suspended_at,
        "review_at": suspension.review_at,
    }
    if not why:
        raise InstanceSuspended(f"{since}.", **about)
    reason = reason_of(session, suspension)
    raise InstanceSuspended(f"{since}: {reason}", **about, reason=reason)


def require_moving(session: Session, held: Held, command: Command) -> bool:
    """Refuse what would move a suspended instance; say whether the command is to drive nothing."""
    suspended = held.status == InstanceStatus.SUSPENDED
    if suspended and not isinstance(command, WHILE_SUSPENDED):
        refuse(session, held.id)
    return isinstance(command, Suspend) or (suspended and not isinstance(command, Resume))


def status_after(command: Command) -> InstanceStatus | None:
    """Return the status that a command gives an instance which goes on; None: as before."""
    if isinstance(command, Suspend):
        return InstanceStatus.SUSPENDED
    return InstanceStatus.ACTIVE if isinstance(command, Resume) else None


def follow(session: Session, before: Held, after: Held, deed: Deed) -> None:
    """Let the rows of an instance follow its status."""
    if after.status == InstanceStatus.SUSPENDED:
        run(session, HOLD, {"id": after.id})
        look_in_time(session, [after.id], deed.now)
    elif before.status == InstanceStatus.SUSPENDED:
        _free(session, after, deed)


def look_in_time(session: Session, instance_ids: Collection[UUID], now: datetime) -> None:
    """Bring the look at suspended instances forward where somebody's safety hangs on them now."""
    at = now + LONGEST_WATCHED
    run(session, SOONER, {"ids": list(instance_ids), "at": at, "high": HIGH_RISK})


def _free(session: Session, held: Held, deed: Deed) -> None:
    freed = run(session, FREE, {"id": held.id, "tenant_id": held.tenant_id})
    inbox.produce(session, list(freed.scalars()))
    suspension = current(session, held.id)
    if suspension is not None:
        suspension.resumed_by, suspension.resumed_at = deed.by, deed.now
        session.execute(delete(Timer).where(Timer.id == suspension.id))
    is_over = held.status != InstanceStatus.ACTIVE
    settle(
        session,
        held.id,
        IncidentState.CANCELLED if is_over else IncidentState.RETRIED,
        by=deed.by,
        now=deed.now,
        reason=deed.reason,
    )


def settle(session: Session, instance_id: UUID, state: IncidentState, **how: Any) -> None:
    """Settle the incident that asked whether a suspension is still right."""
    asked = update(Incident).where(
        Incident.instance_id == instance_id,
        Incident.error == STILL_SUSPENDED,
        Incident.state == IncidentState.OPEN,
    )
    session.execute(
        asked.values(
            state=state, resolved_by=how["by"], resolved_at=how["now"], reason=how["reason"]
        )
    )
