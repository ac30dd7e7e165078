"""A number that must not be rung for somebody is neither shown nor rung: page, JSON, in bulk."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from sqlalchemy import select
from stories import AMARA, TRIED
from story import Story

from workflows.cases.models import Case
from workflows.follow_up.models import ContactAttempt
from workflows.people import cards, suspension

WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
NUMBER = "+447700900123"


@pytest.fixture
def attempt(story: Story) -> dict[str, Any]:
    story.refer("ines", WRITTEN, channel="agency_referral", external_id="1")
    task = story.task("ines", "task_attempt")
    story.posts("ines", f"/user-tasks/{task['id']}/claim")
    return task


def suspend(story: Story) -> None:
    with story.org.work() as session:
        person_id = session.scalars(select(Case.person_id)).one()
        suspension.suspend(
            session, person_id, NUMBER, "answered_by_alleged_person", by="system", now=story.now
        )


def say_no(story: Story) -> None:
    with story.org.work() as session:
        person_id = session.scalars(select(Case.person_id)).one()
        card = cards.current(session, person_id)
        assert card is not None
        lines = tuple(replace(c, safe_call="no") for c in card.card.channels)
        said = replace(card.card, channels=lines)
        proof = cards.Proof.OLD_ROUTE
        cards.record(session, person_id, said, proof=proof, by="system", now=story.now)


@pytest.mark.parametrize("stop", [suspend, say_no])
def test_it_is_not_shown_and_not_rung(
    story: Story,
    attempt: dict[str, Any],
    stop: Callable[[Story], None],
    sign_in: Callable[[str], Browser],
) -> None:
    here = f"/user-tasks/{attempt['id']}"
    line = story.gets("ines", f"{here}/safe-contact")["lines"][0]["channel_id"]
    ines = sign_in("ines")
    page = ines.get(f"/tasks/{attempt['id']}").text
    assert "ending 123" in page

    stop(story)

    revealed = story["ines"].post(
        f"{here}/safe-contact/reveal", {"what": "number", "channel_id": line}
    )
    assert (revealed.status_code, revealed.json["type"]) == (403, "/problems/number-stopped")
    by_page = ines.post(f"/tasks/{attempt['id']}/reveal", {"value": f"number:{line}"})
    assert by_page.status_code == 403
    assert "900123" not in by_page.text + revealed.text
    shown = story.gets("ines", f"{here}/safe-contact")["lines"][0]
    assert (shown["mode"], shown["may_leave"]) == ("never", [])

    for answers in (TRIED, {**TRIED, "channel_id": line}, {**TRIED, "method": "sms"}):
        refused = story.tries("ines", attempt["id"], answers)
        assert refused.status_code == 422, answers
    form = page.partition('name="_form" value="')[2].partition('"')[0]
    fields = {"_form": form, "card_read": "true", "method": "phone", "outcome": "no_answer"}
    for posted in (fields, {**fields, "channel_id": line}):
        refused = ines.post(f"/tasks/{attempt['id']}/complete", posted)
        assert refused.status_code == 422, posted
    bulk = ines.post("/tasks/bulk", {"task": attempt["id"], "act": "complete", **fields})
    assert bulk.status_code == 303
    with story.org.work() as session:
        assert session.scalars(select(ContactAttempt)).all() == []


def test_another_client_on_the_same_line_keeps_her_number(
    story: Story, attempt: dict[str, Any]
) -> None:
    suspend(story)
    other = {**WRITTEN, "given_name": "Zoe", "family_name": "Tarrant", "born_on": "1971-03-09"}
    contact = story.refer("ines", other, external_id="2", channel="agency_referral")
    story.does("ines", "task_resolve_match", {"match_decision": "new", "match_reason": "A sister"})
    case_id = story.gets("ines", f"/contacts/{contact['id']}?purpose=x")["case_id"]
    hers = story.task("ines", "task_attempt", business_key=case_id)
    path = f"/user-tasks/{hers['id']}/safe-contact"
    line = story.gets("ines", path)["lines"][0]

    assert line["is_suspended"] is False
    number = {"what": "number", "channel_id": line["channel_id"]}
    assert story.posts("ines", f"{path}/reveal", number)["value"] == NUMBER
    assert UUID(case_id) != UUID(attempt["business_key"])
