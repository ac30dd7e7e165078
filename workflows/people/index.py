"""The blind indexes of a person: rebuilt whenever what is known of them changes."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import combinations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflows import keys
from workflows.people import names
from workflows.people.description import Description, address_key, reference
from workflows.people.models import CardState, Person, PersonIndex, PersonKind, SafeContact
from workflows.people.safe_contact import Card

# What a card in force or proposed says is known of somebody, safe or not.
KNOWN = (CardState.CURRENT, CardState.PROPOSED)


def of_person(session: Session, person: Person) -> None:
    """Write the tokens of a person anew."""
    session.flush()
    rows = [
        {"tenant_id": person.tenant_id, "person_id": person.id, "field": field, "token": token}
        for field, values in values_of(session, person).items()
        for token in dict.fromkeys(
            keys.blind_indexes(session, person.tenant_id, field, sorted(values))
        )
    ]
    session.execute(delete(PersonIndex).where(PersonIndex.person_id == person.id))
    if rows:
        session.execute(insert(PersonIndex), rows)


def values_of(session: Session, person: Person) -> Mapping[str, set[str]]:
    """Return what is indexed of a person, by field, before it is made blind."""
    rows = session.scalars(
        select(SafeContact).where(SafeContact.person_id == person.id, SafeContact.state.in_(KNOWN))
    )
    cards = [Card.from_json(row.card or {}) for row in rows]
    channels = [channel for card in cards for channel in card.channels]
    described = Description.of(person)
    found = looked_for(described)
    found["phone"] = {channel.value for channel in channels if channel.is_phone}
    found["email"] = {channel.value for channel in channels if channel.kind == "email"}
    found["name_part"] = name_parts(described)
    if person.kind == PersonKind.ANONYMOUS:
        words = (card.client_password for card in cards)
        found["client_password"] = {password_key(word) for word in words if word}
    return found


def looked_for(
    described: Description, birth_dates: Iterable[date] | None = None
) -> dict[str, set[str]]:
    """Return the values by which somebody of this description is found, by field.

    ``birth_dates`` in place of the one described: a search tries those it may have been mistaken
    for.
    """
    born = [described.born_on] if birth_dates is None else birth_dates
    found: dict[str, set[str]] = {
        "phone": set(described.phones),
        "email": set(described.emails),
        "crime_reference": {reference(r) for r in described.crime_references if reference(r)},
        "address": {key for key in map(address_key, described.addresses) if key},
        "name": set(),
        "name_and_birth": {
            f"{sound} {day.isoformat()}" for sound in name_parts(described) for day in born if day
        },
    }
    for parts in (described.name_parts, *described.other_names):
        sounds = sorted({names.sound(part) for part in parts})
        found["name"] |= {" ".join(pair) for pair in combinations(sounds, 2)}
    return found


def name_parts(described: Description) -> set[str]:
    """Return the sounds of every word somebody is called by."""
    known = (described.name_parts, *described.other_names)
    return {names.sound(part) for parts in known for part in parts}


def password_key(word: str) -> str:
    """Return a password in the form in which it is compared."""
    return " ".join(names.plain(word).split())
