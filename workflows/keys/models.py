"""The data keys, wrapped."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class SubjectKind(StrEnum):
    """Whose key it is."""

    PERSON = "person"
    CASE = "case"
    CONTACT = "contact"
    STAFF = "staff"
    INDEX = "index"  # a tenant's own, from which the keys of its blind indexes are made
    COHORT = "cohort"  # of a file between its dry run and its import; goes with it


class SubjectKey(Base):
    """The data key of one subject, wrapped by a master key or, once linked, by a case's key."""

    __tablename__ = "subject_key"
    __table_args__ = (
        UniqueConstraint("tenant_id", "subject"),
        # destroyed: nothing left to unwrap; else exactly one wrapper
        CheckConstraint(
            "CASE WHEN destroyed_at IS NOT NULL THEN wrapped IS NULL "
            "ELSE wrapped IS NOT NULL AND num_nonnulls(master_key_id, case_key_id) = 1 END",
            name="wrapped_once",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)  # the key id in a ciphertext
    tenant_id: Mapped[UUID]
    subject: Mapped[UUID]  # id of the person, case, contact, member of staff or tenant
    kind: Mapped[str]
    wrapped: Mapped[bytes | None]
    master_key_id: Mapped[str | None] = mapped_column(index=True)
    case_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("subject_key.id"), index=True)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]
