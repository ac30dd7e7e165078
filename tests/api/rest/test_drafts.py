"""Drafts over HTTP: kept as typed, and never saved over a colleague's words unseen."""

from typing import Any

import pytest
from stories import AMARA
from story import Story


@pytest.fixture
def task(story: Story) -> dict[str, Any]:
    """A referral waits to be read by Ines or whoever is faster."""
    story.refer("ines", AMARA, external_id="1")
    waiting = story.task("ines", "task_read_written")
    shown: dict[str, Any] = story.gets("ines", f"/user-tasks/{waiting['id']}")
    return shown


def typed(task: dict[str, Any], version: int | None = None, **answers: Any) -> dict[str, Any]:
    return {"answers": answers, "form_sha256": task["form_sha256"], "version": version}


def test_what_is_typed_comes_back_as_typed(story: Story, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/draft"
    assert story["ines"].get(path).status_code == 404

    first = story["ines"].put(path, typed(task, immediate_danger="perhaps", half="a wo"))
    second = story["ines"].put(path, typed(task, 1, immediate_danger="no"))

    assert (first.json["version"], second.json["version"]) == (1, 2)
    assert story.gets("ines", path)["answers"] == {"immediate_danger": "no"}


def test_who_saves_over_what_they_have_not_seen_is_told(story: Story, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/draft"
    story["ines"].put(path, typed(task, stated_high="yes"))

    refused = story["ines"].put(path, typed(task, stated_high="no"))

    assert (refused.status_code, refused.json["type"]) == (409, "/problems/draft-conflict")
    assert (refused.json["by"], refused.json["version"]) == (str(story.org.ines), 1)
    assert story.gets("ines", path)["answers"] == {"stated_high": "yes"}


def test_a_task_that_ines_has_claimed_is_hers_to_write(story: Story, task: dict[str, Any]) -> None:
    story.posts("ines", f"/user-tasks/{task['id']}/claim")

    answer = story["mara"].put(f"/user-tasks/{task['id']}/draft", typed(task, stated_high="no"))

    assert (answer.status_code, answer.json["by"]) == (403, str(story.org.ines))


def test_who_may_not_see_the_task_sees_no_draft(story: Story, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/draft"
    story["ines"].put(path, typed(task, stated_high="yes"))

    assert story["amina"].get(path).status_code == 404
    assert story["amina"].put(path, typed(task)).status_code == 404


def test_a_draft_that_was_read_is_in_the_access_record(story: Story, task: dict[str, Any]) -> None:
    path = f"/user-tasks/{task['id']}/draft"
    story["ines"].put(path, typed(task, stated_high="yes"))
    story.gets("ines", path)

    day = story.now.date().isoformat()
    entries = story.gets("auditor", f"/history/access/{story.org.ines}/{day}?purpose=x")["items"]
    assert "draft.shown" in [entry["payload"]["concept_name"] for entry in entries]
