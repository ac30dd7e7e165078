"""The tables of intake, contact and attempts, row by row where a life may hang on the row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine import definitions, releases
from engine.definitions import Definitions
from feel.calendars import Calendars

THURSDAY = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
BEFORE_EASTER = datetime(2027, 3, 25, 16, 30, tzinfo=UTC)  # Good Friday is tomorrow


@pytest.fixture(scope="module")
def shipped() -> Definitions:
    return definitions.check(releases.shipped_files())


@pytest.fixture(scope="module")
def decide(shipped: Definitions) -> Any:
    calendars = Calendars(shipped.calendars, shipped.holidays, service="cal_office_ew")

    def ask(decision: str, now: datetime = THURSDAY, **inputs: Any) -> Any:
        given = {**inputs, "settings": shipped.settings}
        model = shipped.decisions[decision]
        return model.evaluate(decision, given, now=now, calendars=calendars)

    return ask


def queued(decide: Any, **about: Any) -> Any:
    given = {
        "channel": "email",
        "source": "other_agency",
        "immediate_danger": "unknown",
        "vulnerable": True,
        "stated_high_risk": False,
    }
    return decide("contact_queue", **(given | about))


@pytest.mark.parametrize(
    ("about", "row", "queue", "minutes"),
    [
        ({"immediate_danger": "yes", "channel": "letter"}, "r1", "emergency", 0),
        ({"channel": "phone"}, "r2", "live", 1 / 3),
        ({"channel": "webchat"}, "r3", "live", 1),
        ({"source": "mash"}, "r4", "spoc_high", 120),
        ({"channel": "letter", "stated_high_risk": True}, "r5", "spoc_high", 120),
        ({"channel": "sms"}, "r6", "spoc", 60),
        ({"channel": "web_form", "source": "self"}, "r7", "spoc", 240),
        ({}, "r11", "spoc", 240),
    ],
)
def test_every_contact_has_a_queue_and_a_first_deadline(
    decide: Any, about: dict[str, Any], row: str, queue: str, minutes: float
) -> None:
    found = queued(decide, **about)

    assert (found.matched_rows, found.outputs["queue"]) == ((row,), queue)
    assert found.outputs["first_response_due"] == THURSDAY + timedelta(minutes=minutes)


def test_a_letter_waits_two_working_days_and_nobody_vulnerable_one(decide: Any) -> None:
    letter, general = queued(decide, channel="letter"), queued(decide, vulnerable=False)

    assert letter.outputs["first_response_due"] == datetime(2027, 1, 18, 17, tzinfo=UTC)
    assert general.outputs["queue"] == "general"


def test_a_feed_has_no_deadline_of_its_own(decide: Any) -> None:
    found = queued(decide, channel="police_feed", stated_high_risk=True)
    assert (found.outputs["queue"], found.outputs["first_response_due"]) == ("cohort", None)


def test_high_risk_does_not_wait_for_easter_to_pass(decide: Any) -> None:
    about = {"source": "mash", "stated_high_risk": True, "now": BEFORE_EASTER}
    assert queued(decide, **about).outputs["first_response_due"] == BEFORE_EASTER + timedelta(
        hours=2
    )
    schedule = decide("contact_schedule", now=BEFORE_EASTER, risk_level="high").outputs
    assert schedule["first_attempt_due"] == BEFORE_EASTER + timedelta(hours=2)
    assert decide("contact_schedule", now=BEFORE_EASTER, risk_level="medium").outputs[
        "first_attempt_due"
    ] == datetime(2027, 3, 30, 16, tzinfo=UTC)  # Tuesday, 17:00 of British Summer Time


@pytest.mark.parametrize(
    ("kind", "danger", "prior", "action"),
    [
        ("threat", False, 5, "safeguard"),
        ("abusive", True, 5, "genuine"),
        ("distress", False, 5, "genuine"),
        ("silent", False, 0, "silent_close"),
        ("sexual_remarks", False, 0, "warn_end"),
        ("doubted", False, 1, "leader_review"),
        ("abusive", False, 2, "restrict"),
        ("none", False, 9, "genuine"),
    ],
)
def test_danger_comes_before_any_label(
    decide: Any, kind: str, danger: bool, prior: int, action: str
) -> None:
    found = decide("conduct_action", conduct_kind=kind, possible_danger=danger, prior_12m=prior)
    assert found.outputs == action


@pytest.mark.parametrize(
    ("highest", "raised", "unknown", "level"),
    [
        ("high", "none", False, "high"),
        ("high_child", "none", False, "high_child"),
        ("standard", "high", False, "high"),
        ("medium", "none", False, "medium"),
        ("standard", "medium", False, "medium"),
        ("standard", "none", True, "medium"),
        ("standard", "none", False, "standard"),
        ("none", "none", False, "medium"),
    ],
)
def test_what_is_not_known_is_at_least_medium(
    decide: Any, highest: str, raised: str, unknown: bool, level: str
) -> None:
    found = decide("risk_level", highest=highest, professional_raise=raised, any_unknown=unknown)
    assert found.outputs == level


def contacted(decide: Any, **about: Any) -> Any:
    given = {
        "offence_kind": None,
        "victim_kind": "person",
        "communication_need": None,
        "phone_known": True,
        "post_safe": "unknown",
    }
    return decide("contact_method", **(given | about)).outputs


def test_the_bereaved_are_never_rung_directly(decide: Any) -> None:
    found = contacted(decide, offence_kind="homicide")
    assert (found["worker"], found["channel"]) == ("flo", "via_flo")


@pytest.mark.parametrize("kind", ["da", "stalking", "hba"])
def test_a_message_needs_an_explicit_yes(decide: Any, kind: str) -> None:
    assert contacted(decide, offence_kind=kind)["voicemail"] == "if_explicit_yes"


def test_without_a_number_a_letter_needs_safe_post(decide: Any) -> None:
    assert contacted(decide, phone_known=False, post_safe="yes")["channel"] == "post"
    assert contacted(decide, phone_known=False)["channel"] == "via_referrer"


@pytest.mark.parametrize(
    ("age", "linked", "recipient"),
    [
        (9, "unknown", "ask_first"),
        (9, "yes", "ask_first"),
        (9, "no", "parent_or_guardian"),
        (13, "yes", "gillick_check"),
        (15, "no", "gillick_check"),
        (16, "unknown", "direct"),
        (31, "unknown", "direct"),
        (None, "unknown", "direct"),
    ],
)
def test_nobody_at_home_is_asked_before_it_is_known_who_they_are(
    decide: Any, age: int | None, linked: str, recipient: str
) -> None:
    found = decide("contact_recipient", person_role="victim", age=age, guardian_linked=linked)
    assert found.outputs == recipient


def outcome(decide: Any, outcome: str, **about: Any) -> Any:
    given = {
        "outcome": outcome,
        "counted_attempts": 1,
        "high": False,
        "sensitive": False,
        "post_safe": "unknown",
        "referrer_verified": False,
    }
    return decide("attempt_outcome", **(given | about)).outputs


def test_an_answer_by_somebody_else_is_dangerous_where_it_is(decide: Any) -> None:
    assert outcome(decide, "answered_by_other", sensitive=True)["next_action"] == "pause_number"
    assert outcome(decide, "answered_by_other")["next_action"] == "retry"


def test_the_alleged_person_changes_the_risk(decide: Any) -> None:
    found = outcome(decide, "answered_by_alleged_person")
    assert (found["next_action"], found["risk_changed"]) == ("pause_number", True)


@pytest.mark.parametrize("said", ["language_barrier", "interpreter_absent", "client_unsafe_now"])
def test_what_is_nobodys_fault_does_not_count(decide: Any, said: str) -> None:
    assert outcome(decide, said)["counts"] is False


@pytest.mark.parametrize(
    ("about", "action"),
    [
        ({"high": True}, "manager_welfare"),
        ({"post_safe": "yes"}, "letter"),
        ({"referrer_verified": True}, "tell_referrer"),
        ({}, "close"),
    ],
)
def test_the_third_attempt_in_vain_is_the_last(
    decide: Any, about: dict[str, Any], action: str
) -> None:
    found = outcome(decide, "no_answer", counted_attempts=3, **about)
    assert found["next_action"] == action


def test_only_a_verified_referrer_is_written_to(decide: Any) -> None:
    assert outcome(decide, "wrong_number", referrer_verified=True)["next_action"] == "to_referrer"
    assert outcome(decide, "wrong_number")["next_action"] == "manager_decides"


@pytest.mark.parametrize(
    ("process_id", "critical", "rank", "first", "second"),
    [
        ("safeguarding_escalation", True, 4, "safeguarding_lead", "service_manager"),
        ("contact_attempt", True, 3, "duty_worker", "duty_manager"),
        ("contact_attempt", True, 1, "duty_manager", "service_manager"),
        ("first_contact", False, 3, "team_leader", "service_manager"),
    ],
)
def test_late_work_goes_up_a_ladder(
    decide: Any, process_id: str, critical: bool, rank: int, first: str, second: str
) -> None:
    found = decide(
        "overdue_ladder", process_id=process_id, safety_critical=critical, risk_rank=rank
    ).outputs
    assert (found["first"], found["second"]) == (first, second)
