"""Live contacts over HTTP: begin, danger now, draft, end."""

from typing import Any

import pytest
from story import Story

CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Dawn",
    "family_name": "Pike",
    "what_happened": "Threatened by a neighbour.",
    "channels": [{"kind": "mobile", "value": "07700 900321", "safe_call": "yes"}],
    "route": "information",
}


@pytest.fixture
def contact(story: Story) -> dict[str, Any]:
    """Amina has answered the telephone."""
    asked = {"service": "helpline", "channel": "phone"}
    begun: dict[str, Any] = story.posts("amina", "/contacts/live", asked)
    return begun


def test_whoever_answers_is_given_the_form(contact: dict[str, Any]) -> None:
    assert contact["status"] == "live"
    assert contact["form"]["id"] == "contact"
    assert len(contact["form_sha256"]) == 64


def test_nobody_is_on_the_line_of_a_letter(story: Story) -> None:
    answer = story["amina"].post("/contacts/live", {"service": "helpline", "channel": "letter"})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/channel")


def test_an_analyst_answers_no_telephone(story: Story) -> None:
    answer = story["ana"].post("/contacts/live", {"service": "helpline", "channel": "phone"})

    assert answer.status_code == 403


def test_danger_opens_the_999_task_at_once_and_once(story: Story, contact: dict[str, Any]) -> None:
    path = f"/contacts/{contact['id']}/danger-now"

    first, again = story.posts("amina", path), story.posts("amina", path)

    assert (first["raised"], again) == (True, {"concern_id": None, "raised": False})
    assert story.elements("amina").count("task_call_999") == 1
    assert story.gets("amina", f"/contacts/{contact['id']}?purpose=x")["status"] == "live"


def test_what_is_typed_is_kept_and_gone_when_the_call_has_ended(
    story: Story, contact: dict[str, Any]
) -> None:
    path = f"/contacts/{contact['id']}"
    typed = {"answers": {"given_name": "Da"}, "form_sha256": contact["form_sha256"]}
    assert story["amina"].put(f"{path}/draft", typed).json["version"] == 1
    assert story.gets("amina", f"{path}/draft")["answers"] == {"given_name": "Da"}

    ended = story.posts(
        "amina", f"{path}/end", {"answers": CALL, "form_sha256": contact["form_sha256"]}
    )

    assert ended["status"] == "received"
    assert story["amina"].get(f"{path}/draft").status_code == 404
    assert story["amina"].put(f"{path}/draft", typed).status_code == 404
    assert story.elements("amina") == ["task_give_information"]


def test_a_call_ends_once(story: Story, contact: dict[str, Any]) -> None:
    path = f"/contacts/{contact['id']}/end"
    story.posts("amina", path, {"answers": CALL})

    again = story["amina"].post(path, {"answers": CALL})

    assert (again.status_code, again.json["type"]) == (409, "/problems/contact-not-live")


def test_answers_to_another_version_of_the_form_are_told_of_both(
    story: Story, contact: dict[str, Any]
) -> None:
    sent = {"answers": CALL, "form_sha256": "0" * 64}

    answer = story["amina"].post(f"/contacts/{contact['id']}/end", sent)

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/stale-form")
    assert answer.json["yours"] == "0" * 64
    assert answer.json["current"] == contact["form_sha256"]


def test_every_wrong_answer_is_named(story: Story, contact: dict[str, Any]) -> None:
    wrong = {**CALL, "born_on": "2999-01-01", "surprise": 1}

    answer = story["amina"].post(f"/contacts/{contact['id']}/end", {"answers": wrong})

    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert pointers == {"#/answers/born_on", "#/answers/surprise"}


def test_only_whoever_is_on_the_line_ends_the_call(story: Story, contact: dict[str, Any]) -> None:
    path = f"/contacts/{contact['id']}/end"

    assert story["ben"].post(path, {"answers": CALL}).status_code == 404
    refused = story["chidi"].post(path, {"answers": CALL})
    assert (refused.status_code, refused.json["by"]) == (403, str(story.org.amina))


def test_somebody_recognised_on_the_line_has_to_be_there(
    story: Story, contact: dict[str, Any]
) -> None:
    nobody = {"answers": CALL, "person_id": contact["id"]}

    assert story["amina"].post(f"/contacts/{contact['id']}/end", nobody).status_code == 404
