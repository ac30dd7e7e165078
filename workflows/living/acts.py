"""Suspend, resume and repair an instance: by whom, with which words, and within which bounds."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import feel
from engine import instances, releases
from engine.changes import Changes
from engine.errors import Refusal
from engine.living import repairing, suspending
from engine.living.models import Suspension
from engine.models import ProcessInstance
from workflows.access.actor import Actor
from workflows.living import reasons, seeing
from workflows.programmes import inbound

SPEAKING = ("riskRank", "businessKey")  # what a process says about itself, in FEEL


class NotCorrectable(Refusal):
    """This value cannot be corrected by hand."""

    status = 422


def suspend(
    session: Session,
    instance_id: UUID,
    reason: str,
    review_at: datetime,
    *,
    actor: Actor,
    now: datetime,
) -> Suspension:
    """Stop an instance until somebody resumes it; at ``review_at`` an incident asks.

    Other processes of the same case go on, and due times of its tasks still raise the alarm.
    """
    instance = seeing.require(session, actor, instance_id, now)
    said = reasons.seal(session, instance, reason)
    return suspending.suspend(
        session, instance_id, reason=said, review_at=review_at, by=actor.by, now=now
    )


def prolong(
    session: Session,
    instance_id: UUID,
    reason: str,
    review_at: datetime,
    *,
    actor: Actor,
    now: datetime,
) -> Suspension:
    """Say until when an instance stays suspended from now on."""
    instance = seeing.require(session, actor, instance_id, now)
    said = reasons.seal(session, instance, reason)
    return suspending.prolong(
        session, instance_id, reason=said, review_at=review_at, by=actor.by, now=now
    )


def resume(
    session: Session, instance_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> None:
    """Let a suspended instance go on."""
    instance = seeing.require(session, actor, instance_id, now)
    said = reasons.seal(session, instance, reason)
    suspending.resume(session, instance_id, reason=said, by=actor.by, now=now)


def move(
    session: Session,
    instance_id: UUID,
    token_id: UUID,
    element_id: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> Changes:
    """Take a token from where it stands and put it before another step."""
    how = _how(session, instance_id, reason, actor, now)
    return repairing.move_token(session, instance_id, token_id, element_id, **how)


def skip(
    session: Session,
    instance_id: UUID,
    token_id: UUID,
    variables: Mapping[str, Any],
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> Changes:
    """Leave a step that waits undone; only who leads the work says what it would have set."""
    if variables:
        instance = seeing.require(session, actor, instance_id, now, leading=True)
        require_correctable(session, instance, variables)
    how = _how(session, instance_id, reason, actor, now)
    return repairing.skip_step(session, instance_id, token_id, variables, **how)


def correct(
    session: Session,
    instance_id: UUID,
    variables: Mapping[str, Any],
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> Changes:
    """Correct decision variables: by whoever leads the work and knows the case."""
    instance = seeing.require(session, actor, instance_id, now, leading=True)
    known = correctable(session, instance)
    for name, value in variables.items():
        if name not in known:
            raise NotCorrectable(f"“{name}” is no value of this process that can be corrected.")
        if value is not None and not _same_kind(known[name], value):
            raise NotCorrectable(f"“{name}” is of another kind.")
    require_correctable(session, instance, variables)
    how = _how(session, instance_id, reason, actor, now)
    return repairing.set_variables(session, instance_id, variables, **how)


def cancel(
    session: Session, instance_id: UUID, reason: str, *, actor: Actor, now: datetime
) -> Changes:
    """End an instance."""
    how = _how(session, instance_id, reason, actor, now)
    return repairing.cancel(session, instance_id, **how)


def _how(
    session: Session, instance_id: UUID, reason: str, actor: Actor, now: datetime
) -> dict[str, Any]:
    instance = seeing.require(session, actor, instance_id, now)
    watches = suspending.is_never_suspended(session, instance.release_id, instance.process_id)
    if watches:  # what watches over somebody's safety is no matter of keeping a system running
        seeing.require(session, actor, instance_id, now, leading=True)
    return {"reason": reasons.seal(session, instance, reason), "by": actor.by, "now": now}


# -- what can be corrected ----------------------------------------------------------------------


def correctable(session: Session, instance: ProcessInstance) -> dict[str, Any]:
    """Return the decision variables that may be corrected, with their values.

    Not ids, and nothing that says how urgent the work is or whom it is about: a grade is changed
    by grading, which takes two people, and a case is never exchanged for another.
    """
    kept = instances.variables(session, instance.id)
    closed = _closed(session, instance)
    return {
        name: value
        for name, value in sorted(kept.items())
        if name not in closed and not name.endswith("_id") and _is_plain(value)
    }


def require_correctable(
    session: Session, instance: ProcessInstance, variables: Mapping[str, Any]
) -> None:
    """Refuse ids, what carries the risk, and anything that is more than one machine word."""
    closed = _closed(session, instance)
    for name in variables:
        if name in closed or name.endswith("_id"):
            raise NotCorrectable(f"“{name}” is not changed by hand.")
    inbound.require_words("variables", variables)


def _closed(session: Session, instance: ProcessInstance) -> set[str]:
    process = releases.definitions(session, instance.release_id).processes[instance.process_id]
    texts = [process.properties.get(name) for name in SPEAKING]
    return {name for text in texts if text for name in feel.parse(text).names}


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return inbound.WORD.fullmatch(value) is not None and not _is_id(value)
    return value is None or isinstance(value, bool | int | float | Decimal)


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _same_kind(before: Any, after: Any) -> bool:
    if before is None:
        return True
    if isinstance(before, bool) or isinstance(after, bool):
        return isinstance(before, bool) and isinstance(after, bool)
    numbers = (int, float, Decimal)
    if isinstance(before, numbers):
        return isinstance(after, numbers)
    return isinstance(after, str)
