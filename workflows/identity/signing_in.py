"""Sign in with name, password and a second factor, all at once.

Every failure gives the same answer after the same work: an unknown name is checked against
nobody's hash, and the code is compared whatever the password was.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from engine.db import enter_tenant
from engine.errors import Forbidden
from workflows import audit
from workflows.identity import passwords, sessions, throttle, totp
from workflows.identity.models import Login, LoginSession, RecoveryCode

logger = logging.getLogger(__name__)

STEP_UP_LASTS = timedelta(minutes=10)


class StepUpRequired(Forbidden):
    """This needs your second factor again."""


def sign_in(
    session: Session, login_name: str, password: str, code: str, *, address: str, now: datetime
) -> sessions.Opened | None:
    """Open a session, or return None for whatever was wrong; then commit, for it is counted.

    ``code`` is that of the authenticator or a recovery code; ``now`` is real time. The unit of
    work is inside the person's tenant afterwards. Raises ``TooManyAttempts``.
    """
    # PostgreSQL has no NUL in a text; a name with one is a wrong name, not a fault
    login_name = login_name.replace("\0", "?").strip().casefold()
    keys = throttle.keys_for(login_name, address)
    throttle.take_turn(session, keys, now=now)
    login = _login(session, login_name)
    right = passwords.verify(
        login.password_hash if login else passwords.nobodys_hash(),
        password[: passwords.LONGEST + 1],
    )
    second = _second_factor(session, login, code, now=now, use=right)
    if login is None or not right or not second:
        _failed(session, login, keys, now=now)
        return None
    opened = sessions.begin(session, login, now=now)
    _told(session, login, "login.succeeded", now=now, login_session=opened.session.id)
    return opened


def sign_out(session: Session, secret: str, *, now: datetime) -> None:
    """End the session of a cookie's secret."""
    living = sessions.resume(session, secret, now=now)
    sessions.end(session, secret, now=now)
    if living is not None:
        by = str(living.staff_id)
        audit.of_admin(session, living.tenant_id, "login.ended", by=by, at=now)


def step_up(
    session: Session, living: LoginSession, code: str, *, address: str, now: datetime
) -> str | None:
    """Prove the second factor again; return the cookie's new secret, or None (then commit)."""
    login = session.get_one(Login, living.staff_id)
    keys = throttle.keys_for(login.name, address)
    throttle.take_turn(session, keys, now=now)
    if not _second_factor(session, login, code, now=now, use=True):
        _failed(session, login, keys, now=now)
        return None
    _told(session, login, "login.stepped_up", now=now)
    return sessions.renew(session, living, now=now)


def prove_password(session: Session, login: Login, password: str, *, now: datetime) -> bool:
    """Whether this is the password of somebody who is signed in; then commit, for it is counted.

    Counted against the account like a sign-in: an open screen is no place to guess from.
    Raises ``TooManyAttempts``.
    """
    keys = [throttle.account_key(login.name)]
    throttle.take_turn(session, keys, now=now)
    if passwords.verify(login.password_hash, password[: passwords.LONGEST + 1]):
        return True
    throttle.count_failure(session, keys, now=now)
    return False


def code_to_show(session: Session, login_name: str, *, now: datetime) -> str | None:
    """Return a code that is good now. For demonstrations alone: the edge asks nowhere else."""
    login = _login(session, login_name.strip().casefold())
    if login is None or login.totp_secret is None:
        return None
    return totp.next_code(login.totp_secret, now, after=login.totp_step)


def require_step_up(living: LoginSession, *, now: datetime) -> None:
    """Refuse what needs the second factor now, unless it was proved a moment ago."""
    if living.stepped_up_at <= now - STEP_UP_LASTS:
        raise StepUpRequired


def _login(session: Session, login_name: str) -> Login | None:
    login = session.scalar(
        select(Login)
        .where(Login.name == login_name, Login.disabled_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if login is not None:
        enter_tenant(session, login.tenant_id)
    return login


def _second_factor(
    session: Session, login: Login | None, code: str, *, now: datetime, use: bool
) -> bool:
    """Whether ``code`` is good; it is used up only with the right password (``use``)."""
    secret = login.totp_secret if login else None
    plain = code.replace(" ", "")
    step = totp.matching_step(
        secret or totp.new_secret(), plain, now, after=login.totp_step if login else 0
    )
    staff_id = login.id if login else UUID(int=0)
    unused = RecoveryCode.used_at.is_(None)
    recovery = session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.code_hash == totp.recovery_hash(plain),
            unused,
        )
    )
    if not use or secret is None:
        return False
    if step is not None:
        # two windows with one code: the row decides which of them is first
        used = update(Login).where(Login.id == staff_id, Login.totp_step < step)
        return _changed(session, used.values(totp_step=step))
    if recovery is not None:
        used = update(RecoveryCode).where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.code_hash == recovery.code_hash,
            unused,
        )
        return _changed(session, used.values(used_at=now))
    return False


def _changed(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _failed(session: Session, login: Login | None, keys: list[bytes], *, now: datetime) -> None:
    throttle.count_failure(session, keys, now=now)
    logger.warning("sign-in failed")
    if login is not None:
        _told(session, login, "login.failed", now=now)


def _told(session: Session, login: Login, action: str, *, now: datetime, **about: object) -> None:
    audit.of_admin(session, login.tenant_id, action, by=str(login.id), at=now, **about)
