"""Enter somebody, change what is known of them, note who lives together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal
from workflows import audit, keys
from workflows.keys import SubjectKind
from workflows.people import cards, index, searching
from workflows.people.description import Description
from workflows.people.models import Person, PersonIndex, PersonKind, PersonLink
from workflows.people.safe_contact import Card, Channel

CHANGEABLE = frozenset(
    {
        "given_name",
        "family_name",
        "known_as",
        "organisation_name",
        "aliases",
        "born_on",
        "age_band",
        "gender",
        "language",
        "interpreter",
        "addresses",
        "crime_references",
    }
)


class SayWhyNew(Refusal):
    """Somebody like this is known already. Say why this is another person."""

    status = 422


class NotTwoPeople(Refusal):
    """A household needs two different people."""

    status = 422


def create(
    session: Session,
    tenant_id: UUID,
    described: Description,
    *,
    token: str,
    reason: str | None = None,
    card: Card | None = None,
    more: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
) -> UUID:
    """Enter a new person after a search for exactly this description; return the id.

    Without a name or birth date the person is anonymous; with an organisation's name alone, a
    business. Numbers that no ``card`` speaks of go onto one on which everything is unknown.
    ``more`` are further columns (gender, language, interpreter, age_band).
    Raises ``SearchFirst``, and ``SayWhyNew`` after a likely match.
    """
    band = searching.read_token(session, tenant_id, token, described, by=by, now=now)
    if band == "likely" and not (reason or "").strip():
        raise SayWhyNew
    person = _new(tenant_id, described, more or {}, by=by, now=now)
    keys.new_subject(session, tenant_id, person.id, SubjectKind.PERSON, now=now)
    session.add(person)
    session.flush()
    about = {"kind": person.kind, "band": band}
    audit.of_person(session, tenant_id, person.id, "person.created", by=by, at=now, **about)
    card = card or _card_of(described)
    if card.channels or card.client_password:
        cards.record(session, person.id, card, by=by, now=now)
    else:
        index.of_person(session, person)
    return person.id


def amend(session: Session, person_id: UUID, *, by: str, now: datetime, **known: Any) -> Person:
    """Change what is known of somebody; None takes it away. Their card is changed by `cards`."""
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound
    changed = _only_known(known)
    for name, value in changed.items():
        setattr(person, name, value)
    if person.kind == PersonKind.ANONYMOUS and not Description.of(person).is_anonymous:
        person.kind = PersonKind.PERSON  # she has told us who she is
    index.of_person(session, person)
    audit.of_person(
        session,
        person.tenant_id,
        person_id,
        "person.amended",
        by=by,
        at=now,
        changed=sorted(changed),
    )
    return person


def link_household(
    session: Session, one_id: UUID, other_id: UUID, *, by: str, now: datetime
) -> None:
    """Note that two people share a household. Nothing is copied from one to the other."""
    if one_id == other_id:
        raise NotTwoPeople
    first, second = sorted((one_id, other_id), key=lambda person_id: person_id.bytes)
    person = session.get(Person, first)
    if person is None or session.get(Person, second) is None:
        raise NotFound
    row = {"person_id": first, "other_id": second, "tenant_id": person.tenant_id}
    session.execute(
        insert(PersonLink)
        .values(**row, kind="same_household", linked_at=now, linked_by=by)
        .on_conflict_do_nothing()
    )
    about = {"other_id": second}
    audit.of_person(session, person.tenant_id, first, "household.linked", by=by, at=now, **about)


def erase(session: Session, person_id: UUID, *, authority: str, by: str, now: datetime) -> None:
    """Destroy a person's key and what finds them. Who may, and after what, is the caller's duty.

    The history over the ciphertexts still verifies; nothing personal can be read again.
    """
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound
    session.execute(delete(PersonIndex).where(PersonIndex.person_id == person_id))
    keys.erase(session, person_id, now=now)
    audit.of_person(
        session, person.tenant_id, person_id, "person.erased", by=by, at=now, authority=authority
    )


def _new(
    tenant_id: UUID, described: Description, more: Mapping[str, Any], *, by: str, now: datetime
) -> Person:
    return Person(
        id=uuid4(),
        tenant_id=tenant_id,
        kind=_kind(described),
        given_name=described.given_name,
        family_name=described.family_name,
        known_as=described.known_as,
        organisation_name=described.organisation_name,
        aliases=list(described.aliases) or None,
        born_on=described.born_on,
        addresses=[dict(address) for address in described.addresses] or None,
        crime_references=list(described.crime_references) or None,
        created_at=now,
        created_by=by,
        **_only_known(more),
    )


def _kind(described: Description) -> PersonKind:
    if described.is_anonymous:
        return PersonKind.ANONYMOUS
    named = described.given_name or described.family_name or described.known_as
    return PersonKind.BUSINESS if described.organisation_name and not named else PersonKind.PERSON


def _only_known(columns: Mapping[str, Any]) -> dict[str, Any]:
    unknown = columns.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"not a column of a person: {', '.join(sorted(unknown))}")
    return dict(columns)


def _card_of(described: Description) -> Card:
    # what a referrer or a feed gives is known, not safe
    phones = tuple(Channel(_phone_kind(n), n) for n in described.phones)
    return Card(channels=(*phones, *(Channel("email", e) for e in described.emails)))


def _phone_kind(number: str) -> str:
    return "mobile" if number.startswith("+447") else "landline"
