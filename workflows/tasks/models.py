"""Tables of the answers and drafts."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from engine.models import UserTask
from workflows.keys import JSON, DataClass, Sealed, encrypted


class FormAnswers(Sealed, Base):
    """What was answered when a task was completed. Written once, never changed.

    `form_sha256` says which version of the form asked; the form itself is in the release of the
    task's instance. The answers are everything that was asked and kept, of every data class, so
    they are treated as the highest.
    """

    __tablename__ = "form_answers"
    __table_args__ = (Index(None, "tenant_id", "subject_id"),)

    id: Mapped[UUID] = mapped_column("user_task_id", ForeignKey(UserTask.id), primary_key=True)
    tenant_id: Mapped[UUID]
    form_id: Mapped[str]
    form_sha256: Mapped[bytes]
    subject_id: Mapped[UUID]  # whose key: the case or contact, else the tenant
    answers = encrypted(DataClass.C4, JSON)
    by: Mapped[UUID]  # who answered
    at: Mapped[datetime]

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class Draft(Sealed, Base):
    """What somebody has typed so far for a task or a live contact, exactly as typed.

    One per task and one per contact: whoever saves over another's version is shown both.
    """

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("user_task_id"),
        UniqueConstraint("tenant_id", "contact_id"),
        CheckConstraint("num_nonnulls(user_task_id, contact_id) = 1", name="one_subject"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    user_task_id: Mapped[UUID | None] = mapped_column(ForeignKey(UserTask.id))
    contact_id: Mapped[UUID | None]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)  # saved it last
    form_id: Mapped[str]
    form_sha256: Mapped[str]
    subject_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)  # a save names the one it has seen
    answers = encrypted(DataClass.C4, JSON)
    saved_at: Mapped[datetime]

    @property
    def key_subject(self) -> UUID:
        return self.subject_id
