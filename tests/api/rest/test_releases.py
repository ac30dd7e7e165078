"""Releases over HTTP: one hands in, another publishes, and those concerned may look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programmes import Programme

Make = Callable[..., Programme]
DEFINITIONS = Path(__file__).parents[3] / "benchmarks" / "definitions"
ATTEMPTS = (DEFINITIONS / "attempts.bpmn").read_text(encoding="utf-8")
THREE_TASKS = (DEFINITIONS / "three_tasks.bpmn").read_text(encoding="utf-8")
CHANGED = {"files": [{"name": "attempts.bpmn", "text": ATTEMPTS.replace("Try to", "Try again to")}]}


@pytest.fixture
def owner(comparison: None, programme: Make) -> Programme:
    return programme("owner")


@pytest.fixture
def draft(owner: Programme) -> Any:
    answer = owner.post("/releases", CHANGED)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json


@pytest.mark.parametrize("login_name", ["owner", "mara", "dsl", "iggy", "auditor"])
def test_whoever_has_to_do_with_definitions_may_look(
    draft: Any, programme: Make, login_name: str
) -> None:
    reader = programme(login_name)
    assert [each["number"] for each in reader.get("/releases").json["items"]] == [2, 1]
    assert "attempts.bpmn" in reader.get(f"/releases/{draft['id']}").json["files"]
    kept = reader.get(f"/releases/{draft['id']}/files/attempts.bpmn")
    assert "Try again to" in kept.get_data(as_text=True)


def test_dana_has_nothing_to_do_with_definitions(draft: Any, programme: Make) -> None:
    assert programme("dana").get("/releases").status_code == 403


def test_files_that_are_not_named_stay_as_they_are(owner: Programme, draft: Any) -> None:
    files = owner.get(f"/releases/{draft['id']}").json["files"]
    assert sorted(path.name for path in DEFINITIONS.iterdir()) == files


def test_the_author_cannot_publish(owner: Programme, draft: Any) -> None:
    answer = owner.post(f"/releases/{draft['id']}/publish")
    assert answer.status_code == 403
    assert answer.json["type"] == "/problems/own-release"


@pytest.mark.parametrize("login_name", ["owner2", "mara"])
def test_a_second_person_publishes(draft: Any, programme: Make, login_name: str) -> None:
    answer = programme(login_name).post(f"/releases/{draft['id']}/publish")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["state"] == "published"


def test_an_auditor_looks_and_publishes_nothing(draft: Any, programme: Make) -> None:
    assert programme("auditor").post(f"/releases/{draft['id']}/publish").status_code == 403


def test_what_cannot_run_comes_back_with_every_finding(owner: Programme) -> None:
    broken = ATTEMPTS.replace('targetRef="script_count"', 'targetRef="script_conut"')
    answer = owner.post("/releases", {"files": [{"name": "attempts.bpmn", "text": broken}]})
    assert answer.status_code == 422
    assert answer.json["findings"]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("[{expct: {tasks: []}}]", "one of start, message"),
        ("[{start: {process: attempts}}, {expect: {tasks: []}}]", "Open are ['task_attempt']"),
    ],
)
def test_a_story_that_goes_otherwise_is_not_published(
    owner: Programme, programme: Make, steps: str, words: str
) -> None:
    story = f'story: "Nobody is asked"\nnow: 2027-01-14T10:05:00Z\nsteps: {steps}\n'
    handed_in = owner.post("/releases", {"files": [{"name": "nobody.yaml", "text": story}]})
    answer = programme("owner2").post(f"/releases/{handed_in.json['id']}/publish")
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/scenarios-failed"
    assert words in answer.json["detail"]


def test_the_second_of_two_drafts_undoes_nothing_of_the_first(
    owner: Programme, draft: Any, programme: Make
) -> None:
    other = programme("owner2").post(
        "/releases", {"files": [{"name": "three_tasks.bpmn", "text": THREE_TASKS + "\n"}]}
    )
    assert other.status_code == 201, other.get_data(as_text=True)
    reviewer = programme("mara")
    assert reviewer.post(f"/releases/{draft['id']}/publish").status_code == 200
    refused = reviewer.post(f"/releases/{other.json['id']}/publish")
    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/release-stale"
    assert refused.json["undone"] == ["attempts.bpmn"]
    assert [each["number"] for each in refused.json["since"]] == [2]
    assert owner.get(f"/releases/{other.json['id']}").json["undoes"] == ["attempts.bpmn"]
    assert owner.post(f"/releases/{other.json['id']}/rebase").status_code == 403
    made = programme("owner2").post(f"/releases/{other.json['id']}/rebase")
    assert made.status_code == 201, made.get_data(as_text=True)
    assert made.json["base"] == draft["id"]
    published = reviewer.post(f"/releases/{made.json['id']}/publish")
    assert published.status_code == 200, published.get_data(as_text=True)
    kept = owner.get(f"/releases/{made.json['id']}/files/attempts.bpmn").get_data(as_text=True)
    assert "Try again to" in kept


def test_a_draft_says_from_which_release_its_files_were_taken(
    owner: Programme, draft: Any, programme: Make
) -> None:
    first = draft["base"]
    programme("owner2").post(f"/releases/{draft['id']}/publish")
    late = owner.post("/releases", {**CHANGED, "base": first})
    assert late.json["base"] == first
    assert owner.post("/releases", {**CHANGED, "base": late.json["id"]}).status_code == 422
