"""A folded list of findings: opened by key, printed whole, read without script."""

import pytest
from browser import Stage
from house import House
from people import Organisation
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept
from silent_tables import SILENT, draft_of_silent_tables

pytestmark = IN_A_BROWSER


@pytest.fixture
def draft(house: House, ark: Organisation) -> str:
    return f"/library/releases/{draft_of_silent_tables(ark, house.now)}"


def test_a_group_is_opened_by_key_and_printed_whole(stage: Stage, draft: str) -> None:
    olu = stage.signed_in("owner")
    page = olu.open(draft)
    kept(olu, "findings: folded")
    group = page.locator("details.found", has_text="Rule without words")
    inside = group.locator("li.finding")
    expect(inside).to_have_count(len(SILENT))
    expect(inside.first).to_be_hidden()
    page.emulate_media(media="print")
    for number in range(len(SILENT)):
        expect(inside.nth(number)).to_be_visible()
    page.emulate_media(media="screen")
    expect(inside.first).to_be_hidden()
    group.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(inside.last).to_be_visible()
    kept(olu, "findings: unfolded")
