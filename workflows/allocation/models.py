"""Tables of allocation: who could take a case, and who was asked."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import DataClass, Sealed, encrypted


class OfferState(StrEnum):
    """What became of asking a worker."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class AllocationCandidate(Base):
    """One worker in one search for candidates. Who is excluded has reasons and no score.

    Reasons are kept for the auditor; nobody who allocates sees who is excluded, only how many.
    """

    __tablename__ = "allocation_candidate"
    __table_args__ = (Index(None, "search_id", "staff_id", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    search_id: Mapped[UUID]
    staff_id: Mapped[UUID]
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    parts: Mapped[dict[str, Any]]  # criterion -> points
    excluded_because: Mapped[list[str]]
    searched_at: Mapped[datetime]


class AllocationOffer(Sealed, Base):
    """A worker was asked to take a case."""

    __tablename__ = "allocation_offer"
    __table_args__ = (Index(None, "tenant_id", "case_id", "offered_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]
    instance_id: Mapped[UUID]
    user_task_id: Mapped[UUID] = mapped_column(unique=True)  # the choice that made the offer
    staff_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default=OfferState.OFFERED)
    offered_at: Mapped[datetime]
    offered_by: Mapped[str]
    answered_at: Mapped[datetime | None]

    override_reason = encrypted(DataClass.C2)
    handover = encrypted(DataClass.C2)
    decline_reason = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id
