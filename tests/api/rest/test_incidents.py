"""Failed steps over HTTP: seen and settled by whoever leads the work, with a reason."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from diagrams import diagram, end, process, service, start, user
from factories import make_case
from people import Organisation
from programmes import Programme

from engine import releases
from engine.clock import TravellingClock
from engine.operations import OperationContext, operation

LINE = {"is_down": True}
BECAUSE = {"reason": "The line to the records is up again."}


@operation("resttest.ask")
def ask(context: OperationContext) -> dict[str, Any]:
    """Fail while the line is down."""
    if LINE["is_down"]:
        raise ConnectionError("07700 900123 did not answer")
    return {"answer": "yes"}


ASKING = diagram(
    process(
        start("begin"),
        service("service_ask", "resttest.ask"),
        user("task_go_on", potentialOwners="case_worker"),
        end("done"),
        flows="begin > service_ask > task_go_on > done",
        businessKey="case_id",
    )
)


@pytest.fixture
def case_id(ark: Organisation, clock: TravellingClock) -> UUID:
    """A case in support, whose process is about to ask a line that is down."""
    LINE["is_down"] = True
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files={"p.bpmn": ASKING})
        return make_case(session, ark, "support", owner_id=ark.dana)


@pytest.fixture
def failed(case_id: UUID, ark: Organisation, programme: Callable[..., Programme]) -> str:
    """The path of the incident."""
    about = {"case_id": str(case_id)}
    asked = {
        "process_id": "p",
        "variables": about,
        "business_key": str(case_id),
        "service_id": str(ark.services["support"]),
    }
    assert programme("dana").post("/process-instances", asked).status_code == 201
    (incident,) = programme("femi").get("/incidents").json["items"]
    return f"/incidents/{incident['id']}"


def test_it_names_the_step_and_the_operation_and_no_value(
    failed: str, programme: Callable[..., Programme]
) -> None:
    shown = programme("femi").get(failed)

    assert shown.json["element_id"] == "service_ask"
    assert shown.json["operation"] == "resttest.ask"
    assert shown.json["error"] == "ConnectionError"
    assert "07700" not in shown.get_data(as_text=True)


def test_who_leads_tries_again_and_the_process_goes_on(
    failed: str, case_id: UUID, programme: Callable[..., Programme]
) -> None:
    LINE["is_down"] = False
    femi = programme("femi")

    settled = femi.post(f"{failed}/retry", BECAUSE)

    assert (settled.status_code, settled.json["state"]) == (200, "retried")
    assert femi.get(f"/incidents?case={case_id}").json["items"] == []
    assert [t["element_id"] for t in programme("dana").get("/user-tasks").json["items"]] == [
        "task_go_on"
    ]


def test_a_retry_that_fails_is_a_new_incident(
    failed: str, programme: Callable[..., Programme]
) -> None:
    femi = programme("femi")
    femi.post(f"{failed}/retry", BECAUSE)

    (again,) = femi.get("/incidents").json["items"]
    assert not failed.endswith(again["id"])


def test_going_on_behind_it_takes_the_variables_that_it_would_have_set(
    failed: str, programme: Callable[..., Programme]
) -> None:
    sent = BECAUSE | {"variables": {"answer": "yes"}}

    settled = programme("femi").post(f"{failed}/skip", sent)

    assert settled.json["state"] == "skipped"
    assert len(programme("dana").get("/user-tasks").json["items"]) == 1


def test_ending_it_ends_the_instance(failed: str, programme: Callable[..., Programme]) -> None:
    settled = programme("femi").post(f"{failed}/cancel", BECAUSE)

    assert settled.json["state"] == "cancelled"
    assert programme("dana").get("/user-tasks").json["items"] == []


def test_why_is_kept_sealed_and_shown_to_who_may_see_it(
    failed: str, ark: Organisation, programme: Callable[..., Programme]
) -> None:
    femi = programme("femi")
    femi.post(f"{failed}/cancel", BECAUSE)

    shown = femi.get(failed).json
    entries = femi.get(f"/history/instances/{shown['instance_id']}?purpose=x&reason=x")
    assert shown["reason"] == BECAUSE["reason"]
    assert "The line" not in entries.get_data(as_text=True)


def test_it_is_settled_once_and_the_second_is_told_by_whom(
    failed: str, ark: Organisation, programme: Callable[..., Programme]
) -> None:
    programme("femi").post(f"{failed}/cancel", BECAUSE)

    second = programme("mara").post(f"{failed}/retry", BECAUSE)

    assert (second.status_code, second.json["by"]) == (409, str(ark.femi))


def test_a_reason_is_needed(failed: str, programme: Callable[..., Programme]) -> None:
    femi = programme("femi")

    assert femi.post(f"{failed}/retry", {}).json["errors"][0]["pointer"] == "#/reason"
    blank = femi.post(f"{failed}/retry", {"reason": "  "})
    assert (blank.status_code, blank.json["type"]) == (422, "/problems/reason-missing")


@pytest.mark.parametrize("who", ["dana", "chidi", "admin", "owner", "amina"])
def test_who_does_not_lead_this_work_sees_no_incident(
    who: str, failed: str, programme: Callable[..., Programme]
) -> None:
    somebody = programme(who)

    assert somebody.get("/incidents").json["items"] == []
    assert somebody.get(failed).status_code == 404
    assert somebody.post(f"{failed}/retry", BECAUSE).status_code == 404


def test_the_auditor_looks_and_settles_nothing(
    failed: str, programme: Callable[..., Programme]
) -> None:
    auditor = programme("auditor")

    assert auditor.get(failed).status_code == 200
    assert auditor.post(f"{failed}/retry", BECAUSE).status_code == 403


def test_a_case_that_is_no_id_is_refused(failed: str, programme: Callable[..., Programme]) -> None:
    answer = programme("femi").get("/incidents?case=27-000001")

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/case")
