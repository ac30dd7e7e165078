"""No wall is felt from outside: not by a case number, not by a household, not by a hand-over."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from browsing import Browser
from factories import make_contact, make_person, make_task
from people import give_role
from programmes import make_programme
from sqlalchemy import select
from stories import AMARA
from story import Story

from workflows.access import conflicts, sealing
from workflows.access.actor import actor_for
from workflows.cases.models import Case
from workflows.contact import handover
from workflows.contact.handover import CannotTakeContacts
from workflows.contact.models import ContactStatus
from workflows.staff.models import StaffRole
from workflows.tasks import worklist

WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
MORE = {"immediate_danger": "no", "source": "mash", "what_happened": "More of it."}
CALL: dict[str, Any] = {**MORE, "safe_now": "yes", "source": "self"}


@pytest.fixture
def number(story: Story) -> str:
    """The number of Amara's case."""
    story.refer("ines", WRITTEN, external_id="1")
    with story.org.work() as session:
        return session.scalars(select(Case.case_number)).one()


def case_of(story: Story, number: str) -> UUID:
    with story.org.work() as session:
        return session.scalars(select(Case.id).where(Case.case_number == number)).one()


def seal(story: Story, number: str) -> None:
    with story.org.work() as session:
        case = session.scalars(select(Case).where(Case.case_number == number)).one()
        sealing.seal(session, case, [story.org.dsl], by="system", now=story.now)


def hand_in(story: Story, who: str, number: str) -> Any:
    answers = {**MORE, "route": "existing_case", "case_number": number}
    given = {"service": "support", "channel": "email", "source": "mash", "answers": answers}
    return story[who].post("/contacts", {**given, "external_id": uuid4().hex})


def test_a_contact_is_added_to_a_case_by_its_number(story: Story, number: str) -> None:
    answer = hand_in(story, "ines", number)

    assert answer.status_code == 201
    assert answer.json["case_id"] == str(case_of(story, number))


def test_a_sealed_case_has_no_number(story: Story, number: str) -> None:
    seal(story, number)

    sealed, absent = hand_in(story, "ines", number), hand_in(story, "ines", "27-999999")
    assert sealed.status_code == absent.status_code == 422
    assert sealed.json["type"] == absent.json["type"] == "/problems/no-such-case"
    assert hand_in(story, "dsl", number).status_code == 201  # a member


def test_nor_has_one_in_conflict_on_the_line(story: Story, number: str) -> None:
    with story.org.work() as session:
        about = {"case_id": case_of(story, number), "by": "system", "now": story.now}
        conflicts.declare(session, story.org.ines, **about)
    begun = story.posts("ines", "/contacts/live", {"service": "support", "channel": "phone"})
    answers = {**CALL, "route": "existing_case", "case_number": number}

    ended = story["ines"].post(f"/contacts/{begun['id']}/end", {"answers": answers})

    assert (ended.status_code, ended.json["type"]) == (422, "/problems/no-such-case")


def test_a_referrer_knows_the_cases_of_their_own_referrals_alone(story: Story, number: str) -> None:
    org = story.org
    with org.work() as session:
        for role in session.scalars(select(StaffRole).where(StaffRole.staff_id == org.tess)):
            session.delete(role)
        session.flush()
        give_role(session, org, org.tess, "referrer")
    story._programmes["tess"] = make_programme(story.client, org, "tess")

    assert hand_in(story, "tess", number).status_code == 422
    own = {**WRITTEN, "given_name": "Zoe", "family_name": "Tarrant", "born_on": "1971-03-09"}
    own["channels"] = [{"kind": "mobile", "value": "07700 900555"}]
    story.refer("tess", own, channel="agency_referral", external_id="2")
    with org.work() as session:
        theirs = select(Case.case_number).where(Case.case_number != number)
        assert hand_in(story, "tess", session.scalars(theirs).one()).status_code == 201


def test_a_line_is_handed_to_nobody_before_whom_a_wall_stands(story: Story) -> None:
    org = story.org
    with org.work() as session:
        person_id = make_person(session, org)
        contact_id = make_contact(
            session, org, status=ContactStatus.LIVE, handler_id=org.amina, person_id=person_id
        )
        conflicts.declare(session, org.ben, person_id=person_id, by="system", now=story.now)

        for nobody in (org.ben, org.ana, uuid4()):
            with pytest.raises(CannotTakeContacts):
                handover.hand_over(session, contact_id, nobody, by=str(org.amina), now=story.now)
        handover.hand_over(session, contact_id, org.sol, by=str(org.amina), now=story.now)


def test_a_task_is_delegated_to_nobody_who_is_not_there(story: Story) -> None:
    org = story.org
    with org.work() as session:
        task_id = make_task(session, org, actual_owner=str(org.dana))
        dana = actor_for(session, org.dana, story.now)
        for nobody in (uuid4(), org.vic):
            with pytest.raises(worklist.NotForThem):
                worklist.delegate(session, task_id, to=nobody, actor=dana, now=story.now)


@pytest.mark.parametrize("decision", ["same", "same_household"])
def test_nobody_behind_a_wall_is_recognised_or_made_a_household(
    story: Story, decision: str, sign_in: Callable[[str], Browser]
) -> None:
    org, ines = story.org, sign_in("ines")
    with org.work() as session:
        hidden = make_person(session, org)
        conflicts.declare(session, org.ines, person_id=hidden, by="system", now=story.now)
    begun = story.posts("ines", "/contacts/live", {"service": "support", "channel": "phone"})
    ines.get(f"/contacts/{begun['id']}/live")
    fields = {"safe_now": "yes", "immediate_danger": "no", "source": "self"}
    fields |= {"route": "victim_support", "what_happened": "x", "_match_decision": decision}

    for who in (str(hidden), str(uuid4()), "x"):
        ended = ines.post(f"/contacts/{begun['id']}/end", {**fields, "_match_person": who})
        assert ended.status_code == 404
    assert story.gets("ines", f"/contacts/{begun['id']}?purpose=x")["status"] == "live"
