"""Work stands where its risk puts it at once, also where the process would learn it later."""

from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import boundary, diagram, end, process, start, timer, user
from sqlalchemy import select

from engine import ranks, selfcheck
from engine.models import ProcessInstance, Timer, UserTask

GRADED = 'if level = "high" then 3 else if level = "medium" then 2 else 1'


def waiting(process_id: str, **properties: str) -> str:
    return diagram(
        process(
            start("begin"),
            user("first", name="First"),
            boundary("late", "first", timer("PT1H"), interrupting=False),
            user("second", name="Second"),
            end("done"),
            end("told"),
            flows="begin > first > second > done; late > told",
            id=process_id,
            businessKey="case_id",
            **properties,
        )
    )


CASE = uuid4()


@pytest.fixture
def running(desk: Desk) -> dict[str, UUID]:
    """One instance each of a graded process, one that always ranks 2, and one by another value."""
    desk.publish(
        {
            "graded.bpmn": waiting("graded", riskRank=GRADED),
            "fixed.bpmn": waiting("fixed", riskRank="2"),
            "other.bpmn": waiting("other", riskRank="mine"),
        }
    )
    variables = {"case_id": str(CASE), "level": "medium", "mine": 4}
    return {name: desk.start(name, variables) for name in ("graded", "fixed", "other")}


def tell(desk: Desk, level: str, at_least: int, besides: UUID | None = None) -> None:
    known = {"level": level}
    with desk.work() as session:
        ranks.tell(
            session, desk.tenant_id, CASE, known, at_least=at_least, now=desk.now, besides=besides
        )


def stored(desk: Desk, instance_id: UUID) -> tuple[int, set[int], set[int]]:
    """Return the ranks of an instance, of its open tasks and of its timers."""
    with desk.work() as session:
        tasks = select(UserTask.risk_rank).where(
            UserTask.instance_id == instance_id, UserTask.completed_at.is_(None)
        )
        timers = select(Timer.risk_rank).where(Timer.instance_id == instance_id)
        return (
            session.get_one(ProcessInstance, instance_id).risk_rank,
            set(session.scalars(tasks)),
            set(session.scalars(timers)),
        )


def sound(desk: Desk) -> bool:
    with desk.work() as session:
        return not list(selfcheck.check(session))


def test_all_open_work_follows_at_once(desk: Desk, running: dict[str, UUID]) -> None:
    assert stored(desk, running["graded"]) == (2, {2}, {2})
    tell(desk, "high", 3)
    assert stored(desk, running["graded"]) == (3, {3}, {3})
    assert stored(desk, running["fixed"]) == (3, {3}, {3})
    assert stored(desk, running["other"]) == (4, {4}, {4})
    assert sound(desk)


def test_what_is_lowered_goes_down_and_no_further_than_its_own_reasons(
    desk: Desk, running: dict[str, UUID]
) -> None:
    tell(desk, "high", 3)
    tell(desk, "standard", 1)
    assert stored(desk, running["graded"])[0] == 1
    assert stored(desk, running["fixed"])[0] == 2
    assert stored(desk, running["other"])[0] == 4
    assert sound(desk)


def test_the_next_step_keeps_what_was_told(desk: Desk, running: dict[str, UUID]) -> None:
    tell(desk, "high", 3)
    desk.complete(desk.task(running["graded"]))
    [second] = desk.open_tasks(running["graded"])
    assert (second.name, second.risk_rank) == ("Second", 3)
    assert sound(desk)


def test_what_the_instance_finds_out_itself_is_newer(desk: Desk, running: dict[str, UUID]) -> None:
    tell(desk, "high", 3)
    desk.complete(desk.task(running["graded"]), {"level": "standard"})
    assert stored(desk, running["graded"])[:2] == (1, {1})
    assert sound(desk)


def test_whoever_is_being_moved_weighs_itself(desk: Desk, running: dict[str, UUID]) -> None:
    tell(desk, "high", 3, besides=running["graded"])
    assert stored(desk, running["graded"])[0] == 2


def test_work_about_something_else_stays_where_it_is(desk: Desk, running: dict[str, UUID]) -> None:
    other = desk.start("graded", {"case_id": str(uuid4()), "level": "medium"})
    tell(desk, "high", 3)
    assert stored(desk, other)[0] == 2


def test_a_message_that_nobody_took_stands_with_the_work_it_is_about(
    desk: Desk, running: dict[str, UUID]
) -> None:
    desk.send("nobody.waits", {"case_id": str(CASE)})
    desk.send("nobody.waits", {"case_id": str(uuid4())})
    with desk.work() as session:
        asked = select(UserTask.business_key, UserTask.risk_rank).where(
            UserTask.message_id.is_not(None)
        )
        found = {row.business_key: row.risk_rank for row in session.execute(asked)}
    assert found.pop(CASE) == 4
    assert set(found.values()) == {0}
