"""The case page: in 20 seconds where the case stands, what is unsafe, and what happens next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from api.auth import actor, signed_in
from api.idempotency import once
from api.language import gettext, say
from api.pages import case_path, names, purposes, wording
from api.pages.inbox_rows import initials_by_person
from api.pages.names import name_of
from api.pages.safe_contact import CardView, card_of
from api.pages.subjects import initials_of, service_name, short
from api.pages.timeline import FILTERS, timeline_of
from api.words import moment, plain
from api.work import now, session
from engine.errors import NotFound
from engine.models import UserTask
from workflows.access import reading
from workflows.access.policy import visible_cases, visible_tasks
from workflows.access.reading import NotAllowed, ReasonNeeded
from workflows.cases import notes, queries
from workflows.cases.models import Case, CaseParty, PartyRole
from workflows.people.models import Person
from workflows.risk import grading

blueprint = Blueprint("cases", __name__, url_prefix="/cases")

PAGE = 50
LONGEST_NOTE = 20_000
TABS = (
    ("overview", "Overview", ""),
    ("contacts", "Contacts", "/contacts"),
    ("risk", "Risk", "/risk"),
    ("consent", "Consent", "/consent"),
    ("history", "History", "/history"),
)


@dataclass(frozen=True)
class Head:
    """What stands above every tab of a case."""

    id: UUID
    reference: str
    initials: str
    service: str
    risk_level: str | None
    badges: list[tuple[str, str]]  # words, look
    safety: CardView | None
    path: list[case_path.Row]
    tab: str
    first_task: UserTask | None
    may_write: bool

    @property
    def short_reference(self) -> str:
        return short(self.reference)

    @property
    def address(self) -> str:
        return f"/cases/{self.id}"

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        return [
            (gettext(words), f"{self.address}{ending}", key == self.tab)
            for key, words, ending in TABS
        ]


@blueprint.errorhandler(ReasonNeeded)
def ask_for_reason(refusal: ReasonNeeded) -> tuple[str, int]:
    """Ask why, before anything is shown to somebody who is not on the case."""
    case_id = (request.view_args or {}).get("case_id")
    page = render_template(
        "case_reason.html",
        case_id=case_id,
        back=request.full_path.rstrip("?") if request.method == "GET" else "",
        purposes=[(key, gettext(words)) for key, words in purposes.PURPOSES.items()],
        section="cases",
    )
    return page, 403


# -- the list ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A case in the list."""

    id: UUID
    reference: str
    initials: str
    service: str
    owner: str
    risk_level: str | None
    status: str
    opened_at: datetime

    @property
    def address(self) -> str:
        return f"/cases/{self.id}"


@blueprint.get("")
@signed_in
def home() -> str:
    if not actor().permissions("read_case"):
        raise NotFound
    given = request.args
    page = int(given["page"]) if given.get("page", "").isdecimal() else 1
    wanted = visible_cases(actor(), now(), with_reason=False)
    newest = select(Case).where(wanted)
    if given.get("show") != "all":
        newest = newest.where(Case.closed_at.is_(None))
    if given.get("show") == "mine":
        newest = newest.where(Case.owner_id == actor().staff_id)
    if given.get("show") == "high":
        newest = newest.where(Case.risk_level.in_(["high", "high_child"]))
    ordered = newest.order_by(Case.opened_at.desc(), Case.id)
    found = list(session().scalars(ordered.offset((max(page, 1) - 1) * PAGE).limit(PAGE + 1)))
    return render_template(
        "cases.html",
        cases=_listed(found[:PAGE]),
        show=given.get("show", "open"),
        page=max(page, 1),
        has_more=len(found) > PAGE,
        section="cases",
    )


def _listed(cases: Iterable[Case]) -> list[Listed]:
    shown = list(cases)
    initials = initials_by_person({case.person_id for case in shown})
    names.load({str(case.owner_id) for case in shown if case.owner_id})
    if shown:
        ids = [case.id for case in shown]
        reading.record_read(session(), actor(), "list of cases", ids, now(), "cases.listed")
    return [
        Listed(
            id=case.id,
            reference=case.case_number,
            initials=initials.get(case.person_id, ""),
            service=service_name(case.service_id),
            owner=name_of(case.owner_id) if case.owner_id else gettext("not allocated"),
            risk_level=case.risk_level,
            status=status_words(case),
            opened_at=case.opened_at,
        )
        for case in shown
    ]


def status_words(case: Case) -> str:
    words = {
        "open": gettext("first contact"),
        "supported": gettext("supported"),
        "closing": gettext("closing"),
        "closed": gettext("closed"),
        "merged": gettext("merged"),
    }
    return words.get(case.status, case.status)


# -- one case ----------------------------------------------------------------------------------


def head_of(case: Case, tab: str) -> Head:
    """Return the frame of a case page."""
    tasks = queries.open_tasks(session(), actor(), case)
    mine = set(
        session().scalars(
            select(UserTask.id).where(
                UserTask.id.in_([task.id for task in tasks]), visible_tasks(actor(), now())
            )
        )
    )
    doable = [t for t in tasks if t.id in mine and t.actual_owner in (None, actor().by)]
    person = session().get(Person, case.person_id)
    return Head(
        id=case.id,
        reference=case.case_number,
        initials=initials_of(person),
        service=service_name(case.service_id),
        risk_level=case.risk_level,
        badges=list(_badges(case, person)),
        safety=card_of(case, during_contact=bool(doable)),
        path=case_path.path_of(case, tasks, mine),
        tab=tab,
        first_task=doable[0] if doable else None,
        may_write=notes.may_add(actor(), case),
    )


def _badges(case: Case, person: Person | None) -> Iterable[tuple[str, str]]:
    if case.sealed:
        yield gettext("Sealed"), "badge-high"
    if case.legal_hold:
        yield gettext("Legal hold"), ""
    if case.outbound_stopped:
        yield gettext("Nothing goes out"), "badge-high"
    if person is not None and person.deceased_at is not None:
        yield gettext("Has died"), ""
    if case.merged_into_id is not None:
        yield _merged_words(case.merged_into_id), ""
    elif case.closed_at is not None:
        yield gettext("Closed"), ""


def _merged_words(into: UUID) -> str:
    """Say in favour of which case one was closed: its records stay where they are."""
    seen = select(Case.case_number).where(Case.id == into, visible_cases(actor(), now()))
    number = session().scalar(seen)
    if number is None:
        return gettext("Closed in favour of another case")
    return say("Closed in favour of %(number)s", number=number)


@blueprint.get("/<uuid:case_id>")
@signed_in
def overview(case_id: UUID) -> str:
    case = purposes.require_case(case_id, "case.shown")
    head = head_of(case, "overview")
    only = request.args.get("only", "all")
    return render_template(
        "case_overview.html",
        case=head,
        tasks=_task_rows(case),
        facts=list(_facts(case)),
        timeline=timeline_of(case, only=only, before=request.args.get("before")),
        filters=[(key, gettext(words), key == only) for key, words in FILTERS.items()],
        section="cases",
    )


def _task_rows(case: Case) -> list[dict[str, Any]]:
    tasks = queries.open_tasks(session(), actor(), case)
    names.load({task.actual_owner for task in tasks if task.actual_owner})
    return [
        {
            "address": f"/tasks/{task.id}",
            "name": task.name,
            "queue": ", ".join(map(plain, task.potential_owners[:2])),
            "holder": say("with %(name)s", name=name_of(task.actual_owner))
            if task.actual_owner
            else gettext("not claimed"),
            "due_at": task.due_at,
        }
        for task in tasks
    ]


def _facts(case: Case) -> Iterable[tuple[str, str]]:
    """Say the summary; what is not known is left out rather than guessed."""
    person = session().get(Person, case.person_id)
    yield gettext("Opened"), moment(case.opened_at)
    yield gettext("Came from"), wording.answer("contact", "source", case.source)
    yield gettext("Worker"), name_of(case.owner_id) if case.owner_id else gettext("Not allocated")
    yield gettext("Stage"), status_words(case)
    grade = grading.current(session(), case.id)
    if grade is not None and grade.review_due_at is not None:
        yield gettext("Risk review"), moment(grade.review_due_at)
    if person is not None and person.language:
        yield gettext("Language"), person.language
    parties = session().scalars(select(CaseParty).where(CaseParty.case_id == case.id))
    others = [party for party in parties if party.role != PartyRole.CLIENT]
    if others:
        yield (
            gettext("Also in it"),
            ", ".join(sorted(plain(p.role) for p in others)),
        )


@blueprint.post("/<uuid:case_id>/notes")
@signed_in
@once
def add_note(case_id: UUID) -> Response:
    case = purposes.require_case(case_id, "case.shown")
    if not notes.may_add(actor(), case):
        raise NotAllowed(gettext("You read this case and write nothing in its record."))
    text = request.form.get("text", "").strip()[:LONGEST_NOTE]
    if text:
        notes.add_note(session(), case, text, by=actor().by, now=now())
        flash(gettext("The note is in the record."), "good")
    else:
        flash(gettext("Write something first."), "warn")
    return redirect(f"/cases/{case_id}", 303)


@blueprint.post("/<uuid:case_id>/reason")
@signed_in
def give_reason(case_id: UUID) -> Response:
    """Keep why somebody who is not on the case wants to read it; recorded as it is given."""
    purpose = request.form.get("purpose", "")
    if purpose not in purposes.PURPOSES:
        flash(gettext("Select why you need to read it."), "warn")
        return redirect(f"/cases/{case_id}", 303)
    said = request.form.get("words", "").strip()[:500]
    case = reading.require_case(session(), actor(), case_id, now(), reason=purpose)
    reading.record_read(
        session(), actor(), purpose, [case.id], now(), "case.reason_given", reason=said or purpose
    )
    purposes.choose(case_id, purpose)
    return redirect(_back(case_id), 303)


def _back(case_id: UUID) -> str:
    """Return the page of the case that was asked for; nothing outside of the case."""
    case, back = f"/cases/{case_id}", request.form.get("back", "")
    return back if back.startswith((f"{case}/", f"{case}?")) else case
