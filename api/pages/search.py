"""Search: a page, not a pop-up. What is looked for goes by POST, so that no address keeps it.

What stands behind a wall, what is sealed and what does not exist are the same page, to the byte.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy import select

from api.auth import actor, signed_in
from api.language import gettext
from api.pages import names
from api.pages.cases import status_words
from api.pages.inbox_rows import initials_by_person
from api.pages.names import name_of
from api.pages.people_found import BANDS, REASONS, person_name
from api.pages.subjects import service_name
from api.words import plain
from api.work import now, session
from engine import messages, releases
from engine.models import UserTask
from workflows import keys
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.people import numbers
from workflows.people.matching import Candidate
from workflows.people.models import Person
from workflows.people.tables import deciding
from workflows.search import finding
from workflows.search.asked import LONGEST, Asked, read
from workflows.search.finding import Hit, Results

blueprint = Blueprint("search", __name__, url_prefix="/search")


@dataclass(frozen=True)
class CaseRow:
    """A case that was found. One that needs a reason shows its number and service only."""

    reference: str
    address: str
    service: str
    initials: str
    risk_level: str | None
    owner: str
    status: str
    reasons: str
    is_open: bool


@dataclass(frozen=True)
class PersonRow:
    """Somebody it may be, with those of their cases that the viewer sees."""

    name: str
    born: str
    band: str
    reasons: str
    cases: list[CaseRow]


@dataclass(frozen=True)
class ContactRow:
    """A contact that was found by its reference."""

    reference: str
    address: str
    service: str
    channel: str
    received_at: datetime
    case: str


@dataclass(frozen=True)
class TaskRow:
    """An open task of what was found, or one that is called like what was typed."""

    name: str
    address: str
    reference: str
    service: str
    due_at: datetime | None
    holder: str


@blueprint.get("")
@signed_in
def form() -> str:
    return _page("")


@blueprint.post("")
@signed_in
def results() -> str | tuple[str, int]:
    text = request.form.get("q", "")
    asked = read(text, now=now())
    if asked.problems:
        return _page(text[:LONGEST], problems=asked.problems), 422
    release = releases.effective(session(), actor().tenant_id, now())
    definitions = releases.definitions(session(), release.id)
    decide = deciding(definitions, definitions.settings, now=now())
    found = finding.look(session(), actor(), asked, decide=decide, now=now())
    # Whoever hears of a search behind a wall hears of it from the worker: delivered in this
    # request, it would be told by the time the answer takes.
    messages.produced(session())
    return _page(text, asked, found)


def _page(
    q: str, asked: Asked | None = None, found: Results | None = None, problems: Iterable[str] = ()
) -> str:
    return render_template(
        "search.html",
        q=q,
        longest=LONGEST,
        problems=list(problems),
        understood=list(_understood(asked)) if asked else [],
        found=_shown(found) if found else None,
        sees_anybody=finding.sees_anybody(actor()),
        may_create=bool(actor().permissions("create_contact")),
        section=None,
    )


def _understood(asked: Asked) -> Iterator[tuple[str, str]]:
    """Say how the line was understood, so that a slip is seen."""
    described = asked.described
    for number in asked.numbers:
        yield gettext("number"), number
    if described.given_name:
        yield gettext("name"), described.given_name
    if described.born_on:
        yield gettext("born"), _day(described.born_on)
    for phone in described.phones:
        yield gettext("telephone"), numbers.spoken(phone)
    for email in described.emails:
        yield gettext("e-mail"), email
    for reference in described.crime_references:
        yield gettext("crime reference"), reference


def _shown(found: Results) -> dict[str, Any]:
    hits = [*found.cases, *(hit for _, theirs in found.people for hit in theirs)]
    initials = initials_by_person({hit.case.person_id for hit in hits if hit.is_open})
    owners = {str(hit.case.owner_id) for hit in hits if hit.case.owner_id}
    names.load(owners | {task.actual_owner for task in found.tasks if task.actual_owner})
    people = _people([candidate.person_id for candidate, _ in found.people])
    return {
        "is_empty": found.is_empty,
        "has_more": found.has_more,
        "cases": [_case(hit, initials) for hit in found.cases],
        "people": [
            _person(
                candidate, people[candidate.person_id], [_case(hit, initials) for hit in theirs]
            )
            for candidate, theirs in found.people
        ],
        "contacts": [_contact(contact) for contact in found.contacts],
        "tasks": [_task(task) for task in found.tasks],
    }


def _people(ids: list[UUID]) -> dict[UUID, Person]:
    if not ids:
        return {}
    keys.load(session(), ids)
    return {p.id: p for p in session().scalars(select(Person).where(Person.id.in_(ids)))}


def _case(hit: Hit, initials: dict[UUID, str]) -> CaseRow:
    case = hit.case
    return CaseRow(
        reference=case.case_number,
        address=f"/cases/{case.id}",
        service=service_name(case.service_id),
        initials=initials.get(case.person_id, "") if hit.is_open else "",
        risk_level=case.risk_level,
        owner=_owner(case),
        status=status_words(case),
        reasons=_reasons(hit.reasons),
        is_open=hit.is_open,
    )


def _owner(case: Case) -> str:
    return name_of(case.owner_id) if case.owner_id else gettext("not allocated")


def _person(candidate: Candidate, person: Person, cases: list[CaseRow]) -> PersonRow:
    return PersonRow(
        name=person_name(person),
        born=_day(person.born_on) if person.born_on else "",
        band=gettext(BANDS.get(candidate.band, candidate.band)),
        reasons=_reasons(candidate.reasons),
        cases=cases,
    )


def _contact(contact: Contact) -> ContactRow:
    case = session().get(Case, contact.case_id) if contact.case_id else None
    return ContactRow(
        reference=contact.reference,
        address=f"/contacts/{contact.id}",
        service=service_name(contact.service_id),
        channel=plain(contact.channel),
        received_at=contact.received_at,
        case=case.case_number if case else "",
    )


def _task(task: UserTask) -> TaskRow:
    return TaskRow(
        name=task.name,
        address=f"/tasks/{task.id}",
        reference=_reference(task.business_key),
        service=service_name(task.service_id),
        due_at=task.due_at,
        holder=name_of(task.actual_owner) if task.actual_owner else gettext("nobody"),
    )


def _reference(business_key: UUID | None) -> str:
    """Return the number under which a task's case or contact is known in every list."""
    if business_key is None:
        return ""
    case = session().get(Case, business_key)
    contact = session().get(Contact, business_key) if case is None else None
    return case.case_number if case else contact.reference if contact else ""


def _reasons(reasons: Iterable[str]) -> str:
    return "; ".join(
        gettext(REASONS.get(reason, reason)) for reason in reasons if reason != "number"
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
