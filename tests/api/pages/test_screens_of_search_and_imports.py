"""Search, imports and incidents in Chromium: what every page has to keep, and the keyboard."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from browser import TELEPHONE, Stage, Visitor
from diagrams import diagram, end, process, service, start, user
from factories import make_case, make_contact, make_person, make_task
from people import Organisation, give_role
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept, shot, submit
from sqlalchemy import select

from engine import instances, releases
from engine.clock import TravellingClock
from engine.models import Incident
from engine.operations import OperationContext, operation
from workflows import registry
from workflows.cohort.generator import generate
from workflows.people import cards, index
from workflows.people.models import Person
from workflows.people.safe_contact import Card, Channel

pytestmark = [*IN_A_BROWSER, pytest.mark.usefixtures("case_id")]

ALL = "Gwen Pryce 11/02/1990 07700 900123"


@operation("screentest.ask")
def ask(context: OperationContext) -> dict[str, Any]:
    raise ConnectionError


ASKING = (
    diagram(
        process(
            start("begin"),
            service("service_ask", "screentest.ask"),
            user("task_go_on", potentialOwners="case_worker"),
            end("done"),
            flows="begin > service_ask > task_go_on > done",
            id="asking",
            businessKey="case_id",
        )
    )
    .replace('id="service_ask"', 'id="service_ask" name="Ask the records office"')
    .replace('id="asking"', 'id="asking" name="Asking the records"', 1)
)


@pytest.fixture
def case_id(ark: Organisation, clock: TravellingClock) -> UUID:
    """Gwen Pryce, a client of Dana's, whose process has asked an office that did not answer."""
    registry.load()
    files = {**releases.shipped_files(), "bpmn/processes/asking.bpmn": ASKING}
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files=files)
        known = {"given_name": "Gwen", "family_name": "Pryce", "born_on": date(1990, 2, 11)}
        gwen = make_person(session, ark, **known)
        card = Card(channels=(Channel("mobile", "+447700900123"),))
        cards.record(session, gwen, card, by="system", now=ark.now)
        index.of_person(session, session.get_one(Person, gwen))
        number = {"case_number": "27-000123", "owner_id": ark.dana, "risk_level": "high"}
        case_id = make_case(session, ark, person_id=gwen, **number)
        make_contact(session, ark, handler_id=ark.dana, reference="R27-900123", case_id=case_id)
        make_task(session, ark, name="Make first contact", business_key=case_id, due_at=ark.now)
        instances.start(
            session,
            ark.tenant_id,
            "asking",
            {"case_id": str(case_id)},
            by="system",
            now=clock.now(),
            service_id=ark.services["support"],
            business_key=case_id,
        )
    return case_id


def look_for(visitor: Visitor, words: str) -> None:
    visitor.open("/search")
    visitor.page.fill("#q", words)
    submit(visitor, "main form[role=search] button")


# -- search -------------------------------------------------------------------------------------


def test_the_search_page_in_each_of_its_states(stage: Stage) -> None:
    dana = stage.signed_in("dana")
    dana.open("/search")
    kept(dana, "search: at rest")
    for words, state in (
        ("27-123 R27-900123", "by number"),
        ("gwen pryce", "by name"),
        (ALL, "a person"),
        ("Bryn Jones", "nothing"),
        ("Pryce 31/02/1990", "a problem"),
    ):
        look_for(dana, words)
        kept(dana, f"search: {state}")
        assert dana.page.title().endswith("Search - Signpost")


def test_the_search_is_reached_and_walked_by_keyboard(stage: Stage, case_id: UUID) -> None:
    dana = stage.signed_in("dana")
    page = dana.page
    dana.open("/account")

    page.keyboard.press("/")
    page.keyboard.type("27-123 R27-900123")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    dana.settle()

    expect(page.locator("#found-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"a[href='/cases/{case_id}']").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("a[href^='/contacts/'][data-hit]")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_coming_back_asks_for_the_page_and_not_for_the_words(stage: Stage, case_id: UUID) -> None:
    dana = stage.signed_in("dana")
    look_for(dana, "27-123")
    assert dana.page.url.endswith("/search")
    submit(dana, f"a[href='/cases/{case_id}']")

    dana.page.go_back()
    dana.settle()

    assert dana.page.locator("#q").input_value() == ""
    assert dana.page.locator("[data-hit]").count() == 0


def test_on_a_telephone_the_key_leads_to_the_page(stage: Stage) -> None:
    dana = stage.signed_in("dana", viewport=TELEPHONE)
    dana.open("/account")

    with dana.page.expect_navigation():
        dana.page.keyboard.press("/")

    assert dana.page.url.endswith("/search")


def test_the_search_needs_no_script(stage: Stage, case_id: UUID) -> None:
    dana = stage.signed_in("dana")
    plain = stage.window(script=False, storage_state=dana.page.context.storage_state())
    plain.page.goto(stage.address + "/search")
    plain.page.fill("#q", "27-123")
    plain.page.click("main form[role=search] button")

    assert plain.page.locator(f"a[href='/cases/{case_id}']").count() == 1


# -- imports ------------------------------------------------------------------------------------


def choose(visitor: Visitor, content: bytes) -> None:
    visitor.open("/cohort")
    file = {"name": "today.csv", "mimeType": "text/csv", "buffer": content}
    visitor.page.set_input_files("#file", file)  # type: ignore[arg-type]  # a payload of a file
    submit(visitor, "main form button.btn-main")


def test_the_import_in_each_of_its_states(stage: Stage, clock: TravellingClock) -> None:
    vic = stage.signed_in("vic")
    vic.open("/cohort")
    kept(vic, "import: at rest")
    choose(vic, b"a,b\n1,2\n")
    expect(vic.page.locator("[data-summary] h2")).to_be_focused()
    kept(vic, "import: refused")
    choose(vic, generate(60, seed=5, now=clock.now()).encode())
    kept(vic, "import: checked")
    address = vic.page.url
    for only in ("broken", "excluded", "known"):
        vic.page.goto(f"{address}?show={only}")
        vic.settle()
        kept(vic, f"import: {only}")
    vic.page.goto(address)
    vic.settle()
    submit(vic, "form[data-import] button")
    expect(vic.page.locator("form[data-import]")).to_have_count(0)
    vic.settle()
    kept(vic, "import: brought in")
    vic.open("/cohort")
    kept(vic, "import: with a file")


def test_of_several_services_one_is_chosen(stage: Stage, ark: Organisation) -> None:
    with ark.work() as session:
        give_role(session, ark, ark.vic, "spoc_admin", "support")
    vic = stage.signed_in("vic")
    vic.open("/cohort")
    submit(vic, "main form button.btn-main")

    expect(vic.page.locator("[data-summary] h2")).to_be_focused()
    expect(vic.page.locator("[data-summary] li")).to_have_count(2)
    kept(vic, "import: nothing chosen")


def test_a_large_file_comes_in_step_by_step_with_one_press(
    stage: Stage, clock: TravellingClock
) -> None:
    vic = stage.signed_in("vic")
    choose(vic, generate(230, seed=6, now=clock.now()).encode())
    shown: list[str] = []
    vic.page.expose_function("note", lambda words: shown.append(words))
    vic.page.evaluate(
        """new MutationObserver((records) => window.note(records[0].target.textContent))
        .observe(document.querySelector('[data-progress] [data-words]'), {childList: true})"""
    )

    submit(vic, "form[data-import] button")

    expect(vic.page.locator("form[data-import]")).to_have_count(0)
    assert [words.split(" ")[0] for words in shown[:3]] == ["0", "100", "200"]
    assert "rows are in." in vic.page.locator("main").inner_text()


def test_without_script_each_press_takes_a_hundred(stage: Stage, clock: TravellingClock) -> None:
    vic = stage.signed_in("vic")
    choose(vic, generate(160, seed=6, now=clock.now()).encode())
    plain = stage.window(script=False, storage_state=vic.page.context.storage_state())
    plain.page.goto(vic.page.url)

    plain.page.click("form[data-import] button")
    half_way = plain.page.locator("main").inner_text()
    shot(plain, "import desk: half way")
    plain.page.click("form[data-import] button")

    assert "100 of" in half_way
    assert plain.page.locator("form[data-import]").count() == 0


# -- incidents ----------------------------------------------------------------------------------


def test_the_incidents_in_each_of_their_states(stage: Stage, ark: Organisation) -> None:
    with ark.work() as session:
        incident_id = session.scalars(select(Incident.id)).one()
    admin = stage.signed_in("admin")
    admin.open("/incidents")
    kept(admin, "incidents: waiting")
    admin.open(f"/incidents/{incident_id}")
    kept(admin, "incidents: one")
    submit(admin, "main form button.btn-main")
    kept(admin, "incidents: a problem")
    mara = stage.signed_in("mara")
    mara.open(f"/incidents/{incident_id}")
    kept(mara, "incidents: for who leads")
    admin.page.check("input[value=cancel]")
    admin.page.fill("#reason", "It was started twice.")
    submit(admin, "main form button.btn-main")
    kept(admin, "incidents: none")
    admin.open("/incidents?show=settled")
    kept(admin, "incidents: settled")
    admin.open(f"/incidents/{incident_id}")
    kept(admin, "incidents: one that is settled")
