"""Pages of suspended, repaired and moved processes in Chromium, by day and by night."""

from datetime import timedelta

import pytest
from browser import Stage
from house import House
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept, submit
from sqlalchemy import select
from stories import AMARA, READ

from engine import releases
from engine.models import ProcessInstance

pytestmark = IN_A_BROWSER


@pytest.fixture
def address(house: House) -> str:
    """Amara's first contact, which waits for somebody to try."""
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(hours=1, minutes=5))
    with house.org.work() as session:
        found = session.scalars(
            select(ProcessInstance).where(ProcessInstance.process_id == "first_contact")
        ).one()
    return f"/instances/{found.id}"


def test_looking_after_a_process(stage: Stage, address: str) -> None:
    femi = stage.signed_in("femi")
    page = femi.open("/instances?show=running")
    kept(femi, "instances")
    femi.open(address)
    kept(femi, "instance")
    for act in ("correct", "cancel"):
        femi.open(f"{address}/{act}")
        kept(femi, f"instance: {act}")
    page = femi.open(address)
    submit(femi, "a[href*='/move?token=']")
    kept(femi, "instance: move")
    page = femi.open(address)
    submit(femi, "a[href*='/skip?token=']")
    kept(femi, "instance: skip")
    page = femi.open(f"{address}/suspend")
    kept(femi, "instance: suspend")
    submit(femi, "main form .btn-main")
    expect(page.locator("[data-summary] h2")).to_be_focused()
    kept(femi, "instance: a problem")
    page.check("#until")
    page.fill("#reason", "The office moves")
    submit(femi, "main form .btn-main")
    kept(femi, "instance: suspended")
    femi.open("/instances")
    kept(femi, "instances: suspended")
    femi.open(f"{address}/resume")
    kept(femi, "instance: resume")


def test_a_suspended_task_and_an_administrator(stage: Stage, address: str) -> None:
    admin = stage.signed_in("admin")
    page = admin.open(f"{address}/suspend")
    page.check("#until")
    page.fill("#reason", "The line is down")
    submit(admin, "main form .btn-main")
    kept(admin, "instance: to an administrator")
    ines = stage.signed_in("ines")
    ines.open("/tasks?view=unclaimed")
    kept(ines, "inbox: suspended")
    submit(ines, "tbody a[data-open]")
    kept(ines, "task: suspended")


def test_moving_processes(stage: Stage, house: House, address: str) -> None:
    files = releases.shipped_files()
    name = "bpmn/processes/first_contact.bpmn"
    text = files[name]
    assert isinstance(text, bytes)
    files[name] = text.replace(b'"task_attempt"', b'"task_ring"')
    with house.org.work() as session:
        releases.install_shipped(session, house.org.tenant_id, now=house.now, files=files)
    owner = stage.signed_in("owner")
    page = owner.open("/library/migrations")
    kept(owner, "migrations")
    page.select_option("#process", "first_contact")
    submit(owner, "main form .btn-main")
    kept(owner, "migrations: a problem")
    page.select_option("#process", "first_contact")
    page.fill("#reason", "Ringing is called ringing")
    submit(owner, "main form .btn-main")
    page.click("details.card:has(table) summary")
    kept(owner, "migration: looked at")
    submit(owner, "form[action$='/run'] button")
    kept(owner, "migration: run")
