"""Tables of call-backs and attempts."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import JSON, DataClass, Sealed, encrypted


class ContactAttempt(Sealed, Base):
    """One attempt to reach a person, as it happened. Append-only, by the rights on the table.

    Which number was rung is known by the id of its line on the safe-contact card; the number
    itself never leaves the card.
    """

    __tablename__ = "contact_attempt"
    __table_args__ = (
        Index(None, "tenant_id", "case_id", "ended_at"),
        Index(None, "tenant_id", "person_id", "ended_at"),
        # one completion of a task makes one attempt
        Index(None, "user_task_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    person_id: Mapped[UUID]
    user_task_id: Mapped[UUID | None]
    channel_id: Mapped[str | None]  # the line of the safe-contact card that was used
    window_id: Mapped[str | None]  # the safe window it fell into; None: no window is agreed
    method: Mapped[str]  # phone, text_relay, visit, via_referrer, ...
    outcome: Mapped[str]  # the outcomes of the decision `attempt_outcome`
    daypart: Mapped[str]  # am, pm, eve in the zone of the service
    card_read_at: Mapped[datetime]
    card_version: Mapped[int | None]
    identity_verified: Mapped[bool]
    outside_window: Mapped[bool]  # rung outside the window, with a reason and a second person
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    by: Mapped[str]
    subject_id: Mapped[UUID]  # the case's key
    note = encrypted(DataClass.C3)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class AttemptDecision(Base):
    """What the decision `attempt_outcome` said about an attempt. Append-only."""

    __tablename__ = "attempt_decision"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("contact_attempt.id"), primary_key=True)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    next_action: Mapped[str]
    counts: Mapped[bool]
    risk_changed: Mapped[bool]
    at: Mapped[datetime]


class SuspendedNumber(Base):
    """A number that must not be used for this person, in any service of the tenant.

    Another client on the same line is not frozen: the pair counts. `number_token` is the blind
    index of the number, so that the same number on a second card is found without reading it.
    """

    __tablename__ = "suspended_number"
    __table_args__ = (
        Index(
            None,
            "tenant_id",
            "person_id",
            "number_token",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    person_id: Mapped[UUID]
    number_token: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]  # the outcome that made it unsafe
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_attempt.id"))
    suspended_at: Mapped[datetime]
    suspended_by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]


class AgreedWindow(Sealed, Base):
    """A time that was agreed once, by another safe way, beside the weekly ones of the card."""

    __tablename__ = "agreed_window"
    __table_args__ = (Index(None, "tenant_id", "person_id", "agreed_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    person_id: Mapped[UUID]
    times = encrypted(DataClass.C3, JSON)  # {"from", "to"} as ISO instants, {"how"} it was agreed
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[str]

    @property
    def key_subject(self) -> UUID:
        return self.person_id
