"""S-01: MASH sends Amara Okafor on Thursday 14 January 2027 at 10:05; police counted 16 ticks.

Ines reads the referral and reaches her, Efua leads safeguarding, Priya takes the case; the police's
high counts before anybody rings. What follows at MARAC waits for its own process.
"""

import hashlib
from typing import Any

import pytest
from amara import (
    NO_INTERPRETER,
    TOLD,
    acknowledge,
    agree,
    allocate,
    at,
    candidates,
    grade_her,
    hand_over,
    on,
    reach_her,
    try_in_the_morning,
)
from stories import AMARA, READ
from story import Story

# Every decision that the story asks, by the table's id.
DECIDED = {
    "contact_queue",
    "match_band",
    "missing_details",
    "risk_level",
    "marac_route",
    "contact_method",
    "contact_recipient",
    "contact_schedule",
    "first_call",
    "leave_message",
    "attempt_outcome",
    "tool_choice",
    "dash",
    "sharing_basis",
    "file_ready",
    "service",
    "worker_exclusion",
    "worker_score",
    "safeguarding_route",
}


@pytest.fixture
def referral(story: Story) -> dict[str, Any]:
    """10:05: the mailbox hands in what MASH has written."""
    return story.refer("ines", AMARA, external_id="mash-2027-0114")


@pytest.fixture
def case_id(story: Story, referral: dict[str, Any]) -> str:
    """10:20: Ines has read it and opened a case."""
    story.travel(on(10, 20))
    story.does("ines", "task_read_written", READ)
    story.does("ines", "task_choose_route", {"route": "victim_support"})
    found: str = story.gets("ines", f"/contacts/{referral['id']}?purpose=referral")["case_id"]
    return found


def test_it_is_queued_before_anybody_opens_it(story: Story, referral: dict[str, Any]) -> None:
    task = story.task("ines", "task_read_written")
    contact = story.gets("ines", f"/contacts/{referral['id']}?purpose=referral")

    assert contact["first_response_due"] == at(12, 5)
    assert task["due_at"] == at(12, 5)
    assert "spoc_admin" in task["potential_owners"]


def test_nobody_like_her_is_known_and_no_live_question_is_asked(story: Story, case_id: str) -> None:
    rows = story.rows("ines", case_id)

    assert rows["contact_queue"] == [["r4"], ["r4"]]  # on arrival, and again with what was read
    assert set(map(tuple, rows["match_band"])) == {("r5",)}
    assert "task_resolve_match" not in story.elements("ines")
    assert "task_ask_safe_now" not in story.elements("ines")


def test_she_is_high_by_the_police_before_anybody_rings(story: Story, case_id: str) -> None:
    case, rows = story.case("ines", case_id), story.rows("ines", case_id)

    assert (case["risk_level"], case["grade_origin"]) == ("high", "external")
    assert rows["risk_level"] == [["r1"], ["r1"]]  # on opening, and on the papers
    assert rows["marac_route"] == [["r3"]]
    assert story.task("ines", "task_judge_marac")["due_at"] == at(17)
    assert story.record("ines", case_id, "attempts") == []


def test_how_she_is_contacted_is_decided_by_what_is_known(story: Story, case_id: str) -> None:
    rows = story.rows("ines", case_id)

    assert rows["contact_method"] == [["r3"]]  # domestic abuse: a number given as safe
    assert rows["contact_recipient"] == [["r8"]]  # herself
    assert rows["first_call"] == [["r4"]]  # cold: she gave the number as safe, to the police
    assert set(map(tuple, rows["contact_schedule"])) == {("r1",)}


def test_the_number_is_called_cold_and_no_message_may_be_left(story: Story, case_id: str) -> None:
    card = try_in_the_morning(story)

    (line,) = card["lines"]
    assert (line["mode"], line["may_leave"]) == ("cold", [])
    assert card["withhold_number"] is True
    (attempt,) = story.record("ines", case_id, "attempts")
    assert (attempt["outcome"], attempt["ended_at"]) == ("no_answer", at(11, 10))
    assert attempt["next_action"] == "retry"
    assert story.rows("ines", case_id)["attempt_outcome"] == [["r16"]]
    assert story.rows("ines", case_id)["leave_message"] == [["r1"]]


def test_the_next_attempt_waits_for_another_part_of_the_day(story: Story, case_id: str) -> None:
    try_in_the_morning(story)
    story.travel(on(11, 59))
    assert "task_attempt" not in story.elements("ines")
    story.travel(on(12))

    assert story.task("ines", "task_attempt")["due_at"] == at(17)


def test_the_word_that_was_agreed_stands_on_the_card(story: Story, case_id: str) -> None:
    reach_her(story)

    path = f"/user-tasks/{story.task('ines', 'task_ask_before')['id']}/safe-contact"
    assert story.gets("ines", path)["words"] == ["stop_word"]
    assert story.posts("ines", f"{path}/reveal", {"what": "stop_word"})["value"] == "parcel"


def test_no_voicemail_was_ever_left(story: Story, case_id: str) -> None:
    allocate(story)

    attempts = story.record("ines", case_id, "attempts")
    assert [a["outcome"] for a in attempts] == ["spoke_client", "no_answer"]
    assert {a["method"] for a in attempts} == {"phone"}


def test_sixteen_ticks_are_high_for_marac_and_nothing_is_left_to_judge(
    story: Story, case_id: str
) -> None:
    grade_her(story)

    case, rows = story.case("ines", case_id), story.rows("ines", case_id)
    assert (case["risk_level"], case["grade_origin"]) == ("high", "graded")
    assert rows["dash"] == [["r2"]]
    assert rows["tool_choice"] == [["r1", "r6"], ["r1", "r6"]]
    assert rows["marac_route"] == [["r3"], ["r2"]]
    decisions = story.record("ines", case_id, "decisions")
    assert next(d["outputs"] for d in decisions if d["decision_id"] == "dash") == {
        "level": "high",
        "provisional": False,
        "marac": "refer",
        "reason_code": "VHR",
    }
    assert "task_judge_marac" not in story.elements("ines")


def test_what_goes_to_marac_waits_for_its_process_with_the_team_leader(
    story: Story, case_id: str
) -> None:
    grade_her(story)

    waiting = story.task("femi", "task_unclaimed_message")
    assert waiting["potential_owners"] == ["team_leader"]
    assert waiting["name"].endswith("MARAC asked for")


def test_the_children_are_raised_with_the_safeguarding_lead_within_the_hour(
    story: Story, case_id: str
) -> None:
    grade_her(story)
    assert story.task("dsl", "task_acknowledge")["due_at"] == at(15, 45)


def test_a_child_in_need_goes_to_mash_the_same_day(story: Story, case_id: str) -> None:
    acknowledge(story)
    story.does("dsl", "task_inform_client", TOLD)

    rows = story.rows("dsl", case_id)
    assert rows["safeguarding_route"] == [["r2"]]  # a child in need: section 17
    assert story.task("dsl", "task_refer")["due_at"] == at(17)
    (concern,) = story.record("dsl", case_id, "concerns")
    assert (concern["found_by"], concern["acknowledged_by"]) == ("rule", str(story.org.dsl))


def test_high_risk_is_offered_before_its_needs_are_written_down(story: Story, case_id: str) -> None:
    agree(story)

    assert story.task("ines", "task_allocate")["due_at"] == at(16)
    assert story.task("ines", "task_assess_needs")["due_at"] == at(17, day=21)
    assert story.case("ines", case_id)["owner_id"] == str(story.org.dana)  # on duty till then
    assert story.rows("ines", case_id)["service"] == [["r1"]]


def test_what_the_file_lacks_is_a_task_and_holds_nothing_up(story: Story, case_id: str) -> None:
    agree(story)

    assert story.rows("ines", case_id)["file_ready"] == [["r7"]]  # nobody asked: an interpreter?
    task = story.task("ines", "task_complete_item")
    lists = story.gets("ines", f"/user-tasks/{task['id']}")["lists"]
    assert [item["value"] for item in lists["file_items"]] == ["interpreter"]
    assert "task_allocate" in story.elements("ines")


def test_the_candidates_are_explained_and_the_worker_has_two_hours(
    story: Story, case_id: str
) -> None:
    agree(story)
    shown = candidates(story)
    assert {c["label"].split(":")[0] for c in shown} == {"Dana Novak", "Priya Shah"}
    assert all("points" in c["label"] for c in shown)

    story.travel(on(15, 10))
    story.does("ines", "task_allocate", {"worker": shown[0]["value"]})
    accept = story.task("femi", "task_accept")
    assert (accept["actual_owner"], accept["due_at"]) == (shown[0]["value"], at(17, 10))


def test_whoever_accepts_owns_the_case_and_call_backs_begin(story: Story, case_id: str) -> None:
    worker = hand_over(story)
    story.does("ines", "task_complete_item", NO_INTERPRETER)

    assert story.case(worker, case_id)["owner_id"] == str(story.org.staff[worker])
    running = {i["process_id"]: i["status"] for i in story.record(worker, case_id, "instances")}
    assert (running["allocation"], running["call_backs"]) == ("completed", "active")
    story.travel(on(15, 29, day=21))
    assert "task_attempt" not in story.elements(worker)
    story.travel(on(15, 30, day=21))  # high risk: seven days on
    assert "task_attempt" in story.elements(worker)


def test_a_case_that_nobody_accepts_goes_on_to_the_next_after_two_hours(
    story: Story, case_id: str
) -> None:
    first = allocate(story)
    story.travel(on(17, 10))

    assert "task_accept" not in story.elements(first)
    assert story.task("ines", "task_allocate")["due_at"] == at(18, 10)


def test_every_decision_is_on_record_with_its_rows_and_the_version_of_its_table(
    story: Story, case_id: str
) -> None:
    hand_over(story)

    decisions = story.record("dsl", case_id, "decisions")
    assert {d["decision_id"] for d in decisions} == DECIDED
    for decision in decisions:
        assert decision["matched_rows"] or decision["outputs"] in ([], None), decision
    release = story.gets("auditor", "/releases")["items"][0]
    files = f"/api/v1/releases/{release['id']}/files/bpmn/decisions"
    for name in ("contact_queue", "dash", "marac_route"):
        content = story["auditor"].get(f"{files}/{name}.dmn".removeprefix("/api/v1")).data
        versions = {d["table_sha256"] for d in decisions if d["decision_id"] == name}
        assert versions == {hashlib.sha256(content).hexdigest()}


def test_a_personal_decision_keeps_what_it_was_asked_to_itself(story: Story, case_id: str) -> None:
    hand_over(story)

    decisions = story.record("dsl", case_id, "decisions")
    asked_openly = {d["decision_id"] for d in decisions if d["inputs"] is not None}
    assert asked_openly == {"risk_level", "contact_schedule"}  # levels and flags alone


def test_history_tells_every_step_and_the_release_that_drew_it(story: Story, case_id: str) -> None:
    hand_over(story)

    instances = story.record("dsl", case_id, "instances")
    for instance in instances:
        path = f"/history/instances/{instance['id']}?purpose=audit&reason=audit&limit=500"
        told = story.gets("auditor", path)
        first = told["items"][0]["payload"]
        assert told["release"]["number"] == 1
        assert (first["process"], first["release"]) == (
            instance["process_id"],
            instance["release"]["id"],
        )
    assert story.posts("auditor", "/history/verify")["breaks"] == []


def test_history_names_who_did_what_and_when(story: Story, case_id: str) -> None:
    hand_over(story)

    (first_contact,) = (
        i for i in story.record("dsl", case_id, "instances") if i["process_id"] == "first_contact"
    )
    path = f"/history/instances/{first_contact['id']}?purpose=audit&reason=audit&limit=500"
    done = [
        (line["at"], line["payload"]["element"], line["payload"]["org_resource"])
        for line in story.gets("auditor", path)["items"]
        if line["payload"].get("kind") == "userTask"
        and line["payload"]["lifecycle_transition"] == "complete"
        and "task" in line["payload"]
    ]
    ines = str(story.org.ines)
    assert done[:3] == [
        (at(11, 10), "task_attempt", ines),
        (at(14, 30), "task_attempt", ines),
        (at(14, 30), "task_verify_identity", ines),
    ]


def test_every_look_at_her_card_is_in_the_access_record(story: Story, case_id: str) -> None:
    try_in_the_morning(story)

    path = f"/history/access/{story.org.ines}/2027-01-14?purpose=audit&limit=500"
    seen = [entry["payload"]["concept_name"] for entry in story.gets("auditor", path)["items"]]
    assert seen.count("safe_contact.shown") == 1
    assert seen.count("safe_contact.revealed.number") == 1


def test_nothing_failed_and_nothing_personal_stands_in_history(story: Story, case_id: str) -> None:
    hand_over(story)

    assert story.faults() == []
    for instance in story.record("dsl", case_id, "instances"):
        path = f"/history/instances/{instance['id']}?purpose=audit&reason=audit&limit=500"
        told = story["auditor"].get(path).get_data(as_text=True)
        for word in ("Amara", "Okafor", "900123", "parcel", "sister"):
            assert word not in told


@pytest.mark.parametrize("who", ["amina", "vic", "owner", "admin", "ana"])
def test_who_has_no_part_in_it_sees_no_case_at_all(story: Story, case_id: str, who: str) -> None:
    assert story[who].get(f"/cases/{case_id}?purpose=x&reason=x").status_code == 404
    assert story.tasks(who) == []
