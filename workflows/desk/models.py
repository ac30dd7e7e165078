"""Tables of the desk."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Desk(Base):
    """How somebody wants their screens. No row: as shipped."""

    __tablename__ = "desk"
    __table_args__ = (
        CheckConstraint("density IN ('comfortable', 'compact')", name="density"),
        CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme"),
        CheckConstraint("lock_minutes BETWEEN 1 AND 15", name="lock_minutes"),
    )

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    tenant_id: Mapped[UUID]
    density: Mapped[str] = mapped_column(default="comfortable")
    theme: Mapped[str] = mapped_column(default="system")
    shortcuts: Mapped[bool] = mapped_column(default=True)  # single letters; WCAG 2.1.4
    lock_minutes: Mapped[int] = mapped_column(default=5)
    pin_hash: Mapped[str | None]  # argon2id; opens a locked screen, never signs in


class ScreenLock(Base):
    """A login session whose screen is hidden: it gets nothing until it is opened again."""

    __tablename__ = "screen_lock"

    login_session_id: Mapped[UUID] = mapped_column(
        ForeignKey("login_session.id", ondelete="CASCADE"), primary_key=True
    )
    tenant_id: Mapped[UUID]
    locked_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
