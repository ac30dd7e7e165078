"""Every way out of the intake, rehearsed: each contact leaves with an outcome."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shipped import THURSDAY, Rehearsed

PROCESS = "contact_intake"
STAMPED: dict[str, Any] = {
    "channel": "phone",
    "live": False,
    "screening_done": True,
    "danger_sent": False,
    "immediate_danger": "no",
    "stated_high_risk": False,
    "conduct_kind": "none",
    "route": "information",
    "urn": None,
    "case_id": None,
    "person_id": None,
}
QUEUED = {
    "queue": "live",
    "priority": 1,
    "first_response_due": THURSDAY + timedelta(minutes=5),
    "calendar": "cal_247",
}
NOTHING_MISSING = {"missing_count": 0, "source_kind": "self", "stated_high_risk": False}


def received(
    stamp: dict[str, Any] | None = None, *, police: bool = False, **results: list[Any]
) -> Rehearsed:
    given: dict[str, list[Any]] = {
        "contact.stamp": [STAMPED | (stamp or {})],
        "contact.queue": [QUEUED],
        "people.match": [{"band": "none", "walled_hit": False}],
        "contact.missing": [NOTHING_MISSING],
        "contact.sweep": [{"missed": False, "case_id": None}],
        "safeguarding.open": [
            {"concern_id": "g1", "filled": True, "danger_now": "yes", "about_staff": None}
            | {"about_child_or_adult": False, "raiser_id": None, "case_id": None}
            | {"refer_now": False}
        ],
    }
    given |= {name.replace("__", "."): value for name, value in results.items()}
    return Rehearsed(given, police_pack=police).tell(
        "contact.received", contact_id="c1", channel="phone"
    )


def test_information_given_is_an_outcome() -> None:
    contact = received()
    assert contact.open() == ["task_give_information"]

    contact.do("task_give_information")
    assert contact.ends(PROCESS) == ["end_information_given"]
    assert contact.ends("missed_concern_sweep") == ["end_nothing_missed"]


def test_a_transfer_that_is_picked_up_is_done() -> None:
    contact = received({"route": "other_service"})
    assert contact.do("task_warm_transfer", transfer_outcome="answered").ends(PROCESS) == [
        "end_transferred"
    ]


def test_a_transfer_to_a_voicemail_is_asked_about_the_next_working_day() -> None:
    contact = received({"route": "other_service"})
    contact.do("task_warm_transfer", transfer_outcome="voicemail")
    assert contact.open() == []

    contact.rehearsal.advance_to(datetime(2027, 1, 15, 17, tzinfo=UTC))
    assert contact.do("task_check_back", picked_up="yes").ends(PROCESS) == ["end_transferred"]


def test_an_unclear_route_is_decided_by_a_team_leader() -> None:
    contact = received({"route": "unclear"})
    assert contact.do("task_triage", route="information").open() == ["task_give_information"]


def test_a_police_incident_goes_to_the_graded_response() -> None:
    contact = received({"route": "police_incident"})

    assert contact.sent("incident.created") == 1
    assert contact.ends(PROCESS) == ["end_transferred"]


@pytest.mark.parametrize(("urn", "told"), [("L-17", 1), (None, 0)])
def test_an_open_log_hears_of_a_further_contact(urn: str | None, told: int) -> None:
    linked = [{"case_id": "k1", "person_id": "p1"}]
    contact = received({"route": "existing_case", "urn": urn}, contact__link=linked)

    assert contact.sent("incident.contact") == told
    assert contact.ends(PROCESS) == ["end_added_to_case"]


def test_danger_that_nobody_raised_yet_is_raised_and_the_contact_goes_on() -> None:
    contact = received({"immediate_danger": "yes"})
    assert contact.open() == ["task_acknowledge", "task_call_999", "task_give_information"]


@pytest.mark.parametrize(("police", "incidents"), [(True, 1), (False, 0)])
def test_danger_makes_an_incident_in_a_police_service_alone(police: bool, incidents: int) -> None:
    contact = received({"immediate_danger": "yes"}, police=police)
    assert contact.sent("incident.created") == incidents


def test_danger_now_is_not_raised_a_second_time() -> None:
    contact = received({"immediate_danger": "yes", "danger_sent": True})
    assert contact.open() == ["task_give_information"]


def test_a_wall_shows_on_nobodys_screen_but_the_leads() -> None:
    contact = received(people__match=[{"band": "none", "walled_hit": True}])
    assert contact.open() == ["task_give_information", "task_walled_match"]

    walled = next(
        task for task in contact.rehearsal.open_tasks() if task.element_id == "task_walled_match"
    )
    assert walled.potential_owners == ("safeguarding_lead",)
    assert contact.do("task_walled_match").ends(PROCESS) == ["end_walled"]


@pytest.mark.parametrize("band", ["likely", "possible", "same_household"])
def test_whoever_may_be_known_is_looked_at(band: str) -> None:
    contact = received(people__match=[{"band": band, "walled_hit": False}])
    assert contact.open() == ["task_resolve_match"]

    assert contact.do("task_resolve_match", match_decision="new").open() == [
        "task_give_information"
    ]


@pytest.mark.parametrize("task", ["task_resolve_match", "task_choose_route"])
def test_a_call_may_drop_at_any_time(task: str) -> None:
    known = [{"band": "likely", "walled_hit": False}]
    contact = received({"route": None}, **({"people__match": known} if "match" in task else {}))
    assert contact.open() == [task]

    contact.tell("call.dropped", contact_id="c1").do("task_dropped_call", back_on_line="no")
    assert contact.ends(PROCESS) == ["end_withdrawn"]


@pytest.mark.parametrize(
    ("action", "opened", "end"),
    [
        ("warn_end", [], "end_misuse_closed"),
        ("silent_close", [], "end_silent_closed"),
        ("leader_review", ["task_review_conduct"], "end_misuse_closed"),
        ("restrict", ["task_review_conduct"], "end_misuse_closed"),
        ("genuine", ["task_give_information"], "end_information_given"),
    ],
)
def test_conduct_is_answered_and_danger_comes_first(
    action: str, opened: list[str], end: str
) -> None:
    contact = received({"conduct_kind": "abusive"}, contact__conduct=[{"conduct_action": action}])
    assert contact.open() == ["task_apply_conduct"]

    assert contact.do("task_apply_conduct").open() == opened
    for task in opened:
        contact.do(task)
    assert contact.ends(PROCESS)[-1] == end


MISSING = {"missing_count": 1, "source_kind": "professional", "stated_high_risk": False}


def test_high_risk_goes_on_with_what_is_known() -> None:
    contact = received(contact__missing=[MISSING | {"stated_high_risk": True}])
    assert contact.open() == ["task_high_missing"]

    assert contact.do("task_high_missing").open() == ["task_give_information"]


@pytest.mark.parametrize(
    ("decision", "opened", "ends"),
    [
        ("proceed", ["task_give_information"], []),
        ("return", [], ["end_returned_to_referrer"]),
        ("close", [], ["end_details_missing"]),
    ],
)
def test_what_stays_incomplete_is_decided(
    decision: str, opened: list[str], ends: list[str]
) -> None:
    contact = received(contact__missing=[MISSING | {"source_kind": "other"}])
    contact.do("task_decide_incomplete", incomplete_decision=decision)

    assert contact.open() == opened
    assert contact.ends(PROCESS) == ["end_decided", *ends]


def test_the_client_is_asked_by_a_safe_way() -> None:
    contact = received(contact__missing=[MISSING | {"source_kind": "self"}])
    assert contact.do("task_ask_client", incomplete_decision="proceed").open() == [
        "task_give_information"
    ]


def test_details_that_the_referrer_sends_end_the_chase() -> None:
    details = [{"incomplete_decision": "proceed"}]
    contact = received(contact__missing=[MISSING], contact__take_details=details)
    assert contact.open() == []

    contact.tell("referrer.details", referral_in_id="c1")
    assert contact.open() == ["task_give_information"]


def test_a_referrer_is_chased_after_one_three_and_five_working_days() -> None:
    contact = received(contact__missing=[MISSING])
    due = []
    for task in ("task_chase_referrer", "task_chase_referrer", "task_decide_incomplete"):
        while task not in contact.open():
            contact.rehearsal.advance(timedelta(hours=1))
        due.append(contact.rehearsal.now)
        contact.do(task, chased_how="phone", incomplete_decision="close")

    days = [instant.replace(minute=0) for instant in due]
    assert [day.date().day for day in days] == [15, 19, 21]
