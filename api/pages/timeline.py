"""The timeline of a case: what people want to read of it, newest first, in sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from api.auth import actor
from api.language import gettext, say
from api.pages import names, wording
from api.pages.case_path import BACKGROUND
from api.pages.names import name_of
from api.pages.sentences import sentence
from api.words import day, plain
from api.work import session
from workflows.access.reading import Shown, shown
from workflows.cases import queries
from workflows.cases.models import Case, CaseNote
from workflows.consent.models import ConsentRecord
from workflows.contact.models import Contact
from workflows.follow_up.models import ContactAttempt
from workflows.keys import DataClass
from workflows.risk.models import RiskGrade

PAGE = 50
FILTERS: Mapping[str, str] = {
    "all": "All",
    "contacts": "Contacts",
    "decisions": "Decisions",
    "notes": "Notes",
}


@dataclass(frozen=True)
class Entry:
    """One line."""

    at: datetime
    words: str
    by: str
    look: str = ""
    text: str = ""  # what somebody wrote


@dataclass(frozen=True)
class Timeline:
    """A page of it, by days; ``older`` begins the next page."""

    days: list[tuple[str, list[Entry]]]
    older: str | None


def timeline_of(case: Case, *, only: str = "all", before: str | None = None) -> Timeline:
    """Return a page of the timeline, from ``before`` (ISO instant) backwards."""
    until = _instant(before)
    entries = sorted(_entries(case, only, until), key=lambda e: e.at, reverse=True)
    page = entries[:PAGE]
    # never between two things of one instant: the next page begins before the last of them
    page += [e for e in entries[PAGE:] if page and e.at == page[-1].at]
    more = len(entries) > len(page)
    return Timeline(
        [(title, list(of_day)) for title, of_day in groupby(page, key=lambda e: day(e.at))],
        page[-1].at.isoformat() if more and page else None,
    )


def _entries(case: Case, only: str, until: datetime | None) -> Iterable[Entry]:
    if only in ("all", "decisions"):
        yield from _history(case, only, until)
        yield from _grades(case, until)
    if only in ("all", "contacts"):
        yield from _contacts(case, until)
        yield from _attempts(case, until)
    if only in ("all", "notes"):
        yield from _notes(case, until)
    if only in ("all", "decisions"):
        yield from _consents(case, until)


def _history(case: Case, only: str, until: datetime | None) -> Iterable[Entry]:
    telling = [
        i for i in queries.instances_of(session(), actor(), case) if i.process_id not in BACKGROUND
    ]
    streams = queries.streams_of(case, telling)
    found = queries.told(session(), streams, limit=PAGE * 4, before=until)
    names.load({str(told.payload.get("org_resource", "")) for told in found})
    completed = {(t.at, t.payload.get("task")) for t in found if _is(t.payload, "complete")}
    for told in found:
        if _is(told.payload, "assign") and (told.at, told.payload.get("task")) in completed:
            continue  # claimed and completed in one go, in older histories
        said = sentence(told.payload)
        if only == "all" or said.kind == "decision":
            by = "" if said.kind == "task" else said.who
            yield Entry(told.at, said.words, by, said.look)


def _is(payload: Mapping[str, object], transition: str) -> bool:
    return payload.get("kind") == "userTask" and payload.get("lifecycle_transition") == transition


def _grades(case: Case, until: datetime | None) -> Iterable[Entry]:
    found = select(RiskGrade).where(RiskGrade.case_id == case.id)
    for grade in session().scalars(found.order_by(RiskGrade.graded_at.desc()).limit(PAGE)):
        if until is None or grade.graded_at < until:
            words = say("Risk graded: %(level)s", level=plain(grade.level))
            look = "is-bad" if grade.level.startswith("high") else "is-good"
            yield Entry(grade.graded_at, words, name_of(grade.graded_by), look)


def _contacts(case: Case, until: datetime | None) -> Iterable[Entry]:
    found = select(Contact).where(Contact.case_id == case.id)
    for contact in session().scalars(found.order_by(Contact.received_at.desc()).limit(PAGE)):
        if until is None or contact.received_at < until:
            words = say(
                "Contact %(reference)s came in by %(channel)s",
                reference=contact.reference,
                channel=plain(contact.channel),
            )
            by = name_of(contact.handler_id) if contact.handler_id else ""
            yield Entry(contact.received_at, words, by, "is-act")


def _attempts(case: Case, until: datetime | None) -> Iterable[Entry]:
    found = select(ContactAttempt).where(ContactAttempt.case_id == case.id)
    for tried in session().scalars(found.order_by(ContactAttempt.ended_at.desc()).limit(PAGE)):
        if until is None or tried.ended_at < until:
            outcome = wording.inside("contact_attempt", "outcome", tried.outcome)
            words = say("Tried to reach the client: %(outcome)s", outcome=outcome)
            look = "is-good" if tried.outcome == "spoke_client" else ""
            yield Entry(tried.ended_at, words, name_of(tried.by), look)


def _notes(case: Case, until: datetime | None) -> Iterable[Entry]:
    may_read = shown(actor(), DataClass.C2, case=case) is Shown.PLAIN
    found = select(CaseNote).where(CaseNote.case_id == case.id)
    for note in session().scalars(found.order_by(CaseNote.at.desc()).limit(PAGE)):
        if until is None or note.at < until:
            text = note.text if may_read else gettext("(covered)")
            yield Entry(note.at, gettext(note.kind.capitalize()), name_of(note.by), text=text or "")


def _consents(case: Case, until: datetime | None) -> Iterable[Entry]:
    seen: set[Entry] = set()
    found = select(ConsentRecord).where(ConsentRecord.case_id == case.id)
    for record in session().scalars(found.order_by(ConsentRecord.recorded_at.desc()).limit(PAGE)):
        if until is None or record.recorded_at < until:
            words = say(
                "Consent, %(purpose)s, %(recipient)s: %(decision)s",
                purpose=wording.inside("consent", "purpose", record.purpose),
                recipient=wording.inside("consent", "recipient_class", record.recipient_class),
                decision=wording.inside("consent", "decision", record.decision),
            )
            look = "is-good" if record.decision == "given" else "is-bad"
            said = Entry(record.recorded_at, words, name_of(record.recorded_by), look)
            if said not in seen:  # the same may be said of the service and of each recipient
                seen.add(said)
                yield said


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
