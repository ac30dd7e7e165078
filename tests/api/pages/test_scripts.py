"""What the scripts of the pages do: keys, drafts over a broken line, covering, asking in turn."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from browser import Stage, Visitor
from browsing import PASSWORD
from factories import make_case, make_task
from flask import Flask, render_template_string
from form_files import form, question
from house import House
from people import Organisation
from playwright.sync_api import expect
from screens import IN_A_BROWSER, submit
from sqlalchemy import select
from werkzeug.serving import make_server

import forms
from engine.models import UserTask
from workflows.tasks.models import Draft

pytestmark = [*IN_A_BROWSER, pytest.mark.usefixtures("house")]

SHARED = json.loads(Path("tests/forms/conditions.json").read_text(encoding="utf-8"))


# -- lists by keyboard ---------------------------------------------------------------------------


@pytest.fixture
def tasks(ark: Organisation, house: House) -> list[UUID]:
    with ark.work() as session:
        case_id = make_case(session, ark, owner_id=ark.dana, risk_level="high")
        due = [ark.now + timedelta(hours=hours) for hours in (1, 2, 3)]
        names = ("Ring her", "Write to her", "Ask the school")
        return [
            make_task(session, ark, name=name, due_at=at, business_key=case_id)
            for name, at in zip(names, due, strict=True)
        ]


def owners(ark: Organisation, tasks: list[UUID]) -> list[str | None]:
    with ark.work() as session:
        return [session.get_one(UserTask, task_id).actual_owner for task_id in tasks]


def test_a_list_is_walked_claimed_and_taken_back_by_keys_alone(
    stage: Stage, ark: Organisation, tasks: list[UUID]
) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks?view=unclaimed")
    press = page.keyboard.press
    links = [page.locator(f"#task-{task} [data-open]") for task in tasks]
    press("j")
    expect(links[0]).to_be_focused()
    press("j")
    press("j")
    expect(links[2]).to_be_focused()
    press("k")
    expect(links[1]).to_be_focused()
    press("c")
    expect(page.locator("[data-toast]")).to_contain_text("You have claimed “Write to her”")
    assert owners(ark, tasks) == [None, str(ark.dana), None]
    press("z")
    expect(page.locator("[data-toast]")).to_be_hidden()
    expect(links[1].locator("xpath=ancestor::tr").locator("[data-claim]")).to_be_visible()
    assert owners(ark, tasks) == [None, None, None]


def test_several_are_chosen_with_keys_and_the_bar_says_how_many(
    stage: Stage, ark: Organisation, tasks: list[UUID]
) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks?view=unclaimed")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.locator("[data-bulk]")).to_contain_text("2 selected")
    submit(dana, "[data-bulk] button[value=claim]")
    assert owners(ark, tasks) == [str(ark.dana), str(ark.dana), None]


def test_the_list_of_keys_shows_what_works_here_and_nothing_else(
    stage: Stage, tasks: list[UUID]
) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks?view=unclaimed")
    page.keyboard.press("?")
    dialog = page.locator("dialog[data-keys]")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text("Claim", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page = dana.open("/account")
    page.keyboard.press("?")
    expect(page.locator("dialog[data-keys]").get_by_text("Claim", exact=True)).to_be_hidden()


def test_letters_are_text_while_somebody_types_and_nothing_when_switched_off(
    stage: Stage, tasks: list[UUID]
) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks")
    page.keyboard.press("/")
    page.keyboard.type("nj?")
    assert page.url.endswith("/tasks")
    assert page.locator("header [data-search]").input_value() == "nj?"
    page = dana.open("/account")
    page.uncheck("input[name=shortcuts]")
    submit(dana, "form[action$='/look'] button")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert page.url.endswith("/account")


def test_the_preview_follows_the_row(stage: Stage, tasks: list[UUID]) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks?view=unclaimed")
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(page.locator("[data-preview] .card-head h2")).to_have_text("Ring her")
    page.keyboard.press("j")
    expect(page.locator("[data-preview] .card-head h2")).to_have_text("Write to her")
    page.keyboard.press("p")
    expect(page.locator("[data-preview]")).to_be_hidden()


# -- drafts --------------------------------------------------------------------------------------


@contextmanager
def answering(app: Flask, port: int) -> Iterator[int]:
    """Serve on ``port`` (0: any) and stop as a machine stops: at once, with lines open."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def test_no_word_is_lost_while_the_server_is_away(app: Flask, stage: Stage, house: House) -> None:
    amina = stage.signed_in("amina")
    page = amina.page
    with answering(app, 0) as port:
        here = Visitor(page, f"http://127.0.0.1:{port}")
        here.open("/contacts/new")
        submit(here, "button[value=phone]")
        page.click("#f-what_happened")
        page.keyboard.type("He came to the door. ")
        page.keyboard.insert_text("He came to the door. " * 47)
        expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.keyboard.type("She hid upstairs with the children. ")
    page.keyboard.insert_text("She hid upstairs with the children. " * 27)
    expect(page.locator("[data-saved]")).to_contain_text("Not saved since", timeout=10_000)
    said = page.locator("#f-what_happened").input_value()
    assert len(said) > 2000
    with answering(app, port):
        expect(page.locator("[data-saved]")).to_contain_text("Saved 10:05", timeout=40_000)
        with house.look() as session:
            assert session.scalars(select(Draft)).one().answers["what_happened"] == said
        here.open(page.url.removeprefix(here.address))
        assert page.locator("#f-what_happened").input_value() == said


def test_a_second_window_is_told_and_shows_both(stage: Stage, house: House) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=phone]")
    other = stage.window(storage_state=page.context.storage_state())
    other.open(page.url.removeprefix(stage.address))
    page.fill("#f-given_name", "Gwen")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    other.page.fill("#f-given_name", "Bea")
    expect(other.page.locator("[data-saved] button")).to_be_visible()
    submit(other, "[data-saved] button")
    assert other.page.locator("#f-given_name").input_value() == "Bea"
    with house.look() as session:
        assert session.scalars(select(Draft)).one().answers["given_name"] == "Gwen"


# -- the live contact by keyboard ----------------------------------------------------------------


def test_a_whole_call_by_keyboard(stage: Stage, house: House) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/tasks")
    keyboard = page.keyboard
    with page.expect_navigation():
        keyboard.press("n")
    amina.settle()
    with page.expect_navigation():
        keyboard.press("Enter")
    amina.settle()
    keyboard.press("Alt+1")
    keyboard.press("Space")
    assert page.is_checked("input[name=safe_now][value=yes]")
    keyboard.press("Alt+4")
    expect(page.locator("#f-what_happened")).to_be_focused()
    keyboard.type("She is at her sister's.")
    keyboard.press("Alt+d")
    expect(page.locator("[data-danger]")).to_contain_text("Danger sent")
    expect(page.locator("#f-what_happened")).to_be_focused()
    page.focus("select[name=source]")
    keyboard.type("They")
    with page.expect_navigation():
        keyboard.press("Control+Enter")
    amina.settle()
    expect(page.locator(".note-good")).to_contain_text("has ended")


# -- the privacy screen --------------------------------------------------------------------------


def test_two_presses_cover_everything_and_the_password_brings_it_back(
    stage: Stage, house: House
) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=phone]")
    page.fill("#f-given_name", "Gwen")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".cover")).to_be_visible()
    assert "Gwen" not in page.locator("body").inner_text()
    assert "Contact" not in page.title()
    page.fill(".cover input[name=secret]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".cover")).to_have_count(0)
    assert page.locator("#f-given_name").input_value() == "Gwen"


def test_covering_one_window_covers_the_others(stage: Stage, house: House) -> None:
    amina = stage.signed_in("amina")
    other = Visitor(amina.page.context.new_page(), stage.address)
    other.open("/account")
    amina.open("/tasks")
    with amina.page.expect_response("**/lock"):  # covered at once here; there, when it is known
        amina.page.keyboard.press("Escape")
        amina.page.keyboard.press("Escape")
        expect(amina.page.locator(".cover")).to_be_visible()
    other.page.reload()
    assert "Amina" not in other.page.content()
    assert other.page.locator("input[name=secret]").count() == 1


def test_going_back_after_signing_out_shows_nothing(stage: Stage, tasks: list[UUID]) -> None:
    dana = stage.signed_in("dana")
    page = dana.open("/tasks?view=unclaimed")
    assert "Ring her" in page.content()
    page.click("header details.menu:last-child summary")
    with page.expect_navigation():
        page.click("form[action='/sign-out'] button")
    page.go_back()
    page.wait_for_load_state()
    assert "Ring her" not in page.content()
    assert "/sign-in" in page.url


# -- questions that depend on others --------------------------------------------------------------

FIELDS = """{% import "forms/_fields.html" as fields with context %}{{ fields.items(items) }}"""
SHOW = """async ([address, markup]) => {
  const { showAsked } = await import(address);
  const form = document.createElement('form');
  form.innerHTML = markup;
  for (const box of form.querySelectorAll('[data-off]')) box.removeAttribute('data-off');
  document.body.append(form);
  showAsked(form);
  const subject = form.querySelector('[name="subject"]').closest('[data-show]');
  const off = subject?.hasAttribute('data-off') ?? false;
  form.remove();
  return off;
}"""


def test_the_browser_decides_what_is_asked_as_the_server_does(app: Flask, stage: Stage) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=phone]")
    address = page.locator("script[src$='intake.js']").get_attribute("src")
    assert address
    module = address.replace("intake.js", "form.js")
    wrong = []
    for case in SHARED["cases"]:
        asked = form(*SHARED["questions"], question("textfield", "subject", hide=case["hide"]))
        typed = forms.from_post(asked, [(name, value) for name, value in case["post"]])
        with app.test_request_context():
            items = forms.render(asked, typed).pages[0].items
            markup = render_template_string(FIELDS, items=items)
        if page.evaluate(SHOW, [module, markup]) is not case["hidden"]:
            wrong.append((case["hide"], case["post"]))
    assert wrong == []
