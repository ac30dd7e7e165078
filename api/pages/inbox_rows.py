"""Rows of the inbox: what a list may say of a task and of the case it belongs to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from api.auth import actor
from api.language import gettext, say
from api.pages.subjects import initials_of
from api.words import then, zone
from api.work import now, session
from engine.states import UserTaskState
from workflows import keys
from workflows.access import reading
from workflows.access.policy import visible_cases, visible_contacts
from workflows.cases.models import Case
from workflows.contact.models import Contact
from workflows.people.models import Person
from workflows.risk.levels import TASK_RANK
from workflows.tasks.inbox import Group
from workflows.tasks.inbox import Row as Listed
from workflows.tasks.wording import lasting

# What a row is shown with is what the list is sorted by.
LEVEL_OF_RANK = {1: "standard", 2: "medium", 3: "high", 4: "act_now"}


@dataclass(frozen=True)
class Row:
    """One task of the list, as the template draws it."""

    id: UUID
    name: str
    reference: str
    case_address: str | None
    initials: str
    service: str
    reason: str
    window: str
    risk_level: str | None
    due_at: datetime | None
    holder: str | None  # None: the view has no such column
    may_claim: bool
    gone: str = ""
    just_claimed: bool = False

    @property
    def address(self) -> str:
        return f"/tasks/{self.id}"


@dataclass(frozen=True)
class About:
    """What a list may say of cases: the recorded level, and initials on one's own tasks."""

    levels: Mapping[UUID, str | None]
    initials: Mapping[UUID, str]
    may_open: frozenset[UUID]  # cases and contacts: a link to another would lead nowhere


def about_cases(rows: Iterable[Listed]) -> About:
    """Read the levels of all cases of a page, and the initials of those one works on.

    Whoever holds a task may see its case; that the initials were shown is recorded.
    """
    listed = list(rows)
    ids = {row.business_key for row in listed if row.business_key}
    open_to_me = visible_cases(actor(), now()).label("may_open")
    wanted = select(Case.id, Case.risk_level, Case.person_id, open_to_me).where(Case.id.in_(ids))
    cases = {case.id: case for case in session().execute(wanted)} if ids else {}
    may_open = {case.id for case in cases.values() if case.may_open}
    may_open |= _contacts_to_open(ids - cases.keys())
    levels = {case_id: case.risk_level for case_id, case in cases.items()}
    own = [row.business_key for row in listed if row.actual_owner == actor().by]
    mine = sorted({key for key in own if key and key in cases}, key=str)
    if not mine or not actor().permissions("read_case"):
        return About(levels, {}, frozenset(may_open))
    people = initials_by_person({cases[case_id].person_id for case_id in mine})
    reading.record_read(session(), actor(), "own tasks", mine, now(), "inbox.shown")
    initials = {i: people.get(cases[i].person_id, "") for i in mine}
    return About(levels, initials, frozenset(may_open))


def _contacts_to_open(ids: set[UUID]) -> set[UUID]:
    """Return those of ``ids`` that are contacts which one may open."""
    if not ids:
        return set()
    seen = select(Contact.id).where(Contact.id.in_(ids), visible_contacts(actor(), now()))
    return set(session().scalars(seen))


def initials_by_person(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return initials by person, read and opened in two statements however many they are."""
    people = list(session().scalars(select(Person).where(Person.id.in_(set(ids)))))
    keys.load(session(), [person.id for person in people])
    return {
        person.id: initials_of(person)
        for person in people
        if not keys.is_erased(session(), person.id)
    }


def row_of(listed: Listed, about: About, *, shared: bool) -> Row:
    """Return the row of a listed task; ``shared``: the view says who has it."""
    key = listed.business_key
    is_case = key in about.levels
    level = _level(listed.risk_rank, about.levels[key] if key and is_case else None)
    mine = listed.actual_owner == actor().by
    return Row(
        id=listed.id,
        name=listed.name,
        reference=listed.reference or "",
        case_address=_case_address(listed, is_case) if key in about.may_open else None,
        initials=about.initials.get(key, "") if key else "",
        service=listed.service_name or "",
        reason=_reason(listed),
        window=_window(listed),
        risk_level=level,
        due_at=listed.due_at,
        holder=_holder(listed, mine) if shared else None,
        may_claim=listed.actual_owner is None
        and listed.completed_at is None
        and listed.state != UserTaskState.SUSPENDED,
        gone=say("done %(at)s", at=then(listed.completed_at)) if listed.completed_at else "",
    )


def _level(rank: int, grade: str | None) -> str | None:
    """Return the grade of the case, or what the task's own rank says where that is more.

    Some work stands above the grade: a concern, an alert. None is shown below it, whatever its
    process knows. What is not graded is not standard.
    """
    if grade is None:
        return LEVEL_OF_RANK.get(rank) if rank > 1 else None
    return grade if TASK_RANK[grade] >= rank else LEVEL_OF_RANK.get(rank)


def _case_address(listed: Listed, is_case: bool) -> str | None:
    if listed.business_key is None:
        return None
    return f"/cases/{listed.business_key}" if is_case else f"/contacts/{listed.business_key}"


def _reason(listed: Listed) -> str:
    """Say one thing that the badges do not: how long it has waited."""
    if listed.state == UserTaskState.SUSPENDED:
        return gettext("suspended")
    if listed.completed_at is not None or listed.group is Group.CALLABLE:
        return ""
    waited = now() - listed.created_at
    return say("waiting %(time)s", time=lasting(waited)) if waited.total_seconds() > 3600 else ""


def _window(listed: Listed) -> str:
    if listed.group is not Group.CALLABLE or listed.due_at is None:
        return ""
    return say("window open until %(at)s", at=f"{listed.due_at.astimezone(zone()):%H:%M}")


def _holder(listed: Listed, mine: bool) -> str:
    if mine:
        return gettext("you")
    return listed.owner_name or gettext("nobody")
