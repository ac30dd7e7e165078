"""Pages of running processes: looked after by who leads the work, and operated without a name."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from browsing import Browser
from diagrams import diagram, end, process, start, user
from factories import make_case, make_person
from people import Organisation
from sqlalchemy import Engine, select

from engine import instances, releases, timers
from engine.clock import TravellingClock
from engine.models import Incident, ProcessInstance, UserTask

SignIn = Callable[[str], Browser]
WHY = {"reason": "Gwen Pryce has moved"}

STEPS = (
    diagram(
        process(
            start("begin"),
            user("task_ask", name="Ask", potentialOwners="case_worker"),
            user("task_tell", name="Tell", potentialOwners="case_worker"),
            end("done"),
            flows="begin > task_ask > task_tell > done",
            businessKey="case_id",
            riskRank="rank",
        )
    )
    .replace('id="p"', 'id="p" name="Asking"')
    .replace('id="done"', 'id="done" name="Told"')
)


@pytest.fixture
def case_id(ark: Organisation) -> UUID:
    with ark.work() as session:
        gwen = make_person(session, ark, given_name="Gwen", family_name="Pryce")
        return make_case(session, ark, person_id=gwen, owner_id=ark.dana, case_number="27-000123")


@pytest.fixture
def address(case_id: UUID, ark: Organisation, clock: TravellingClock) -> str:
    """An instance about Dana's case in support."""
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files={"p.bpmn": STEPS})
        given = {"case_id": str(case_id), "rank": 1, "route": "phone", "agreed": True}
        made = instances.start(
            session,
            ark.tenant_id,
            "p",
            given,
            by="system",
            now=clock.now(),
            service_id=ark.services["support"],
            business_key=case_id,
        )
    return f"/instances/{made}"


def tasks(ark: Organisation) -> dict[str, str]:
    with ark.work() as session:
        waiting = select(UserTask).where(UserTask.completed_at.is_(None))
        return {task.element_id: str(task.state) for task in session.scalars(waiting)}


def token(ark: Organisation) -> str:
    with ark.work() as session:
        waiting = select(UserTask.id).where(UserTask.completed_at.is_(None))
        return str(session.scalars(waiting).one())


def act(browser: Browser, address: str, **given: str) -> tuple[int, str]:
    browser.get(address)
    answer = browser.post(address, {**WHY, **given})
    return answer.status_code, answer.text


@pytest.mark.parametrize("who", ["femi", "mara", "admin"])
def test_it_is_suspended_and_resumed(
    address: str, ark: Organisation, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(who)
    page = browser.get(f"{address}/suspend").text
    assert "1 task stays where it is; nobody can claim or complete it." in page
    assert "Everything else of the same case goes on." in page
    assert act(browser, f"{address}/suspend", until="hour")[0] == 303
    assert tasks(ark) == {"task_ask": "suspended"}
    assert "Asking" in browser.get("/instances").text

    shown = browser.get(address).text
    assert "suspended it" in shown
    assert ("Gwen Pryce has moved" in shown) == (who != "admin")
    assert act(browser, f"{address}/prolong", until="hours")[0] == 303
    assert act(browser, f"{address}/resume")[0] == 303
    assert tasks(ark) == {"task_ask": "ready"}
    assert "Nothing is suspended" in browser.get("/instances").text


def test_who_has_the_task_is_told_who_suspended_it_and_why(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    act(sign_in("femi"), f"{address}/suspend", until="hour")
    dana = sign_in("dana")
    task = f"/tasks/{token(ark)}"
    page = dana.get(task).text
    assert "Femi Adeyemi suspended this process" in page
    assert "Gwen Pryce has moved." in page
    refused = dana.post(f"{task}/claim", {})
    assert refused.status_code == 409
    assert "suspended" in dana.get("/tasks?view=unclaimed").text


def test_an_administrator_sees_no_case_and_corrects_nothing(
    address: str, case_id: UUID, sign_in: SignIn
) -> None:
    admin = sign_in("admin")
    for page in (address, f"{address}/suspend", f"{address}/cancel", "/instances?show=running"):
        text = admin.get(page).text
        assert "Asking" in text
        for said in ("27-000123", "Gwen", "G.P.", str(case_id), "phone", "Dana"):
            assert said not in text
    assert admin.get(f"{address}/correct").status_code == 403
    assert admin.post(f"{address}/correct", {**WHY, "value-route": "text"}).status_code == 403


@pytest.mark.parametrize("who", ["dana", "amina", "owner", "ana", "tess", "ines"])
def test_to_who_only_does_the_work_there_is_no_such_page(
    address: str, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(who)
    browser.get("/account")
    assert browser.get(address).status_code == 404
    assert browser.get("/instances").status_code == 404
    assert browser.post(f"{address}/suspend", {**WHY, "until": "hour"}).status_code == 404


def test_an_auditor_looks_and_changes_nothing(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    auditor = sign_in("auditor")
    assert "Suspend" not in auditor.get(address).text.partition("<main")[2]
    assert auditor.post(f"{address}/suspend", {**WHY, "until": "hour"}).status_code == 403
    assert tasks(ark) == {"task_ask": "ready"}


def test_a_token_is_moved_and_a_step_passed_over(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    femi = sign_in("femi")
    move = f"{address}/move?token={token(ark)}"
    page = femi.get(move).text
    assert "Move to another step: Ask" in page
    assert act(femi, move, target="")[0] == 422
    assert act(femi, move, target="task_tell")[0] == 303
    assert tasks(ark) == {"task_tell": "ready"}
    assert femi.get(move).status_code == 409

    assert act(femi, f"{address}/skip?token={token(ark)}")[0] == 303
    assert tasks(ark) == {}
    assert "It has ended." in femi.get(address).text


def test_a_value_is_corrected(address: str, ark: Organisation, sign_in: SignIn) -> None:
    femi = sign_in("femi")
    page = femi.get(f"{address}/correct").text
    assert 'name="value-route"' in page
    assert 'name="value-case_id"' not in page
    assert 'name="value-rank"' not in page  # what says how urgent it is
    same = {"value-route": "phone", "value-agreed": "yes"}
    status, text = act(femi, f"{address}/correct", **same)
    assert (status, "Change a value first." in text) == (422, True)
    status, text = act(femi, f"{address}/correct", **(same | {"value-route": "to Leeds, by car"}))
    assert (status, "Give one word" in text) == (422, True)
    given = {"value-route": "text", "value-agreed": "no"}
    assert act(femi, f"{address}/correct", **given)[0] == 303
    with ark.work() as session:
        [instance] = session.scalars(select(ProcessInstance))
        kept = instances.variables(session, instance.id)
    assert (kept["route"], kept["agreed"]) == ("text", False)


def test_a_process_is_ended(address: str, ark: Organisation, sign_in: SignIn) -> None:
    mara = sign_in("mara")
    assert act(mara, f"{address}/cancel")[0] == 303
    assert tasks(ark) == {}
    refused = mara.post(f"{address}/cancel", WHY)
    assert refused.status_code == 409


def test_nothing_is_done_without_a_reason(address: str, ark: Organisation, sign_in: SignIn) -> None:
    femi = sign_in("femi")
    for page in ("suspend", "cancel", f"skip?token={token(ark)}"):
        status, text = act(femi, f"{address}/{page}", reason=" ", until="hour")
        assert (status, "Say why." in text) == (422, True)
    assert act(femi, f"{address}/suspend", until="next year")[0] == 422
    assert tasks(ark) == {"task_ask": "ready"}


def test_high_risk_is_warned_about_and_looked_at_within_hours(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    with ark.work() as session:
        session.scalars(select(ProcessInstance)).one().risk_rank = 3
    femi = sign_in("femi")
    page = femi.get(f"{address}/suspend").text
    assert "safety may hang on this work" in page
    assert 'value="hours"' in page
    assert 'value="morning"' not in page
    assert act(femi, f"{address}/suspend", until="morning")[0] == 422


@pytest.mark.parametrize("who", ["mara", "admin"])
def test_a_suspension_that_is_due_for_a_look_is_an_incident(
    address: str,
    ark: Organisation,
    sign_in: SignIn,
    clock: TravellingClock,
    worker_database: Engine,
    who: str,
) -> None:
    browser = sign_in(who)
    act(browser, f"{address}/suspend", until="hour")
    clock.advance(timedelta(hours=1))
    timers.fire_due(worker_database, clock.now())
    assert "StillSuspended" in browser.get("/incidents").text
    with ark.work() as session:
        incident = f"/incidents/{session.scalars(select(Incident.id)).one()}"
    page = browser.get(incident).text
    assert "Resume it" in page
    assert f'href="{address}/prolong"' in page
    assert browser.post(incident, {"act": "retry", "reason": "Enough"}).status_code == 303
    assert tasks(ark) == {"task_ask": "ready"}
    assert "Nothing has failed" in browser.get("/incidents").text


def test_the_history_says_it_in_sentences_with_the_reason(
    address: str, case_id: UUID, ark: Organisation, sign_in: SignIn, clock: TravellingClock
) -> None:
    femi = sign_in("femi")
    act(femi, f"{address}/suspend", until="hour")
    act(femi, f"{address}/correct", **{"value-route": "text", "value-agreed": "yes"})
    clock.advance(timedelta(minutes=5))
    act(femi, f"{address}/resume")
    act(femi, f"{address}/move?token={token(ark)}", target="task_tell")
    act(femi, f"{address}/skip?token={token(ark)}")
    of = address.rpartition("/")[2]
    femi.post(f"/cases/{case_id}/reason", {"purpose": "supervision"})
    page = femi.get(f"/cases/{case_id}/history?of={of}").text
    for words in (
        "“Asking” was suspended (Gwen Pryce has moved)",
        "Femi Adeyemi corrected a value: route from phone to text (Gwen Pryce has moved)",
        "“Asking” goes on (Gwen Pryce has moved)",
        "Femi Adeyemi moved the process from “Ask” to “Tell” (Gwen Pryce has moved)",
        "Femi Adeyemi passed over “Tell” by hand (Gwen Pryce has moved)",
    ):
        assert words in page.replace("Route", "route"), words


def test_a_refusal_that_names_nobody_is_no_race(sign_in: SignIn, address: str) -> None:
    lead = sign_in("mara")
    lead.get(f"{address}/resume")
    refused = lead.post(f"{address}/resume", {"reason": "It may go on."})
    assert refused.status_code == 409
    assert "This is not suspended." in refused.text
    assert "This was not done" in refused.text
    assert "Somebody was faster" not in refused.text
