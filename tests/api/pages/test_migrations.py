"""Pages that move running processes: choose, look, decide, run, read what became of each."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from browsing import Browser
from diagrams import boundary, diagram, end, process, start, timer, user
from factories import make_case
from people import Organisation
from sqlalchemy import select

from engine import history, instances, releases
from engine.clock import TravellingClock
from engine.models import ProcessInstance

SignIn = Callable[[str], Browser]


def drawn(step: str) -> dict[str, str]:
    made = process(
        start("begin"),
        user(f"task_{step}", name=step.title(), potentialOwners="case_worker"),
        boundary("timer_late", f"task_{step}", timer("PT2H"), interrupting=False),
        user("task_chase", name="Chase", potentialOwners="case_worker"),
        end("done"),
        flows=f"begin > task_{step} > done; timer_late > task_chase > done",
    )
    text = diagram(made).replace('id="p"', 'id="p" name="Asking"')
    return {"p.bpmn": text.replace('id="timer_late"', 'id="timer_late" name="Two hours passed"')}


@pytest.fixture
def released(ark: Organisation, clock: TravellingClock) -> Callable[[str], UUID]:
    def release(step: str) -> UUID:
        clock.advance(timedelta(minutes=1))
        with ark.work() as session:
            return releases.install_shipped(
                session, ark.tenant_id, now=clock.now(), files=drawn(step)
            ).id

    return release


@pytest.fixture
def ends(
    ark: Organisation, clock: TravellingClock, released: Callable[[str], UUID]
) -> tuple[UUID, UUID]:
    """Two releases, and three instances on the older one."""
    old = released("ask")
    for number in range(3):
        with ark.work() as session:
            case_id = make_case(session, ark, owner_id=ark.dana, case_number=f"27-00012{number}")
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
    return old, released("ask")


def plan(browser: Browser, ends: tuple[UUID, UUID], **more: str) -> str:
    browser.get("/library/migrations")
    given = {"process": "p", "before": str(ends[0]), "after": str(ends[1]), "reason": "Shorter"}
    answer = browser.post("/library/migrations", given | more)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def numbers(ark: Organisation) -> list[int]:
    with ark.work() as session:
        ids = session.scalars(select(ProcessInstance.release_id)).all()
        return [releases.get(session, id).number for id in ids]


def test_a_plan_says_what_would_happen_and_moves_nothing(
    ends: tuple[UUID, UUID], ark: Organisation, sign_in: SignIn
) -> None:
    owner = sign_in("owner")
    text = owner.get(plan(owner, ends)).text
    assert "3 run on the old release. 3 move as they are." in text
    assert "3 tasks keep their time and owner" in text
    assert "3 timers keep their time" in text
    assert "“Two hours passed” keeps its time, today" in text
    assert "27-00012" not in text
    assert numbers(ark) == [1, 1, 1]


def test_all_are_moved_and_the_page_says_what_became_of_each(
    ends: tuple[UUID, UUID], ark: Organisation, sign_in: SignIn
) -> None:
    owner = sign_in("owner")
    address = plan(owner, ends)
    answer = owner.post(f"{address}/run", {})
    assert (answer.status_code, answer.location) == (303, address)
    text = owner.get(address).text
    assert "3 moved." in text
    assert "None is left on the old release here." in text
    assert numbers(ark) == [2, 2, 2]
    assert "Shorter" in owner.get("/library/migrations").text


def test_who_stands_on_a_step_that_is_gone_waits_for_a_decision(
    ends: tuple[UUID, UUID],
    ark: Organisation,
    sign_in: SignIn,
    released: Callable[[str], UUID],
) -> None:
    owner = sign_in("owner")
    address = plan(owner, (ends[0], released("ring")))
    text = owner.get(address).text
    assert "0 move as they are, 3 need a decision." in text
    assert "“Ask” is not in the new diagram: say where it goes on" in text
    owner.post(f"{address}/run", {})
    assert numbers(ark) == [1, 1, 1]
    assert "3 need a decision." in owner.get(address).text

    refused = owner.post(f"{address}/decide", {"at-task_ask": "nowhere"})
    assert refused.status_code == 422
    assert owner.post(f"{address}/decide", {"at-task_ask": "task_ring"}).status_code == 303
    text = owner.get(address).text
    assert "3 move as they are." in text
    assert "it is “Ring” now" in text
    owner.post(f"{address}/run", {})
    assert numbers(ark) == [3, 3, 3]


def test_what_is_missing_is_said(
    ends: tuple[UUID, UUID], ark: Organisation, sign_in: SignIn
) -> None:
    owner = sign_in("owner")
    owner.get("/library/migrations")
    given = {"process": "p", "before": str(ends[0]), "after": str(ends[0]), "reason": "x"}
    for change, words in (
        ({"reason": " "}, "Say why."),
        ({"before": ""}, "Select a release."),
        ({}, "Choose two different releases."),
        ({"process": "q", "after": str(ends[1])}, "has no process"),
    ):
        answer = owner.post("/library/migrations", given | change)
        assert (answer.status_code, words in answer.text) == (422, True), change
        assert "<title>Error: " in answer.text


@pytest.mark.parametrize("who", ["auditor", "dsl"])
def test_who_reads_definitions_looks_and_moves_nothing(
    ends: tuple[UUID, UUID], ark: Organisation, sign_in: SignIn, who: str
) -> None:
    address = plan(sign_in("owner"), ends)
    browser = sign_in(who)
    assert "Process owners and service managers move instances." in browser.get(address).text
    assert browser.post(f"{address}/run", {}).status_code == 403
    assert browser.post(f"{address}/decide", {}).status_code == 403
    assert numbers(ark) == [1, 1, 1]


@pytest.mark.parametrize("who", ["dana", "femi", "admin"])
def test_to_everybody_else_there_is_no_such_page(
    ends: tuple[UUID, UUID], sign_in: SignIn, who: str
) -> None:
    address = plan(sign_in("owner"), ends)
    browser = sign_in(who)
    assert browser.get(address).status_code == 404
    assert browser.get("/library/migrations").status_code == 404


def test_the_history_names_the_release_of_each_entry(
    ends: tuple[UUID, UUID], ark: Organisation, sign_in: SignIn
) -> None:
    owner, femi = sign_in("owner"), sign_in("femi")
    owner.post(f"{plan(owner, ends)}/run", {})
    with ark.work() as session:
        instance = session.scalars(select(ProcessInstance)).first()
        assert instance is not None
        case_id = instance.business_key
        entries = history.read(session, f"instance:{instance.id}", limit=50)
    femi.post(f"/cases/{case_id}/reason", {"purpose": "supervision"})
    text = femi.get(f"/cases/{case_id}/history?of={instance.id}").text
    assert "Olu Bello moved the process from release 1 to release 2 (Shorter)" in text
    assert [text.count(f"<td>{n}</td>") for n in (1, 2)] == [len(entries) - 1, 1]
