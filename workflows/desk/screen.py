"""Hide the screen of a login session, and open it again."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.errors import Refusal
from workflows.desk import desk
from workflows.desk.models import ScreenLock

MOST_FAILURES = 5


class ScreenLocked(Refusal):
    """The screen is locked. Unlock it with your PIN or password."""

    status = 423


def lock(session: Session, login_session_id: UUID, tenant_id: UUID, *, now: datetime) -> None:
    """Hide the screen; locking a locked one changes nothing."""
    row = {"login_session_id": login_session_id, "tenant_id": tenant_id, "locked_at": now}
    session.execute(insert(ScreenLock).values(failures=0, **row).on_conflict_do_nothing())


def is_locked(session: Session, login_session_id: UUID) -> bool:
    found = session.scalar(select(exists().where(ScreenLock.login_session_id == login_session_id)))
    return bool(found)


def unlock(
    session: Session,
    login_session_id: UUID,
    staff_id: UUID,
    tenant_id: UUID,
    secret: str,
    *,
    is_password: Callable[[str], bool],
) -> bool:
    """Open the screen if ``secret`` is the PIN or the password; say whether it was.

    Five wrong tries and the PIN no longer counts: only the password opens the screen then.
    """
    failures = session.scalar(
        select(ScreenLock.failures)
        .where(ScreenLock.login_session_id == login_session_id)
        .with_for_update()
    )
    if failures is None:
        return True
    own = desk.of(session, staff_id, tenant_id)
    pin_counts = failures < MOST_FAILURES
    if (pin_counts and desk.is_pin(own, secret)) or is_password(secret):
        session.execute(delete(ScreenLock).where(ScreenLock.login_session_id == login_session_id))
        return True
    session.execute(
        update(ScreenLock)
        .where(ScreenLock.login_session_id == login_session_id)
        .values(failures=ScreenLock.failures + 1)
    )
    return False
