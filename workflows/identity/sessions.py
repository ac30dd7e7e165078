"""Login sessions: kept here, so that ending one ends every copy of its cookie.

The cookie holds a random secret, the table its hash. A session ends 15 minutes after it was last
used and 12 hours after it began. Lifetimes are real time: the edge passes the machine's clock,
also when a demonstration travels.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.db import entered, entering
from workflows.identity.models import Login, LoginSession

IDLE = timedelta(minutes=15)
LONGEST_IDLE = timedelta(minutes=30)  # what an organisation may set
ABSOLUTE = timedelta(hours=12)
# Every request would otherwise write the row once more.
NOTED_EVERY = timedelta(seconds=60)


class Opened(NamedTuple):
    """A session and the secret for its cookie, which cannot be read again."""

    secret: str
    session: LoginSession


def begin(session: Session, login: Login, *, now: datetime) -> Opened:
    """Open a session for somebody who has just proved both factors."""
    secret = secrets.token_urlsafe(32)
    row = LoginSession(
        secret_hash=_hash(secret),
        tenant_id=login.tenant_id,
        staff_id=login.id,
        created_at=now,
        seen_at=now,
        ends_at=now + ABSOLUTE,
        stepped_up_at=now,
    )
    session.add(row)
    session.flush()
    return Opened(secret, row)


def resume(
    session: Session, secret: str, *, now: datetime, idle: timedelta = IDLE
) -> LoginSession | None:
    """Return the living session of a cookie's secret, and note that it is used.

    The unit of work is inside the person's tenant afterwards.
    """
    found = session.execute(
        select(LoginSession, entering(LoginSession.tenant_id))
        .join(Login, Login.id == LoginSession.staff_id)
        .where(
            LoginSession.secret_hash == _hash(secret),
            LoginSession.ended_at.is_(None),
            LoginSession.ends_at > now,
            LoginSession.seen_at > now - min(idle, LONGEST_IDLE),
            Login.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    row = found[0]
    entered(session, row.tenant_id)
    if row.seen_at <= now - NOTED_EVERY:
        row.seen_at = now
    return row


def renew(session: Session, row: LoginSession, *, now: datetime) -> str:
    """Give a session a new secret after a step up; the old cookie opens nothing any more."""
    secret = secrets.token_urlsafe(32)
    row.secret_hash = _hash(secret)
    row.stepped_up_at = row.seen_at = now
    session.flush()
    return secret


def end(session: Session, secret: str, *, now: datetime) -> None:
    """Sign out: whoever holds a copy of the cookie is out as well."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.secret_hash == _hash(secret), LoginSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all(session: Session, staff_id: UUID, *, now: datetime) -> None:
    """Sign somebody out everywhere."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.staff_id == staff_id, LoginSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
