"""Put an instance right by hand: move a token, pass over a step, correct a value, end it.

Every one says why, is a command of the core, and leaves a line in the history with what was
before and what is now. Suspended instances can be repaired as well: what is put in its place then
goes on when they are resumed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import instances
from engine.changes import CancelInstance, Changes, Command, MoveToken, SetVariables, SkipStep
from engine.core.standing import Standing, Target
from engine.user_tasks import ReasonMissing


def standing(session: Session, instance_id: UUID) -> list[Standing]:
    """Return where an instance stands, without locking it."""
    return instances.look(session, instance_id).standing()


def targets(session: Session, instance_id: UUID, token_id: UUID) -> list[Target]:
    """Return where a token could be moved to, without locking its instance."""
    return instances.look(session, instance_id).targets(token_id)


def move_token(
    session: Session,
    instance_id: UUID,
    token_id: UUID,
    element_id: str,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> Changes:
    """Take a token from where it stands and put it before another element of its scope.

    Raises `TokenNotThere`, `TokenNotMovable`, `NoSuchTarget`.
    """
    command = MoveToken(token_id, element_id, reason)
    return _repair(session, instance_id, command, reason=reason, by=by, now=now)


def skip_step(
    session: Session,
    instance_id: UUID,
    token_id: UUID,
    variables: Mapping[str, Any],
    *,
    reason: str,
    by: str,
    now: datetime,
) -> Changes:
    """Leave a step that waits undone and go on behind it, with ``variables`` set by hand.

    Raises `TokenNotThere`, `StepNotSkippable`.
    """
    command = SkipStep(token_id, reason, variables)
    return _repair(session, instance_id, command, reason=reason, by=by, now=now)


def set_variables(
    session: Session,
    instance_id: UUID,
    variables: Mapping[str, Any],
    *,
    reason: str,
    by: str,
    now: datetime,
) -> Changes:
    """Correct variables of the process; conditions that become true fire."""
    command = SetVariables(variables, reason)
    return _repair(session, instance_id, command, reason=reason, by=by, now=now)


def cancel(session: Session, instance_id: UUID, *, reason: str, by: str, now: datetime) -> Changes:
    """End an instance; what is open in it becomes obsolete."""
    return _repair(session, instance_id, CancelInstance(reason), reason=reason, by=by, now=now)


def _repair(
    session: Session, instance_id: UUID, command: Command, *, reason: str, by: str, now: datetime
) -> Changes:
    if not reason.strip():
        raise ReasonMissing
    return instances.move(session, instance_id, command, by=by, now=now, reason=reason)
