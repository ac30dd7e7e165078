"""S-03: Friday 5 March 2027, 16:30. On a call-back Dawn Pike says that her son, four, was locked in
a cupboard "yesterday", and that her partner is at home.

Dana raises the concern without leaving the call; Efua leads safeguarding from home, on call; the
case goes on.
"""

from typing import Any

import pytest
from dawn import at, on, ring_her, support_her
from stories import SPOKE
from story import Story

CONCERN = {
    "at_risk": "child",
    "verbatim_words": "“He locked Alfie in the cupboard, yesterday. He is downstairs.”",
    "danger_now": "unsure",
    "where_now": "At home, with her and the partner.",
    "about_staff": "no",
}
HARM = {"concerns": ["child_significant_harm"], "note": "Locked in a cupboard."}
NOT_TOLD = {"told_client": "not_told", "why_not": "He is beside her; telling her is telling him."}
RUNG = {"agency": "Emergency Duty Team", "note": "They ring back before six."}
REFERRED = {
    "agency": "Emergency Duty Team",
    "phoned_at": "2027-03-05T17:35",
    "written_at": "2027-03-05T17:50",
    "shared": "Name, age and address of the child; what was said, word for word.",
}
WELL = {"new_incidents": "no", "new_risk": "no", "card_confirmed": "yes", "goals_met": "no"}


@pytest.fixture
def case_id(story: Story) -> str:
    return support_her(story)


@pytest.fixture
def call(story: Story, case_id: str) -> dict[str, Any]:
    """16:30: Dana has Dawn on the line; the form is half filled in."""
    task = ring_her(story)
    path = f"/user-tasks/{task['id']}"
    form = story.gets("dana", path)["form_sha256"]
    typed = {"answers": {"card_read": True, "note": "He is downs"}, "form_sha256": form}
    assert story["dana"].put(f"{path}/draft", typed).status_code == 200
    story.posts("dana", f"{path}/start")
    return task


@pytest.fixture
def raised(story: Story, call: dict[str, Any]) -> dict[str, Any]:
    """16:32: five fields, out of the form of the attempt."""
    story.travel(on(3, 5, 16, 32))
    concern: dict[str, Any] = story.posts("dana", f"/user-tasks/{call['id']}/concerns", CONCERN)
    return concern


def acknowledge(story: Story) -> None:
    """17:20, after the office has closed: the lead, at home, has the concern."""
    story.travel(on(3, 5, 17, 20))
    story.does("dsl", "task_acknowledge", HARM)


def refer(story: Story) -> None:
    """17:50: the mother is not told, and why; the child is referred by phone and in writing."""
    acknowledge(story)
    story.does("dsl", "task_inform_client", NOT_TOLD)
    story.travel(on(3, 5, 17, 50))
    story.does("dsl", "task_refer", REFERRED)


def answer(story: Story, concern: dict[str, Any]) -> None:
    """The duty team acknowledges by the interface that it has for that."""
    key = {"concern_id": concern["id"], "route": "mash_s47"}
    story.posts("dsl", "/messages", {"name": "agency.acknowledged", "payload": key})


def test_the_concern_leaves_the_call_as_it_was(
    story: Story, call: dict[str, Any], raised: dict[str, Any]
) -> None:
    path = f"/user-tasks/{call['id']}"

    assert story.gets("dana", path)["state"] == "in_progress"
    assert story.gets("dana", f"{path}/draft")["answers"]["note"] == "He is downs"


def test_the_lead_hears_of_it_at_once_and_has_an_hour_on_call(
    story: Story, raised: dict[str, Any]
) -> None:
    task = story.task("dsl", "task_acknowledge")

    assert task["due_at"] == at(3, 5, 17, 32)  # the office closes at five; this clock does not
    assert task["priority"] == 0
    assert task["potential_owners"] == ["safeguarding_lead"]


def test_after_25_minutes_whoever_raised_it_is_told_to_ring_the_duty_team(
    story: Story, raised: dict[str, Any]
) -> None:
    story.travel(on(3, 5, 16, 56))
    assert "task_refer_direct" not in story.elements("dana")
    story.travel(on(3, 5, 16, 57))

    task = story.task("dana", "task_refer_direct")
    assert (task["actual_owner"], task["due_at"]) == (str(story.org.dana), at(3, 5, 17, 7))
    assert "phone them now" in task["name"]
    story.does("dana", "task_refer_direct", RUNG | {"rung_at": "2027-03-05T17:00"})
    assert "task_acknowledge" in story.elements("dsl")  # the lead's task is not done by that


def test_an_alert_that_nobody_answers_goes_on_outside_office_hours(
    story: Story, raised: dict[str, Any]
) -> None:
    story.travel(on(3, 5, 16, 57))
    story.does("dana", "task_refer_direct", RUNG | {"rung_at": "2027-03-05T16:57"})
    story.travel(on(3, 5, 17, 41))
    assert "task_deputy_steps_in" not in story.elements("dsl")
    story.travel(on(3, 5, 17, 42))  # ten minutes late: the deputy
    assert story.task("dsl", "task_deputy_steps_in")
    story.travel(on(3, 5, 17, 52))  # ten more: the head of service
    assert story.task("mara", "task_service_manager_steps_in")

    story.does("dsl", "task_acknowledge", HARM)  # done after all: everybody else is called off
    assert "task_deputy_steps_in" not in story.elements("dsl")
    assert "task_service_manager_steps_in" not in story.elements("mara")


def test_the_child_goes_to_mash_under_section_47(
    story: Story, case_id: str, raised: dict[str, Any]
) -> None:
    acknowledge(story)

    assert story.rows("dsl", case_id)["safeguarding_route"] == [["r1"]]
    routes = next(
        d["outputs"]
        for d in story.record("dsl", case_id, "decisions")
        if d["decision_id"] == "safeguarding_route"
    )
    assert routes == [{"route": "mash_s47", "time": "same_day"}]


def test_what_is_shared_has_a_basis_and_stands_in_the_log(
    story: Story, case_id: str, raised: dict[str, Any]
) -> None:
    acknowledge(story)

    shared = next(
        d for d in story.record("dsl", case_id, "disclosures") if d["concern_id"] == raised["id"]
    )
    assert (shared["decision"], shared["basis"]) == ("share", "safeguarding_p18")
    assert (shared["recipient_class"], shared["tell"]) == ("statutory", "parent_if_safe")
    assert ["r2"] in story.rows("dsl", case_id)["sharing_basis"]


def test_a_mother_is_not_told_without_saying_why(story: Story, raised: dict[str, Any]) -> None:
    acknowledge(story)
    task = story.task("dsl", "task_inform_client")

    refused = story.tries("dsl", task["id"], {"told_client": "not_told"})
    assert [e["pointer"] for e in refused.json["errors"]] == ["#/why_not"]
    story.does("dsl", "task_inform_client", NOT_TOLD)


def test_it_is_referred_the_same_evening_and_an_answer_is_awaited(
    story: Story, case_id: str, raised: dict[str, Any]
) -> None:
    acknowledge(story)
    story.does("dsl", "task_inform_client", NOT_TOLD)
    assert story.task("dsl", "task_refer")["due_at"] == at(3, 5, 21, 20)
    story.travel(on(3, 5, 17, 50))
    story.does("dsl", "task_refer", REFERRED)

    (concern,) = story.record("dsl", case_id, "concerns")
    assert concern["told_client"] == "not_told"
    assert concern["acknowledged_at"] == at(3, 5, 17, 20)
    assert "task_refer" not in story.elements("dsl")
    assert "task_record_decision" not in story.elements("dsl")


def test_silence_is_chased_after_one_two_and_three_working_days(
    story: Story, raised: dict[str, Any]
) -> None:
    refer(story)
    story.travel(on(3, 8, 16, 59))
    assert "task_chase" not in story.elements("dsl")
    story.travel(on(3, 8, 17))  # Monday, end of day
    assert story.task("dsl", "task_chase")["potential_owners"] == ["safeguarding_lead"]
    story.travel(on(3, 9, 17))
    assert story.task("mara", "task_manager_call")["potential_owners"] == ["service_manager"]
    story.travel(on(3, 10, 17))
    assert story.task("mara", "task_disagreement")["potential_owners"] == ["service_manager"]


def test_an_answer_ends_the_waiting(story: Story, raised: dict[str, Any]) -> None:
    refer(story)
    story.travel(on(3, 8, 11))
    answer(story, raised)
    story.travel(on(3, 10, 18))

    seen = story.elements("dsl")
    assert "task_record_decision" in seen
    assert not {"task_chase", "task_manager_call", "task_disagreement"} & set(seen)


def test_the_decision_is_recorded_fed_back_and_the_concern_is_closed(
    story: Story, case_id: str, raised: dict[str, Any]
) -> None:
    refer(story)
    story.travel(on(3, 8, 11))
    answer(story, raised)
    decided = {"agency_outcome": "s47", "concern_continues": "yes"}
    story.does("dsl", "task_record_decision", decided)
    story.does("dsl", "task_feed_back", {"feedback_given": "yes", "note": "They see him today."})
    story.does("dana", "task_update_plan", {"exit_plan": "To her mother, with Alfie."})

    (concern,) = story.record("dsl", case_id, "concerns")
    assert concern["fed_back_at"] == concern["closed_at"] == at(3, 8, 11)
    assert story.faults() == []


def test_the_case_is_not_paused_and_the_call_back_goes_on(
    story: Story, case_id: str, call: dict[str, Any], raised: dict[str, Any]
) -> None:
    story.travel(on(3, 5, 17, 5))  # the window closed at five; she was on the line
    done = story.tries("dana", call["id"], SPOKE | {"note": "He is downstairs; ended early."})
    assert done.status_code == 200
    story.does("dana", "task_check_in", WELL)

    case = story.case("dana", case_id)
    assert (case["status"], case["closed_at"]) == ("supported", None)
    running = {i["process_id"]: i["status"] for i in story.record("dana", case_id, "instances")}
    assert running["call_backs"] == running["safeguarding_escalation"] == "active"
    story.travel(on(3, 22, 9))  # medium risk: a fortnight on, when the office opens
    assert "task_attempt" in story.elements("dana")
    assert story.faults() == []


def test_what_was_said_is_read_by_nobody_who_has_no_part_in_it(
    story: Story, case_id: str, raised: dict[str, Any]
) -> None:
    for who in ("amina", "vic", "owner", "admin"):
        answer = story[who].get(f"/cases/{case_id}/concerns?purpose=x&reason=x")
        assert answer.status_code == 404
    for instance in story.record("dsl", case_id, "instances"):
        path = f"/history/instances/{instance['id']}?purpose=x&reason=x&limit=500"
        assert "cupboard" not in story["auditor"].get(path).get_data(as_text=True)
