"""A call on a bad line: what the page says when it reaches nobody, on a desk and on a telephone."""

import pytest
from browser import TELEPHONE, Stage
from playwright.sync_api import Route, expect
from screens import IN_A_BROWSER, kept, submit

pytestmark = [*IN_A_BROWSER, pytest.mark.usefixtures("house")]  # the shipped release is in force


def test_danger_that_reached_nobody_says_so_and_goes_out_later(stage: Stage) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=phone]")
    expect(page.locator("input[name=safe_now] >> nth=0")).to_be_focused()
    lost = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    page.route("**/danger", lose)
    amina.look_like(viewport=TELEPHONE)
    page.focus("textarea[name=what_happened]")
    page.keyboard.press("Alt+d")
    unsent = page.locator("[data-danger-failed]")
    expect(unsent).to_contain_text("nobody has been told")
    expect(page.locator("#danger")).to_be_in_viewport()
    expect(page.locator("[data-danger-told]")).to_be_hidden()
    kept(amina, "contact: danger not sent")
    page.unroute("**/danger")
    expect(page.locator("[data-danger]")).to_contain_text("Danger sent", timeout=15_000)
    expect(unsent).to_be_hidden()
    expect(page.locator("[data-danger-told]")).to_be_visible()
    assert len(lost) >= 1


def test_a_line_is_handed_over_on_a_telephone(stage: Stage) -> None:
    amina = stage.signed_in("amina")
    page = amina.open("/contacts/new")
    submit(amina, "button[value=phone]")
    amina.look_like(viewport=TELEPHONE)
    page.click("details.menu-up summary")
    expect(page.locator("#to")).to_be_in_viewport(ratio=1)
    page.select_option("#to", label="Ben Carter")
    submit(amina, "button[formaction$='/hand-over']")
    ben = stage.signed_in("ben")
    page = ben.open("/tasks")
    kept(ben, "inbox: a line that was handed over")
    submit(ben, ".on-the-line a")
    expect(page.locator("h1")).to_contain_text("Contact R")
