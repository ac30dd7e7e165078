"""Moving instances over HTTP: planned, looked at, executed in batches, and of nobody by name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from diagrams import diagram, end, process, start, user
from factories import make_case
from people import Organisation
from programmes import Programme

from engine import instances, releases
from engine.clock import TravellingClock

Programmes = Callable[..., Programme]


def drawn(*steps: str) -> dict[str, str]:
    made = [user(step, name=step.title(), potentialOwners="case_worker") for step in steps]
    flows = " > ".join(["begin", *steps, "done"])
    return {"p.bpmn": diagram(process(start("begin"), *made, end("done"), flows=flows))}


class Moving:
    """Three instances on the older of two releases."""

    def __init__(self, org: Organisation, clock: TravellingClock, new: dict[str, str]):
        self.ids = []
        with org.work() as session:
            old = releases.install_shipped(
                session, org.tenant_id, now=clock.now(), files=drawn("ask")
            )
            self.old = str(old.id)
        for number in range(3):
            with org.work() as session:
                case_id = make_case(session, org, "support", case_number=f"27-00{number}")
                made = instances.start(
                    session,
                    org.tenant_id,
                    "p",
                    {},
                    by="system",
                    now=clock.now(),
                    service_id=org.services["support"],
                    business_key=case_id,
                )
                self.ids.append(str(made))
        clock.advance(timedelta(minutes=1))
        with org.work() as session:
            self.new = str(
                releases.install_shipped(session, org.tenant_id, now=clock.now(), files=new).id
            )

    def plan(self, **more: Any) -> dict[str, Any]:
        return {
            "process_id": "p",
            "from_release_id": self.old,
            "to_release_id": self.new,
            "reason": "A shorter way",
        } | more


@pytest.fixture
def moving(ark: Organisation, clock: TravellingClock) -> Moving:
    return Moving(ark, clock, drawn("ask", "tell"))


def test_all_move_in_batches_and_again_changes_nothing(
    moving: Moving, programme: Programmes
) -> None:
    owner = programme("owner")
    made = owner.post("/migrations", moving.plan())
    assert made.status_code == 201
    path = f"/migrations/{made.json['id']}"
    seen = owner.get(f"{path}/preview?limit=2").json
    assert [item["is_decided"] for item in seen["items"]] == [True, True]
    rest = owner.get(f"{path}/preview?limit=2&after={seen['following']}").json
    assert (len(rest["items"]), rest["following"]) == (1, None)

    first = owner.post(f"{path}/execute", {"limit": 2}).json
    assert [item["outcome"] for item in first["items"]] == ["migrated", "migrated"]
    last = owner.post(f"{path}/execute", {"limit": 2, "after": first["following"]}).json
    assert ([item["outcome"] for item in last["items"]], last["following"]) == (["migrated"], None)
    assert owner.post(f"{path}/execute", {}).json == {"items": [], "following": None}

    shown = owner.get(path).json
    assert (shown["to_move"], shown["outcomes"]) == (0, {"migrated": 3})
    assert len(owner.get(f"{path}/results").json["items"]) == 3
    assert [p["id"] for p in owner.get("/migrations").json["items"]] == [made.json["id"]]


def test_who_stands_on_what_is_gone_waits_for_the_author(
    ark: Organisation, clock: TravellingClock, programme: Programmes
) -> None:
    moving = Moving(ark, clock, drawn("ring"))
    owner = programme("owner")
    path = f"/migrations/{owner.post('/migrations', moving.plan()).json['id']}"
    [remark, *_] = owner.get(f"{path}/preview").json["items"][0]["remarks"]
    assert (remark["what"], remark["element_id"], remark["why"]) == ("undecided", "ask", "gone")
    done = owner.post(f"{path}/execute", {}).json["items"]
    assert {item["outcome"] for item in done} == {"undecided"}

    assert owner.put(f"{path}/mapping", {"mapping": {"ask": "nowhere"}}).status_code == 422
    assert owner.put(f"{path}/mapping", {"mapping": {"ask": "ring"}}).status_code == 200
    done = owner.post(f"{path}/execute", {}).json["items"]
    assert {item["outcome"] for item in done} == {"migrated"}


def test_nothing_says_of_whom_an_instance_is(moving: Moving, programme: Programmes) -> None:
    owner = programme("owner")
    path = f"/migrations/{owner.post('/migrations', moving.plan()).json['id']}"
    owner.post(f"{path}/execute", {})
    for page in ("", "/preview", "/results"):
        said = owner.get(path + page).get_data(as_text=True)
        assert "27-00" not in said
        assert "business_key" not in said


@pytest.mark.parametrize("who", ["dana", "femi", "admin", "auditor", "ines", "dsl"])
def test_only_who_answers_for_the_diagrams_moves_instances(
    moving: Moving, programme: Programmes, who: str
) -> None:
    made = programme("owner").post("/migrations", moving.plan()).json["id"]
    caller = programme(who)
    assert caller.post("/migrations", moving.plan()).status_code == 403
    assert caller.get("/migrations").status_code == 403
    assert caller.post(f"/migrations/{made}/execute", {}).status_code == 403
    assert caller.put(f"/migrations/{made}/mapping", {"mapping": {}}).status_code == 403


def test_what_does_not_go_together_is_refused(moving: Moving, programme: Programmes) -> None:
    owner = programme("owner")
    for change in (
        {"to_release_id": moving.old},
        {"process_id": "q"},
        {"mapping": {"nothing": "ask"}},
        {"reason": ""},
    ):
        assert owner.post("/migrations", moving.plan(**change)).status_code == 422
    assert owner.get(f"/migrations/{uuid4()}").status_code == 404
    unknown = moving.plan(from_release_id=str(UUID(int=7)))
    assert owner.post("/migrations", unknown).status_code == 404
