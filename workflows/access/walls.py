"""What is closed to somebody whatever their rights: conflicts of interest and sealed records.

Both give the ids of cases, contacts and people alike (ids are unique over all of them), as a
subselect without correlation: PostgreSQL computes it once for a statement. What is used several
times in it stands before the statement (``WITH``), so that it is planned and computed once.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    exists,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute

from workflows.access.actor import Actor
from workflows.access.models import BreakGlass, CaseConflict, SealedMember
from workflows.cases.models import Case, CaseParty
from workflows.contact.models import Contact
from workflows.people.models import Person
from workflows.safeguarding.models import SafeguardingConcern
from workflows.staff.models import Position

Id = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
Instant = datetime | ColumnElement[datetime]  # or a parameter that gets its value later


def closed_ids(actor: Actor, now: Instant) -> CompoundSelect[Any]:
    """The ids of the cases, contacts, people and instances before which a wall stands."""
    return union(*_in_conflict(actor), *_sealed_away(actor, now), restricted_instances(actor))


def open_to(actor: Actor, ids: Id, now: Instant) -> ColumnElement[bool]:
    """The condition that no wall stands before what ``ids`` names; null stands for nothing."""
    closed = closed_ids(actor, now).subquery()
    return or_(ids.is_(None), ids.not_in(select(closed.c.id)))


def free_of_conflict(actor: Actor, ids: Id) -> ColumnElement[bool]:
    """The condition that the actor has declared no conflict with what ``ids`` names."""
    closed = union(*_in_conflict(actor)).subquery()
    return or_(ids.is_(None), ids.not_in(select(closed.c.id)))


def restricted_instances(actor: Actor) -> Select[Any]:
    """The ids of the instances in which a concern about staff is escalated, but for its recipient.

    Their tasks are for those to whom they are offered, and for nobody who only leads them.
    """
    return select(SafeguardingConcern.instance_id).where(
        SafeguardingConcern.instance_id.is_not(None), not_theirs(actor)
    )


def not_theirs(actor: Actor) -> ColumnElement[bool]:
    """The condition on a concern that it is about staff and the actor is not its recipient."""
    received = [
        service for position, service in actor.positions if position == Position.ALTERNATE_RECIPIENT
    ]
    return and_(SafeguardingConcern.restricted, SafeguardingConcern.service_id.not_in(received))


def broken_glass(actor: Actor, case_id: Id, now: Instant) -> ColumnElement[bool]:
    """The condition that the actor has opened this case in an emergency that is not over."""
    return exists().where(
        BreakGlass.staff_id == actor.staff_id,
        BreakGlass.case_id == case_id,
        BreakGlass.ends_at > now,
    )


def _in_conflict(actor: Actor) -> Iterable[Select[Any]]:
    """The cases, contacts and people with which the actor has a conflict.

    A conflict with a case closes its people and its contacts; one with a person closes every
    case and contact of theirs, in whatever role. One with a contact closes the case that is made
    of it, and whoever it turns out to be about.
    """
    mine = (
        select(CaseConflict.case_id, CaseConflict.contact_id, CaseConflict.person_id)
        .where(CaseConflict.staff_id == actor.staff_id, CaseConflict.lifted_at.is_(None))
        .cte()
    )
    people = _people_in(mine)
    cases = _cases_in(mine, people)
    yield select(mine.c.contact_id.label("id")).where(mine.c.contact_id.is_not(None))
    yield select(people.c.id)
    yield select(cases.c.id)
    yield from _around(cases)
    yield select(Contact.id).join(people, Contact.person_id == people.c.id)


def in_conflict_with(case_id: UUID) -> Select[Any]:
    """The ids of the members of staff who have a conflict with a case."""
    standing = (
        select(
            CaseConflict.case_id,
            CaseConflict.contact_id,
            CaseConflict.person_id,
            CaseConflict.staff_id,
        )
        .where(CaseConflict.lifted_at.is_(None))
        .cte()
    )
    people = select(CaseParty.person_id).where(CaseParty.case_id == case_id)
    client = select(Case.person_id).where(Case.id == case_id)
    contacts = select(Contact.id).where(Contact.case_id == case_id)
    return select(standing.c.staff_id).where(
        or_(
            standing.c.case_id == case_id,
            standing.c.person_id.in_(people.union(client)),
            standing.c.contact_id.in_(contacts),
        )
    )


def _people_in(conflicts: CTE) -> CTE:
    """The people whom conflicts name, or with whom their contacts turned out to be."""
    named = select(conflicts.c.person_id.label("id")).where(conflicts.c.person_id.is_not(None))
    found = (
        select(Contact.person_id)
        .join(conflicts, Contact.id == conflicts.c.contact_id)
        .where(Contact.person_id.is_not(None))
    )
    return named.union(found).cte()


def _cases_in(conflicts: CTE, people: CTE) -> CTE:
    """The cases that conflicts name, that their contacts belong to, or that are of ``people``."""
    named = select(conflicts.c.case_id.label("id")).where(conflicts.c.case_id.is_not(None))
    return named.union(
        select(Contact.case_id)
        .join(conflicts, Contact.id == conflicts.c.contact_id)
        .where(Contact.case_id.is_not(None)),
        select(Case.id).join(people, Case.person_id == people.c.id),
        select(CaseParty.case_id).join(people, CaseParty.person_id == people.c.id),
    ).cte()


def _sealed_away(actor: Actor, now: Instant) -> Iterable[Select[Any]]:
    """The sealed cases of which the actor is no member, and what hangs on them."""
    members = select(SealedMember.subject_id).where(SealedMember.staff_id == actor.staff_id)
    cases = (
        select(Case.id)
        .where(Case.sealed, Case.id.not_in(members), ~broken_glass(actor, Case.id, now))
        .cte()
    )
    yield select(cases.c.id)
    yield from _around(cases)
    yield select(Person.id).where(Person.sealed, Person.id.not_in(members))


def _around(cases: CTE) -> Iterable[Select[Any]]:
    yield select(Case.person_id).join(cases, Case.id == cases.c.id)
    yield select(CaseParty.person_id).join(cases, CaseParty.case_id == cases.c.id)
    yield select(Contact.id).join(cases, Contact.case_id == cases.c.id)
