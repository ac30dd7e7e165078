"""Every page of casework in Chromium, by day and by night, on a desk and on a telephone."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from browser import Stage, Visitor
from browsing import PASSWORD
from house import House
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept, submit
from stories import AMARA, READ, TRIED

from engine import releases

pytestmark = [*IN_A_BROWSER, pytest.mark.usefixtures("house")]


@pytest.fixture
def case_id(house: House) -> UUID:
    """Amara's case: one attempt has been made, the second waits for the afternoon."""
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(hours=1, minutes=5))
    house.do("ines", "task_attempt", TRIED)
    house.travel(house.now.replace(hour=14, minute=30))
    return house.case().id


def test_signing_in_and_the_account(stage: Stage) -> None:
    window = stage.window()
    page = window.open("/sign-in")
    kept(window, "sign-in")
    assert page.title() == "Sign in - Signpost"
    page.fill("#name", "amina")
    page.fill("#password", PASSWORD)
    page.fill("#code", "000000")
    submit(window, "main button.btn-main")
    kept(window, "sign-in: wrong")
    amina = stage.signed_in_by_keyboard("amina")
    amina.open("/account")
    kept(amina, "account")
    amina.open("/nothing-here")
    kept(amina, "not found")


def test_the_lists(stage: Stage, case_id: UUID) -> None:
    ines = stage.signed_in("ines")
    ines.open("/tasks")
    kept(ines, "inbox: nothing of mine")
    page = ines.open("/tasks?view=unclaimed")
    kept(ines, "inbox: unclaimed")
    page.check("[data-row] input[type=checkbox] >> nth=0")
    kept(ines, "inbox: one chosen")
    page.click("details:has(.filter) summary")
    kept(ines, "inbox: filters")
    for path in (
        "/tasks?view=overdue",
        "/tasks?view=unclaimed&risk=3&due=none",
        "/tasks?view=done",
    ):
        ines.open(f"/tasks?{path}")
        kept(ines, f"inbox: {path}")
    for path in ("/cases", "/contacts", "/contacts?show=all"):
        ines.open(path)
        kept(ines, path)


def test_changing_when_work_is_due(stage: Stage, case_id: UUID) -> None:
    femi = stage.signed_in("femi")
    page = femi.open("/tasks?view=queue&queue=" + str(house_queue(femi)))
    page.check("[data-row] input[type=checkbox] >> nth=0")
    submit(femi, "[formaction='/tasks/due']")
    kept(femi, "due: asked")
    submit(femi, "main form .btn-main")
    kept(femi, "due: a problem")


def house_queue(visitor: Visitor) -> str:
    """Return the id of the first queue in the list of views."""
    page = visitor.open("/tasks")
    link = page.locator("a[href*='view=queue']").first.get_attribute("href") or ""
    return link.rpartition("=")[2]


def test_a_task_in_each_of_its_states(stage: Stage, house: House, case_id: UUID) -> None:
    ines = stage.signed_in("ines")
    address = f"/tasks/{house.task('task_attempt').id}"
    page = ines.open(address)
    kept(ines, "task: free")
    submit(ines, "[data-claim]")
    kept(ines, "task: mine")
    page.click("[data-masked] button >> nth=0")
    expect(page.locator(".revealed").first).to_be_visible()
    kept(ines, "task: uncovered")
    submit(ines, "[data-complete]")
    expect(page.locator("[data-summary] h2")).to_be_focused()
    kept(ines, "task: a problem")
    for act in ("snooze", "alert", "conflict", "safeguarding"):
        ines.open(f"{address}/{act}")
        kept(ines, f"task: {act}")
    house.do("ines", "task_attempt", TRIED)
    ines.open(address)
    kept(ines, "task: done")
    ines.open(f"{address}/done")
    kept(ines, "task: what is next")


def test_a_case_and_its_history(stage: Stage, case_id: UUID) -> None:
    ines = stage.signed_in("ines")
    for tab in ("", "/contacts", "/risk", "/consent"):
        ines.open(f"/cases/{case_id}{tab}")
        kept(ines, f"case: {tab or 'overview'}")
    page = ines.open(f"/cases/{case_id}/history")
    page.wait_for_selector("[data-diagram][data-ready=true]")
    kept(ines, "case: history")
    page.click("details.outline summary")
    kept(ines, "case: history in words")
    submit(ines, "form[action$='/verify'] button")
    page.wait_for_selector("[data-diagram][data-ready=true]")
    kept(ines, "case: history verified")


def test_a_live_contact_in_each_of_its_states(stage: Stage, house: House) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    kept(amina, "contact: new")
    submit(amina, "button[value=phone]")
    kept(amina, "contact: just begun")
    page.check("input[name=safe_now][value=no]")
    for group in ("children", "channels", "windows"):
        page.click(f"button[name=_add][value={group}]")
        expect(page.locator(f"[data-row-name={group}-1]")).to_be_visible()
    page.fill("[name=channels-1-value]", "07700 900123")
    page.fill("[name=windows-1-from_time]", "10:00")
    page.click("[data-danger]")
    expect(page.locator("#danger")).to_be_visible()
    kept(amina, "contact: in danger")
    submit(amina, "[data-complete]")
    expect(page.locator("[data-summary] h2")).to_be_focused()
    kept(amina, "contact: a problem")
    for group in ("channels-1", "windows-1"):
        page.click(f"button[name=_remove][value={group}]")
        expect(page.locator(f"[data-row-name={group}]")).to_have_count(0)
    page.select_option("select[name=source]", "self")
    submit(amina, "[data-complete]")
    kept(amina, "contact: ended")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=email]")
    kept(amina, "contact: written")


def test_the_process_library(stage: Stage) -> None:
    owner = stage.signed_in("owner")
    page = owner.open("/library")
    kept(owner, "library")
    page = owner.open("/library/processes/risk_grading")
    page.wait_for_selector("[data-diagram][data-ready=true]")
    kept(owner, "library: a process")
    name = "bpmn/processes/consent.bpmn"
    content = releases.shipped_files()[name]
    for words, file in (
        ("refused", content.replace(b"bpmn:endEvent", b"bpmn:noSuchThing")),
        ("a draft", content.replace(b'name="Record what they decided"', b'name="Ask them"')),
    ):
        assert file != content
        page = owner.open("/library")
        given = {"name": "consent.bpmn", "mimeType": "text/xml", "buffer": BytesIO(file).read()}
        page.set_input_files("input[type=file]", given)  # type: ignore[arg-type]  # a payload
        submit(owner, "form[action='/library/upload'] button")
        kept(owner, f"library: {words}")
