"""Suspending and repairing over HTTP: by whoever leads the work, with reasons kept sealed."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from diagrams import diagram, end, process, start, user
from factories import make_case
from people import Organisation
from programmes import Programme
from sqlalchemy import select

from engine import history, releases
from engine.clock import TravellingClock
from engine.living.models import Suspension
from engine.models import ProcessInstance

Programmes = Callable[..., Programme]
BECAUSE = {"reason": "Gwen Pryce has moved to Leeds"}

STEPS = diagram(
    process(
        start("begin"),
        user("task_ask", name="Ask", potentialOwners="case_worker"),
        user("task_tell", name="Tell", potentialOwners="case_worker"),
        end("done"),
        flows="begin > task_ask > task_tell > done",
        businessKey="case_id",
        riskRank='if risk = "high" then 3 else 1',
    )
)


@pytest.fixture
def case_id(ark: Organisation, clock: TravellingClock) -> UUID:
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files={"p.bpmn": STEPS})
        return make_case(session, ark, "support", owner_id=ark.dana)


@pytest.fixture
def path(case_id: UUID, ark: Organisation, programme: Programmes) -> str:
    """The address of an instance about Dana's case."""
    asked = {
        "process_id": "p",
        "variables": {"case_id": str(case_id), "risk": "low", "route": "phone"},
        "business_key": str(case_id),
        "service_id": str(ark.services["support"]),
    }
    made = programme("dana").post("/process-instances", asked)
    assert made.status_code == 201
    return f"/process-instances/{made.json['id']}"


def later(ark: Organisation, hours: int = 3) -> dict[str, str]:
    return BECAUSE | {"review_at": (ark.now + timedelta(hours=hours)).isoformat()}


def open_tasks(programme: Programme) -> dict[str, str]:
    found = programme.get("/user-tasks").json["items"]
    return {task["element_id"]: task["state"] for task in found}


def test_who_leads_suspends_and_who_works_is_told_who_and_why(
    path: str, ark: Organisation, programme: Programmes
) -> None:
    femi, dana = programme("femi"), programme("dana")
    answer = femi.post(f"{path}/suspend", later(ark))
    assert (answer.status_code, answer.json["status"]) == (200, "suspended")
    assert answer.json["suspended"]["by"] == str(ark.femi)

    assert open_tasks(dana) == {"task_ask": "suspended"}
    [task] = dana.get("/user-tasks").json["items"]
    for act in ("claim", "complete"):
        refused = dana.post(
            f"/user-tasks/{task['id']}/{act}", {"answers": {}} if act == "complete" else {}
        )
        assert refused.status_code == 409, refused.json
        assert refused.json["type"] == "/problems/instance-suspended"
        assert refused.json["by"] == str(ark.femi)
        assert "Gwen Pryce has moved to Leeds" in refused.json["detail"]

    assert femi.post(f"{path}/resume", BECAUSE).json["status"] == "active"
    assert open_tasks(dana) == {"task_ask": "ready"}


def test_what_is_said_is_sealed(path: str, ark: Organisation, programme: Programmes) -> None:
    programme("femi").post(f"{path}/suspend", later(ark))
    with ark.work() as session:
        [suspension] = session.scalars(select(Suspension))
        stream = f"instance:{suspension.instance_id}"
        told = str([entry.payload for entry in history.read(session, stream, limit=100)])
    assert suspension.reason.startswith("sealed:")
    assert "Gwen" not in suspension.reason + told


@pytest.mark.parametrize("who", ["dana", "ines", "owner", "admin", "ana", "amina", "tess"])
def test_who_only_does_the_work_changes_nothing(
    path: str, ark: Organisation, programme: Programmes, who: str
) -> None:
    caller = programme(who)
    for act, given in (
        ("suspend", later(ark)),
        ("resume", BECAUSE),
        ("cancel", BECAUSE),
        ("variables", BECAUSE | {"variables": {"route": "text"}}),
    ):
        assert caller.post(f"{path}/{act}", given).status_code in (403, 404)
    assert caller.get(f"{path}/tokens").status_code in (403, 404)


def test_an_auditor_looks_and_changes_nothing(
    path: str, ark: Organisation, programme: Programmes
) -> None:
    auditor = programme("auditor")
    assert auditor.get(f"{path}/tokens").status_code == 200
    assert auditor.post(f"{path}/suspend", later(ark)).status_code == 403


def test_a_token_is_moved_and_a_step_passed_over(path: str, programme: Programmes) -> None:
    femi, dana = programme("femi"), programme("dana")
    [stands] = femi.get(f"{path}/tokens").json["items"]
    assert (stands["element_id"], stands["waits"]) == ("task_ask", "task")
    targets = femi.get(f"{path}/tokens/{stands['id']}/targets").json["items"]
    assert [t["element_id"] for t in targets] == ["begin", "task_ask", "task_tell", "done"]

    given = BECAUSE | {"token_id": stands["id"], "element_id": "task_tell"}
    assert femi.post(f"{path}/move", given).status_code == 200
    assert open_tasks(dana) == {"task_tell": "ready"}
    again = femi.post(f"{path}/move", given)
    assert (again.status_code, again.json["type"]) == (409, "/problems/token-not-there")

    [stands] = femi.get(f"{path}/tokens").json["items"]
    skipped = femi.post(f"{path}/skip", BECAUSE | {"token_id": stands["id"]})
    assert skipped.json["status"] == "completed"


def test_a_value_is_corrected_within_bounds(
    path: str, ark: Organisation, programme: Programmes
) -> None:
    femi = programme("femi")

    def correct(**variables: object) -> int:
        return femi.post(f"{path}/variables", BECAUSE | {"variables": variables}).status_code

    assert correct(route="text") == 200
    assert correct(risk="high") == 422  # a grade is changed by grading, which takes two people
    assert correct(case_id=str(UUID(int=1))) == 422
    assert correct(unheard="x") == 422
    assert correct(route=3) == 422
    assert correct(route="She lives in Leeds now") == 422
    assert femi.post(f"{path}/variables", BECAUSE | {"variables": {}}).status_code == 422


def test_high_risk_is_looked_at_within_hours(
    path: str, ark: Organisation, programme: Programmes
) -> None:
    with ark.work() as session:
        session.scalars(select(ProcessInstance)).one().risk_rank = 3
    femi = programme("femi")
    refused = femi.post(f"{path}/suspend", later(ark, hours=5))
    assert (refused.status_code, refused.json["type"]) == (422, "/problems/review-time-refused")
    assert femi.post(f"{path}/suspend", later(ark, hours=4)).status_code == 200
    assert femi.post(f"{path}/prolong", later(ark, hours=2)).status_code == 200


def test_an_instance_is_ended_with_a_reason(path: str, programme: Programmes) -> None:
    femi = programme("femi")
    assert femi.post(f"{path}/cancel", {"reason": ""}).status_code == 422
    assert femi.post(f"{path}/cancel", BECAUSE).json["status"] == "cancelled"
    assert open_tasks(programme("dana")) == {}
