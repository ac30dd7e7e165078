"""Give somebody a login, change its password, replace its second factor."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine.errors import Forbidden, NotFound, Refusal
from workflows import audit
from workflows.identity import passwords, sessions, signing_in, totp
from workflows.identity.models import Login, RecoveryCode
from workflows.staff.models import Staff
from workflows.tenants.models import Tenant


class WrongPassword(Refusal):
    """The present password is another."""

    status = 422


class SecondPersonNeeded(Forbidden):
    """Two others have to agree to this."""


@dataclass(frozen=True)
class SecondFactor:
    """What is shown once: it cannot be read again."""

    secret: str
    uri: str  # for the QR code
    recovery_codes: list[str]


def enrol(
    session: Session,
    staff_id: UUID,
    password: str,
    *,
    by: str,
    now: datetime,
    hashed: str | None = None,
) -> SecondFactor:
    """Give a member of staff a login with a first password and a second factor.

    ``hashed`` is the password as `passwords.hash_password` returned it before: a hash takes a
    tenth of a second, which matters where many are given one password.
    """
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound
    _check(session, staff, password)
    login = Login(
        id=staff_id,
        tenant_id=staff.tenant_id,
        name=staff.login_name,
        password_hash=hashed or passwords.hash_password(password),
        password_changed_at=now,
        totp_step=0,
    )
    session.add(login)
    factor = _new_factor(session, login)
    audit.of_admin(session, staff.tenant_id, "login.created", by=by, at=now, staff_id=staff_id)
    return factor


def change_password(
    session: Session, staff_id: UUID, present: str, password: str, *, now: datetime
) -> None:
    """Change one's own password; every session ends, also the one at hand.

    Raises ``WrongPassword`` (then commit, for it is counted) and ``TooManyAttempts``.
    """
    login = session.get_one(Login, staff_id)
    if not signing_in.prove_password(session, login, present, now=now):
        raise WrongPassword
    _check(session, session.get_one(Staff, staff_id), password)
    login.password_hash = passwords.hash_password(password)
    login.password_changed_at = now
    sessions.end_all(session, staff_id, now=now)
    by = str(staff_id)
    audit.of_admin(session, login.tenant_id, "password.changed", by=by, at=now)


def reset_second_factor(
    session: Session, staff_id: UUID, *, by: str, approved_by: str, now: datetime
) -> SecondFactor:
    """Replace a lost second factor: one administrator asks, another agrees, neither for oneself."""
    if len({by, approved_by, str(staff_id)}) < 3:
        raise SecondPersonNeeded
    login = session.get_one(Login, staff_id)
    factor = _new_factor(session, login)
    sessions.end_all(session, staff_id, now=now)
    about = {"staff_id": staff_id, "approved_by": approved_by}
    audit.of_admin(session, login.tenant_id, "second_factor.reset", by=by, at=now, **about)
    return factor


def disable(session: Session, staff_id: UUID, *, by: str, now: datetime) -> None:
    """End a login: its sessions are over at their next request."""
    login = session.get_one(Login, staff_id)
    login.disabled_at = now
    sessions.end_all(session, staff_id, now=now)
    audit.of_admin(session, login.tenant_id, "login.disabled", by=by, at=now, staff_id=staff_id)


def _check(session: Session, staff: Staff, password: str) -> None:
    tenant = session.get_one(Tenant, staff.tenant_id)
    known = (staff.login_name, staff.display_name, tenant.name, tenant.slug)
    passwords.check_strength(password, known=known)


def _new_factor(session: Session, login: Login) -> SecondFactor:
    secret, codes = totp.new_secret(), totp.new_recovery_codes()
    login.totp_secret, login.totp_step = secret, 0
    session.flush()
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == login.id))
    session.add_all(
        RecoveryCode(staff_id=login.id, code_hash=totp.recovery_hash(code)) for code in codes
    )
    session.flush()
    return SecondFactor(secret, totp.provisioning_uri(secret, login.name), codes)
