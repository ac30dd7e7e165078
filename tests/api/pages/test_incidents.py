"""The page of failed steps: what a lead sees, what an administrator sees, and settling."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from browsing import Browser
from diagrams import diagram, end, process, service, start, user
from factories import make_case, make_person
from people import Organisation
from sqlalchemy import select

from engine import history, instances, releases
from engine.clock import TravellingClock
from engine.models import Incident, UserTask
from engine.operations import OperationContext, operation
from workflows.access.models import CaseConflict
from workflows.cases.models import Case

SignIn = Callable[[str], Browser]
LINE = {"is_down": True}


@operation("pagetest.ask")
def ask(context: OperationContext) -> dict[str, Any]:
    """Fail while the line is down."""
    if LINE["is_down"]:
        raise ConnectionError("07700 900123 did not answer Gwen Pryce")
    return {"answer": "yes"}


ASKING = diagram(
    process(
        start("begin"),
        service("service_ask", "pagetest.ask"),
        user("task_go_on", potentialOwners="case_worker"),
        end("done"),
        flows="begin > service_ask > task_go_on > done",
        businessKey="case_id",
    )
)
NAMED = ASKING.replace('id="service_ask"', 'id="service_ask" name="Ask the records"').replace(
    'id="p"', 'id="p" name="Asking"'
)


@pytest.fixture
def case_id(ark: Organisation, clock: TravellingClock) -> UUID:
    """A case of Dana's in support, whose process has asked a line that is down."""
    LINE["is_down"] = True
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files={"p.bpmn": NAMED})
        gwen = make_person(session, ark, given_name="Gwen", family_name="Pryce")
        case_id = make_case(
            session, ark, person_id=gwen, owner_id=ark.dana, case_number="27-000123"
        )
        instances.start(
            session,
            ark.tenant_id,
            "p",
            {"case_id": str(case_id)},
            by="system",
            now=clock.now(),
            service_id=ark.services["support"],
            business_key=case_id,
        )
    return case_id


@pytest.fixture
def address(case_id: UUID, ark: Organisation) -> str:
    with ark.work() as session:
        return f"/incidents/{session.scalars(select(Incident.id)).one()}"


def open_tasks(ark: Organisation) -> list[str]:
    with ark.work() as session:
        waiting = select(UserTask.element_id).where(UserTask.completed_at.is_(None))
        return list(session.scalars(waiting))


def test_an_administrator_sees_the_step_and_nothing_of_the_case(
    address: str, case_id: UUID, sign_in: SignIn
) -> None:
    admin = sign_in("admin")

    for page in ("/incidents", address):
        text = admin.get(page).text
        assert "Ask the records" in text
        assert "Asking" in text
        assert "ConnectionError" in text
        for said in ("27-000123", "Gwen", "G.P.", "07700", str(case_id), "Dana"):
            assert said not in text


def test_who_leads_the_work_sees_the_case_as_well(
    address: str, case_id: UUID, sign_in: SignIn
) -> None:
    mara = sign_in("mara")

    text = mara.get(address).text
    assert "27-000123" in text
    assert "07700" not in text


@pytest.mark.parametrize("who", ["amina", "dana", "owner", "ana", "tess"])
def test_to_everybody_else_there_is_no_such_page(address: str, sign_in: SignIn, who: str) -> None:
    browser = sign_in(who)

    assert browser.get("/incidents").status_code == 404
    assert browser.get(address).status_code == 404
    assert 'href="/incidents"' not in browser.get("/account").text


def test_who_has_a_conflict_with_the_case_sees_no_incident(
    address: str, case_id: UUID, sign_in: SignIn, ark: Organisation
) -> None:
    with ark.work() as session:
        session.add(
            CaseConflict(
                tenant_id=ark.tenant_id,
                staff_id=ark.admin,
                person_id=session.get_one(Case, case_id).person_id,
                source="declared",
                declared_at=ark.now,
                declared_by="system",
            )
        )
    admin = sign_in("admin")

    assert "Nothing has failed" in admin.get("/incidents").text
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize("who", ["admin", "mara"])
def test_trying_again_goes_on_when_the_line_is_up(
    address: str, ark: Organisation, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(who)
    browser.get(address)
    LINE["is_down"] = False

    answer = browser.post(address, {"act": "retry", "reason": "The line is up again."})

    assert (answer.status_code, answer.location) == (303, "/incidents")
    assert open_tasks(ark) == ["task_go_on"]
    assert "Nothing has failed" in browser.get("/incidents").text
    assert "tried again by" in browser.get("/incidents?show=settled").text


def test_failing_again_is_said_and_is_a_new_incident(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    admin = sign_in("admin")
    admin.get(address)
    admin.post(address, {"act": "retry", "reason": "Perhaps it is up."})

    text = admin.get("/incidents").text
    assert "It failed again" in text
    assert address not in text
    assert "ConnectionError" in text


def test_a_step_is_passed_over(address: str, ark: Organisation, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    admin.get(address)

    admin.post(address, {"act": "skip", "reason": "It was asked by telephone."})

    assert open_tasks(ark) == ["task_go_on"]


def test_a_process_is_ended(address: str, ark: Organisation, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    admin.get(address)

    admin.post(address, {"act": "cancel", "reason": "It was started twice."})

    assert open_tasks(ark) == []
    assert "ended by Abe Stone" in admin.get(address).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"act": "retry", "reason": "  "}, "Say why."),
        ({"act": "", "reason": "Because"}, "Select what to do."),
        ({"act": "explode", "reason": "Because"}, "Select what to do."),
    ],
)
def test_nothing_is_settled_without_an_act_and_a_reason(
    address: str, ark: Organisation, sign_in: SignIn, given: dict[str, str], said: str
) -> None:
    admin = sign_in("admin")
    admin.get(address)

    answer = admin.post(address, given)

    assert answer.status_code == 422
    assert said in answer.text
    assert "<title>Error: " in answer.text
    with ark.work() as session:
        assert session.scalars(select(Incident.state)).all() == ["open"]


def test_a_second_press_settles_nothing_twice(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    first, second = sign_in("admin"), sign_in("mara")
    first.get(address)
    second.get(address)
    LINE["is_down"] = False
    given = {"act": "retry", "reason": "The line is up again.", "_key": "pressed-twice"}

    answers = [first.post(address, given).status_code for _ in range(2)]
    late = second.post(address, {"act": "cancel", "reason": "Too late"})

    assert answers == [303, 303]
    assert late.status_code == 409
    assert open_tasks(ark) == ["task_go_on"]


def test_an_auditor_looks_and_settles_nothing(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    auditor = sign_in("auditor")

    assert "Whoever leads this work settles it." in auditor.get(address).text
    assert auditor.post(address, {"act": "retry", "reason": "Let me"}).status_code == 403


def test_what_was_said_is_sealed_in_the_record_and_shown_to_who_leads(
    address: str, ark: Organisation, sign_in: SignIn
) -> None:
    admin, mara = sign_in("admin"), sign_in("mara")
    admin.get(address)
    admin.post(address, {"act": "cancel", "reason": "The line to Leeds is gone."})

    with ark.work() as session:
        incident = session.scalars(select(Incident)).one()
        entries = history.read(session, f"instance:{incident.instance_id}", limit=100)
        assert "Leeds" not in str([entry.payload for entry in entries])
    assert "The line to Leeds is gone." in mara.get(address).text
    assert "The line to Leeds is gone." not in admin.get(address).text
