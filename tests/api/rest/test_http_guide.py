"""The referral that docs/http.md shows is one that the server takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from story import Story

GUIDE = Path(__file__).parents[3] / "docs" / "http.md"


@pytest.fixture
def referral() -> Any:
    found = re.search(r"<!-- test: referral -->\n```json\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert found
    return json.loads(found[1])


def test_the_referral_is_taken_and_read_for_danger_in_two_hours(
    story: Story, referral: Any
) -> None:
    answer = story["amina"].post("/contacts", referral, Idempotency_Key="mash-2026-4711")
    assert answer.status_code == 201, answer.get_data(as_text=True)

    (task,) = story["amina"].get("/user-tasks").json["items"]
    assert task["element_id"] == "task_read_written"
    assert task["due_at"] == "2027-01-14T12:05:00Z"


def test_the_same_external_id_again_says_how_it_stands(story: Story, referral: Any) -> None:
    first = story["amina"].post("/contacts", referral).json
    again = story["amina"].post("/contacts", referral).json
    assert again["id"] == first["id"]
    assert again["first_response_due"] == "2027-01-14T12:05:00Z"
