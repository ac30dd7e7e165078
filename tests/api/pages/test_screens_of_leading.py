"""Absences, an alert that is answered and a stale draft in Chromium, in each of their states."""

import re
from datetime import timedelta

import pytest
from browser import Stage
from house import House
from people import Organisation
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept, submit
from stories import AMARA, READ

from engine import releases
from workflows.cases import alerts

pytestmark = [*IN_A_BROWSER, pytest.mark.usefixtures("house")]
WHY = "The line is dead, and she has said that she will only speak before noon."
CONSENT, JUDGEMENT = "bpmn/processes/consent.bpmn", "bpmn/processes/marac_judgement.bpmn"


def test_absences_in_each_of_their_states(stage: Stage, ark: Organisation) -> None:
    femi = stage.signed_in("femi")
    femi.open("/absences")
    kept(femi, "absences: nobody away")
    submit(femi, "main aside button.btn-main")
    expect(femi.page.locator("[data-summary] h2")).to_be_focused()
    kept(femi, "absences: nobody chosen")
    femi.page.select_option("#staff", str(ark.dana))
    submit(femi, "main aside button.btn-main")
    kept(femi, "absences: one away")


def test_an_absence_is_recorded_by_keyboard_alone(stage: Stage, ark: Organisation) -> None:
    femi = stage.signed_in("femi")
    page = femi.open("/absences")
    page.focus("#staff")
    page.keyboard.press("d")  # Dana
    for _ in range(14):  # through the parts of both dates
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Record it":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    femi.settle()
    expect(page.locator("main table")).to_contain_text("away")


def test_an_alert_beside_its_answer(stage: Stage, house: House, ark: Organisation) -> None:
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    asked = house.task("task_choose_route")
    with ark.work() as session:
        about = {"task_id": asked.id, "about": asked.business_key, "reason": WHY}
        alerts.alert(
            session, ark.tenant_id, asked.service_id, **about, by=str(ark.ines), now=house.now
        )
    house.drain()
    femi = stage.signed_in("femi")
    femi.open(f"/tasks/{house.task('task_answer_alert').id}")
    expect(femi.page.locator("#the-alert + p + p")).to_have_text(WHY)
    kept(femi, "alert: free")
    submit(femi, "[data-claim]")
    kept(femi, "alert: claimed")


def test_a_draft_that_would_undo_another(stage: Stage, house: House, ark: Organisation) -> None:
    files = releases.shipped_files()
    renamed = re.sub(r'(<bpmn:userTask id="[^"]+" name=")', r"\1Now: ", files[CONSENT].decode())
    with ark.work() as session:
        made = [
            releases.import_files(session, ark.tenant_id, given, by=str(by), now=house.now).id
            for given, by in (
                ({**files, CONSENT: renamed}, ark.owner),
                ({**files, CONSENT: files[CONSENT] + b"\n"}, ark.owner2),
                ({**files, JUDGEMENT: files[JUDGEMENT] + b"\n"}, ark.owner2),
            )
        ]
        releases.publish(session, made[0], by=str(ark.mara), now=house.now + timedelta(minutes=1))
    owner2 = stage.signed_in("owner2")
    owner2.open(f"/library/releases/{made[1]}")
    kept(owner2, "draft: changed twice")
    owner2.open(f"/library/releases/{made[2]}")
    kept(owner2, "draft: stale")
    submit(owner2, "section.note button.btn-main")
    expect(owner2.page.locator("h1")).to_have_text("Release 5")
    kept(owner2, "draft: up to date")
