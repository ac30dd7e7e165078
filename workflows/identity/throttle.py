"""At most ten wrong attempts in five minutes, for each account and for each address.

Counted in the database, so that it holds over any number of processes. The attempts of one
account, and of one address, take turns: otherwise twenty at once would all see a count of nine.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.identity.models import LoginAttempt

WINDOW = timedelta(minutes=5)
ALLOWED = 10


class TooManyAttempts(Refusal):
    """Too many attempts. Wait before you try again."""

    status = 429


def keys_for(login_name: str, address: str) -> list[bytes]:
    """Return what attempts are counted by. Hashed: people type passwords into the name field."""
    return sorted((account_key(login_name), _key(f"address:{address}")))


def account_key(login_name: str) -> bytes:
    """Return what attempts at one account are counted by, wherever they come from."""
    return _key(f"account:{login_name}")


def _key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def take_turn(session: Session, keys: list[bytes], *, now: datetime) -> None:
    """Wait for others at the same account or address; raise ``TooManyAttempts`` if it is enough.

    ``retry_at`` of the refusal is the instant at which the oldest attempt no longer counts.
    """
    for key in keys:  # sorted, so that two never wait for each other
        lock = int.from_bytes(key[:8], signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    counted = session.execute(
        select(func.count(), func.min(LoginAttempt.at))
        .where(LoginAttempt.key.in_(keys), LoginAttempt.at > now - WINDOW)
        .group_by(LoginAttempt.key)
    )
    full = [first for count, first in counted if count >= ALLOWED]
    if full:
        retry_at = max(full) + WINDOW
        raise TooManyAttempts(retry_at=retry_at.isoformat())


def count_failure(session: Session, keys: list[bytes], *, now: datetime) -> None:
    """Count one wrong attempt, and forget those that no longer matter."""
    session.add_all(LoginAttempt(key=key, at=now) for key in keys)
    session.execute(
        delete(LoginAttempt).where(LoginAttempt.key.in_(keys), LoginAttempt.at <= now - WINDOW)
    )
