"""The buttons of every task over HTTP: concern, alert, conflict. The task stays as it is."""

from typing import Any

import pytest
from sqlalchemy import text
from stories import AMARA
from story import Story

from engine import history

CONCERN = {
    "at_risk": "child",
    "verbatim_words": "“He was locked in a cupboard.”",
    "danger_now": "unsure",
    "about_staff": "no",
}


@pytest.fixture
def reading(story: Story) -> dict[str, Any]:
    """Ines has a message in front of her that nobody has made a case of."""
    story.refer("ines", AMARA, external_id="1")
    return story.task("ines", "task_read_written")


def test_a_concern_is_raised_before_there_is_a_case(story: Story, reading: dict[str, Any]) -> None:
    raised = story["ines"].post(f"/user-tasks/{reading['id']}/concerns", CONCERN)

    assert raised.status_code == 201
    assert story.task("dsl", "task_acknowledge")["business_key"] == reading["business_key"]
    assert story.task("ines", "task_read_written")["state"] == reading["state"]


def test_whoever_cannot_wait_refers_it_themselves(story: Story, reading: dict[str, Any]) -> None:
    cannot_wait = {**CONCERN, "refer_now": True}
    assert (
        story["ines"].post(f"/user-tasks/{reading['id']}/concerns", cannot_wait).status_code == 201
    )

    assert story.task("ines", "task_refer_direct")["actual_owner"] == str(story.org.ines)


def test_all_five_fields_are_checked(story: Story, reading: dict[str, Any]) -> None:
    refused = story["ines"].post(f"/user-tasks/{reading['id']}/concerns", {"danger_now": "maybe"})

    pointers = {error["pointer"] for error in refused.json["errors"]}
    assert pointers == {"#/at_risk", "#/verbatim_words", "#/danger_now", "#/about_staff"}


def test_the_manager_is_alerted_and_told_on_which_task(
    story: Story, reading: dict[str, Any]
) -> None:
    path, why = f"/user-tasks/{reading['id']}/alerts", {"reason": "I cannot open the attachment."}
    assert story["ines"].post(path, why).status_code == 202

    assert story.task("femi", "task_answer_alert")["potential_owners"] == ["team_leader"]


def test_who_answers_an_alert_reads_who_asks_and_why(story: Story, reading: dict[str, Any]) -> None:
    why = {"reason": "I cannot open the attachment."}
    story["ines"].post(f"/user-tasks/{reading['id']}/alerts", why)
    answering = story.task("femi", "task_answer_alert")

    read = story["femi"].get(f"/user-tasks/{answering['id']}/alert")
    assert read.json["reason"] == why["reason"]
    assert read.json["raised_by"] == str(story.org.ines)
    assert read.json["user_task_id"] == reading["id"]
    assert answering["business_key"] == reading["business_key"]  # the contact, before any case
    with story.org.work() as session:
        day = f"access:{story.org.femi}:{story.now:%Y-%m-%d}"
        assert "alert" in [e.payload["concept_name"] for e in history.read(session, day)]
        kept = session.execute(text("SELECT reason FROM manager_alert")).scalar_one()
        assert b"attachment" not in bytes(kept)


def test_only_an_alert_says_who_asks(story: Story, reading: dict[str, Any]) -> None:
    assert story["ines"].get(f"/user-tasks/{reading['id']}/alert").status_code == 404


def test_a_conflict_closes_the_task_at_once(story: Story, reading: dict[str, Any]) -> None:
    path, why = f"/user-tasks/{reading['id']}", {"reason": "She is my cousin."}
    assert story["ines"].post(f"{path}/conflicts", why).status_code == 204

    assert story["ines"].get(path).status_code == 404
    assert story.elements("ines") == []


@pytest.mark.parametrize("act", ["concerns", "alerts", "conflicts"])
def test_a_task_that_one_does_not_see_offers_nothing(
    story: Story, reading: dict[str, Any], act: str
) -> None:
    body = CONCERN if act == "concerns" else {"reason": "x"}

    assert story["amina"].post(f"/user-tasks/{reading['id']}/{act}", body).status_code == 404
