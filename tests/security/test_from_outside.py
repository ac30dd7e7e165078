"""What a programme may bring into processes: nothing that only processes say, nothing unseen."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from programmes import Programme
from sqlalchemy import select
from stories import AMARA
from story import Story

from engine.models import ProcessInstance
from workflows.access import conflicts
from workflows.cases.models import Case
from workflows.consent.models import ConsentRecord
from workflows.programmes.tokens import Scope

INSIDE_ALONE = [
    "allocation.requested",
    "case.merge",
    "case.opened",
    "conflict.declared",
    "consent.withdraw",
    "contact.received",
    "glass.broken",
    "legal_hold.cleared",
    "manager.alert",
    "risk.changed",
    "risk.review_due",
    "safeguarding.raise",
    "search.walled",
    "task.closed",
    "task.overdue",
]
WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}


@pytest.fixture
def case_id(story: Story) -> str:
    story.refer("ines", WRITTEN, external_id="1")
    with story.org.work() as session:
        return str(session.scalars(select(Case.id)).one())


def instances(story: Story) -> int:
    with story.org.work() as session:
        return len(session.scalars(select(ProcessInstance.id)).all())


@pytest.mark.parametrize("kind", ["message", "signal"])
@pytest.mark.parametrize("name", INSIDE_ALONE)
def test_what_processes_say_to_each_other_is_not_said_from_outside(
    name: str, kind: str, programme: Callable[..., Programme]
) -> None:
    somebody = programme("dsl", Scope.MESSAGES)

    answer = somebody.post("/messages", {"name": name, "kind": kind, "payload": {}})

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/said-inside-alone")


def test_a_message_is_about_what_its_sender_sees(story: Story, case_id: str) -> None:
    said = {"name": "suspect.status_changed", "payload": {"case_id": case_id}}
    by_key = {"name": "suspect.status_changed", "correlation": {"case_id": case_id}}
    nobody = {"name": "suspect.status_changed", "payload": {"case_id": str(uuid4())}}

    assert story["ines"].post("/messages", said).status_code == 202
    for who in ("vic", "amina", "admin"):
        assert story[who].post("/messages", said).status_code == 404
        assert story[who].post("/messages", by_key).status_code == 404
    assert story["vic"].post("/messages", nobody).status_code == 202  # about nobody: it waits
    with story.org.work() as session:
        conflicts.declare(session, story.org.ines, case_id=case_id, by="system", now=story.now)
    assert story["ines"].post("/messages", said).status_code == 404


def test_nobody_learns_what_became_of_somebody_elses_message(story: Story, case_id: str) -> None:
    said = {"name": "suspect.status_changed", "payload": {"case_id": case_id}}
    path = f"/messages/{story.posts('ines', '/messages', said)['id']}"

    assert story["ines"].get(path).status_code == 200
    assert story["vic"].get(path).status_code == 404


def test_nobody_holds_up_somebody_elses_message_by_its_id(story: Story, case_id: str) -> None:
    said = {
        "name": "suspect.status_changed",
        "payload": {"case_id": case_id},
        "message_id": "notice-1",
    }
    first = story.posts("ines", "/messages", said)["id"]

    assert story.posts("ines", "/messages", said)["id"] == first
    assert story.posts("femi", "/messages", said)["id"] != first


@pytest.mark.parametrize(
    "payload",
    [
        {"note": "Her ex, John, was at the door."},
        {"case_id": None, "what": "07700 900123 rang"},
        {"Amara Okafor": 1},
        {"words": ["one", "and a sentence"]},
        {"deep": {"inner": "x"}},
        {"fraction": 0.5},
        {"nul": "a\u0000b"},
        {f"n{n}": n for n in range(101)},
    ],
)
def test_nothing_that_may_speak_of_a_person_enters_the_engine(
    payload: dict[str, Any], story: Story
) -> None:
    message = {"name": "owner.absent", "payload": payload}
    begun = {"process_id": "x", "variables": payload}

    assert story["femi"].post("/messages", message).status_code == 422
    assert story["femi"].post("/process-instances", begun).status_code == 422


@pytest.mark.parametrize(
    "process_id", ["risk_grading", "case_lifecycle", "contact_attempt", "consent", "break_glass"]
)
def test_a_part_of_another_process_is_not_started_alone(
    process_id: str, story: Story, case_id: str
) -> None:
    before = instances(story)
    forged = {
        "process_id": process_id,
        "business_key": case_id,
        "variables": {
            "case_id": case_id,
            "mode": "on_papers",
            "judgement": "lower",
            "lower_to": "standard",
            "lower_approved": "yes",
        },
    }

    answer = story["ines"].post("/process-instances", forged)

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/started-inside-alone")
    assert instances(story) == before
    assert story.case("ines", case_id)["risk_level"] == "high"


def test_no_process_is_started_about_a_case_that_is_named_in_its_variables_alone(
    story: Story, case_id: str
) -> None:
    hidden = {"process_id": "contact_attempt", "variables": {"case_id": case_id}}

    assert story["vic"].post("/process-instances", hidden).status_code == 404


def test_whoever_may_not_record_consent_takes_none_back(story: Story, case_id: str) -> None:
    with story.org.work() as session:
        case = session.scalars(select(Case)).one()
        row = ConsentRecord(
            tenant_id=case.tenant_id,
            person_id=case.person_id,
            case_id=case.id,
            purpose="share_referral",
            recipient_class="voluntary",
            recipient_token=b"t",
            decision="given",
            method="verbal_recorded",
            given_by="client",
            recorded_at=story.now,
            recorded_by="system",
        )
        session.add(row)
        session.flush()
        path = f"/cases/{case_id}/consents/{row.id}/withdraw"

    assert story["auditor"].post(path, {"verified": True}).status_code == 403
    assert story["mara"].post(path, {"verified": True}).status_code == 403
    assert story["ines"].post(path, {"verified": True}).status_code == 201


def test_the_number_of_all_streams_is_for_those_who_audit(story: Story, case_id: str) -> None:
    assert story["ines"].post("/history/verify").status_code == 403
    assert story["owner"].post("/history/verify").status_code == 403
    assert story["auditor"].post("/history/verify").json["sound"] is True
