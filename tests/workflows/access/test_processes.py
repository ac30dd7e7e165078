"""The two small processes that tell people of a wall that was touched."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import TravellingClock
from engine.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[3]
FILES = {
    name: (ROOT / name).read_bytes()
    for name in (
        "bpmn/processes/walled_search.bpmn",
        "bpmn/processes/break_glass.bpmn",
        "forms/definitions/walled_search.form",
        "forms/definitions/break_glass_review.form",
        "forms/definitions/break_glass_notice.form",
    )
}


@pytest.fixture
def reviewed() -> list[str]:
    return []


@pytest.fixture
def rehearsal(clock: TravellingClock, reviewed: list[str]) -> Rehearsal:
    stand_ins = {"access.record_review": lambda *, break_glass_id: reviewed.append(break_glass_id)}
    return Rehearsal(FILES, clock.now(), stand_ins)


def test_a_walled_search_is_a_task_of_the_lead_alone(
    rehearsal: Rehearsal, clock: TravellingClock
) -> None:
    rehearsal.send_message("search.walled", {"person_id": "p1", "searched_by": "priya"})
    (task,) = rehearsal.open_tasks()
    assert (task.element_id, task.lane) == ("task_look_into_search", "safeguarding_lead")
    assert task.due_at == clock.now() + timedelta(hours=4)
    rehearsal.complete(task.id, {"search_finding": "chance"})
    assert rehearsal.has_ended(task.instance_id)


def test_broken_glass_is_told_to_two_and_reviewed(
    rehearsal: Rehearsal, reviewed: list[str]
) -> None:
    rehearsal.send_message(
        "glass.broken", {"break_glass_id": "g1", "case_id": "c1", "opened_by": "priya"}
    )
    tasks = {task.lane: task for task in rehearsal.open_tasks()}
    assert tasks.keys() == {"safeguarding_lead", "team_leader"}
    rehearsal.complete(tasks["team_leader"].id, {"opening_in_hand": "in_hand"})
    assert not rehearsal.has_ended(tasks["team_leader"].instance_id)
    rehearsal.complete(tasks["safeguarding_lead"].id, {"opening_finding": "needed"})
    assert reviewed == ["g1"]
    assert rehearsal.has_ended(tasks["team_leader"].instance_id)
    assert rehearsal.incidents() == []
