"""The case pages: who sees them and says why, the strip, the tabs, the history and its proof."""

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from browsing import Browser
from factories import make_case
from flask import Flask
from house import House
from people import Organisation
from sqlalchemy import Engine, text
from stories import AMARA, READ, TRIED

from api.pages.sentences import ACTS, sentence
from workflows.cases.models import CaseStatus

SignIn = Callable[[str], Browser]
OF_A_CASE = ("audit.of_case", "audit.of_person")
TABS = ("", "/contacts", "/risk", "/consent", "/history")


@pytest.fixture
def case_id(house: House) -> UUID:
    """Amara's case, after one attempt to reach her."""
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(hours=1, minutes=5))
    house.do("ines", "task_attempt", TRIED)
    return house.case().id


@pytest.fixture
def ines(sign_in: SignIn, case_id: UUID) -> Browser:
    return sign_in("ines")


def test_the_head_warns_before_it_names_what_to_do(ines: Browser, case_id: UUID) -> None:
    page = ines.get(f"/cases/{case_id}").text
    assert "A.O., " in page
    assert "Okafor" not in page
    assert "900123" not in page
    warned, now = page.index("No voicemail"), page.index(">Now<")
    assert warned < now
    assert re.search(r"<title>\s*Case 00001 - Signpost\s*</title>", page)


def test_the_timeline_tells_the_story_in_sentences(ines: Browser, case_id: UUID) -> None:
    page = ines.get(f"/cases/{case_id}").text
    said = re.sub(r"<[^>]+>", " ", page)
    assert "Ines Costa completed “Read the referral" in said or "Ines Costa completed" in said
    assert "no answer" in said
    for code in ("task_attempt", "service_", "gateway_", "lifecycle"):
        assert code not in said
    only = re.sub(r"<[^>]+>", " ", ines.get(f"/cases/{case_id}?only=contacts").text)
    assert "Ines Costa completed" not in only
    assert "no answer" in only


def test_every_tab_opens_and_is_named_in_the_navigation(ines: Browser, case_id: UUID) -> None:
    for tab in TABS:
        answer = ines.get(f"/cases/{case_id}{tab}")
        assert answer.status_code == 200, tab
        assert f'href="/cases/{case_id}{tab}" aria-current="page"' in answer.text, tab


def test_who_is_not_on_the_case_says_why_before_anything_is_shown(
    sign_in: SignIn, case_id: UUID, ark: Organisation
) -> None:
    dsl = sign_in("dsl")
    asked = dsl.get(f"/cases/{case_id}")
    if asked.status_code == 403:
        assert "Why do you need to read this?" in asked.text
        assert "A.O." not in asked.text
        assert dsl.post(f"/cases/{case_id}/reason", {"purpose": "curiosity"}).status_code == 303
        assert dsl.get(f"/cases/{case_id}").status_code == 403
        dsl.post(f"/cases/{case_id}/reason", {"purpose": "safeguarding"})
    assert dsl.get(f"/cases/{case_id}").status_code == 200


def test_others_do_not_learn_that_it_exists(sign_in: SignIn, case_id: UUID) -> None:
    for who in ("amina", "hana", "admin", "owner", "ana"):
        browser = sign_in(who)
        for tab in TABS:
            assert browser.get(f"/cases/{case_id}{tab}").status_code == 404, (who, tab)
        assert str(case_id) not in browser.get("/cases").text


def test_a_note_is_in_the_record_once_however_often_it_is_sent(
    ines: Browser, case_id: UUID
) -> None:
    given = {"text": "Her sister rang.", "_key": "note-pressed-twice"}
    assert ines.post(f"/cases/{case_id}/notes", given).location == f"/cases/{case_id}"
    ines.post(f"/cases/{case_id}/notes", given)
    page = ines.get(f"/cases/{case_id}?only=notes").text
    assert page.count("Her sister rang.") == 1


def test_an_auditor_comes_back_to_the_page_asked_for_and_writes_nothing(
    sign_in: SignIn, case_id: UUID
) -> None:
    auditor, history = sign_in("auditor"), f"/cases/{case_id}/history?of=x"
    assert f'name="back" value="{history}"' in auditor.get(history).text
    given = {"purpose": "review", "back": history}
    assert auditor.post(f"/cases/{case_id}/reason", given).location == history
    for elsewhere in ("//evil.example", "/tasks", f"/cases/{case_id}.evil"):
        answer = auditor.post(f"/cases/{case_id}/reason", {**given, "back": elsewhere})
        assert answer.location == f"/cases/{case_id}"
    page = auditor.get(f"/cases/{case_id}")
    assert page.status_code == 200
    assert "Add note" not in page.text
    assert "Save note" not in page.text
    assert auditor.post(f"/cases/{case_id}/notes", {"text": "I was here."}).status_code == 403
    assert "I was here." not in auditor.get(f"/cases/{case_id}?only=notes").text


def test_what_casework_records_of_a_case_has_a_sentence() -> None:
    """Every action that the code names, and those made of a status."""
    named = {
        call.args[3].value
        for path in Path("workflows").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in OF_A_CASE
        if isinstance(call.args[3], ast.Constant)
    }
    made = {f"case.{status}" for status in CaseStatus}
    assert len(named) > 10
    assert named | made <= ACTS.keys()


# -- history -------------------------------------------------------------------------------------


def instance_of(house: House, process_id: str) -> UUID:
    with house.look() as session:
        found = session.execute(
            text("SELECT id FROM process_instance WHERE process_id = :process"),
            {"process": process_id},
        )
        instance: UUID = found.scalars().one()
        return instance


def test_the_history_says_where_a_process_is_in_words_and_in_the_picture(
    ines: Browser, house: House, case_id: UUID
) -> None:
    address = f"/cases/{case_id}/history"
    instance = instance_of(house, "first_contact")
    page = ines.get(f"{address}?of={instance}").text
    assert re.search(r'Reach the client <span class="badge [^>]*>since ', page)
    nodes = ines.get(f"{address}/{instance}/trace").get_json()["nodes"]
    assert nodes["call_contact_client"]["state"] == "now"
    assert nodes["gateway_method"]["state"] == "done"
    diagram = ines.get(f"{address}/{instance}/diagram/first_contact")
    assert diagram.content_type == "application/xml"
    assert b"call_contact_client" in diagram.data


def test_the_history_of_another_case_is_not_reached_through_this_one(
    ines: Browser, ark: Organisation, house: House, case_id: UUID
) -> None:
    with ark.work() as session:
        other = make_case(session, ark, owner_id=ark.ines)
    instance = instance_of(house, "first_contact")
    for path in ("trace", "diagram/first_contact"):
        assert ines.get(f"/cases/{case_id}/history/{instance}/{path}").status_code == 200
        assert ines.get(f"/cases/{other}/history/{instance}/{path}").status_code == 404


def test_verifying_says_that_nothing_was_altered_and_names_what_was(
    ines: Browser, case_id: UUID, owner_database: Engine
) -> None:
    address = f"/cases/{case_id}/history"
    assert ines.post(f"{address}/verify").status_code == 303
    assert re.search(r"\d+ entries checked: nothing was altered", ines.get(address).text)
    tamper = (
        "UPDATE history_event SET entries = replace(entries, 'Reach the client', 'Do nothing') "
        "WHERE entries LIKE '%Reach the client%'"
    )
    with owner_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert connection.execute(text(tamper)).rowcount > 0
    ines.post(f"{address}/verify")
    assert "was altered after it was written" in ines.get(address).text


def test_a_case_closed_in_favour_of_another_says_which_and_keeps_its_records(
    ines: Browser, case_id: UUID, house: House, ark: Organisation
) -> None:
    with ark.work() as session:
        into = make_case(session, ark, "support", case_number="27-00777")
    house.send("case.merge", {"case_id": str(case_id), "into_case_id": str(into)})
    page = ines.get(f"/cases/{case_id}").text
    assert "Closed in favour of 27-00777" in page
    assert "no answer" in re.sub(r"<[^>]+>", " ", page)  # the attempt stays where it was made


def test_a_safe_window_that_has_no_times_leaves_no_gap(ines: Browser, case_id: UUID) -> None:
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", ines.get(f"/cases/{case_id}").text))
    assert "Window" in page
    assert "Window :" not in page


def test_what_is_printed_says_who_printed_it_and_when(ines: Browser, case_id: UUID) -> None:
    page = ines.get(f"/cases/{case_id}").text
    foot = page[page.index("only-print") :]
    assert re.search(r"Printed by Ines Costa, \d+ \w{3} \d{4}, \d\d:\d\d:\d\d (GMT|BST)\.", foot)
    assert "Shred after use." in foot


def test_only_who_takes_contacts_is_offered_to_log_one(
    ines: Browser, sign_in: SignIn, case_id: UUID
) -> None:
    offered = 'href="/contacts/new?case='
    assert offered in ines.get(f"/cases/{case_id}").text
    auditor = sign_in("auditor")
    auditor.get(f"/cases/{case_id}")
    auditor.post(f"/cases/{case_id}/reason", {"purpose": "review"})
    page = auditor.get(f"/cases/{case_id}")
    assert page.status_code == 200
    assert offered not in page.text


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("exclusiveGateway", "gateway_combine", "Decision point"),
        ("exclusiveGateway", "Able to decide?", "Able to decide?"),
        ("serviceTask", "service_find_basis", "find basis"),
    ],
)
def test_a_step_without_a_name_is_not_said_by_its_id(
    app: Flask, kind: str, name: str, words: str
) -> None:
    element = name if "_" in name else "gateway_capacity"
    with app.app_context():
        assert sentence({"kind": kind, "concept_name": name, "element": element}).words == words
