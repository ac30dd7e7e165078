"""The safe-contact card over HTTP: masked, and one value at a time for whoever holds the task."""

from typing import Any

import pytest
from stories import AMARA
from story import Story


@pytest.fixture
def attempt(story: Story) -> str:
    """The path of the attempt to reach Amara Okafor, whose number may be called cold."""
    words = {"stop_word": "parcel", "client_password": "lighthouse"}
    written = {**AMARA, **words, "immediate_danger": "no", "route": "victim_support"}
    story.refer("ines", written, channel="agency_referral", external_id="1")
    return f"/user-tasks/{story.task('ines', 'task_attempt')['id']}"


def only_line(card: dict[str, Any]) -> dict[str, Any]:
    (line,) = card["lines"]
    return line


def test_the_card_says_how_she_may_be_reached_and_no_value(story: Story, attempt: str) -> None:
    answer = story["ines"].get(f"{attempt}/safe-contact")

    line = only_line(answer.json)
    assert (line["mode"], line["may_leave"], line["ending"]) == ("cold", [], "123")
    assert answer.json["withhold_number"] is True
    assert answer.json["words"] == ["stop_word", "client_password"]
    assert answer.json["window"]["is_open"] is True
    for value in ("900123", "parcel", "lighthouse"):
        assert value not in answer.get_data(as_text=True)


def test_a_value_is_given_one_at_a_time(story: Story, attempt: str) -> None:
    line = only_line(story.gets("ines", f"{attempt}/safe-contact"))
    path = f"{attempt}/safe-contact/reveal"

    number = story.posts("ines", path, {"what": "number", "channel_id": line["channel_id"]})
    word = story.posts("ines", path, {"what": "stop_word"})

    assert number["value"] == "+447700900123"
    assert word["value"] == "parcel"
    assert story["ines"].post(path, {"what": "worker_password"}).status_code == 404
    assert story["ines"].post(path, {"what": "number"}).status_code == 404
    assert story["ines"].post(path, {"what": "name"}).status_code == 422


def test_each_look_and_each_value_is_recorded(story: Story, attempt: str) -> None:
    story.gets("ines", f"{attempt}/safe-contact")
    story.posts("ines", f"{attempt}/safe-contact/reveal", {"what": "stop_word"})

    day = story.now.date().isoformat()
    path = f"/history/access/{story.org.ines}/{day}?purpose=x&limit=500"
    seen = [entry["payload"] for entry in story.gets("auditor", path)["items"]]
    names = [entry["concept_name"] for entry in seen]
    assert names[-2:] == ["safe_contact.shown", "safe_contact.revealed.stop_word"]
    assert seen[-1]["purpose"].startswith("task ")


def test_a_case_worker_is_shown_the_values_once_the_attempt_is_hers(
    story: Story, attempt: str
) -> None:
    path, stop_word = f"{attempt}/safe-contact/reveal", {"what": "stop_word"}
    assert story.gets("dana", f"{attempt}/safe-contact")["may_reveal"] is False
    assert story["dana"].post(path, stop_word).status_code == 404

    story.posts("dana", f"{attempt}/claim")

    assert story.gets("dana", f"{attempt}/safe-contact")["may_reveal"] is True
    assert story.posts("dana", path, stop_word)["value"] == "parcel"


def test_who_does_not_see_the_task_sees_no_card(story: Story, attempt: str) -> None:
    assert story["amina"].get(f"{attempt}/safe-contact").status_code == 404


def test_a_task_in_which_nobody_is_reached_shows_no_card(story: Story, attempt: str) -> None:
    judging = story.task("ines", "task_judge_marac")

    assert story["ines"].get(f"/user-tasks/{judging['id']}/safe-contact").status_code == 404


def test_whoever_has_the_number_has_the_attempt(story: Story, attempt: str) -> None:
    line = only_line(story.gets("ines", f"{attempt}/safe-contact"))
    number = {"what": "number", "channel_id": line["channel_id"]}
    story.posts("ines", f"{attempt}/safe-contact/reveal", number)

    task = story.gets("dana", attempt)
    assert (task["state"], task["actual_owner"]) == ("in_progress", str(story.org.ines))
    refused = story["dana"].post(f"{attempt}/claim")
    assert (refused.status_code, refused.json["by"]) == (409, str(story.org.ines))


def test_one_may_say_that_one_has_begun(story: Story, attempt: str) -> None:
    assert story.posts("dana", f"{attempt}/start")["state"] == "in_progress"
    assert story["ines"].post(f"{attempt}/start").status_code == 403
