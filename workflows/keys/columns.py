"""Encrypted columns that read like any other attribute.

    class Person(Sealed, Base):
        __tablename__ = "person"
        family_name = encrypted(DataClass.C1)
        born_on = encrypted(DataClass.C1, DATE)

    person.family_name = "Pryce"      # sealed when the session flushes
    person.family_name                # unsealed at first reading, then remembered

The column is called as the attribute and holds bytes; assign a new value, never change a list in
place. A row is sealed under the key of its
`key_subject`; the place (tenant, table, row, column) is bound into the ciphertext.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar, overload
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, event
from sqlalchemy.orm import Session, UOWTransaction, mapped_column, object_session

import forms
from workflows.keys.subjects import decrypt, encrypt, load

T = TypeVar("T")

# Stands in the column between an assignment and the flush; never reaches the database.
PENDING = b"\0pending"


class DataClass(StrEnum):
    """What a field may do to people when it leaks; policy and redaction read it from the column."""

    C0 = "C0"  # operational
    C1 = "C1"  # personal
    C2 = "C2"  # special category or offence
    C3 = "C3"  # safety-critical: safe contact, addresses, numbers, the three words
    C4 = "C4"  # restricted


@dataclass(frozen=True)
class Codec(Generic[T]):
    """How a value becomes JSON and comes back."""

    to_json: Callable[[T], Any]
    from_json: Callable[[Any], T]


def _same(value: Any) -> Any:
    return value


TEXT: Codec[str] = Codec(_same, _same)
# answers to forms come with dates and numbers of their own; they are read back as text
JSON: Codec[Any] = Codec(forms.to_json, _same)
DATE: Codec[date] = Codec(date.isoformat, date.fromisoformat)


class Encrypted(Generic[T]):
    """The descriptor behind `encrypted`."""

    name: str
    column: str  # the mapped attribute that holds the ciphertext

    def __init__(self, data_class: DataClass, codec: Codec[T]) -> None:
        self.data_class = data_class
        self.codec = codec

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.column = name, f"{name}_sealed"
        # before the class is mapped, so that the mapper finds it among the class's attributes
        setattr(
            owner,
            self.column,
            mapped_column(name, LargeBinary, nullable=True, info={"class": self.data_class}),
        )

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: "Sealed", owner: type) -> T | None: ...
    def __get__(self, row: "Sealed | None", owner: type) -> Self | T | None:
        if row is None:
            return self
        stored = getattr(row, self.column)
        if stored is None:
            return None
        plain = row.__dict__.setdefault("_plain", {})
        known, value = plain.get(self.name, (None, None))
        if known != stored:
            value = self.codec.from_json(_open(row, self, stored))
            plain[self.name] = (stored, value)
        return value

    def __set__(self, row: "Sealed", value: T | None) -> None:
        plain = row.__dict__.setdefault("_plain", {})
        plain[self.name] = (PENDING, value)
        setattr(row, self.column, None if value is None else PENDING)


@overload
def encrypted(data_class: DataClass) -> Encrypted[str]: ...
@overload
def encrypted(data_class: DataClass, codec: Codec[T]) -> Encrypted[T]: ...
def encrypted(data_class: DataClass, codec: Codec[Any] = TEXT) -> Encrypted[Any]:
    """Declare a column whose values are encrypted under the key of the row's subject."""
    return Encrypted(data_class, codec)


class Sealed:
    """Mixed into a model with encrypted columns. It needs `id`, `tenant_id` and `__tablename__`."""

    @property
    def key_subject(self) -> UUID:
        """Whose key seals this row: by default the row is the subject."""
        row_id: UUID = self.id  # type: ignore[attr-defined]  # the model's
        return row_id


def _open(row: Any, column: Encrypted[Any], stored: bytes) -> Any:
    session = object_session(row)
    if session is None:
        raise RuntimeError(f"{column.name} is read from a row that belongs to no session")
    return decrypt(
        session, row.key_subject, row.tenant_id, row.__tablename__, row.id, column.name, stored
    )


def _columns(row: Sealed) -> list[Encrypted[Any]]:
    return [c for c in vars(type(row)).values() if isinstance(c, Encrypted)]


@event.listens_for(Session, "before_flush")
def _seal_pending(session: Session, flush: UOWTransaction, instances: Any) -> None:
    rows: list[Any] = [
        row
        for row in (*session.new, *session.dirty)
        if isinstance(row, Sealed) and any(getattr(row, c.column) == PENDING for c in _columns(row))
    ]
    for row in rows:
        row.id = row.id or uuid4()  # the id is bound into the ciphertext
    load(session, [row.key_subject for row in rows])
    for row in rows:
        for column in _columns(row):
            if getattr(row, column.column) == PENDING:
                _seal(session, row, column)


def _seal(session: Session, row: Any, column: Encrypted[Any]) -> None:
    plain = column.codec.to_json(row.__dict__["_plain"][column.name][1])
    stored = encrypt(
        session,
        row.key_subject,
        row.tenant_id,
        row.__tablename__,
        row.id,
        column.name,
        plain,
    )
    setattr(row, column.column, stored)
    # as it will be read in another session, not as it was given
    row.__dict__["_plain"][column.name] = (stored, column.codec.from_json(plain))
