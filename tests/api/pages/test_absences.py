"""The page of absences, and the same over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from browsing import Browser
from flask.testing import FlaskClient
from people import Organisation
from programmes import make_programme

SignIn = Callable[[str], Browser]
DAY = timedelta(days=1)


@pytest.fixture
def femi(sign_in: SignIn) -> Browser:
    browser = sign_in("femi")
    browser.get("/absences")
    return browser


def days(first: str = "20 1 2027", last: str = "22 1 2027") -> dict[str, str]:
    """Return what is typed for the first and the last day, box by box."""
    typed = {}
    for name, words in (("from", first), ("until", last)):
        parts = zip(("day", "month", "year"), [*words.split(), "", "", ""], strict=False)
        typed |= {f"{name}-{part}": text for part, text in parts}
    return typed


def test_a_team_leader_records_an_absence_and_its_end(femi: Browser, ark: Organisation) -> None:
    page = femi.get("/absences").text
    assert "Dana Novak" in page
    assert "Ines Costa" not in page  # is in no team of Femi's
    given = {"staff": str(ark.dana), **days(f"{ark.now:%d %m %Y}", "")}
    assert femi.post("/absences", given).status_code == 303
    page = femi.get("/absences").text
    assert "Dana Novak is recorded as away." in page
    assert f'action="/absences/{ark.dana}/end"' in page
    again = femi.post("/absences", given)
    assert again.status_code == 422
    assert "away already" in again.text
    assert femi.post(f"/absences/{ark.dana}/end").status_code == 303
    assert f'action="/absences/{ark.dana}/end"' not in femi.get("/absences").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"staff": ""}, "Select who is away."),
        (days(first=""), "Enter the first day."),
        (days(first="31 2 2027"), "Enter a real day"),
        (days(first="tomorrow"), "Enter a real day"),
        (days(last="1 1 2020"), "is over"),
        (days("10 2 2027", "1 2 2027"), "ends after it starts"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    femi: Browser, ark: Organisation, change: dict[str, str], words: str
) -> None:
    given = {"staff": str(ark.dana), **days()}
    answer = femi.post("/absences", {**given, **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert "There is a problem" in answer.text


def test_the_last_day_belongs_to_the_absence(
    femi: Browser, ark: Organisation, client: FlaskClient
) -> None:
    given = {"staff": str(ark.dana), **days()}
    assert femi.post("/absences", given).status_code == 303
    items = make_programme(client, ark, "femi").get("/absences").json["items"]
    [dana] = [each for each in items if each["staff_id"] == str(ark.dana)]
    assert dana["absence"]["starts_at"] == "2027-01-20T00:00:00Z"
    assert dana["absence"]["ends_at"] == "2027-01-23T00:00:00Z"


@pytest.mark.parametrize("who", ["dana", "amina", "dsl", "admin", "auditor"])
def test_to_who_leads_nobody_there_is_no_such_page(
    sign_in: SignIn, ark: Organisation, who: str
) -> None:
    browser = sign_in(who)
    assert browser.get("/absences").status_code == 404
    assert browser.post("/absences", {"staff": str(ark.dana)}).status_code == 404
    assert browser.post(f"/absences/{ark.dana}/end").status_code == 404
    assert 'href="/absences"' not in browser.get("/account").text


def test_a_programme_records_and_ends_an_absence(ark: Organisation, client: FlaskClient) -> None:
    femi = make_programme(client, ark, "femi")
    made = femi.post("/absences", {"staff_id": str(ark.dana)})
    assert made.status_code == 201
    assert made.json["ends_at"] is None
    assert femi.post("/absences", {"staff_id": str(ark.dana)}).status_code == 409
    assert femi.post("/absences", {"staff_id": str(ark.amina)}).status_code == 404
    assert femi.post(f"/absences/{ark.dana}/end").status_code == 204
    assert make_programme(client, ark, "dana").get("/absences").json == {"items": []}
