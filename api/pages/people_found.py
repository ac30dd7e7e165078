"""Whom a description may be: candidates as they may be shown, with the reason for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.auth import actor
from api.language import gettext
from api.work import now, session
from engine.errors import NotFound
from workflows import keys
from workflows.access.policy import findable_people, visible_cases
from workflows.cases.models import Case
from workflows.contact import describing, said
from workflows.decisions import OutsideProcess
from workflows.people import searching
from workflows.people.description import Description
from workflows.people.matching import Candidate
from workflows.people.models import Person, PersonKind
from workflows.people.tables import deciding

REASONS: Mapping[str, str] = {
    "phone": "same number",
    "email": "same e-mail address",
    "crime_reference": "same crime reference",
    "dob_exact": "same date of birth",
    "dob_transposed": "date of birth with two parts swapped",
    "name_phonetic": "name sounds alike",
    "alias": "another name of theirs sounds alike",
    "address_same": "same address",
    "same_alleged": "same alleged person",
}
BANDS: Mapping[str, str] = {
    "likely": "likely the same person",
    "possible": "possibly the same person",
    "same_household": "perhaps the same household",
}


@dataclass(frozen=True)
class Found:
    """Somebody it may be."""

    person_id: UUID
    name: str
    born: str
    band: str
    is_household: bool
    reasons: str
    cases: list[tuple[str, str]]  # number, address: those that the viewer may open


def by_answers(service_id: UUID, answers: Mapping[str, Any], purpose: str) -> list[Found]:
    """Look for the person of a contact; nothing is looked for before something is known."""
    described = describing.described(answers)
    word = answers.get("client_password")
    if said.is_anonymous(answers) and word:
        ids = searching.find_anonymous(session(), actor(), word, purpose=purpose, now=now())
        return [_anonymous(person_id) for person_id in ids[:5]]
    return [] if described.is_empty else by_description(service_id, described, purpose)


def by_description(service_id: UUID, described: Description, purpose: str) -> list[Found]:
    asking = OutsideProcess.of(session(), actor().tenant_id, service_id, by=actor().by, now=now())
    decide = deciding(asking.definitions, asking.settings, now=now())
    found = searching.search(
        session(), actor(), described, decide=decide, purpose=purpose, now=now()
    )
    ids = [candidate.person_id for candidate in found.candidates]
    people = {p.id: p for p in session().scalars(select(Person).where(Person.id.in_(ids)))}
    keys.load(session(), ids)
    cases = _cases(ids)
    return [_found(c, people[c.person_id], cases.get(c.person_id, [])) for c in found.candidates]


def known(person_id: str) -> UUID:
    """Return the id of somebody whom the viewer may find; who is behind a wall does not exist."""
    wanted = select(Person.id).where(findable_people(actor(), now()))
    try:
        found = session().scalar(wanted.where(Person.id == UUID(person_id)))
    except ValueError:
        found = None
    if found is None:
        raise NotFound
    return found


def _found(candidate: Candidate, person: Person, cases: list[tuple[str, str]]) -> Found:
    return Found(
        person_id=candidate.person_id,
        name=person_name(person),
        born=f"{person.born_on.day} {person.born_on:%b %Y}" if person.born_on else "",
        band=gettext(BANDS.get(candidate.band, candidate.band)),
        is_household=candidate.band == "same_household",
        reasons="; ".join(gettext(REASONS.get(r, r)) for r in candidate.reasons),
        cases=cases,
    )


def _anonymous(person_id: UUID) -> Found:
    reasons = gettext("the same word proves who they are")
    cases = _cases([person_id]).get(person_id, [])
    name = gettext("No name given")
    return Found(person_id, name, "", gettext("has perhaps rung before"), False, reasons, cases)


def _cases(person_ids: list[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    found = session().execute(
        select(Case.person_id, Case.case_number, Case.id)
        .where(Case.person_id.in_(person_ids), visible_cases(actor(), now(), with_reason=False))
        .order_by(Case.opened_at.desc())
    )
    cases: dict[UUID, list[tuple[str, str]]] = {}
    for person_id, number, case_id in found:
        cases.setdefault(person_id, []).append((number, f"/cases/{case_id}"))
    return cases


def person_name(person: Person) -> str:
    """Return what a person is called; words for those who gave no name."""
    if person.kind == PersonKind.ANONYMOUS:
        return gettext("No name given")
    if person.kind == PersonKind.BUSINESS:
        return person.organisation_name or gettext("Business")
    names = [name for name in (person.given_name, person.family_name) if name]
    return " ".join(names) or person.known_as or gettext("No name given")
