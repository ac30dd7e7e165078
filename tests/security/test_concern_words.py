"""What a concern says stands beside each task of its escalation."""

from collections.abc import Callable

import pytest
from browsing import Browser
from sqlalchemy import select
from stories import AMARA
from story import Story

from engine.models import UserTask
from workflows.cases.models import Case
from workflows.safeguarding.models import SafeguardingConcern

WORDS = "He said he would take the children tonight."
PLACE = "Behind the library on Mill Lane"


@pytest.fixture
def task_id(story: Story) -> str:
    """The lead's first task of a concern that Ines has raised."""
    referral = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    story.refer("ines", referral, external_id="1")
    with story.org.work() as session:
        case_id = session.scalars(select(Case.id)).one()
    given = {
        "at_risk": "child",
        "verbatim_words": WORDS,
        "danger_now": "unsure",
        "where_now": PLACE,
        "about_staff": "no",
    }
    story.posts("ines", f"/cases/{case_id}/concerns", given)
    with story.org.work() as session:
        named = select(UserTask.id).where(UserTask.name == "Acknowledge the concern")
        return str(session.scalars(named).one())


def test_the_lead_reads_what_was_said_and_after_claiming_where(
    story: Story, task_id: str, sign_in: Callable[[str], Browser]
) -> None:
    lead = sign_in("dsl")

    offered = lead.get(f"/tasks/{task_id}").text
    lead.post(f"/tasks/{task_id}/claim")
    held = lead.get(f"/tasks/{task_id}").text

    assert WORDS in offered and "Who is at risk?" in offered
    assert PLACE not in offered
    assert WORDS in held and PLACE in held
    with story.org.work() as session:
        concern = session.scalars(select(SafeguardingConcern)).one()
        assert concern.verbatim_words == WORDS


def test_who_merely_may_see_the_task_reads_nothing_of_it(
    task_id: str, sign_in: Callable[[str], Browser]
) -> None:
    answer = sign_in("ines").get(f"/tasks/{task_id}")

    assert WORDS not in answer.text
    assert PLACE not in answer.text
