"""People, how they may be reached, and what finds them again."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import DATE, JSON, DataClass, Sealed, encrypted


class PersonKind(StrEnum):
    PERSON = "person"
    ANONYMOUS = "anonymous"  # gave no name; found again by client password only
    BUSINESS = "business"


class CardState(StrEnum):
    CURRENT = "current"
    PROPOSED = "proposed"  # waits for proof; the current card stays in force
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


class Person(Sealed, Base):
    """Anybody the work is about: client, alleged person, child, referrer, business.

    Numbers and addresses for contact stand on the safe-contact card only.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'anonymous', 'business')", name="kind"),
        # the policy asks for the few that are sealed in every statement
        Index("ix_person_sealed", "tenant_id", postgresql_where=text("sealed")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), index=True)
    kind: Mapped[str]
    given_name = encrypted(DataClass.C1)
    family_name = encrypted(DataClass.C1)
    known_as = encrypted(DataClass.C1)
    organisation_name = encrypted(DataClass.C1)
    aliases = encrypted(DataClass.C1, JSON)  # list of names
    born_on = encrypted(DataClass.C1, DATE)
    age_band = encrypted(DataClass.C1)  # "0-12", "13-15", "16-17", "18-24", ...
    gender = encrypted(DataClass.C1)  # in the person's own words
    language = encrypted(DataClass.C1)  # ISO 639-3
    interpreter = encrypted(DataClass.C1, JSON)  # {"language", "gender", "not_from_community"}
    addresses = encrypted(DataClass.C3, JSON)  # list of {"lines", "postcode", "uprn", "kind"}
    crime_references = encrypted(DataClass.C2, JSON)  # list of text
    sealed: Mapped[bool] = mapped_column(
        default=False
    )  # a member of staff, say: named members only
    deceased_at: Mapped[datetime | None]  # verified; reported only: outbound stopped by the case
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class PersonIndex(Base):
    """A blind index of one value of a person: equal values, equal tokens."""

    __tablename__ = "person_index"
    __table_args__ = (Index("ix_person_index_token", "tenant_id", "field", "token"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)  # "phone", "email", "name_and_birth", ...
    token: Mapped[bytes] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]


class PersonLink(Base):
    """Two people share a household. Copies nothing from one to the other."""

    __tablename__ = "person_link"
    __table_args__ = (CheckConstraint("person_id < other_id", name="order"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    tenant_id: Mapped[UUID]
    kind: Mapped[str]  # "same_household"
    linked_at: Mapped[datetime]
    linked_by: Mapped[str]


class SafeContact(Sealed, Base):
    """One version of a person's safe-contact card.

    The whole card is one ciphertext, flags and all: whether a voicemail is safe is as dangerous
    to leak as the number. `people.safe_contact.Card` says what is in it.
    """

    __tablename__ = "safe_contact"
    __table_args__ = (
        UniqueConstraint("person_id", "version"),
        Index(
            "uq_safe_contact_current",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'current'"),
        ),
        CheckConstraint("state IN ('current', 'proposed', 'superseded', 'rejected')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    state: Mapped[str]
    card = encrypted(DataClass.C3, JSON)
    change_proof: Mapped[str | None]  # client_password, in_person, old_route; None: the first card
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]

    @property
    def key_subject(self) -> UUID:
        return self.person_id
