"""The task page: the card before the call, the form, drafts, and what to do when it is too late."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from factories import make_task
from house import House
from people import Organisation
from sqlalchemy import select
from stories import AGREE, AMARA, ATTACHED, BEFORE_ASKING, NEEDS_NOW, READ, SPOKE, TRIED, checklist

from engine import history
from engine.models import UserTask
from engine.states import UserTaskState
from workflows.follow_up.models import ContactAttempt
from workflows.tasks.models import Draft

SignIn = Callable[[str], Browser]
AS_JSON = {"Accept": "application/json"}


@pytest.fixture
def attempt(house: House) -> UUID:
    """Amara is to be rung: Ines has read the referral, and the window is open."""
    house.receive(answers=AMARA)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(hours=1, minutes=5))
    return house.task("task_attempt").id


@pytest.fixture
def ines(sign_in: SignIn, attempt: UUID) -> Browser:
    """Ines, who has claimed the attempt."""
    browser = sign_in("ines")
    assert browser.post(f"/tasks/{attempt}/claim").location == f"/tasks/{attempt}"
    return browser


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def with_form(page: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Return what the page would post: its own fields and ``answers``."""
    own = {name: field(page, name) for name in ("_form", "_version", "_key")}
    said = {key: "true" if value is True else value for key, value in answers.items()}
    return own | said


# -- before it is claimed ------------------------------------------------------------------------


def test_a_free_task_asks_to_be_claimed_before_it_shows_its_form(
    sign_in: SignIn, attempt: UUID
) -> None:
    page = sign_in("ines").get(f"/tasks/{attempt}").text
    assert "Nobody has claimed this task" in page
    assert 'name="outcome"' not in page
    assert "900123" not in page


def test_a_page_says_what_led_to_the_task(ines: Browser, attempt: UUID) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    assert "<b>Why</b> The risk is high: the first attempt is due within two hours" in page
    assert "rule" not in page[page.index("task-why") :].partition("</p>")[0]
    assert "<title>Task 00001 - Signpost</title>" in re.sub(r"\s+", " ", page)


# -- the card ------------------------------------------------------------------------------------


def test_the_card_is_covered_until_one_value_is_asked_for(
    ines: Browser, ark: Organisation, attempt: UUID
) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    assert "Safe contact" in page
    assert "900123" not in page
    assert "ending 123" in page
    wanted = re.search(r'"value": ?"(number:[^"]+)"|&#34;value&#34;: &#34;([^&]+)&#34;', page)
    assert wanted, page
    shown = ines.post(f"/tasks/{attempt}/reveal", {"value": wanted[1] or wanted[2]})
    assert "07700 900123" in shown.text
    with ark.work() as session:
        stream = f"access:{ark.ines}:{ark.now.date()}"
        said = [entry.payload["concept_name"] for entry in history.read(session, stream)]
    assert "safe_contact.revealed.number" in said


def test_nobody_else_may_uncover_anything(sign_in: SignIn, attempt: UUID, ines: Browser) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    wanted = re.search(r"number:[0-9a-f-]{36}", page)
    assert wanted
    femi = sign_in("femi")
    assert femi.post(f"/tasks/{attempt}/reveal", {"value": wanted[0]}).status_code == 404


def test_the_outcome_cannot_be_stored_before_the_card_was_read(
    ines: Browser, attempt: UUID
) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    unread = {key: value for key, value in TRIED.items() if key != "card_read"}
    answer = ines.post(f"/tasks/{attempt}/complete", with_form(page, unread))
    assert answer.status_code == 422
    assert "<title>Error: Task" in answer.text
    assert 'href="#f-card_read"' in answer.text
    assert "There is a problem" in answer.text


# -- completing ----------------------------------------------------------------------------------


def test_an_attempt_is_on_record_and_the_page_says_what_is_next(
    ines: Browser, house: House, attempt: UUID
) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    answer = ines.post(f"/tasks/{attempt}/complete", with_form(page, SPOKE))
    assert answer.location == f"/tasks/{attempt}/done"
    done = ines.get(answer.location).text
    assert "This task was completed by you" in done
    assert house.task("task_verify_identity").name in done
    with house.look() as session:
        assert session.scalars(select(ContactAttempt.outcome)).all() == ["spoke_client"]


def test_pressing_twice_stores_once(ines: Browser, house: House, attempt: UUID) -> None:
    given = with_form(ines.get(f"/tasks/{attempt}").text, SPOKE)
    first = ines.post(f"/tasks/{attempt}/complete", given)
    second = ines.post(f"/tasks/{attempt}/complete", given)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    with house.look() as session:
        assert len(session.scalars(select(ContactAttempt.id)).all()) == 1


def test_who_comes_too_late_reads_who_was_faster_and_what_they_had_written(
    ines: Browser, sign_in: SignIn, attempt: UUID
) -> None:
    given = with_form(ines.get(f"/tasks/{attempt}").text, TRIED)
    ines.post(f"/tasks/{attempt}/complete", given)
    again = ines.post(f"/tasks/{attempt}/complete", {**given, "_key": "another-press"})
    assert again.status_code == 409
    assert "This task was completed by you" in again.text
    assert "No answer" in again.text


def test_a_form_that_has_changed_keeps_what_was_typed(ines: Browser, attempt: UUID) -> None:
    said = {**TRIED, "note": "Rang four times."}
    given = with_form(ines.get(f"/tasks/{attempt}").text, said) | {"_form": "0" * 64}
    answer = ines.post(f"/tasks/{attempt}/complete", given)
    assert answer.status_code == 409
    assert "This form has changed since you opened it" in answer.text
    assert "Rang four times." in answer.text


def test_a_task_that_the_process_took_back_is_gone(
    ines: Browser, ark: Organisation, attempt: UUID
) -> None:
    with ark.work() as session:
        task = session.get_one(UserTask, attempt)
        task.state, task.completed_at = UserTaskState.OBSOLETE, ark.now
    given = {"outcome": "no_answer"}
    assert ines.get(f"/tasks/{attempt}").status_code == 410
    assert ines.post(f"/tasks/{attempt}/draft", given, headers=AS_JSON).status_code == 410
    page = ines.post(f"/tasks/{attempt}/complete", given)
    assert page.status_code == 410
    assert "no longer needed" in page.text


# -- drafts --------------------------------------------------------------------------------------


def test_a_draft_is_kept_as_it_was_typed(ines: Browser, attempt: UUID) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    typed = with_form(page, {"method": "phone", "note": "Rang twice, then"})
    saved = ines.post(f"/tasks/{attempt}/draft", typed, headers=AS_JSON).get_json()
    assert saved["version"] == 1
    again = ines.get(f"/tasks/{attempt}").text
    assert "Rang twice, then" in again
    assert field(again, "_version") == "1"


def test_of_two_windows_the_second_sees_both_versions(
    ines: Browser, house: House, attempt: UUID
) -> None:
    page = ines.get(f"/tasks/{attempt}").text
    ines.post(f"/tasks/{attempt}/draft", with_form(page, {"note": "The first."}), headers=AS_JSON)
    stale = with_form(page, {"note": "The second."})
    told = ines.post(f"/tasks/{attempt}/draft", stale, headers=AS_JSON)
    assert told.status_code == 409
    both = ines.post(f"/tasks/{attempt}/draft", stale)
    assert both.status_code == 409
    assert "The first." in both.text
    assert "The second." in both.text
    kept = ines.post(f"/tasks/{attempt}/draft", with_form(both.text, {"note": "The second."}))
    assert kept.status_code == 303
    with house.look() as session:
        assert session.scalars(select(Draft)).one().answers["note"] == "The second."


# -- rows and steps ------------------------------------------------------------------------------


@pytest.fixture
def reached(house: House, attempt: UUID) -> House:
    """Amara has been reached and her needs of the moment seen to; her risk is to be graded."""
    house.do("ines", "task_attempt", SPOKE)
    known = {"identity_verified": "yes", "verified_how": "two_facts"}
    house.do("ines", "task_verify_identity", known)
    house.do("ines", "task_check_safe", {"safe_now": "yes"})
    house.do("ines", "task_immediate_needs", NEEDS_NOW)
    house.do("ines", "task_ask_before", BEFORE_ASKING)
    return house


def test_a_form_in_steps_goes_on_step_by_step_to_its_check(sign_in: SignIn, reached: House) -> None:
    ines, task_id = sign_in("ines"), reached.task("task_ask_checklist").id
    ines.post(f"/tasks/{task_id}/claim")
    answers, page = checklist(16), ines.get(f"/tasks/{task_id}")
    steps = 0
    while field(page.text, "_step") != "check":
        steps += 1
        asked = {name: answers[name] for name in answers if f'name="{name}"' in page.text}
        own = with_form(page.text, asked) | {"_step": field(page.text, "_step")}
        wrong = ines.post(f"/tasks/{task_id}/complete", own | {next(iter(asked)): "perhaps"})
        assert wrong.status_code == 422
        gone_on = ines.post(f"/tasks/{task_id}/complete", own | {"_key": f"step-number-{steps}"})
        assert gone_on.status_code == 303, gone_on.text
        page = ines.get(gone_on.location)
    assert steps > 1
    assert page.text.count(">Change<") > len(answers) - 2
    own = with_form(page.text, {}) | {"_step": "check"}
    assert ines.post(f"/tasks/{task_id}/complete", own).location == f"/tasks/{task_id}/done"


def test_a_row_more_or_less_keeps_everything_that_was_typed(
    sign_in: SignIn, reached: House
) -> None:
    reached.do("ines", "task_ask_checklist", checklist(16))
    reached.do("ines", "task_attach_assessment", ATTACHED)
    reached.do("ines", "task_judge", AGREE)
    ines, task_id = sign_in("ines"), reached.task("task_plan_safety").id
    ines.post(f"/tasks/{task_id}/claim")
    page = ines.get(f"/tasks/{task_id}").text
    typed = with_form(page, {"_step": field(page, "_step"), "actions-1-what": "Change the lock."})
    more = ines.post(f"/tasks/{task_id}/complete", typed | {"_add": "actions"})
    assert more.status_code == 200
    assert "Change the lock." in more.text
    assert 'data-row-name="actions-2"' in more.text
    alone = ines.post(f"/tasks/{task_id}/rows", typed | {"_add": "actions"}).text
    assert "<html" not in alone
    assert 'data-row-name="actions-2"' in alone
    less = ines.post(f"/tasks/{task_id}/complete", typed | {"_remove": "actions-1"})
    assert "Change the lock." not in less.text


# -- beside the form -----------------------------------------------------------------------------


def test_a_task_is_put_aside_but_never_past_its_time(
    ines: Browser, ark: Organisation, attempt: UUID
) -> None:
    with ark.work() as session:
        free = make_task(session, ark, potential_owners=["spoc_admin"])
    late = ines.post(f"/tasks/{attempt}/snooze", {"until": "monday"})
    assert late.status_code == 422
    assert ines.post(f"/tasks/{free}/snooze", {"until": "hour"}).location == "/tasks"
    assert "is put aside until" in ines.get("/tasks").text


def test_a_manager_is_alerted_and_the_reason_is_on_record(
    ines: Browser, house: House, attempt: UUID
) -> None:
    assert ines.post(f"/tasks/{attempt}/alert", {"reason": " "}).status_code == 422
    ines.post(f"/tasks/{attempt}/alert", {"reason": "The line is dead."})
    assert "Your team leader has been alerted." in ines.get(f"/tasks/{attempt}").text
    assert any(message.state for message in house.messages("manager.alert"))


def test_whoever_answers_an_alert_reads_who_asks_why_and_about_what(
    ines: Browser, house: House, attempt: UUID, sign_in: SignIn
) -> None:
    ines.post(f"/tasks/{attempt}/alert", {"reason": "The line is <b>dead</b>."})
    answering = house.task("task_answer_alert").id
    femi = sign_in("femi")
    page = femi.get(f"/tasks/{answering}").text
    assert "The line is &lt;b&gt;dead&lt;/b&gt;." in page
    assert "Ines Costa" in page
    assert "<b>Contact the client</b>" in page  # Ines is of no team of Femi's
    assert "The line is" not in femi.get("/tasks?view=unclaimed").text


def test_an_alert_that_a_rule_raised_says_which(house: House, sign_in: SignIn) -> None:
    house.send("manager.alert", {"case_id": None, "reason": "window_missed"})
    page = sign_in("femi").get(f"/tasks/{house.task('task_answer_alert').id}").text
    assert "A rule asked: window missed" in page.replace("Window", "window")


def test_a_conflict_closes_the_case_to_who_declares_it(ines: Browser, attempt: UUID) -> None:
    page = ines.post(f"/tasks/{attempt}/conflict", {"reason": "She is my cousin."})
    assert page.location == "/tasks"
    assert "closed to you" in ines.get("/tasks").text
    assert ines.get(f"/tasks/{attempt}").status_code == 404


def test_whoever_cannot_wait_raises_it_and_gets_the_task_to_refer_it(
    ines: Browser, house: House, attempt: UUID
) -> None:
    address = f"/tasks/{attempt}/safeguarding"
    key = field(ines.get(address).text, "_key")
    said = {"at_risk": "child", "verbatim_words": "“He is alone with them.”"}
    said |= {"danger_now": "unsure", "about_staff": "no", "_refer_now": "yes", "_key": key}
    assert ines.post(address, said).status_code == 303
    assert "phone them now" in ines.get(f"/tasks/{attempt}").text
    assert house.task("task_refer_direct").actual_owner == str(house.org.ines)


def test_a_concern_is_raised_without_leaving_the_work(
    ines: Browser, house: House, attempt: UUID
) -> None:
    page = ines.get(f"/tasks/{attempt}/safeguarding").text
    wrong = ines.post(f"/tasks/{attempt}/safeguarding", {})
    assert wrong.status_code == 422
    assert "There is a problem" in wrong.text
    names = set(re.findall(r'name="([a-z_]+)"', page)) - {"csrf_token", "_key", "q"}
    assert names
