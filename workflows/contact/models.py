"""Tables of the contact."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import JSON, DataClass, Sealed, encrypted


class ContactStatus(StrEnum):
    """How far a contact is."""

    LIVE = "live"  # somebody is on the line; the page drafts
    RECEIVED = "received"  # stored, its process runs
    CLOSED = "closed"


class Contact(Sealed, Base):
    """One call, message, letter, visit or referral.

    Its answers are encrypted under a key of its own; when the contact is linked to a case that
    key is wrapped into the case (`workflows/keys.py`).
    """

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("tenant_id", "reference"),
        Index(None, "tenant_id", "case_id", "received_at"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "handler_id", "received_at"),
        Index(
            None,
            "tenant_id",
            "service_id",
            "received_at",
            postgresql_where=text("status <> 'closed'"),
        ),
        # a feed that sends the same thing twice is told of the first
        Index(None, "tenant_id", "external_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID]
    reference: Mapped[str]  # "R27-000123"
    external_id: Mapped[str | None]  # the sender's own id of the message or row
    channel: Mapped[str]  # phone, text_relay, webchat, sms, email, ... (form `contact`)
    source: Mapped[str]  # self, mash, marac, police, gp, other_agency, tprc, family, other
    status: Mapped[str] = mapped_column(default=ContactStatus.RECEIVED)
    received_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    handler_id: Mapped[UUID | None]  # staff; None: nobody has opened it
    person_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]  # its own id: whose key seals it
    answers = encrypted(DataClass.C4, JSON)  # by the keys of the form `contact`
    matches = encrypted(DataClass.C1, JSON)  # what the compulsory search found, to be resolved
    queue: Mapped[str | None]  # result of `contact_queue`
    priority: Mapped[int | None]
    first_response_due: Mapped[datetime | None]
    danger_sent_at: Mapped[datetime | None]  # "Danger now" was pressed
    outcome: Mapped[str | None]  # how its process ended
    closed_at: Mapped[datetime | None]

    @property
    def key_subject(self) -> UUID:
        return self.subject_id

    @property
    def is_live(self) -> bool:
        return self.status == ContactStatus.LIVE
