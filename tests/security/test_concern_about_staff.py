"""A concern about somebody who works here does not exist, but for those who must act on it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from browsing import Browser
from sqlalchemy import select
from stories import AMARA
from story import Story

from engine.models import ProcessInstance
from workflows.cases.models import Case
from workflows.safeguarding import concerns
from workflows.staff.models import Position
from workflows.staff.rota import appoint

FIVE = {
    "at_risk": "adult",
    "verbatim_words": "He gave her address to her brother.",
    "danger_now": "no",
    "about_staff": "here",
}
WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}


@pytest.fixture
def case_id(story: Story) -> str:
    story.refer("ines", WRITTEN, external_id="1")
    with story.org.work() as session:
        return str(session.scalars(select(Case.id)).one())


@pytest.fixture
def instance_id(story: Story, case_id: str) -> str:
    """The escalation of a concern that Ines has raised; its recipient is Mara."""
    with story.org.work() as session:
        appoint(
            session,
            story.org.services["support"],
            Position.ALTERNATE_RECIPIENT,
            story.org.mara,
            by="system",
            now=story.now,
        )
    story.clock.advance(timedelta(minutes=1))
    story.posts("ines", f"/cases/{case_id}/concerns", FIVE)
    with story.org.work() as session:
        escalation = select(ProcessInstance.id).where(
            ProcessInstance.process_id == "safeguarding_escalation"
        )
        return str(session.scalars(escalation).one())


def test_nobody_who_merely_leads_sees_its_tasks(story: Story, instance_id: str) -> None:
    seen = {
        who: [task["instance_id"] for task in story.tasks(who)].count(instance_id)
        for who in ("femi", "mara", "iggy", "dsl")
    }

    # still offered to the lead: somebody must act. Mara is its recipient
    assert seen == {"femi": 0, "iggy": 0, "mara": 1, "dsl": 1}


def test_it_is_on_no_page_of_the_case(
    story: Story, case_id: str, instance_id: str, sign_in: Callable[[str], Browser]
) -> None:
    femi, mara = sign_in("femi"), sign_in("mara")
    with story.org.work() as session:
        session.get_one(Case, case_id).team_id = story.org.teams["North"]
    mara.get(f"/cases/{case_id}")
    mara.post(f"/cases/{case_id}/reason", {"purpose": "review"})
    pages = ("", "/contacts", "/risk", "/consent", "/history", f"/history?of={instance_id}")

    for page in pages:
        answer = femi.get(f"/cases/{case_id}{page}")
        assert answer.status_code == 200, page
        assert "Acknowledge the concern" not in answer.text, page
        assert "safeguarding concern was raised" not in answer.text, page
        assert instance_id not in answer.text.replace(f"of={instance_id}", ""), page
    assert femi.get(f"/cases/{case_id}/history/{instance_id}/trace").status_code == 404
    assert "Acknowledge the concern" in mara.get(f"/cases/{case_id}").text


def test_it_is_in_no_record_of_the_case(story: Story, case_id: str, instance_id: str) -> None:
    for who in ("ines", "femi", "dsl", "iggy", "auditor"):
        assert story.record(who, case_id, "concerns") == []
        assert instance_id not in str(story.record(who, case_id, "instances"))
        path = f"/history/cases/{case_id}?purpose=x&reason=x&limit=500"
        assert "safeguarding.raised" not in str(story.gets(who, path))
        shown = f"/history/instances/{instance_id}?purpose=x&reason=x"
        assert story[who].get(shown).status_code == 404
        assert story[who].get(f"/process-instances/{instance_id}?reason=x").status_code == 404


def test_it_is_closed_before_its_process_has_begun(story: Story, case_id: str) -> None:
    with story.org.work() as session:
        raised = concerns.raise_concern(
            session, case_id=UUID(case_id), given=FIVE, by=str(story.org.ines), now=story.now
        )
        assert raised.restricted
