"""A search finds what one may see, tells nothing of what stands behind a wall, and is recorded."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from factories import make_case, make_contact, make_task
from people import Organisation, make_oak
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tables import decide

from engine import history
from engine.clock import TravellingClock
from workflows.access.actor import actor_for
from workflows.access.models import CaseConflict, SealedMember
from workflows.cases.models import Case
from workflows.people import cards, index
from workflows.people.models import Person
from workflows.people.safe_contact import Card, Channel
from workflows.search import finding
from workflows.search.asked import read
from workflows.search.finding import Results


@pytest.fixture
def session(ark: Organisation) -> Iterator[Session]:
    with ark.work() as session:
        yield session


def enter(
    session: Session, ark: Organisation, name: str, *, phone: str | None = None, **case: Any
) -> UUID:
    """Enter a client with a case of Dana's (or as ``case`` says); return the id of the case."""
    given_name, _, family_name = name.partition(" ")
    columns = {"owner_id": ark.dana, **case}
    case_id = make_case(session, ark, **columns)
    person = session.get_one(Person, session.get_one(Case, case_id).person_id)
    person.given_name, person.family_name = given_name, family_name
    person.born_on = date(1990, 2, 11)
    if phone:
        card = Card(channels=(Channel("mobile", phone),))
        cards.record(session, person.id, card, by="system", now=ark.now)
    index.of_person(session, person)
    return case_id


def look(session: Session, ark: Organisation, who: str, text: str) -> Results:
    actor = actor_for(session, ark.staff[who], ark.now)
    asked = read(text, now=ark.now)
    assert asked.problems == ()
    return finding.look(session, actor, asked, decide=decide, now=ark.now)


def found_cases(found: Results) -> list[tuple[UUID, tuple[str, ...]]]:
    return [(hit.case.id, hit.reasons) for hit in found.cases]


def close(session: Session, ark: Organisation, who: str, person_id: UUID) -> None:
    """Let somebody declare a conflict with a person."""
    session.add(
        CaseConflict(
            tenant_id=ark.tenant_id,
            staff_id=ark.staff[who],
            person_id=person_id,
            source="declared",
            declared_at=ark.now,
            declared_by="system",
        )
    )
    session.flush()


# -- by number ----------------------------------------------------------------------------------


def test_a_number_finds_the_case_that_one_may_open(session: Session, ark: Organisation) -> None:
    case_id = enter(session, ark, "Gwen Pryce", case_number="27-000123")

    assert found_cases(look(session, ark, "dana", "27-123")) == [(case_id, ("number",))]
    assert look(session, ark, "priya", "27-123").is_empty  # it is not hers


def test_a_number_is_exact(session: Session, ark: Organisation) -> None:
    enter(session, ark, "Gwen Pryce", case_number="27-000123")

    assert look(session, ark, "dana", "27-12").is_empty
    assert look(session, ark, "dana", "27-000124").is_empty


def test_a_reference_finds_the_contact(session: Session, ark: Organisation) -> None:
    contact_id = make_contact(session, ark, handler_id=ark.amina, reference="R27-000007")

    assert [c.id for c in look(session, ark, "amina", "r27-7").contacts] == [contact_id]
    assert look(session, ark, "dana", "r27-7").is_empty


def test_what_needs_a_reason_is_found_by_its_number_and_stays_closed(
    session: Session, ark: Organisation
) -> None:
    enter(session, ark, "Gwen Pryce", case_number="27-000123")

    (hit,) = look(session, ark, "dsl", "27-123").cases
    assert not hit.is_open


# -- by who it is -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Gwen Pryce", "Pryce", "pryce gwen", "Gwenn Price", "Gwen"])
def test_a_name_finds_the_clients_of_ones_own_cases(
    session: Session, ark: Organisation, text: str
) -> None:
    case_id = enter(session, ark, "Gwen Pryce")
    enter(session, ark, "Layla Haddad")

    assert found_cases(look(session, ark, "dana", text)) == [(case_id, ("name_phonetic",))]


def test_a_name_alone_says_nothing_of_cases_that_one_may_not_open(
    session: Session, ark: Organisation
) -> None:
    enter(session, ark, "Gwen Pryce")

    assert look(session, ark, "priya", "Gwen Pryce").is_empty


def test_everything_that_is_asked_has_to_hold(session: Session, ark: Organisation) -> None:
    case_id = enter(session, ark, "Gwen Pryce")

    assert look(session, ark, "dana", "Gwen Pryce 12/03/1971").cases == []
    found = look(session, ark, "dana", "Gwen Pryce 11/02/1990")
    # more than a name: she is compared with everybody, and found with her case
    ((candidate, hits),) = found.people
    assert (candidate.band, [hit.case.id for hit in hits]) == ("possible", [case_id])
    assert found.cases == []


def test_who_is_known_elsewhere_is_found_by_more_than_a_name(
    session: Session, ark: Organisation
) -> None:
    enter(session, ark, "Gwen Pryce", phone="+447700900123")

    ((candidate, hits),) = look(session, ark, "amina", "Gwen Pryce 07700 900123").people
    assert candidate.band == "likely"
    assert set(candidate.reasons) == {"phone", "name_phonetic"}
    assert hits == []  # Amina may know of her, and open none of her cases


def test_a_number_alone_is_perhaps_a_household(session: Session, ark: Organisation) -> None:
    enter(session, ark, "Gwen Pryce", phone="+447700900123")

    ((candidate, _),) = look(session, ark, "amina", "07700 900123").people
    assert candidate.band == "same_household"


# -- tasks --------------------------------------------------------------------------------------


def test_tasks_come_with_their_case_and_by_their_name(session: Session, ark: Organisation) -> None:
    case_id = enter(session, ark, "Gwen Pryce", case_number="27-000123")
    theirs = make_task(session, ark, business_key=case_id)
    grading = make_task(session, ark, name="Grade the risk")
    make_task(session, ark, "helpline", name="Grade the risk")

    assert [t.id for t in look(session, ark, "dana", "27-123").tasks] == [theirs]
    assert [t.id for t in look(session, ark, "dana", "grade risk").tasks] == [grading]


def test_a_sign_that_means_anything_to_a_database_means_itself(
    session: Session, ark: Organisation
) -> None:
    make_task(session, ark, name="Grade the risk")

    assert look(session, ark, "dana", "gr%de").is_empty
    assert look(session, ark, "dana", "gra_e").is_empty


# -- walls --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["27-123", "Gwen Pryce", "Gwen Pryce 07700 900123"])
@pytest.mark.parametrize("wall", ["conflict", "sealed_person", "sealed_case"])
def test_behind_a_wall_is_like_nowhere(
    session: Session, ark: Organisation, wall: str, text: str
) -> None:
    case_id = enter(session, ark, "Gwen Pryce", phone="+447700900123", case_number="27-000123")
    make_task(session, ark, business_key=case_id)
    case = session.get_one(Case, case_id)
    assert not look(session, ark, "dana", text).is_empty
    if wall == "conflict":
        close(session, ark, "dana", case.person_id)
    elif wall == "sealed_person":
        session.get_one(Person, case.person_id).sealed = True
    else:
        case.sealed = True
        session.add(
            SealedMember(
                subject_id=case_id,
                staff_id=ark.dsl,
                tenant_id=ark.tenant_id,
                added_at=ark.now,
                added_by="system",
            )
        )
    session.flush()

    found = look(session, ark, "dana", text)

    assert found == Results()


def test_another_organisation_is_nowhere(
    session: Session, ark: Organisation, database: Engine, clock: TravellingClock
) -> None:
    enter(session, ark, "Gwen Pryce", phone="+447700900123", case_number="27-000123")
    session.flush()
    oak = make_oak(database, clock.now())
    with oak.work() as theirs:
        for text in ("27-123", "Gwen Pryce 07700 900123"):
            assert look(theirs, oak, "lee", text).is_empty


# -- the record ---------------------------------------------------------------------------------


def lines(session: Session, ark: Organisation, who: str) -> list[tuple[str, list[str]]]:
    entries = history.read(session, f"access:{ark.staff[who]}:2027-01-14")
    return [(entry.payload["concept_name"], entry.payload["ids"]) for entry in entries]


def test_every_search_is_recorded_with_what_it_showed(session: Session, ark: Organisation) -> None:
    case_id = enter(session, ark, "Gwen Pryce", phone="+447700900123", case_number="27-000123")
    person_id = session.get_one(Case, case_id).person_id

    look(session, ark, "dana", "27-123")
    look(session, ark, "dana", "Gwen Pryce 07700 900123")
    look(session, ark, "dana", "27-999")

    assert lines(session, ark, "dana") == [
        ("search.shown", [str(case_id)]),
        ("people.searched", [str(person_id)]),
        ("search.shown", [str(case_id)]),
        ("search.shown", []),
    ]


@pytest.mark.parametrize("who", ["owner", "admin", "ana"])
def test_who_sees_nobody_finds_nobody(session: Session, ark: Organisation, who: str) -> None:
    enter(session, ark, "Gwen Pryce", phone="+447700900123", case_number="27-000123")

    assert look(session, ark, who, "Gwen Pryce 07700 900123 27-123").is_empty
    assert lines(session, ark, who) == []
