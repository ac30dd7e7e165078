"""Logins, login sessions and attempts: found before anybody knows the tenant.

So these tables belong to no tenant. They hold hashes and, under the staff member's own key, the
secret of the second factor; nothing about clients.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import DataClass, Sealed, encrypted


class Login(Sealed, Base):
    """How a member of staff proves who they are."""

    __tablename__ = "login"

    id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)  # the staff id
    tenant_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(
        ForeignKey("staff.login_name", onupdate="CASCADE"), unique=True
    )
    password_hash: Mapped[str]  # argon2id
    password_changed_at: Mapped[datetime]
    totp_secret = encrypted(DataClass.C4)
    totp_step: Mapped[int]  # the last time step that was used: a code counts once
    disabled_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in for the second factor once."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("login.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class LoginSession(Base):
    """Somebody is signed in. The cookie holds a secret, the table its hash."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    tenant_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("login.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]  # the absolute limit
    stepped_up_at: Mapped[datetime]  # the second factor was last proved then
    ended_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A failed attempt, counted against the account named and the address it came from."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes]  # hash of "account:<name>" or "address:<address>"
    at: Mapped[datetime]
