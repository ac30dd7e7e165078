"""The search page: what it finds, what it never tells, and where the words do not stand."""

import re
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from factories import make_case, make_contact, make_person, make_task
from people import Organisation
from sqlalchemy import Engine, event, select

from engine import history, releases
from engine.clock import TravellingClock
from engine.models import MessageInbox
from engine.states import MessageState
from workflows import registry
from workflows.access.models import CaseConflict
from workflows.cases.models import Case
from workflows.people import cards, index
from workflows.people.models import Person
from workflows.people.safe_contact import Card, Channel

SignIn = Callable[[str], Browser]
ALL = "Gwen Pryce 11/02/1990 07700 900123"


@pytest.fixture
def ark(ark: Organisation, clock: TravellingClock) -> Organisation:
    registry.load()
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now())
    return ark


@pytest.fixture
def case_id(ark: Organisation) -> UUID:
    return enter_gwen(ark)


def enter_gwen(ark: Organisation) -> UUID:
    """Enter Gwen Pryce, a client of Dana's, with a task; return the id of her case."""
    with ark.work() as session:
        gwen = make_person(
            session, ark, given_name="Gwen", family_name="Pryce", born_on=date(1990, 2, 11)
        )
        card = Card(channels=(Channel("mobile", "+447700900123"),))
        cards.record(session, gwen, card, by="system", now=ark.now)
        index.of_person(session, session.get_one(Person, gwen))
        case_id = make_case(
            session,
            ark,
            person_id=gwen,
            owner_id=ark.dana,
            risk_level="high",
            case_number="27-000123",
        )
        make_contact(session, ark, handler_id=ark.amina, reference="R27-000007")
        make_task(session, ark, name="Grade the risk", business_key=case_id)
    return case_id


def look(browser: Browser, words: str) -> str:
    browser.get("/search")
    answer = browser.post("/search", {"q": words})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_box_in_the_bar_and_the_page_find_a_case_by_its_number(
    case_id: UUID, sign_in: SignIn
) -> None:
    text = look(sign_in("dana"), " 27-123 ")

    assert f'href="/cases/{case_id}"' in text
    assert "G.P." in text
    assert "Grade the risk" in text
    assert "Dana Novak" in text


def test_a_name_finds_ones_own_client(case_id: UUID, sign_in: SignIn) -> None:
    text = look(sign_in("dana"), "gwenn price")

    assert f'href="/cases/{case_id}"' in text
    assert "name sounds alike" in text


def test_who_is_known_elsewhere_is_named_and_no_case_of_theirs(
    case_id: UUID, sign_in: SignIn
) -> None:
    text = look(sign_in("amina"), ALL)

    assert "Gwen Pryce" in text
    assert "Likely the same person" in text
    assert "same number" in text
    assert "27-000123" not in text
    assert "None of their cases is yours to open." in text


def test_what_opens_for_a_reason_shows_its_number_and_no_risk(
    case_id: UUID, sign_in: SignIn
) -> None:
    text = look(sign_in("dsl"), "27-000123")

    assert f'href="/cases/{case_id}"' in text
    assert "Opens when you say why you need it" in text
    assert "badge-high" not in text
    assert "G.P." not in text


def test_a_contact_by_its_reference(case_id: UUID, sign_in: SignIn) -> None:
    assert "R27-000007" in look(sign_in("amina"), "r27-7")
    nothing = look(sign_in("dana"), "r27-7")
    assert "Nothing found" in nothing
    assert "/contacts/" not in nothing.replace("/contacts/new", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Enter a case number"),
        ("27/03/1985", "A date of birth alone finds nobody."),
        ("Pryce 31/02/1985", "This is not a date."),
        ("12", "A number that short finds nothing."),
        ("x" * 300, "Use 100 characters at most."),
    ],
)
def test_what_cannot_be_looked_for_is_said(
    case_id: UUID, sign_in: SignIn, words: str, said: str
) -> None:
    browser = sign_in("dana")
    browser.get("/search")

    answer = browser.post("/search", {"q": words})

    assert answer.status_code == 422
    assert said in answer.text
    assert "<title>Error: Search - Signpost</title>" in answer.text


def test_words_are_shown_as_they_were_typed_and_never_as_markup(
    case_id: UUID, sign_in: SignIn
) -> None:
    text = look(sign_in("dana"), "<b>Gwen</b> \"Pryce'")

    assert "<b>Gwen</b>" not in text
    assert "&lt;b&gt;Gwen&lt;/b&gt; &#34;Pryce&#39;" in text


# -- walls --------------------------------------------------------------------------------------


def close(ark: Organisation, who: str, case_id: UUID) -> None:
    with ark.work() as session:
        session.add(
            CaseConflict(
                tenant_id=ark.tenant_id,
                staff_id=ark.staff[who],
                person_id=session.get_one(Case, case_id).person_id,
                source="declared",
                declared_at=ark.now,
                declared_by="system",
            )
        )


def stripped(text: str) -> str:
    """Take out the token, which differs between any two answers."""
    return re.sub(r'name="csrf(?:_token)?" (?:value|content)="[^"]+"', "", text)


@pytest.mark.parametrize("words", ["27-000123", "Gwen Pryce", "07700 900123", ALL])
@pytest.mark.parametrize("wall", ["conflict", "sealed_case", "sealed_person"])
def test_behind_a_wall_is_to_the_byte_as_if_she_did_not_exist(
    ark: Organisation, sign_in: SignIn, wall: str, words: str
) -> None:
    dana = sign_in("dana")
    unknown = look(dana, words)
    case_id = enter_gwen(ark)
    assert f"/cases/{case_id}" in look(dana, ALL)
    if wall == "conflict":
        close(ark, "dana", case_id)
    else:
        with ark.work() as session:
            case = session.get_one(Case, case_id)
            subject = case if wall == "sealed_case" else session.get_one(Person, case.person_id)
            subject.sealed = True

    walled = look(dana, words)

    assert "Nothing found" in walled
    assert stripped(walled) == stripped(unknown)


def test_the_lead_hears_of_it_from_the_worker_not_in_the_time_of_the_answer(
    case_id: UUID, ark: Organisation, sign_in: SignIn, database: Engine
) -> None:
    close(ark, "dana", case_id)
    look(sign_in("dana"), ALL)

    with ark.work() as session:
        told = session.scalars(
            select(MessageInbox.state).where(MessageInbox.name == "search.walled")
        )
        assert told.all() == [MessageState.PENDING]


# -- where the words do not stand ---------------------------------------------------------------


def test_the_words_stand_in_no_address_title_log_or_record(
    case_id: UUID, ark: Organisation, sign_in: SignIn, lines: StringIO
) -> None:
    text = look(sign_in("dana"), ALL)

    assert "<title>Search - Signpost</title>" in text
    for said in ("Gwen", "Pryce", "07700", "900123", "1990"):
        assert said not in lines.getvalue()
        assert not re.search(rf'(?:href|action|src)="[^"]*{said}', text)
    with ark.work() as session:
        entries = history.read(session, f"access:{ark.dana}:2027-01-14", limit=100)
        assert [e.payload["concept_name"] for e in entries] == ["people.searched", "search.shown"]
        assert not {"Gwen", "Pryce", "900123"} & set(re.findall(r"\w+", str(entries)))


def test_nothing_is_looked_for_by_address(case_id: UUID, sign_in: SignIn) -> None:
    text = sign_in("dana").get("/search?q=27-000123").text

    assert 'id="q" name="q" type="search" value=""' in text
    assert f"/cases/{case_id}" not in text


def test_every_search_is_recorded_with_what_it_showed(
    case_id: UUID, ark: Organisation, sign_in: SignIn
) -> None:
    dana = sign_in("dana")
    look(dana, "27-000123")
    look(dana, "27-000124")

    with ark.work() as session:
        entries = history.read(session, f"access:{ark.dana}:2027-01-14", limit=100)
        assert [e.payload["ids"] for e in entries] == [[str(case_id)], []]


def test_who_sees_nobody_is_told_so(case_id: UUID, sign_in: SignIn) -> None:
    owner = sign_in("owner")

    assert "Your role sees no cases and no people." in owner.get("/search").text
    assert "Nothing found" in look(owner, ALL)


def test_a_search_costs_few_statements(case_id: UUID, sign_in: SignIn, database: Engine) -> None:
    dana = sign_in("dana")
    dana.get("/search")
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(database, "before_cursor_execute", note)
    dana.post("/search", {"q": ALL})
    event.remove(database, "before_cursor_execute", note)

    assert 5 < len(sent) <= 30
