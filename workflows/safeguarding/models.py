"""Tables of safeguarding: concerns, and what was done along each route."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import JSON, DataClass, Sealed, encrypted


class SafeguardingConcern(Sealed, Base):
    """Somebody may be at risk. Raised by anyone, from any screen, in five fields."""

    __tablename__ = "safeguarding_concern"
    __table_args__ = (
        Index(None, "tenant_id", "case_id"),
        Index(None, "tenant_id", "contact_id"),
        CheckConstraint("case_id IS NOT NULL OR contact_id IS NOT NULL", name="about_something"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    subject_id: Mapped[UUID]  # the key of the case, or of the contact
    instance_id: Mapped[UUID | None] = mapped_column(unique=True)  # the escalation it is in
    found_by: Mapped[str]  # person, rule, review
    danger_now: Mapped[str | None]  # yes, no, unsure; None until somebody has said
    about_staff: Mapped[str | None]  # no, here, partner, unsure
    raised_at: Mapped[datetime]
    raised_by: Mapped[str]
    filled_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    told_client: Mapped[str | None]
    fed_back_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    restricted: Mapped[bool] = mapped_column(default=False)  # about staff: few may see it

    at_risk = encrypted(DataClass.C2)
    verbatim_words = encrypted(DataClass.C2)
    where_now = encrypted(DataClass.C3)
    assessment = encrypted(DataClass.C4, JSON)  # the lead's ticks, note and who is alleged

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class SafeguardingEntry(Sealed, Base):
    """A step taken for a concern: a call, a referral, a chase, a decision. Append-only."""

    __tablename__ = "safeguarding_entry"
    __table_args__ = (Index(None, "tenant_id", "concern_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    concern_id: Mapped[UUID] = mapped_column(ForeignKey("safeguarding_concern.id"))
    subject_id: Mapped[UUID]
    user_task_id: Mapped[UUID | None] = mapped_column(unique=True)
    kind: Mapped[str]  # the form that was filled: call_999, safeguarding_refer, agency_chase, ...
    route: Mapped[str | None]  # of `safeguarding_route`
    at: Mapped[datetime]
    by: Mapped[str]

    answers = encrypted(DataClass.C4, JSON)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id
