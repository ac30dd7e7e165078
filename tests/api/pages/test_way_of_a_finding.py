"""A path that breaks a rule stands beside its finding, and is drawn on the diagram."""

import pytest
from browser import Stage
from house import House
from people import Organisation
from playwright.sync_api import expect
from screens import IN_A_BROWSER, kept

from engine import releases
from workflows.releases.checks import checks_for

pytestmark = IN_A_BROWSER
FIRST_CONTACT = "bpmn/processes/first_contact.bpmn"


@pytest.fixture
def draft(house: House, ark: Organisation) -> str:
    """The id of a draft in which first contact calls another process than that for consent."""
    files = dict(releases.shipped_files())
    text = files[FIRST_CONTACT].decode().replace('="consent"', '="missing_information"')
    with ark.work() as session:
        checks = checks_for(session, ark.tenant_id, house.now)
        made = releases.import_files(
            session,
            ark.tenant_id,
            {**files, FIRST_CONTACT: text},
            by=str(ark.owner),
            now=house.now,
            extra_checks=checks,
        )
        return str(made.id)


def test_show_draws_the_way_on_which_something_is_shared_without_a_basis(
    stage: Stage, draft: str
) -> None:
    olu = stage.signed_in("owner")
    page = olu.open(f"/library/processes/first_contact?release={draft}")
    finding = page.locator("li.finding", has_text="without a consent or a legal basis").first
    expect(finding).to_contain_text("The way there: start_")
    page.wait_for_selector(".djs-shape")
    finding.get_by_role("button", name="Show").click()
    along = page.locator(".djs-element.is-along")
    expect(along.first).to_be_attached()
    way = finding.locator("button").get_attribute("data-along")
    assert way and along.count() == len(way.split())
    kept(olu, "way of a finding")
