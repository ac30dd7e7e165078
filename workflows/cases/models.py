"""Tables of the case.

What gateways, timers and lists need stands in plain columns (class C0); what is said about a
person is encrypted under the case's own key (`subject_id`), so that erasing the case is
destroying that key.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import DataClass, Sealed, encrypted


class CaseStatus(StrEnum):
    """How far a case is. Only `closed` and `merged` are over."""

    OPEN = "open"  # opened, first contact not finished
    SUPPORTED = "supported"  # support agreed
    CLOSING = "closing"  # closure asked for
    CLOSED = "closed"
    MERGED = "merged"  # closed in favour of another case; its records stay here


class PartyRole(StrEnum):
    """What a person is in a case."""

    CLIENT = "client"
    ALLEGED = "alleged"  # said to have caused harm; never a verdict
    CHILD = "child"
    FAMILY = "family"
    REFERRER = "referrer"
    OTHER = "other"


class Case(Base):
    """One person's matter in one service."""

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("tenant_id", "case_number"),
        Index(None, "tenant_id", "service_id", "status"),
        Index(None, "tenant_id", "person_id"),
        Index("ix_case_file_sealed", "tenant_id", postgresql_where=text("sealed")),
        Index(None, "tenant_id", "owner_id", postgresql_where=text("closed_at IS NULL")),
        Index(None, "tenant_id", "team_id", postgresql_where=text("closed_at IS NULL")),
        # one contact opens one case, however often the step is repeated
        Index(None, "tenant_id", "opened_by_contact_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID]
    case_number: Mapped[str]  # "27-000123": year of opening, then a number per tenant
    person_id: Mapped[UUID]
    owner_id: Mapped[UUID | None]  # staff
    team_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default=CaseStatus.OPEN)
    source: Mapped[str]  # who sent it: the choices of `contact.source`
    risk_level: Mapped[str | None]  # standard, medium, high, high_child; None before grading
    grade_origin: Mapped[str | None]  # graded, external, provisional
    sealed: Mapped[bool] = mapped_column(default=False)
    outbound_stopped: Mapped[bool] = mapped_column(default=False)  # reported dead, not verified
    legal_hold: Mapped[bool] = mapped_column(default=False)
    subject_id: Mapped[UUID]  # the key of `facts` and of the notes
    facts: Mapped[bytes | None]  # offence, victim kind, role: what decisions ask of the case
    opened_by_contact_id: Mapped[UUID | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_high_risk(self) -> bool:
        """`high_child` counts as high for every timer."""
        return self.risk_level in ("high", "high_child")


class CaseParty(Base):
    """A person who is in a case, and as what."""

    __tablename__ = "case_party"
    __table_args__ = (
        UniqueConstraint("case_id", "person_id", "role"),
        Index(None, "tenant_id", "person_id", "role"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    person_id: Mapped[UUID]
    role: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]


class CaseNote(Sealed, Base):
    """A line in the record of a case. Never changed: a correction is another note."""

    __tablename__ = "case_note"
    __table_args__ = (Index(None, "tenant_id", "case_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[str]  # note, plan, handover, decision
    at: Mapped[datetime]
    by: Mapped[str]
    subject_id: Mapped[UUID]  # the case's key
    text = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class ManagerAlert(Sealed, Base):
    """Somebody asked the team leader for help with a task, and why. Append-only.

    Its id travels with the message that starts the answering process.
    """

    __tablename__ = "manager_alert"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    message_id: Mapped[UUID] = mapped_column(unique=True)
    user_task_id: Mapped[UUID | None]  # the task that cannot be done
    subject_id: Mapped[UUID]  # the key of the case or contact; of whoever asks where it is neither
    raised_at: Mapped[datetime]
    raised_by: Mapped[str]
    reason = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class SupportOption(Sealed, Base):
    """Something offered to the client in the needs assessment, agreed or not.

    The process knows the id alone.
    """

    __tablename__ = "support_option"
    __table_args__ = (Index(None, "tenant_id", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    user_task_id: Mapped[UUID | None]  # the assessment it was offered in
    subject_id: Mapped[UUID]  # the case's key
    need = encrypted(DataClass.C2)  # a domain of the form `needs_assessment`
    accepted: Mapped[bool]
    offered_at: Mapped[datetime]
    offered_by: Mapped[str]

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class NumberSeries(Base):
    """The last number given out, per tenant, kind and year."""

    __tablename__ = "number_series"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # case, contact
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
