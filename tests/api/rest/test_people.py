"""Searching for people over HTTP: by POST, recorded, and silent about walls."""

from typing import Any

import pytest
from stories import AMARA
from story import Story

from workflows.access import conflicts

HER: dict[str, Any] = {
    "purpose": "a call",
    "given_name": "Amara",
    "family_name": "Okafor",
    "born_on": "1995-05-02",
}


@pytest.fixture
def known(story: Story) -> Story:
    """Amara Okafor has a case."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    story.refer("ines", written, channel="agency_referral", external_id="1")
    return story


def search(story: Story, who: str, **about: Any) -> dict[str, Any]:
    answer: dict[str, Any] = story.posts(who, "/people/search", {**HER, **about})
    return answer


def test_a_candidate_comes_with_the_reasons_and_the_cases_one_may_see(known: Story) -> None:
    found = search(known, "ines")

    (candidate,) = found["candidates"]
    assert found["band"] == candidate["band"] == "possible"
    assert {"dob_exact", "name_phonetic"} <= set(candidate["reasons"])
    assert [case["case_number"] for case in candidate["cases"]] == ["27-000001"]


def test_a_handler_learns_that_she_is_known_and_nothing_of_her_case(known: Story) -> None:
    (candidate,) = search(known, "amina")["candidates"]

    assert candidate["cases"] == []


def test_no_name_is_in_the_answer(known: Story) -> None:
    answer = known["ines"].post("/people/search", HER).get_data(as_text=True)

    assert "Amara" not in answer
    assert "Okafor" not in answer


def test_whoever_has_a_conflict_with_her_finds_nobody(known: Story) -> None:
    (candidate,) = search(known, "priya")["candidates"]
    with known.org.work() as session:
        conflicts.declare(
            session,
            known.org.priya,
            person_id=candidate["person_id"],
            by="system",
            now=known.now,
        )

    nobody = search(known, "priya", given_name="Zoe", family_name="Nobody", born_on="1950-01-01")
    assert search(known, "priya") == nobody == {"band": "none", "candidates": []}


def test_a_search_without_a_purpose_or_a_description_is_refused(known: Story) -> None:
    without = known["ines"].post("/people/search", {"family_name": "Okafor"})
    empty = known["ines"].post("/people/search", {"purpose": "a call"})

    assert [e["pointer"] for e in without.json["errors"]] == ["#/purpose"]
    assert empty.status_code == 422


def test_a_number_that_is_none_is_refused(known: Story) -> None:
    answer = known["ines"].post("/people/search", {**HER, "phones": ["not a number"]})

    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/bad-number"


def test_every_search_is_recorded_with_its_purpose(known: Story) -> None:
    search(known, "ines")

    day = known.now.date().isoformat()
    path = f"/history/access/{known.org.ines}/{day}?purpose=audit&limit=500"
    entries = known.gets("auditor", path)["items"]
    searched = [e for e in entries if e["payload"]["concept_name"] == "people.searched"]
    assert [e["payload"]["purpose"] for e in searched] == ["a call"]


def test_only_those_who_audit_read_who_has_read_what(known: Story) -> None:
    path = f"/history/access/{known.org.ines}/{known.now.date().isoformat()}?purpose=x"

    assert known["iggy"].get(path).status_code == 200
    assert known["ines"].get(path).status_code == 403
    assert known["owner"].get(path).status_code == 403
    assert known["auditor"].get(path.replace("2027-01-14", "yesterday")).status_code == 404


def test_somebody_without_a_name_is_found_by_her_password(story: Story) -> None:
    contact = story.posts("amina", "/contacts/live", {"service": "helpline", "channel": "phone"})
    answers = {
        "safe_now": "yes",
        "immediate_danger": "no",
        "no_name": True,
        "source": "self",
        "what_happened": "Abused on the bus every week.",
        "client_password": "lighthouse",
        "route": "victim_support",
    }
    story.posts("amina", f"/contacts/{contact['id']}/end", {"answers": answers})

    path, asked = "/people/search-by-password", {"purpose": "she rang again"}
    found = story.posts("ben", path, {**asked, "client_password": "Lighthouse"})
    assert len(found["people"]) == 1
    assert story.posts("ben", path, {**asked, "client_password": "lantern"}) == {"people": []}
