"""Stop an instance for a while, and let it go on: nobody's work is lost, nothing fires twice.

While it is suspended its tasks cannot be worked on, its timers keep their due times without
firing, and messages for it wait in the inbox. What watches over people goes on: due times of its
tasks still raise the alarm when they pass (`task.overdue` starts a process of its own), other
processes of the same case run, and a look at the suspension itself is due at a stated time.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine import history, instances, releases
from engine.changes import Resume, Suspend
from engine.deeds import Held
from engine.errors import Refusal
from engine.living import holding
from engine.living.models import Suspension
from engine.models import Incident, Timer, UserTask
from engine.runtime import InstanceEnded
from engine.states import IncidentState, InstanceStatus, TimerKind
from engine.user_tasks import ReasonMissing

LONGEST = timedelta(days=14)  # until somebody looks at it again
NEVER = "neverSuspended"  # property of a process that may not be stopped at all


class AlreadySuspended(Refusal):
    """This is suspended already."""


class NotSuspended(Refusal):
    """This is not suspended."""


class NeverSuspended(Refusal):
    """This process watches over somebody's safety and cannot be suspended."""


class ReviewTimeRefused(Refusal):
    """Say until when it stays suspended, so that somebody looks at it again in time."""

    status = 422


def suspend(
    session: Session, instance_id: UUID, *, reason: str, review_at: datetime, by: str, now: datetime
) -> Suspension:
    """Suspend a running instance until somebody resumes it; at ``review_at`` an incident asks.

    Raises `AlreadySuspended`, `NeverSuspended`, `ReviewTimeRefused`, `InstanceEnded`.
    """
    held = instances.hold(session, instance_id)
    if held.status == InstanceStatus.SUSPENDED:
        standing = holding.current(session, instance_id)
        if standing is None:
            raise AlreadySuspended
        raise AlreadySuspended(by=standing.suspended_by, at=standing.suspended_at)
    if held.status != InstanceStatus.ACTIVE:
        raise InstanceEnded
    _require(reason)
    if is_never_suspended(session, held.release_id, held.process_id):
        raise NeverSuspended
    _require_in_time(session, held, review_at, now)
    command = Suspend(reason, review_at)
    instances.move(session, instance_id, command, by=by, now=now, reason=reason)
    suspension = Suspension(
        id=uuid4(),
        tenant_id=held.tenant_id,
        instance_id=instance_id,
        suspended_by=by,
        suspended_at=now,
        reason=reason,
        review_at=review_at,
    )
    session.add(suspension)
    _set_review(session, held, suspension)
    return suspension


def resume(session: Session, instance_id: UUID, *, reason: str, by: str, now: datetime) -> None:
    """Let a suspended instance go on: what fell due fires now, and messages are brought."""
    _suspended(session, instance_id)
    _require(reason)
    instances.move(session, instance_id, Resume(reason), by=by, now=now, reason=reason)


def prolong(
    session: Session, instance_id: UUID, *, reason: str, review_at: datetime, by: str, now: datetime
) -> Suspension:
    """Say until when it stays suspended from now on: somebody has looked at it."""
    held = _suspended(session, instance_id)
    _require(reason)
    _require_in_time(session, held, review_at, now)
    suspension = holding.current(session, instance_id)
    if suspension is None:
        raise NotSuspended
    before, suspension.review_at = suspension.review_at, review_at
    _set_review(session, held, suspension)
    how = {"by": by, "now": now, "reason": reason}
    holding.settle(session, instance_id, IncidentState.RETRIED, **how)
    line = {
        "concept_name": "suspension",
        "lifecycle_transition": "suspend",
        "kind": "repair",
        "org_resource": by,
        "data": {"act": "prolong", "reason": reason},
        "before": before,
        "after": review_at,
    }
    history.append_to_instance(session, instance_id, [line], tenant_id=held.tenant_id, at=now)
    return suspension


def longest(session: Session, instance_id: UUID, risk_rank: int) -> timedelta:
    """Return how long an instance may stay suspended before somebody has to look again."""
    critical = select(
        exists().where(
            UserTask.instance_id == instance_id,
            UserTask.completed_at.is_(None),
            UserTask.safety_critical,
        )
    )
    watched = risk_rank >= holding.HIGH_RISK or bool(session.scalar(critical))
    return holding.LONGEST_WATCHED if watched else LONGEST


def is_never_suspended(session: Session, release_id: UUID, process_id: str) -> bool:
    """Whether the diagram says that this process may not be stopped."""
    process = releases.definitions(session, release_id).processes.get(process_id)
    return process is not None and process.properties.get(NEVER) == "true"


def ask_again(session: Session, suspension_id: UUID, now: datetime) -> int:
    """The time to look at a suspension has come: an incident asks. For the timers' tick."""
    timer = session.scalar(
        select(Timer)
        .where(Timer.id == suspension_id, Timer.due_at <= now)
        .with_for_update(skip_locked=True)
    )
    if timer is None or timer.instance_id is None:
        return 0
    held = instances.hold_if_free(session, timer.instance_id)
    if held is None:
        return 0  # somebody is at it right now; the row stays due
    if held.status == InstanceStatus.SUSPENDED:
        session.add(_incident(held, now))
    session.delete(timer)
    return 1


def _incident(held: Held, now: datetime) -> Incident:
    return Incident(
        id=uuid4(),
        tenant_id=held.tenant_id,
        service_id=held.service_id,
        business_key=held.business_key,
        instance_id=held.id,
        element_id=held.process_id,
        error=holding.STILL_SUSPENDED,
        cause="It was to be looked at by now: resume it, or say until when it stays suspended.",
        created_at=now,
    )


def _suspended(session: Session, instance_id: UUID) -> Held:
    held = instances.hold(session, instance_id)
    if held.status != InstanceStatus.SUSPENDED:
        raise NotSuspended
    return held


def _require(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def _require_in_time(session: Session, held: Held, review_at: datetime, now: datetime) -> None:
    most = longest(session, held.id, held.risk_rank)
    if review_at <= now:
        raise ReviewTimeRefused("Choose a time that is still to come.")
    if review_at - now > most:
        hours = int(most.total_seconds() // 3600)
        raise ReviewTimeRefused(f"Somebody has to look at it again within {hours} hours.")


def _set_review(session: Session, held: Held, suspension: Suspension) -> None:
    session.flush()
    session.merge(
        Timer(
            id=suspension.id,
            tenant_id=held.tenant_id,
            instance_id=held.id,
            kind=TimerKind.REVIEW,
            element_id=held.process_id,
            due_at=suspension.review_at,
            risk_rank=held.risk_rank,
        )
    )
    session.flush()
