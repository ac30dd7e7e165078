"""A long list of findings: grouped by how far they go and by rule, and none of them lost."""

from collections.abc import Callable

import pytest
from browsing import Browser
from house import House
from people import Organisation
from silent_tables import draft_of_silent_tables

from api.pages.findings import grouped, title_of
from engine.findings import Finding, Severity

SignIn = Callable[[str], Browser]


def finding(rule: str, severity: Severity, message: str, remedy: str = "Mend it.") -> Finding:
    return Finding(rule, severity, message, remedy)


def test_findings_are_grouped_by_severity_and_rule_and_all_are_there() -> None:
    found = [
        finding("same_name", Severity.WARNING, "a"),
        finding("feel_syntax", Severity.CANNOT_EXECUTE, "b"),
        finding("set_in_parallel", Severity.WARNING, "c"),
        finding("same_name", Severity.WARNING, "d"),
    ]
    worst, hints = grouped(found)
    assert (worst.severity, worst.count, worst.is_open) == (Severity.CANNOT_EXECUTE, 1, True)
    assert (hints.severity, hints.count, hints.is_open) == (Severity.WARNING, 3, False)
    assert [(of.title, len(of.findings)) for of in hints.rules] == [
        ("Same name", 2),
        ("Set in parallel", 1),
    ]
    shown = [each for group in (worst, hints) for of in group.rules for each in of.findings]
    assert sorted(each.message for each in shown) == ["a", "b", "c", "d"]
    assert grouped([]) == []


def test_what_to_do_is_said_once_where_it_is_the_same() -> None:
    [group] = grouped(
        [
            finding("same_name", Severity.WARNING, "a"),
            finding("same_name", Severity.WARNING, "b"),
            finding("form", Severity.WARNING, "c", "Do this."),
            finding("form", Severity.WARNING, "d", "Do that."),
            finding("loop", Severity.WARNING, "e"),
        ]
    )
    assert [of.remedy for of in group.rules] == ["Mend it.", "", ""]


def test_the_name_of_a_rule_is_said_in_words() -> None:
    assert title_of("feel_syntax") == "FEEL syntax"
    assert title_of("no_form") == "No form"


@pytest.fixture
def draft(house: House, ark: Organisation) -> str:
    return f"/library/releases/{draft_of_silent_tables(ark, house.now)}"


def test_the_page_says_a_rule_once_with_a_count_and_every_finding_inside(
    sign_in: SignIn, draft: str
) -> None:
    page = sign_in("owner").get(draft).text
    group = page[page.index("<b>Rule without words</b>") :].partition("</details>")[0]
    assert '<span class="count">3</span></summary>' in group
    assert group.count('<li class="finding"') == 3
    assert group.count("Write a sentence beside each rule") == 1
    for words in ("Overall level of risk", "Which service leads", "Domestic abuse risk"):
        assert words in group
