"""Find what was asked for, as far as whoever asks may see it, and leave an access event.

A number finds its case or contact. What is known of a person finds whom it may be in the whole
organisation (`people.searching`); a name alone says too little for that, and finds the clients of
the cases that one may open. What stands behind a wall is answered like what does not exist.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from engine.models import UserTask
from workflows import keys
from workflows.access import reading
from workflows.access.actor import Actor
from workflows.access.policy import visible_cases, visible_contacts, visible_tasks
from workflows.access.walls import open_to
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.people import matching, searching
from workflows.people.birth_dates import mistaken_for
from workflows.people.description import Description
from workflows.people.index import looked_for, name_parts
from workflows.people.matching import Candidate, Comparison
from workflows.people.models import Person, PersonIndex
from workflows.people.rules import Decide
from workflows.search.asked import Asked

PURPOSE = "search"
SHOWN = 20  # of each kind; who sees so many says more instead
COMPARED = 200  # clients with a name that sounds like it, the newest cases first
BY_NAME = ("name", "name_part", "name_and_birth")
FEWEST_LETTERS = 3  # of each word of the name of a task


@dataclass(frozen=True, slots=True)
class Hit:
    """A case, and why it was found."""

    case: Case
    reasons: tuple[str, ...]  # "number", or fields of `matching.Comparison`
    is_open: bool  # False: whoever asks sees it only for a stated reason


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, at most `SHOWN` of each kind."""

    cases: list[Hit] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    people: list[tuple[Candidate, list[Hit]]] = field(default_factory=list)  # with their cases
    tasks: list[UserTask] = field(default_factory=list)
    has_more: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.cases or self.contacts or self.people or self.tasks)


def sees_anybody(actor: Actor) -> bool:
    """Whether there is anything about people that this person may look for."""
    return bool(actor.permissions("create_contact") or actor.permissions("read_case"))


def look(session: Session, actor: Actor, asked: Asked, *, decide: Decide, now: datetime) -> Results:
    """Look for what was asked. Everything that is shown of people is recorded."""
    if not sees_anybody(actor):
        return Results(tasks=_tasks_called(session, actor, asked.words, now))
    numbered = _cases(session, actor, Case.case_number.in_(asked.numbers), now)
    contacts = _contacts(session, actor, asked.numbers, now)
    people = _people(session, actor, asked.described, decide, now)
    shown = {hit.case.id for _, hits in people for hit in hits}
    found = [Hit(case, ("number",), is_open) for case, is_open in numbered]
    found += _clients(session, actor, asked.described, now)
    cases = list({hit.case.id: hit for hit in found if hit.case.id not in shown}.values())
    results = Results(
        cases[:SHOWN],
        contacts[:SHOWN],
        people,
        _tasks(session, actor, [*shown, *(hit.case.id for hit in cases)], contacts, asked, now),
        has_more=max(len(cases), len(contacts)) > SHOWN,
    )
    _record(session, actor, results, now)
    return results


def _record(session: Session, actor: Actor, results: Results, now: datetime) -> None:
    """Record what is shown, also when nothing is: whoever tries numbers leaves a trace."""
    ids = [hit.case.id for hit in results.cases]
    ids += [hit.case.id for _, hits in results.people for hit in hits]
    ids += [contact.id for contact in results.contacts]
    reading.record_read(session, actor, PURPOSE, ids, now, "search.shown")


def _cases(
    session: Session, actor: Actor, wanted: Any, now: datetime, limit: int = SHOWN + 1
) -> list[tuple[Case, bool]]:
    """Return cases that may be seen, newest first, and whether without a stated reason.

    The client may stand behind a wall where the case does not: then neither is found.
    """
    freely = visible_cases(actor, now, with_reason=False).label("freely")
    found = (
        select(Case, freely)
        .where(wanted, visible_cases(actor, now), open_to(actor, Case.person_id, now))
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(limit)
    )
    return [(case, is_free) for case, is_free in session.execute(found)]


def _contacts(
    session: Session, actor: Actor, numbers: Collection[str], now: datetime
) -> list[Contact]:
    found = select(Contact).where(
        Contact.reference.in_(numbers), visible_contacts(actor, now, with_reason=False)
    )
    return list(session.scalars(found.order_by(Contact.received_at.desc()).limit(SHOWN + 1)))


def _people(
    session: Session, actor: Actor, described: Description, decide: Decide, now: datetime
) -> list[tuple[Candidate, list[Hit]]]:
    """Return whom it may be in the whole organisation, each with the cases one may see."""
    if described.is_empty:
        return []
    found = searching.search(session, actor, described, decide=decide, purpose=PURPOSE, now=now)
    ids = [candidate.person_id for candidate in found.candidates]
    cases = _cases(session, actor, Case.person_id.in_(ids), now) if ids else []
    return [
        (each, [Hit(case, (), free) for case, free in cases if case.person_id == each.person_id])
        for each in found.candidates
    ]


def _clients(session: Session, actor: Actor, described: Description, now: datetime) -> list[Hit]:
    """Return one's own: the cases that may be opened and whose client is called like this."""
    if not described.name_parts:
        return []
    wanted = _tokens(session, actor, described)
    alike = (
        select(PersonIndex.person_id)
        .join(Case, Case.person_id == PersonIndex.person_id)
        .where(
            PersonIndex.tenant_id == actor.tenant_id,
            or_(*wanted),
            visible_cases(actor, now, with_reason=False),
            open_to(actor, Case.person_id, now),
        )
        .order_by(Case.opened_at.desc())
        .limit(COMPARED)
    )
    reasons = _compared(session, dict.fromkeys(session.scalars(alike)), described)
    if not reasons:
        return []
    mine = and_(Case.person_id.in_(list(reasons)), visible_cases(actor, now, with_reason=False))
    found = _cases(session, actor, mine, now)
    return [Hit(case, reasons[case.person_id], is_open) for case, is_open in found]


def _tokens(session: Session, actor: Actor, described: Description) -> list[Any]:
    """Return conditions on the blind index under which a name, or a word of it, may be meant."""
    born = described.born_on
    values = looked_for(described, (born, *mistaken_for(born)) if born else ())
    if not values["name"] and not born:
        values["name_part"] = name_parts(described)
    return [
        and_(
            PersonIndex.field == name,
            PersonIndex.token.in_(
                keys.blind_indexes(session, actor.tenant_id, name, sorted(values[name]))
            ),
        )
        for name in BY_NAME
        if values.get(name)
    ]


def _compared(
    session: Session, person_ids: Iterable[UUID], described: Description
) -> dict[UUID, tuple[str, ...]]:
    """Return of these people those with everything that was asked for, and what that is."""
    people = session.scalars(select(Person).where(Person.id.in_(list(person_ids)))).all()
    keys.load(session, [person.id for person in people])
    reasons = {}
    for person in people:
        if keys.is_erased(session, person.id):
            continue
        compared = matching.compare(described, Description.of(person), ())
        if _is_meant(compared, described):
            reasons[person.id] = tuple(name for name in SAID if getattr(compared, name))
    return reasons


SAID = ("name_phonetic", "alias", "dob_exact", "dob_transposed")


def _is_meant(compared: Comparison, described: Description) -> bool:
    born = described.born_on is None or compared.dob_exact or compared.dob_transposed
    return born and (compared.name_phonetic or compared.alias)


def _tasks(
    session: Session,
    actor: Actor,
    case_ids: Iterable[UUID],
    contacts: Iterable[Contact],
    asked: Asked,
    now: datetime,
) -> list[UserTask]:
    """Return the open tasks of what was found, then those that are called like this."""
    keyed = [*case_ids, *(contact.id for contact in contacts)]
    theirs = _open_tasks(session, actor, UserTask.business_key.in_(keyed), now) if keyed else []
    called = _tasks_called(session, actor, asked.words, now)
    return list({task.id: task for task in [*theirs, *called]}.values())[:SHOWN]


def _tasks_called(session: Session, actor: Actor, words: str, now: datetime) -> list[UserTask]:
    each = [word for word in words.split() if len(word) >= FEWEST_LETTERS]
    if not each:
        return []
    called = and_(*(UserTask.name.icontains(word, autoescape=True) for word in each))
    return _open_tasks(session, actor, called, now)


def _open_tasks(session: Session, actor: Actor, wanted: Any, now: datetime) -> list[UserTask]:
    found = (
        select(UserTask)
        .where(UserTask.completed_at.is_(None), wanted, visible_tasks(actor, now))
        .order_by(UserTask.due_at.asc().nulls_last(), UserTask.id)
        .limit(SHOWN)
    )
    return list(session.scalars(found))
