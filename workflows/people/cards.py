"""The versions of a person's safe-contact card.

The first card is in force as it is recorded. A change counts only with proof: the client said her
password, was there in person, or confirmed it over the old safe route. Until then the old card
stays and the new one is proposed.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal
from workflows import audit
from workflows.people import index
from workflows.people.models import CardState, Person, SafeContact
from workflows.people.names import plain
from workflows.people.safe_contact import Card, check


class Proof(StrEnum):
    """What shows that a change comes from the client."""

    CLIENT_PASSWORD = "client_password"  # she said it
    IN_PERSON = "in_person"
    OLD_ROUTE = "old_route"  # confirmed over the way that was safe before


class WrongPassword(Refusal):
    """This is not the client's password. Leave the card as it is and confirm another way."""

    status = 422


@dataclass(frozen=True, slots=True)
class InForce:
    """The card that counts, and since when it does."""

    id: UUID
    version: int
    card: Card
    confirmed_at: datetime
    confirmed_by: str


def current(session: Session, person_id: UUID) -> InForce | None:
    """Return the card in force; None: nothing is agreed, so nothing is safe."""
    row = session.scalar(_in_state(person_id, CardState.CURRENT))
    if row is None:
        return None
    return InForce(row.id, row.version, card_of(row), row.confirmed_at, row.confirmed_by)


def proposed(session: Session, person_id: UUID) -> list[SafeContact]:
    """Return the changes that wait for proof, oldest first."""
    rows = _in_state(person_id, CardState.PROPOSED).order_by(SafeContact.version)
    return list(session.scalars(rows))


def card_of(row: SafeContact) -> Card:
    return Card.from_json(row.card or {})


def record(
    session: Session,
    person_id: UUID,
    card: Card,
    *,
    proof: Proof | None = None,
    said_password: str | None = None,
    by: str,
    now: datetime,
) -> SafeContact:
    """Record a card: in force if it is the first or proved, else proposed.

    ``said_password`` is what the caller said, where the worker typed it: it has to be the one on
    the card in force. Raises ``BadCard``, ``WrongPassword``.
    """
    person = _locked(session, person_id)
    check(card, names=called(person))
    before = session.scalar(_in_state(person_id, CardState.CURRENT))
    if before is not None and said_password is not None:
        _require_password(card_of(before), said_password)
    in_force = before is None or proof is not None
    if in_force:
        _supersede(session, before)
    row = SafeContact(
        tenant_id=person.tenant_id,
        person_id=person_id,
        version=_next_version(session, person_id),
        state=CardState.CURRENT if in_force else CardState.PROPOSED,
        card=card.to_json(),
        change_proof=proof if before is not None else None,
        confirmed_at=now,
        confirmed_by=by,
        recorded_at=now,
        recorded_by=by,
    )
    session.add(row)
    session.flush()
    index.of_person(session, person)
    _tell(session, row, "card.recorded" if in_force else "card.proposed", by=by, now=now)
    return row


def accept(
    session: Session, safe_contact_id: UUID, proof: Proof, *, by: str, now: datetime
) -> SafeContact:
    """Put a proposed card in force, now that there is proof."""
    row = _proposed(session, safe_contact_id)
    _supersede(session, session.scalar(_in_state(row.person_id, CardState.CURRENT)))
    row.state, row.change_proof = CardState.CURRENT, proof
    row.confirmed_at, row.confirmed_by = now, by
    session.flush()
    index.of_person(session, session.get_one(Person, row.person_id))
    _tell(session, row, "card.accepted", by=by, now=now)
    return row


def reject(session: Session, safe_contact_id: UUID, *, by: str, now: datetime) -> SafeContact:
    """Drop a proposed card: it did not come from the client."""
    row = _proposed(session, safe_contact_id)
    row.state = CardState.REJECTED
    session.flush()
    index.of_person(session, session.get_one(Person, row.person_id))
    _tell(session, row, "card.rejected", by=by, now=now)
    return row


def confirm(session: Session, person_id: UUID, *, by: str, now: datetime) -> SafeContact:
    """Say that the client has confirmed the card in force as it is."""
    _locked(session, person_id)
    row = session.scalar(_in_state(person_id, CardState.CURRENT))
    if row is None:
        raise NotFound
    row.confirmed_at, row.confirmed_by = now, by
    _tell(session, row, "card.confirmed", by=by, now=now)
    return row


def called(person: Person) -> list[str | None]:
    """Return everything a person is called: no word of theirs may be one of these."""
    return [
        person.given_name,
        person.family_name,
        person.known_as,
        person.organisation_name,
        *(person.aliases or ()),
    ]


def _supersede(session: Session, before: SafeContact | None) -> None:
    if before is not None:
        before.state = CardState.SUPERSEDED
        session.flush()  # one card in force at a time, says an index


def _require_password(card: Card, said: str) -> None:
    on_card, given = ("".join(plain(word or "").split()) for word in (card.client_password, said))
    if not on_card or not hmac.compare_digest(on_card.encode(), given.encode()):
        raise WrongPassword


def _locked(session: Session, person_id: UUID) -> Person:
    # changes of one card take turns, or two would both become the version in force
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound
    return person


def _proposed(session: Session, safe_contact_id: UUID) -> SafeContact:
    row = session.get(SafeContact, safe_contact_id)
    if row is None:
        raise NotFound
    _locked(session, row.person_id)
    session.refresh(row)
    if row.state != CardState.PROPOSED:
        raise NotFound
    return row


def _in_state(person_id: UUID, state: CardState) -> Select[SafeContact]:
    return select(SafeContact).where(SafeContact.person_id == person_id, SafeContact.state == state)


def _next_version(session: Session, person_id: UUID) -> int:
    last = select(func.coalesce(func.max(SafeContact.version), 0))
    return 1 + (session.scalar(last.where(SafeContact.person_id == person_id)) or 0)


def _tell(session: Session, row: SafeContact, action: str, *, by: str, now: datetime) -> None:
    about = {"safe_contact_id": row.id, "version": row.version, "proof": row.change_proof}
    audit.of_person(session, row.tenant_id, row.person_id, action, by=by, at=now, **about)
