"""The life of a case, the series of call-backs and late work, rehearsed to their ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from shipped import THURSDAY, Rehearsed

DAY = timedelta(days=1)
GRADED: dict[str, list[Any]] = {
    "risk.choose_tools": [{"tool_choice": []}],
    "risk.provisional": [
        {
            "highest": "medium",
            "any_unknown": True,
            "grade_origin": "provisional",
            "professional_raise": "none",
            "asked": False,
            "dash": None,
            "marac_kind": None,
        }
    ],
    "risk.record": [{"risk_level": "medium", "level_moved": False, "concern_assessed": False}],
    "risk.schedule_review": [lambda at: {"review_at": at + 28 * DAY}],
    "marac.route": [{"marac": "no"}],
    "case.risk_level": [{"risk_level": "medium"}],
    "contact.choose_method": [{"worker": "flo", "channel": "via_flo"}],
    "contact.choose_recipient": [{"contact_recipient": "direct"}],
    "case.append_contact": [{"owner_id": None}],
}
KEY = {"case_id": "k1"}


def opened(**results: list[Any]) -> Rehearsed:
    """A case whose first contact went through the liaison officer: closure is asked for."""
    given = {name.replace("__", "."): value for name, value in results.items()}
    about = {"person_id": "p1", "external_level": None, "referral_in_id": "c1", "next_at": None}
    case = Rehearsed(GRADED | given).tell("case.opened", **KEY, **about)
    return case.do("task_flo_liaison", call_agreed="no")


def test_a_case_without_support_asks_to_be_closed_and_is() -> None:
    case = opened()
    assert case.sent("closure.requested") == 1

    case.tell("closure.done", **KEY)
    assert case.ends("case_lifecycle") == ["end_closed"]


def test_a_blocked_closure_shows_what_blocks_it_and_the_case_stays() -> None:
    case = opened().tell("closure.blocked", **KEY)
    case.do("task_see_blocks").tell("closure.kept_open", **KEY).tell("closure.done", **KEY)

    assert case.ends("case_lifecycle") == ["end_closed"]


def test_a_reopened_case_is_graded_and_contacted_again() -> None:
    case = opened().tell("case.reopened", **KEY)
    assert case.open() == ["task_flo_liaison"]


@pytest.mark.parametrize(("risk", "reviews"), [("yes", 1), ("no", 0)])
def test_a_further_contact_is_read_by_the_owner(risk: str, reviews: int) -> None:
    case = opened(case__append_contact=[{"owner_id": "s1"}])
    case.rehearsal.send_signal("contact.added", KEY | {"contact_id": "c2", "due_at": THURSDAY})
    [task] = case.rehearsal.open_tasks()
    assert (task.element_id, task.assignee, task.due_at) == ("task_read_contact", "s1", THURSDAY)

    case.do("task_read_contact", new_risk=risk)
    assert case.open().count("task_ask_before") == reviews


def test_records_under_a_legal_hold_wait_for_it_to_be_cleared() -> None:
    case = opened()
    held = case.rehearsal.send_signal("legal_hold.set", {"person_id": "p1"})
    case.tell("closure.done", **KEY)
    assert not case.rehearsal.has_ended(held[0])

    case.rehearsal.send_signal("legal_hold.cleared", {"person_id": "p1"})
    assert case.rehearsal.has_ended(held[0])


def test_a_verified_referrer_hears_one_of_three_things() -> None:
    case = opened(referral__may_answer=[{"may_answer": True}])
    case.tell("referrer.chase", referral_in_id="c1")
    assert case.open() == ["task_answer_referrer"]

    case.do("task_answer_referrer", referrer_status="unable")
    assert case.open() == []


def test_the_client_knows_before_the_day_comes() -> None:
    trial = THURSDAY + 20 * DAY
    window = [lambda at: window_now(at)]
    case = opened(
        contact__next_window=window,
        contact__first_call=[{"first_call": "normal"}],
        contact__decide_next=[{"next_action": "reached", "counts": True, "risk_changed": False}],
    )
    case.tell("suspect.status_changed", **KEY, event_at=trial).do("task_update_safety_plan")
    case.rehearsal.advance_to(trial - 14 * DAY)
    case.do("task_attempt", attempt_id="a1")
    assert case.open() == []

    case.rehearsal.advance_to(trial - DAY)
    assert case.open() == ["task_check_told"]
    assert case.do("task_check_told", told="yes").open() == []


def window_now(at: datetime) -> dict[str, Any]:
    return {
        "opens_at": at,
        "closes_at": at + timedelta(hours=2),
        "window_id": None,
        "in_time": True,
        "within_limit": True,
    }


def called_back(level: str = "medium", **results: list[Any]) -> Rehearsed:
    given: dict[str, list[Any]] = GRADED | {
        "contact.next_window": [window_now],
        "contact.first_call": [{"first_call": "normal"}],
        "case.risk_level": [{"risk_level": level}],
    }
    given |= {name.replace("__", "."): value for name, value in results.items()}
    about = {"person_id": "p1", "risk_level": level}
    return Rehearsed(given).tell("callbacks.requested", **KEY, **about)


def outcome(action: str) -> list[dict[str, Any]]:
    return [{"next_action": action, "counts": True, "risk_changed": False}]


@pytest.mark.parametrize(("level", "days"), [("high", 7), ("medium", 14), ("standard", 31)])
def test_the_interval_is_that_of_the_risk(level: str, days: int) -> None:
    series = called_back(level)
    series.rehearsal.advance(days * DAY - timedelta(minutes=1))
    assert series.open() == []

    series.rehearsal.advance(timedelta(minutes=1))
    assert series.open() == ["task_attempt"]


def test_new_risk_on_a_call_back_is_graded_and_the_series_goes_on() -> None:
    series = called_back(contact__decide_next=outcome("reached"))
    series.rehearsal.advance(14 * DAY)
    series.do("task_attempt", attempt_id="a1")
    series.do("task_check_in", new_risk="yes", goals_met="no")

    assert series.open() == ["task_ask_before"]
    assert "end_review_asked" in series.ends("call_backs")
    assert "end_series" not in series.ends("call_backs")


@pytest.mark.parametrize(
    ("action", "level", "task", "end"),
    [
        ("declined", "medium", None, "end_declined"),
        ("close", "medium", None, "end_exhausted"),
        ("declined", "high", "task_high_without_support", "end_declined"),
    ],
)
def test_a_series_that_ends_unmet_has_a_reason(
    action: str, level: str, task: str | None, end: str
) -> None:
    series = called_back(level, contact__decide_next=outcome(action))
    series.rehearsal.advance(14 * DAY if level == "medium" else 7 * DAY)
    series.do("task_attempt", attempt_id="a1")
    if task:
        series.do(task)

    assert series.ends("call_backs")[-1] == end
    assert series.sent("closure.requested") == 1


def test_who_asks_for_later_is_called_then() -> None:
    series = called_back(contact__decide_next=outcome("later"))
    series.rehearsal.advance(14 * DAY)
    later = series.rehearsal.now + 3 * DAY
    series.do("task_attempt", attempt_id="a1", next_at=later)
    assert series.open() == []

    series.rehearsal.advance_to(later)
    assert series.open() == ["task_attempt"]


def test_a_change_of_risk_is_read_at_once() -> None:
    series = called_back(case__risk_level=[{"risk_level": "medium"}, {"risk_level": "high"}])
    series.rehearsal.send_signal("risk.changed", KEY)

    assert series.ends("call_backs") == ["end_replanned"]
    series.rehearsal.advance(14 * DAY)
    assert series.rehearsal.open_tasks()[0].priority == 0


LATE = {"task_id": "t1", "case_id": "k1"}


def test_the_duty_worker_steps_in_for_late_work_at_high_risk_and_then_the_manager() -> None:
    about = {"process_id": "contact_attempt", "safety_critical": True, "risk_rank": 3}
    late = Rehearsed({}).tell("task.overdue", **LATE, **about)
    assert late.open() == []
    late.rehearsal.advance(timedelta(minutes=30))
    assert late.open() == ["task_duty_worker_steps_in"]
    late.rehearsal.advance(timedelta(minutes=30))
    assert late.open() == ["task_duty_worker_steps_in", "task_manager_steps_in"]

    late.do("task_manager_steps_in", step_taken="done").do("task_duty_worker_steps_in")
    assert sorted(late.ends("task_overdue")) == ["end_dealt_with", "end_escalated"]


def test_late_work_that_is_done_calls_everybody_off() -> None:
    about = {"process_id": "first_contact", "safety_critical": False, "risk_rank": 1}
    late = Rehearsed({}).tell("task.overdue", **LATE, **about)
    late.rehearsal.send_signal("task.closed", {"task_id": "t2"})
    assert late.open() == ["task_leader_steps_in"]

    late.rehearsal.send_signal("task.closed", {"task_id": "t1"})
    assert late.open() == []


def test_an_alert_is_one_task_of_the_team_leader() -> None:
    alert = Rehearsed({}).tell("manager.alert", case_id="k1", reason="window_missed")
    assert alert.open() == ["task_answer_alert"]
    assert alert.do("task_answer_alert").ends("manager_alert") == ["end_answered"]
