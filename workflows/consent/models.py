"""Tables of consent: what was decided for which purpose and recipient, and what was shared."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import JSON, DataClass, Sealed, encrypted


class ConsentDecision(StrEnum):
    """What the person (or the law) said to one purpose and recipient."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_NEEDED = "not_needed"  # another lawful basis; `basis_code` names it


class ConsentRecord(Sealed, Base):
    """One decision for one purpose and recipient; the newest of a pair is in force.

    Append-only: a withdrawal is another row, so that what was agreed on a day can be shown.
    """

    __tablename__ = "consent_record"
    __table_args__ = (
        Index(None, "tenant_id", "person_id", "purpose", "recorded_at"),
        Index(None, "tenant_id", "case_id", "recorded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    person_id: Mapped[UUID]  # and the key
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    user_task_id: Mapped[UUID | None]
    purpose: Mapped[str]
    recipient_class: Mapped[str]
    recipient_token: Mapped[bytes] = mapped_column(LargeBinary)  # blind index of the recipient
    decision: Mapped[str]
    basis_code: Mapped[str | None]
    method: Mapped[str]
    given_by: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    expires_at: Mapped[datetime | None]

    recipient = encrypted(DataClass.C2)
    items = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.person_id


class CapacityCheck(Sealed, Base):
    """Whether somebody could decide, for under 18s or when in doubt. Append-only."""

    __tablename__ = "capacity_check"
    __table_args__ = (Index(None, "tenant_id", "case_id", "checked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    person_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    user_task_id: Mapped[UUID] = mapped_column(unique=True)
    checked_at: Mapped[datetime]
    checked_by: Mapped[str]

    answers = encrypted(DataClass.C2, JSON)

    @property
    def key_subject(self) -> UUID:
        return self.person_id


class Disclosure(Sealed, Base):
    """What was decided about sharing, whether or not it was shared. Append-only."""

    __tablename__ = "disclosure"
    __table_args__ = (Index(None, "tenant_id", "case_id", "decided_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]
    consent_id: Mapped[UUID | None] = mapped_column(ForeignKey("consent_record.id"))
    concern_id: Mapped[UUID | None]
    instance_id: Mapped[UUID | None]  # the process that decided
    purpose: Mapped[str]
    recipient_class: Mapped[str]
    decision: Mapped[str]  # outcome of the table `sharing_basis`, or of the person who decided
    basis: Mapped[str | None]
    tell: Mapped[str | None]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str]

    recipient = encrypted(DataClass.C2)
    reason = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id
