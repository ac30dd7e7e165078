"""S-04: on Thursday 14 January 2027, 14:00, a man answers Nadia Rahman's mobile. "Who's this?"

Ines, in support, rang her; Vic, in victim care, has a case of hers as well; Zara Quayle, another
client, lives behind the same number. Femi is the manager on duty.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session
from stories import AMARA
from story import Story

from engine import outbox
from engine.outbox import Delivery
from workflows.cases.models import Case

NUMBER = {
    "kind": "mobile",
    "value": "07700 900456",
    "safe_call": "yes",
    "given_as_safe_by": "PC Lee",
    "given_as_safe_on": "2027-01-12",
}
NADIA: dict[str, Any] = {
    **AMARA,
    "given_name": "Nadia",
    "family_name": "Rahman",
    "born_on": "1990-11-20",
    "referrer_grade": "none",
    "referrer_ticks": 3,
    "children": [{"name": "Sami", "age": 7}],
    "channels": [NUMBER],
    "immediate_danger": "no",
    "route": "victim_support",
}
ZARA = {**NADIA, "given_name": "Zara", "family_name": "Quayle", "born_on": "1970-02-03"}
HE_ANSWERED = {"card_read": True, "method": "phone", "outcome": "answered_by_alleged_person"}
BY_A_FRIEND = {
    "other_route": "yes",
    "window_from": "2027-01-14T15:00",
    "window_to": "2027-01-14T15:45",
    "risk_now": "high",
    "concern_raised": "no",
    "decision_reason": "Her friend Dee meets her at the school gate at three.",
}
SPOKE = {"card_read": True, "outcome": "spoke_client", "identity_verified": "yes"}


def on(hour: int, minute: int = 0, day: int = 14) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 14) -> str:
    return on(hour, minute, day).isoformat().replace("+00:00", "Z")


class Cases:
    """The three cases: hers in two services, and Zara's behind the same number."""

    def __init__(self, story: Story) -> None:
        story.travel(on(13, 30))
        self.victim_care = self._open(story, NADIA, "victim_care")
        self.support = self._open(story, NADIA, "support", same="same")
        self.zara = self._open(story, ZARA, "support", same="same_household")

    def _open(self, story: Story, answers: dict[str, Any], service: str, same: str = "") -> str:
        name = f"{service}-{answers['given_name']}"
        contact = story.refer(
            "dsl", answers, channel="agency_referral", service=service, external_id=name
        )
        if same:
            resolved = {"match_decision": same, "chosen": "1"}
            story.does("ines", "task_resolve_match", resolved, business_key=contact["id"])
        path = f"/contacts/{contact['id']}?purpose=x&reason=x"
        found: str = story.gets("dsl", path)["case_id"]
        return found


@pytest.fixture
def cases(story: Story) -> Cases:
    return Cases(story)


@pytest.fixture
def answered(story: Story, cases: Cases) -> Cases:
    """14:00: "Sorry, wrong number." The outcome is recorded as it was."""
    story.travel(on(14))
    story.does("ines", "task_attempt", HE_ANSWERED, business_key=cases.support)
    return cases


def attempts_open(story: Story, who: str) -> list[str]:
    return [t["business_key"] for t in story.tasks(who) if t["element_id"] == "task_attempt"]


def test_before_he_answers_three_attempts_are_open(story: Story, cases: Cases) -> None:
    assert sorted(attempts_open(story, "ines")) == sorted([cases.support, cases.zara])
    assert attempts_open(story, "vic") == [cases.victim_care]
    assert person_of(story, cases.support) == person_of(story, cases.victim_care)
    assert person_of(story, cases.support) != person_of(story, cases.zara)


def test_the_answer_pauses_the_number_and_a_manager_decides_in_four_hours(
    story: Story, answered: Cases
) -> None:
    decides = story.task("femi", "task_decide_route")

    assert decides["business_key"] == answered.support
    assert (decides["due_at"], decides["priority"]) == (at(18), 0)
    assert decides["potential_owners"] == ["duty_manager"]
    assert story.rows("dsl", answered.support)["attempt_outcome"] == [["r3"]]
    (attempt,) = story.record("dsl", answered.support, "attempts")
    assert (attempt["outcome"], attempt["next_action"]) == (
        "answered_by_alleged_person",
        "pause_number",
    )


def test_every_attempt_that_is_open_for_her_ends_in_every_service(
    story: Story, answered: Cases
) -> None:
    assert attempts_open(story, "vic") == []
    assert attempts_open(story, "ines") == [answered.zara]
    assert story.faults() == []


def test_the_next_attempt_for_her_finds_no_number_in_any_service(
    story: Story, answered: Cases
) -> None:
    story.travel(on(12, day=15))

    assert attempts_open(story, "vic") == []
    assert answered.support not in attempts_open(story, "ines")
    assert ["r1"] not in story.rows("dsl", answered.victim_care)["first_call"]


def test_her_card_says_that_the_number_is_never_rung(story: Story, answered: Cases) -> None:
    decides = story.task("femi", "task_decide_route")
    story.posts("femi", f"/user-tasks/{decides['id']}/claim")

    (line,) = story.gets("femi", f"/user-tasks/{decides['id']}/safe-contact")["lines"]
    assert (line["is_suspended"], line["mode"], line["is_best"]) == (True, "never", False)
    assert line["may_leave"] == []


def test_another_client_on_the_same_line_keeps_her_card(story: Story, answered: Cases) -> None:
    task = story.task("ines", "task_attempt", business_key=answered.zara)
    path = f"/user-tasks/{task['id']}"

    (line,) = story.gets("ines", f"{path}/safe-contact")["lines"]
    assert (line["is_suspended"], line["mode"]) == (False, "normal")
    tried = {"card_read": True, "method": "phone", "outcome": "no_answer"}
    assert story.tries("ines", task["id"], tried).status_code == 200


def test_her_risk_is_looked_at_again_at_once(story: Story, cases: Cases) -> None:
    assert story.case("dsl", cases.support)["risk_level"] == "medium"
    story.travel(on(14))
    story.does("ines", "task_attempt", HE_ANSWERED, business_key=cases.support)

    grades = story.case("dsl", cases.support)["grades"]
    assert [grade["level"] for grade in grades] == ["medium", "medium"]
    assert grades[0]["graded_at"] == at(14)


def test_the_manager_raises_it_to_high_and_it_is_judged_the_same_day(
    story: Story, answered: Cases
) -> None:
    story.travel(on(14, 20))
    story.does("femi", "task_decide_route", BY_A_FRIEND)

    assert story.case("dsl", answered.support)["risk_level"] == "high"
    assert story.rows("dsl", answered.support)["risk_level"][-1] == ["r2"]  # raised by her
    judged = story.task("dsl", "task_judge_marac", business_key=answered.support)
    assert judged["due_at"] == at(17)


def test_she_is_reached_at_the_school_gate_and_at_no_number(story: Story, answered: Cases) -> None:
    story.travel(on(14, 20))
    story.does("femi", "task_decide_route", BY_A_FRIEND)
    story.travel(on(15))
    task = story.task("ines", "task_attempt", business_key=answered.support)
    card = f"/user-tasks/{task['id']}/safe-contact"

    assert story.gets("ines", card)["other_way"] is True
    way = story.posts("ines", f"{card}/reveal", {"what": "other_way"})
    assert way["value"] == BY_A_FRIEND["decision_reason"]
    by_phone = story.tries("ines", task["id"], {**SPOKE, "method": "phone"})
    assert [e["pointer"] for e in by_phone.json["errors"]] == ["#/method"]
    assert story.tries("ines", task["id"], {**SPOKE, "method": "third_party"}).status_code == 200
    assert "task_verify_identity" in story.elements("ines")


def test_a_line_of_the_card_named_by_hand_is_refused_as_well(story: Story, answered: Cases) -> None:
    story.travel(on(14, 20))
    story.does("femi", "task_decide_route", BY_A_FRIEND)
    story.travel(on(15))
    task = story.task("ines", "task_attempt", business_key=answered.support)
    (line,) = story.gets("ines", f"/user-tasks/{task['id']}/safe-contact")["lines"]

    by_hand = {**SPOKE, "method": "phone", "channel_id": line["channel_id"]}
    refused = story.tries("ines", task["id"], by_hand)
    assert [e["pointer"] for e in refused.json["errors"]] == ["#/channel_id"]


def test_nothing_is_sent_to_her_that_night(story: Story, cases: Cases) -> None:
    remind_everybody(story, cases)
    story.travel(on(14))
    story.does("ines", "task_attempt", HE_ANSWERED, business_key=cases.support)
    story.travel(on(23, 30))

    assert sent_by(story) == {person_of(story, cases.zara)}


def test_without_his_answer_the_reminders_would_have_gone(story: Story, cases: Cases) -> None:
    remind_everybody(story, cases)
    story.travel(on(23, 30))

    assert sent_by(story) == {person_of(story, cases.zara), person_of(story, cases.support)}


def test_who_suspended_the_number_stands_in_her_record(story: Story, answered: Cases) -> None:
    told = story.gets("dsl", f"/history/cases/{answered.support}?purpose=x&reason=x&limit=200")

    purged = [e for e in told["items"] if e["payload"]["concept_name"] == "outbound.purged"]
    assert [entry["at"] for entry in purged] == [at(14)]
    assert "900456" not in str(told)
    assert story.posts("auditor", "/history/verify")["breaks"] == []


def person_of(story: Story, case_id: str) -> str:
    """Whom a case is about: no interface says it, so the test looks."""
    with story.org.work() as session:
        return str(session.get_one(Case, case_id).person_id)


def remind_everybody(story: Story, cases: Cases) -> None:
    """What the reminder job puts into the outbox in the afternoon, for each client once."""
    for person_id in {person_of(story, cases.support), person_of(story, cases.zara)}:
        with story.org.work() as session:
            about = {"person_id": person_id, "template": "reminder"}
            outbox.put(session, "sms", about, tenant_id=story.org.tenant_id, now=story.now)


def sent_by(story: Story) -> set[str]:
    """Let the worker send what is due; return to whom it went."""
    sent: set[str] = set()

    def gateway(session: Session, delivery: Delivery) -> None:
        sent.add(delivery.payload["person_id"])

    outbox.deliver_due(story.worker, story.now, {"sms": gateway})
    return sent
