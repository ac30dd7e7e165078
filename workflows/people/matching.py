"""Is this somebody we know? The tables `match_score` and `match_band`, over people found blind.

Candidates come from the blind indexes; only they are decrypted and compared. What stands behind a
wall (sealed, in conflict with whoever asks, or alleged to have caused harm in an open case) is
compared first and shows nothing: the answer is the same as for somebody nobody knows. Nothing is
ever merged by itself, and two anonymous people are never brought together.
Source: service specification 4.4, D21 and D21b.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from workflows import keys
from workflows.access.actor import Actor
from workflows.access.walls import open_to
from workflows.cases.models import Case, CaseParty, PartyRole
from workflows.people import names
from workflows.people.birth_dates import mistaken_for
from workflows.people.description import Description, address_key
from workflows.people.index import looked_for, name_parts
from workflows.people.models import Person, PersonIndex, PersonKind
from workflows.people.rules import Decide

BANDS = ("likely", "possible", "same_household", "none")  # the most telling first
IDENTIFIERS = ("phone", "email", "crime_reference")
SHOWN = 5
# A name so common that more rows have it says nothing; a date or a number is asked for instead.
MOST_CANDIDATES = 300


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two descriptions have in common: the inputs of `match_score`."""

    identifier_exact: bool
    dob_exact: bool
    dob_transposed: bool
    name_phonetic: bool
    alias: bool
    address_same: bool
    same_alleged: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody it may be, and why."""

    person_id: UUID
    band: str
    points: int
    person_points: int  # those from names and birth date
    reasons: tuple[str, ...]  # "phone", "email", "crime_reference", and fields of `Comparison`


@dataclass(frozen=True, slots=True)
class Match:
    """What a comparison found. ``behind_walls`` is for the safeguarding lead alone."""

    band: str
    candidates: tuple[Candidate, ...]
    behind_walls: tuple[UUID, ...]

    @property
    def walled_hit(self) -> bool:
        return bool(self.behind_walls)


def match(
    session: Session,
    tenant_id: UUID,
    described: Description,
    *,
    decide: Decide,
    actor: Actor | None,
    now: datetime,
    but: Collection[UUID] = (),
) -> Match:
    """Compare a description with everybody in the tenant whom it might be.

    ``actor`` is who asks (None: nobody in particular, who is a member of no seal). ``but`` are
    people not to compare with: the person itself.
    """
    hits = _hits(session, tenant_id, described)
    people = _people(session, [person_id for person_id in hits if person_id not in but], described)
    walled = _behind_walls(session, tenant_id, people, actor, now)
    accused = _alleged_names(session, people, described)
    shown: list[Candidate] = []
    behind: list[UUID] = []
    for person in people:
        compared = compare(
            described, Description.of(person), hits[person.id], accused.get(person.id, ())
        )
        candidate = _judge(decide, person.id, compared, hits[person.id])
        if candidate.band == "none":
            continue
        if person.id in walled:
            behind.append(person.id)
        else:
            shown.append(candidate)
    shown.sort(key=lambda c: (BANDS.index(c.band), -c.points, str(c.person_id)))
    band = shown[0].band if shown else _nobody(decide, walled_hit=bool(behind))
    return Match(band, tuple(shown[:SHOWN]), tuple(sorted(behind, key=str)))


def _nobody(decide: Decide, *, walled_hit: bool) -> str:
    """Ask the table also when nobody is left to show, so that the search is on record."""
    judged = {"walled_hit": walled_hit, "score": 0, "person_points": 0}
    band: str = decide("match_band", judged)
    return band


def compare(
    described: Description,
    other: Description,
    hit: Collection[str],
    alleged: Iterable[str] = (),
) -> Comparison:
    """Compare two descriptions. ``hit`` are the fields in which their blind indexes are equal.

    A name counts once: an alias is one where the names themselves differ.
    """
    same_name = names.alike(described.name_parts, other.name_parts)
    born, theirs = described.born_on, other.born_on
    doors = {address_key(a) for a in described.addresses} & {
        address_key(a) for a in other.addresses
    }
    return Comparison(
        identifier_exact=any(field in hit for field in IDENTIFIERS),
        dob_exact=born is not None and born == theirs,
        dob_transposed=born is not None and theirs is not None and theirs in mistaken_for(born),
        name_phonetic=same_name,
        alias=not same_name and _alias(described, other),
        address_same=bool(doors - {None}),
        same_alleged=any(
            names.alike(names.parts(one), names.parts(another))
            for one in described.alleged_names
            for another in alleged
        ),
    )


def _alias(one: Description, other: Description) -> bool:
    mine, theirs = one.other_names, other.other_names
    pairs = [(one.name_parts, name) for name in theirs]
    pairs += [(name, other.name_parts) for name in mine]
    pairs += [(name, another) for name in mine for another in theirs]
    return any(names.alike(a, b) for a, b in pairs)


def _judge(
    decide: Decide, person_id: UUID, compared: Comparison, hit: Collection[str]
) -> Candidate:
    inputs = asdict(compared)
    points = int(decide("match_score", inputs) or 0)
    who = {**inputs, "identifier_exact": False, "address_same": False}
    person_points = int(decide("match_score", who) or 0)
    judged = {"walled_hit": False, "score": points, "person_points": person_points}
    reasons = [field for field in IDENTIFIERS if field in hit]
    reasons += [name for name, holds in inputs.items() if holds and name != "identifier_exact"]
    return Candidate(person_id, decide("match_band", judged), points, person_points, tuple(reasons))


def _hits(
    session: Session, tenant_id: UUID, described: Description
) -> Mapping[UUID, frozenset[str]]:
    """Return who has a token in common with the description, and in which fields."""
    born = described.born_on
    values = looked_for(described, (born, *mistaken_for(born)) if born else ())
    if not values["name"] and not born:
        values["name_part"] = name_parts(described)
    tokens = {
        field: keys.blind_indexes(session, tenant_id, field, sorted(wanted))
        for field, wanted in values.items()
        if wanted
    }
    if not tokens:
        return {}
    rows = session.execute(
        select(PersonIndex.person_id, PersonIndex.field)
        .where(
            PersonIndex.tenant_id == tenant_id,
            or_(
                *(
                    and_(PersonIndex.field == field, PersonIndex.token.in_(wanted))
                    for field, wanted in tokens.items()
                )
            ),
        )
        # what identifies first, so that a common name never crowds it out
        .order_by(PersonIndex.field.not_in(IDENTIFIERS), PersonIndex.person_id)
        .limit(MOST_CANDIDATES)
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for person_id, field in rows:
        found[person_id].add(field)
    return {person_id: frozenset(fields) for person_id, fields in found.items()}


def _people(session: Session, person_ids: Iterable[UUID], described: Description) -> list[Person]:
    people = session.scalars(select(Person).where(Person.id.in_(list(person_ids)))).all()
    keys.load(session, [person.id for person in people])
    return [
        person
        for person in people
        if not keys.is_erased(session, person.id)
        and not (described.is_anonymous and person.kind == PersonKind.ANONYMOUS)
    ]


def _behind_walls(
    session: Session, tenant_id: UUID, people: Iterable[Person], actor: Actor | None, now: datetime
) -> frozenset[UUID]:
    ids = [person.id for person in people]
    if not ids:
        return frozenset()
    asker = actor or Actor(UUID(int=0), tenant_id, (), (), frozenset())
    visible = set(
        session.scalars(select(Person.id).where(Person.id.in_(ids), open_to(asker, Person.id, now)))
    )
    alleged = session.scalars(
        select(CaseParty.person_id)
        .join(Case, Case.id == CaseParty.case_id)
        .where(
            CaseParty.person_id.in_(ids),
            CaseParty.role == PartyRole.ALLEGED,
            Case.closed_at.is_(None),
        )
    )
    return frozenset(ids) - visible | frozenset(alleged)


def _alleged_names(
    session: Session, people: Iterable[Person], described: Description
) -> Mapping[UUID, list[str]]:
    """Return what the alleged persons of the candidates' cases are called, by candidate."""
    ids = [person.id for person in people]
    if not described.alleged_names or not ids:
        return {}
    rows = session.execute(
        select(Case.person_id, Person)
        .join(CaseParty, CaseParty.case_id == Case.id)
        .join(Person, Person.id == CaseParty.person_id)
        .where(Case.person_id.in_(ids), CaseParty.role == PartyRole.ALLEGED)
    ).all()
    keys.load(session, [alleged.id for _, alleged in rows])
    found: dict[UUID, list[str]] = defaultdict(list)
    for client_id, alleged in rows:
        if not keys.is_erased(session, alleged.id):
            found[client_id].append(f"{alleged.given_name or ''} {alleged.family_name or ''}")
    return found
