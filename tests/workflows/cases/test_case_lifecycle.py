"""What may happen to a case at any time, whatever else goes on in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from house import House

from workflows.access import conflicts
from workflows.cases.models import Case

CALL: dict[str, Any] = {
    "safe_now": "yes",
    "immediate_danger": "no",
    "source": "self",
    "given_name": "Dawn",
    "family_name": "Pike",
    "what_happened": "Threatened by a neighbour.",
    "channels": [{"kind": "mobile", "value": "07700 900321", "safe_call": "yes"}],
    "route": "victim_support",
}


@pytest.fixture
def case(house: House) -> Case:
    house.hang_up(house.call(), CALL)
    return house.case()


def key(case: Case) -> dict[str, str]:
    return {"case_id": str(case.id)}


def test_it_has_a_grade_from_its_first_second(house: House, case: Case) -> None:
    assert (case.risk_level, case.grade_origin) == ("medium", "provisional")
    assert case.case_number == "27-000001"


def test_all_that_goes_out_stops_when_the_client_is_reported_dead(house: House, case: Case) -> None:
    house.send("client.reported_deceased", key(case))
    assert house.case().outbound_stopped
    assert house.task("task_verify_death").potential_owners == ["team_leader"]

    house.do("femi", "task_verify_death", {"death_verified": "no", "verified_by": "The hospital"})
    assert not house.case().outbound_stopped


def test_a_verified_death_interrupts_the_case(house: House, case: Case) -> None:
    house.send("client.reported_deceased", key(case))
    verified = {"death_verified": "yes", "verified_by": "The coroner's officer"}
    house.do("femi", "task_verify_death", verified)
    plan = {"suspicious": "yes", "bereaved_support": "unknown", "death_plan": "Wait for police."}
    house.do("femi", "task_decide_after_death", plan)

    asked = house.messages("closure.requested")
    assert [message.payload["reason"] for message in asked] == ["deceased"]
    assert len(house.messages("staff_support.requested")) == 1
    assert house.incidents() == []


def test_a_conflict_takes_a_supported_case_to_another_worker(house: House, case: Case) -> None:
    with house.look() as session:
        row = session.get_one(Case, case.id)
        row.status, row.owner_id = "supported", house.org.priya
    with house.look() as session:
        by = str(house.org.priya)
        conflicts.declare(session, house.org.priya, case_id=case.id, by=by, now=house.now)
    house.drain()

    assert house.case().owner_id is None
    assert len(house.messages("allocation.requested")) == 1


def test_a_date_ahead_is_told_to_the_client_before_it_comes(house: House, case: Case) -> None:
    release = datetime(2027, 2, 15, 9, tzinfo=UTC)
    house.send("suspect.status_changed", key(case) | {"event_at": release})
    house.do("ines", "task_update_safety_plan", {"exit_plan": "To her sister."})
    before = house.open_elements().count("task_attempt")
    house.travel(release - timedelta(days=14))

    assert house.open_elements().count("task_attempt") == before + 1


def test_a_status_without_a_date_needs_nothing_more(house: House, case: Case) -> None:
    house.send("suspect.status_changed", key(case) | {"event_at": None})
    house.do("ines", "task_update_safety_plan", {"exit_plan": "To her sister."})

    assert "task_check_told" not in house.open_elements()
    assert house.incidents() == []


def test_an_unverified_referrer_hears_nothing(house: House, case: Case) -> None:
    asked = {"referral_in_id": str(case.opened_by_contact_id)}
    house.send("referrer.chase", asked)

    assert "task_answer_referrer" not in house.open_elements()
    assert house.incidents() == []


def test_a_merged_case_ends_and_says_where_its_records_are(house: House, case: Case) -> None:
    house.hang_up(house.call(), CALL | {"given_name": "Dawna"}, person_id=case.person_id)
    with house.look() as session:
        other = session.query(Case).filter(Case.id != case.id).one()
    house.send("case.merge", key(case) | {"into_case_id": str(other.id)})

    with house.look() as session:
        merged = session.get_one(Case, case.id)
    assert (merged.status, merged.merged_into_id) == ("merged", other.id)


def test_nothing_closes_a_case_without_saying_so(house: House, case: Case) -> None:
    house.send("closure.done", key(case))
    assert house.case().is_open  # its first contact is not over: nobody waits for it yet
