"""The inbox: what it lists, one key to start, several at once, and what it says of others."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from browsing import Browser
from factories import make_case, make_person, make_task
from house import House
from people import Organisation
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import history
from engine.models import UserTask
from workflows.people import cards
from workflows.people.safe_contact import Card, Channel

SignIn = Callable[[str], Browser]
FROM_LIST = {"HX-Request": "true"}


@pytest.fixture
def tasks(ark: Organisation) -> dict[str, UUID]:
    """Three tasks of the support service: late and high, due today, without a time."""
    with ark.work() as session:
        gwen = make_person(session, ark, given_name="Gwen", family_name="Pryce")
        card = Card(channels=(Channel("mobile", "+447700900123"),), stop_word="parcel")
        cards.record(session, gwen, card, by="system", now=ark.now)
        case_id = make_case(
            session, ark, person_id=gwen, risk_level="high", case_number="27-000123", team_id=None
        )
        about = {"business_key": case_id}
        late, today = ark.now - timedelta(minutes=40), ark.now + timedelta(hours=4)
        return {
            "late": make_task(session, ark, name="Ring Gwen", due_at=late, risk_rank=3, **about),
            "today": make_task(session, ark, name="Write the plan", due_at=today, **about),
            "never": make_task(session, ark, name="Tidy the file"),
        }


def test_a_list_says_what_is_late_first_and_how_much(
    sign_in: SignIn, tasks: dict[str, UUID]
) -> None:
    page = sign_in("dana").get("/tasks?view=unclaimed").text
    assert re.search(r"Overdue.*Ring Gwen.*40 min overdue.*Today.*Write the plan", page, re.DOTALL)
    assert "27-000123" in page
    for telling in ("Pryce", "parcel", "900123"):
        assert telling not in page


def test_filters_are_in_the_address_and_say_when_they_hide_everything(
    sign_in: SignIn, tasks: dict[str, UUID]
) -> None:
    dana = sign_in("dana")
    high = dana.get("/tasks?view=unclaimed&risk=3").text
    assert "Ring Gwen" in high
    assert "Tidy the file" not in high
    nothing = dana.get("/tasks?view=unclaimed&due=overdue&risk=2&process=none").text
    assert "No tasks match 3 filters" in nothing


def test_an_empty_list_leads_to_one_that_is_not(sign_in: SignIn, tasks: dict[str, UUID]) -> None:
    page = sign_in("dana").get("/tasks").text
    assert "3 tasks in your teams are waiting for somebody." in page
    assert 'href="/tasks?view=unclaimed"' in page


def test_claiming_from_the_list_gives_the_row_back(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    dana = sign_in("dana")
    row = dana.post(f"/tasks/{tasks['late']}/claim", {}, headers=FROM_LIST).text
    assert f'id="task-{tasks["late"]}"' in row
    assert "data-just-claimed" in row
    assert owner_of(ark, tasks["late"]) == str(ark.dana)


def test_of_two_people_one_gets_it_and_the_other_reads_who(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    dana, priya = sign_in("dana"), sign_in("priya")
    dana.post(f"/tasks/{tasks['late']}/claim", {}, headers=FROM_LIST)
    row = priya.post(f"/tasks/{tasks['late']}/claim", {}, headers=FROM_LIST)
    assert row.status_code == 200
    assert "Claimed by Dana Novak" in row.text
    assert owner_of(ark, tasks["late"]) == str(ark.dana)
    page = priya.post(f"/tasks/{tasks['late']}/claim")
    assert page.status_code == 409
    assert "Somebody was faster" in page.text


def test_several_at_once_and_each_refusal_has_its_reason(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    sign_in("priya").post(f"/tasks/{tasks['never']}/claim")
    dana = sign_in("dana")
    chosen = [tasks["late"], tasks["today"], tasks["never"]]
    answer = dana.post("/tasks/bulk", {"task": chosen, "act": "claim", "back": "/tasks"})
    assert answer.location == "/tasks"
    page = dana.get("/tasks").text
    assert "2 claimed. 1 not: " in page
    assert "Priya Shah" in page
    assert owner_of(ark, tasks["never"]) == str(ark.priya)


def test_a_list_can_hand_work_to_a_colleague(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    dana = sign_in("dana")
    dana.post(f"/tasks/{tasks['never']}/claim")
    given = {"task": [tasks["never"]], "act": "reassign", "to": str(ark.priya), "back": "/tasks"}
    dana.post("/tasks/bulk", given)
    assert "1 reassigned." in dana.get("/tasks").text
    assert owner_of(ark, tasks["never"]) == str(ark.priya)


def test_nobody_is_led_away_by_the_way_back(sign_in: SignIn, tasks: dict[str, UUID]) -> None:
    dana = sign_in("dana")
    answer = dana.post("/tasks/bulk", {"act": "claim", "back": "https://evil.example/"})
    assert answer.location == "/"


def test_news_names_what_is_new_and_what_has_gone(sign_in: SignIn, tasks: dict[str, UUID]) -> None:
    dana = sign_in("dana")
    shown = [str(task) for task in tasks.values()]
    sign_in("priya").post(f"/tasks/{tasks['today']}/claim")
    news = dana.post("/tasks/changes?view=unclaimed", {"shown": shown}).get_json()
    assert set(news["listed"]) == {str(tasks["late"]), str(tasks["never"])}
    assert news["gone"] == {str(tasks["today"]): "Claimed by Priya Shah"}


def test_a_preview_covers_every_value_and_is_on_record(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    femi = sign_in("femi")
    preview = femi.get(f"/tasks/{tasks['late']}/preview").text
    assert "Ring Gwen" in preview
    assert "parcel" not in preview
    assert "900123" not in preview
    assert "hx-post" not in preview
    with ark.work() as session:
        assert "task.previewed" in read_by(ark, session, ark.femi)


def test_another_service_sees_none_of_it(sign_in: SignIn, tasks: dict[str, UUID]) -> None:
    amina = sign_in("amina")
    assert "Tidy the file" not in amina.get("/tasks?view=unclaimed").text
    for path in ("", "/preview", "/snooze", "/alert", "/done"):
        assert amina.get(f"/tasks/{tasks['never']}{path}").status_code == 404, path


def owner_of(ark: Organisation, task_id: UUID) -> str | None:
    with ark.work() as session:
        return session.scalar(select(UserTask.actual_owner).where(UserTask.id == task_id))


def read_by(ark: Organisation, session: Session, staff_id: UUID) -> list[str]:
    """Return what is on record of the reading of one member of staff today."""
    stream = f"access:{staff_id}:{ark.now.date()}"
    return [str(entry.payload["concept_name"]) for entry in history.read(session, stream)]


def test_filters_of_the_form_narrow_the_list_and_can_be_taken_away(
    sign_in: SignIn, ark: Organisation, house: House, tasks: dict[str, UUID]
) -> None:
    dana = sign_in("dana")
    support = str(ark.services["support"])
    page = dana.get(f"/tasks?view=unclaimed&service={support}&process=first_contact&waiting=").text
    assert "2 filters" in page
    assert "Ring Gwen" in page
    assert f'<option value="{support}" selected>' in page
    assert '<option value="first_contact" selected>First contact</option>' in page
    assert 'href="/tasks?view=unclaimed">Clear' in page
    none = dana.get("/tasks?view=unclaimed&process=risk_grading").text
    assert "No tasks match 1 filter" in none


# -- when it is due ------------------------------------------------------------------------------


def test_who_leads_changes_when_work_is_due_and_says_why(
    sign_in: SignIn, ark: Organisation, tasks: dict[str, UUID]
) -> None:
    femi = sign_in("femi")
    chosen = {"task": [tasks["late"], tasks["never"]], "back": "/tasks?view=unclaimed"}
    asked = femi.post("/tasks/due", chosen)
    assert asked.status_code == 200
    assert "Ring Gwen" in asked.text
    assert femi.post("/tasks/due", {**chosen, "until": "week", "why": " "}).status_code == 422
    done = femi.post("/tasks/due", {**chosen, "until": "week", "why": "Court is adjourned."})
    assert done.location == "/tasks?view=unclaimed"
    assert "2 due at another time." in femi.get("/tasks?view=unclaimed").text
    with ark.work() as session:
        due = {session.get_one(UserTask, task).due_at for task in chosen["task"]}
    assert due == {(ark.now + timedelta(days=7)).replace(hour=17, minute=0)}


def test_nobody_changes_the_time_of_their_own_work(sign_in: SignIn, tasks: dict[str, UUID]) -> None:
    dana = sign_in("dana")
    dana.post(f"/tasks/{tasks['late']}/claim")
    assert "Change due time" not in dana.get("/tasks").text
    assert "/tasks/due" not in dana.get(f"/tasks/{tasks['late']}").text
    given = {"task": [tasks["late"]], "until": "week", "why": "I am late.", "back": "/tasks"}
    dana.post("/tasks/due", given)
    assert "0 due at another time. 1 not: " in dana.get("/tasks").text
