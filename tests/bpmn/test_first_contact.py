"""Every way through the first contact, rehearsed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from shipped import THURSDAY, Rehearsed

HOUR = timedelta(hours=1)
PROCESS = "first_contact"


def now(now: datetime, **about: Any) -> dict[str, Any]:
    return {
        "opens_at": now,
        "closes_at": now + 2 * HOUR,
        "window_id": "w1",
        "in_time": True,
        "within_limit": True,
    } | about


def outcome(action: str, **about: Any) -> dict[str, Any]:
    return {"next_action": action, "counts": True, "risk_changed": False} | about


RESULTS: dict[str, list[Any]] = {
    "contact.choose_method": [{"worker": "any", "channel": "phone"}],
    "contact.choose_recipient": [{"contact_recipient": "direct"}],
    "contact.next_window": [now],
    "contact.first_call": [{"first_call": "normal"}],
    "contact.decide_next": [outcome("reached")],
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
    "risk.schedule_review": [lambda at: {"review_at": at + timedelta(days=1)}],
    "marac.route": [{"marac": "no"}],
}


def asked(level: str = "medium", **results: list[Any]) -> Rehearsed:
    given = {name.replace("__", "."): value for name, value in results.items()}
    rehearsed = Rehearsed(RESULTS | given)
    about = {"case_id": "k1", "person_id": "p1", "risk_level": level}
    return rehearsed.tell("first_contact.requested", **about)


def reached(rehearsed: Rehearsed) -> Rehearsed:
    rehearsed.do("task_attempt", attempt_id="a1").do(
        "task_verify_identity", identity_verified="yes"
    )
    rehearsed.do("task_check_safe", safe_now="yes").do("task_immediate_needs", concern_found="no")
    return rehearsed.do("task_ask_before", can_talk="no").do("task_plan_safety")


def test_the_bereaved_are_reached_through_the_liaison_officer_alone() -> None:
    flo = {"contact__choose_method": [{"worker": "flo", "channel": "via_flo"}]}
    first = asked(**flo)
    assert first.open() == ["task_flo_liaison"]
    assert first.do("task_flo_liaison", call_agreed="no").ends(PROCESS) == ["end_via_flo"]

    assert asked(**flo).do("task_flo_liaison", call_agreed="yes").open() == ["task_attempt"]


def test_a_childs_home_is_not_rung_before_somebody_says_whom() -> None:
    first = asked(contact__choose_recipient=[{"contact_recipient": "ask_first"}])
    assert first.do("task_ask_first", contact_agreed="no").open() == ["task_ask_first"]
    assert first.do("task_ask_first", contact_agreed="yes").open() == ["task_attempt"]


def test_whoever_is_not_the_client_hears_nothing() -> None:
    first = asked().do("task_attempt", attempt_id="a1")
    assert first.do("task_verify_identity", identity_verified="no").open() == ["task_attempt"]


def test_who_cannot_talk_safely_is_rung_when_she_said() -> None:
    later = THURSDAY + timedelta(days=1)
    asked_for = []

    def window(at: datetime) -> dict[str, Any]:
        asked_for.append(at)
        return now(at) if len(asked_for) == 1 else now(at, opens_at=later)

    first = asked(contact__next_window=[window]).do("task_attempt", attempt_id="a1")
    first.do("task_verify_identity", identity_verified="yes")
    assert first.do("task_check_safe", safe_now="no", next_at=later).open() == []
    first.rehearsal.advance_to(later)
    assert first.open() == ["task_attempt"]


def test_a_concern_is_raised_and_the_grading_goes_on() -> None:
    first = asked().do("task_attempt", attempt_id="a1")
    first.do("task_verify_identity", identity_verified="yes").do("task_check_safe", safe_now="yes")
    first.results["safeguarding.open"] = [
        {"concern_id": "g1", "filled": False, "raiser_id": None, "about_child_or_adult": True}
    ]
    first.do("task_immediate_needs", concern_found="yes")

    assert first.open() == ["task_ask_before", "task_raise_concern"]


@pytest.mark.parametrize(
    ("wish", "end"), [("info_only", "end_info_given"), ("declined", "end_declined")]
)
def test_information_and_no_are_answers(wish: str, end: str) -> None:
    first = reached(asked()).do("task_ask_wish", wants_support=wish)
    if wish == "info_only":
        first.do("task_give_options", card_given="yes")

    assert end in first.ends(PROCESS)


@pytest.mark.parametrize("wish", ["not_now", "cannot_decide"])
def test_not_now_is_booked_and_asked_again(wish: str) -> None:
    agreed = THURSDAY + timedelta(days=6)
    first = reached(asked()).do("task_ask_wish", wants_support=wish, next_at=agreed)
    assert first.open() == []

    first.rehearsal.advance_to(agreed)
    assert "task_attempt" in first.open()


def test_high_risk_is_held_by_somebody_while_she_thinks() -> None:
    graded = [{"risk_level": "high", "level_moved": False, "concern_assessed": False}]
    first = reached(asked("high", risk__record=graded)).do("task_ask_wish", wants_support="not_now")

    assert first.open() == ["task_hold_high"]
    assert first.rehearsal.open_tasks()[0].due_at == THURSDAY.replace(hour=17, minute=0)
    assert first.do("task_hold_high").open() == []


def test_without_consent_there_is_no_support() -> None:
    first = reached(asked()).do("task_ask_wish", wants_support="yes")
    first.do(
        "task_record_consent",
        consent_to_service="no",
        consent_ids=[],
        under_18="no",
        capacity_doubt="no",
    )
    assert "end_declined" in first.ends(PROCESS)


def test_a_case_of_medium_risk_is_allocated_with_its_plan() -> None:
    allocation = {"file_ready": ["risk"], "risk_level": "medium"}
    first = reached(asked(allocation__file_ready=[allocation]))
    first.do("task_ask_wish", wants_support="yes")
    consent = {"consent_ids": [], "under_18": "no", "capacity_doubt": "no"}
    first.do("task_record_consent", consent_to_service="yes", **consent)
    assert first.open() == ["task_assess_needs"]

    first.do("task_assess_needs", agreed_options=["o1", "o2", "o3"])
    first.do("task_draft_plan", agreed="yes")
    assert first.sent("referral.requested") == 3
    assert first.ends(PROCESS)[-1] == "end_supported"
    assert first.open() == ["task_complete_file"]


def test_no_agreed_option_is_no_referral() -> None:
    first = reached(asked()).do("task_ask_wish", wants_support="yes")
    consent = {"consent_ids": [], "under_18": "no", "capacity_doubt": "no"}
    first.do("task_record_consent", consent_to_service="yes", **consent)
    first.results["allocation.file_ready"] = [{"file_ready": ["x"], "risk_level": "medium"}]
    first.do("task_assess_needs", agreed_options=[]).do("task_draft_plan", agreed="yes")

    assert first.sent("referral.requested") == 0


@pytest.mark.parametrize(
    ("action", "task", "end"),
    [
        ("declined", None, "end_declined"),
        ("to_referrer", None, "end_referred_back"),
        ("tell_referrer", None, "end_referred_back"),
        ("close", None, "end_no_contact"),
        ("letter", "task_send_letter", "end_no_contact"),
        ("reported_deceased", None, "end_no_contact"),
    ],
)
def test_who_is_not_reached_has_a_result(action: str, task: str | None, end: str) -> None:
    first = asked(contact__decide_next=[outcome(action)]).do("task_attempt", attempt_id="a1")
    if task:
        first.do(task)

    assert first.ends(PROCESS)[-1] == end
    assert first.sent("first_contact.done") == 1


def test_high_risk_never_leaves_without_a_decision() -> None:
    welfare = [outcome("manager_welfare")]
    first = asked("high", contact__decide_next=welfare).do("task_attempt", attempt_id="a1")
    first.do("task_welfare_visit", visit_kind="police_check")

    assert first.open() == ["task_high_without_support"]
    assert first.do("task_high_without_support").ends(PROCESS)[-1] == "end_no_contact"


def test_an_interpreter_is_booked_and_the_attempt_made_again() -> None:
    absent = [outcome("book_interpreter", counts=False), outcome("reached")]
    first = asked(contact__decide_next=absent).do("task_attempt", attempt_id="a1")

    assert first.open() == ["task_book_interpreter"]
    assert first.do("task_book_interpreter").open() == ["task_attempt"]


def test_without_a_window_in_three_days_another_one_is_agreed() -> None:
    windows = [lambda at: now(at, opens_at=None, within_limit=False, in_time=False), now]
    first = asked(contact__next_window=windows)

    assert first.open() == ["task_renegotiate"]
    assert first.do("task_renegotiate").open() == ["task_attempt"]


def test_high_risk_does_not_wait_for_a_window_that_opens_too_late() -> None:
    late = [lambda at: now(at, opens_at=at + 30 * HOUR, in_time=False)]
    first = asked("high", contact__next_window=late)
    assert first.open() == ["task_route_now"]

    first.do("task_route_now", window_found="no")
    assert first.open() == ["task_high_without_support"]


@pytest.mark.parametrize(("answered", "opened"), [("yes", ["task_attempt"]), ("no", [])])
def test_a_number_that_nobody_called_safe_is_asked_about(answered: str, opened: list[str]) -> None:
    modes = [{"first_call": "ask_first"}, {"first_call": "cold"}]
    first = asked(contact__first_call=modes).do("task_ask_source", source_answered=answered)

    assert first.open() == opened


def test_a_number_that_must_never_be_rung_is_not() -> None:
    first = asked(contact__first_call=[{"first_call": "never"}])
    assert first.ends(PROCESS)[-1] == "end_no_contact"


def test_without_another_route_the_client_stays_unreached() -> None:
    unsafe = [outcome("pause_number")]
    first = asked(contact__decide_next=unsafe).do("task_attempt", attempt_id="a1")
    assert first.open() == ["task_decide_route"]

    assert first.do("task_decide_route", other_route="no").ends(PROCESS)[-1] == "end_no_contact"


def test_she_rings_herself_and_the_attempt_is_over() -> None:
    first = asked()
    first.rehearsal.send_signal("contact.added", {"case_id": "k1", "contact_id": "c2"})
    assert first.open() == ["task_reconfirm_card"]

    assert first.do("task_reconfirm_card").open() == ["task_verify_identity"]


def test_a_call_about_another_case_disturbs_nobody() -> None:
    first = asked()
    first.rehearsal.send_signal("contact.added", {"case_id": "k2", "contact_id": "c2"})
    assert first.open() == ["task_attempt"]
