"""A partner hands in a referral as JSON; it goes through the same door as every other contact."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from people import Organisation
from sqlalchemy import select

from engine import releases
from engine.clock import TravellingClock
from engine.models import ProcessInstance, UserTask
from workflows import registry
from workflows.contact.models import Contact
from workflows.programmes.tokens import Scope

REFERRAL: dict[str, Any] = {
    "service": "support",
    "source": "mash",
    "external_id": "MASH-2027-0114-7",
    "answers": {
        "immediate_danger": "no",
        "caller_role": "professional",
        "given_name": "Amara",
        "family_name": "Okafor",
        "born_on": "1995-06-02",
        "referrer_name": "Jo Lane",
        "referrer_organisation": "Sandwell MASH",
        "referrer_verified": "yes",
        "sharing_basis_known": "yes",
        "referrer_grade": "high",
        "referrer_ticks": "16",
        "what_happened": "He waits outside the school and has threatened to kill her.",
        "abuse_types": ["domestic"],
        "interpreter": "no",
        "channels": [
            {
                "kind": "mobile",
                "value": "07700 900123",
                "safe_call": "unknown",
                "given_as_safe_by": "the client, to Jo Lane",
            }
        ],
        "route": "victim_support",
    },
}


@pytest.fixture
def partner(ark: Organisation, clock: TravellingClock, programme: Callable):
    """The council's own system, which may hand in and nothing else."""
    registry.load()
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now())
    return programme("ines", Scope.REFERRALS)


def test_a_referral_becomes_a_contact_with_a_deadline(
    partner, ark: Organisation, clock: TravellingClock
) -> None:
    answer = partner.post("/contacts", REFERRAL)

    assert answer.status_code == 201, answer.get_data(as_text=True)
    with ark.work() as session:
        contact = session.scalars(select(Contact)).one()
        # high risk from MASH: within two hours, on the calendar that never closes (D1 r4)
        assert contact.queue == "spoc_high"
        assert contact.first_response_due == datetime.fromisoformat("2027-01-14T12:05:00Z")
        started = session.scalars(select(ProcessInstance.process_id)).all()
    assert "contact_intake" in started and "case_lifecycle" in started


def test_the_same_referral_again_is_the_same_contact(partner, ark: Organisation) -> None:
    first = partner.post("/contacts", REFERRAL).json
    again = partner.post("/contacts", REFERRAL).json

    assert first["id"] == again["id"]
    with ark.work() as session:
        assert len(session.scalars(select(Contact.id)).all()) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"service": "nowhere"}, "#/service"),
        ({"source": "the moon"}, "#/source"),
        ({"external_id": ""}, "#/external_id"),
        ({"surprise": 1}, "#/surprise"),
        ({"received_at": "2031-01-01T00:00:00Z"}, "#/received_at"),
        ({"received_at": "yesterday"}, "#/received_at"),
        ({"answers": {**REFERRAL["answers"], "born_on": "soon"}}, "#/answers/born_on"),
        ({"answers": {**REFERRAL["answers"], "shoe_size": 4}}, "#/answers/shoe_size"),
        ({"answers": {**REFERRAL["answers"], "abuse_types": ["fun"]}}, "#/answers/abuse_types"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    partner, ark: Organisation, change: dict[str, Any], pointer: str
) -> None:
    answer = partner.post("/contacts", {**REFERRAL, **change})

    assert answer.status_code == 422
    assert any(e["pointer"].startswith(pointer) for e in answer.json["errors"]), answer.json
    with ark.work() as session:
        assert session.scalars(select(Contact.id)).all() == []


def test_a_partner_cannot_look_into_anything(partner) -> None:
    partner.post("/contacts", REFERRAL)

    for path in ("/contacts", "/cases", "/user-tasks"):
        assert partner.get(path).status_code == 403, path


def test_nothing_personal_is_in_the_names_of_tasks(partner, ark: Organisation) -> None:
    partner.post("/contacts", REFERRAL)

    with ark.work() as session:
        names = " ".join(session.scalars(select(UserTask.name)).all())
    assert "Amara" not in names and "Okafor" not in names


def test_a_partner_asks_how_its_own_referral_stands_and_nothing_else(
    partner, programme: Callable, ark: Organisation
) -> None:
    made = partner.post("/contacts", REFERRAL).json

    own = partner.get(f"/contacts/{made['id']}")
    assert own.status_code == 200
    assert own.json == {"id": made["id"], "reference": made["reference"], "status": "closed"}
    other = programme("dana", Scope.REFERRALS)
    assert other.get(f"/contacts/{made['id']}").status_code == 404
    assert partner.get("/contacts").status_code == 403
    assert partner.get(f"/contacts/{ark.tenant_id}").status_code == 404


def test_with_casework_the_same_contact_asks_for_a_purpose(partner, programme: Callable) -> None:
    made = partner.post("/contacts", REFERRAL).json

    caseworker = programme("ines", Scope.CASEWORK, Scope.REFERRALS)
    assert caseworker.get(f"/contacts/{made['id']}").status_code == 403
    shown = caseworker.get(f"/contacts/{made['id']}?purpose=audit")
    assert shown.json["source"] == "mash"
