"""What closes a case to somebody, and what opens it.

These rows speak of cases, contacts and people by id alone: they are older than any case, and the
policy has to hold also for what another capability adds later.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import DataClass, Sealed, encrypted


class CaseConflict(Sealed, Base):
    """A member of staff has a conflict of interest. Beats every permission until it is lifted."""

    __tablename__ = "case_conflict"
    __table_args__ = (
        CheckConstraint("num_nonnulls(case_id, contact_id, person_id) >= 1", name="subject"),
        Index("ix_case_conflict_staff", "staff_id", postgresql_where=text("lifted_at IS NULL")),
        Index("ix_case_conflict_case", "case_id", postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    case_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]  # every case and contact of this person
    source: Mapped[str]  # "declared" by staff, by a "party", or "matched"
    reason = encrypted(DataClass.C4)
    declared_at: Mapped[datetime]
    declared_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lift_reason = encrypted(DataClass.C4)

    @property
    def key_subject(self) -> UUID:
        return self.staff_id  # it is a statement about the member of staff


class SealedMember(Base):
    """Somebody who may see a sealed case or person."""

    __tablename__ = "sealed_member"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)  # case or person
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True, index=True)
    tenant_id: Mapped[UUID]
    added_at: Mapped[datetime]
    added_by: Mapped[str]


class BreakGlass(Sealed, Base):
    """Access taken in an emergency: a reason, a time limit, two people told, a review."""

    __tablename__ = "break_glass"
    __table_args__ = (Index("ix_break_glass_staff", "staff_id", "ends_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    case_id: Mapped[UUID]
    reason = encrypted(DataClass.C4)
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]

    @property
    def key_subject(self) -> UUID:
        return self.staff_id
