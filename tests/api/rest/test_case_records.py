"""The record of a case over HTTP: processes, decisions, attempts, history; and who may read it."""

from typing import Any
from uuid import uuid4

import pytest
from stories import AMARA, TRIED
from story import Story

from workflows.access import conflicts

PARTS = ("instances", "decisions", "attempts", "disclosures", "concerns")


@pytest.fixture
def case_id(story: Story) -> str:
    """Amara's case, with one attempt that nobody answered."""
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    contact = story.refer("ines", written, channel="agency_referral", external_id="1")
    story.does("ines", "task_attempt", TRIED)
    path = f"/contacts/{contact['id']}?purpose=x"
    found: str = story.gets("ines", path)["case_id"]
    return found


@pytest.mark.parametrize("part", PARTS)
def test_nothing_of_it_is_shown_without_a_purpose(story: Story, case_id: str, part: str) -> None:
    refused = story["ines"].get(f"/cases/{case_id}/{part}")

    assert (refused.status_code, refused.json["type"]) == (403, "/problems/purpose-needed")


@pytest.mark.parametrize("part", PARTS)
def test_a_case_that_one_may_not_see_does_not_exist(story: Story, case_id: str, part: str) -> None:
    hidden = story["amina"].get(f"/cases/{case_id}/{part}?purpose=x")
    unknown = story["amina"].get(f"/cases/{uuid4()}/{part}?purpose=x")

    assert hidden.status_code == unknown.status_code == 404
    assert {**hidden.json, "request_id": 0} == {**unknown.json, "request_id": 0}


def test_every_process_names_the_release_that_drew_it(story: Story, case_id: str) -> None:
    instances = story.record("ines", case_id, "instances")

    assert {i["release"]["number"] for i in instances} == {1}
    assert {"contact_intake", "case_lifecycle", "risk_grading", "first_contact"} <= {
        i["process_id"] for i in instances
    }


def test_a_decision_names_table_version_and_rows_and_keeps_personal_inputs(
    story: Story, case_id: str
) -> None:
    decisions = {d["decision_id"]: d for d in story.record("ines", case_id, "decisions")}

    queue, level = decisions["contact_queue"], decisions["risk_level"]
    assert (queue["matched_rows"], queue["inputs"]) == (["r4"], None)
    assert len(queue["table_sha256"]) == 64
    assert (level["matched_rows"], level["outputs"]) == (["r1"], "high")
    assert level["inputs"]["highest"] == "high"


def test_an_attempt_tells_no_number(story: Story, case_id: str) -> None:
    answer = story["ines"].get(f"/cases/{case_id}/attempts?purpose=x")

    (attempt,) = answer.json["items"]
    assert (attempt["outcome"], attempt["next_action"]) == ("no_answer", "retry")
    assert "900123" not in answer.get_data(as_text=True)


def test_what_was_read_is_recorded_with_its_purpose(story: Story, case_id: str) -> None:
    story.record("ines", case_id, "attempts")

    day = story.now.date().isoformat()
    path = f"/history/access/{story.org.ines}/{day}?purpose=x&limit=500"
    entries = [entry["payload"] for entry in story.gets("auditor", path)["items"]]
    read = next(entry for entry in entries if entry["concept_name"] == "attempts")
    assert (read["ids"], read["purpose"]) == ([case_id], "story")


def history_of(story: Story, who: str, instance_id: str, **asked: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return story[who].get(f"/history/instances/{instance_id}?{query}")


def test_the_history_of_a_process_is_as_visible_as_its_case(story: Story, case_id: str) -> None:
    (first,) = (
        i for i in story.record("ines", case_id, "instances") if i["process_id"] == "case_lifecycle"
    )

    assert history_of(story, "ines", first["id"], purpose="x").status_code == 200
    assert history_of(story, "ines", first["id"]).status_code == 403
    assert history_of(story, "amina", first["id"], purpose="x").status_code == 404
    assert history_of(story, "auditor", first["id"], purpose="x").status_code == 403
    audited = history_of(story, "auditor", first["id"], purpose="x", reason="audit")
    assert audited.json["release"]["number"] == 1
    assert audited.json["process_id"] == "case_lifecycle"
    assert story["amina"].get(f"/process-instances/{first['id']}").status_code == 404


def test_a_conflict_closes_every_part_of_it(story: Story, case_id: str) -> None:
    instance = story.record("ines", case_id, "instances")[0]
    with story.org.work() as session:
        conflicts.declare(session, story.org.ines, case_id=case_id, by="system", now=story.now)

    for part in PARTS:
        assert story["ines"].get(f"/cases/{case_id}/{part}?purpose=x").status_code == 404
    assert history_of(story, "ines", instance["id"], purpose="x").status_code == 404


def test_nobody_starts_a_process_about_a_case_they_do_not_see(story: Story, case_id: str) -> None:
    asked = {"process_id": "risk_grading", "business_key": case_id}

    assert story["amina"].post("/process-instances", asked).status_code == 404
