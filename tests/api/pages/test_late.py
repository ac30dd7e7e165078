"""The ladder of overdue work names the task that it is about."""

from collections.abc import Callable
from datetime import timedelta

from browsing import Browser
from house import House
from sqlalchemy import select
from stories import AMARA, READ

from engine.models import UserTask

SignIn = Callable[[str], Browser]
LADDER = "task_overdue"


def on_the_ladder(house: House) -> UserTask:
    house.receive(answers=AMARA)
    house.travel(timedelta(days=2))
    with house.look() as session:
        asked = select(UserTask).where(
            UserTask.process_id == LADDER, UserTask.completed_at.is_(None)
        )
        found = list(session.scalars(asked.order_by(UserTask.created_at)))
    assert found
    return found[0]


def test_whoever_chases_reads_what_is_late_and_who_has_it(sign_in: SignIn, house: House) -> None:
    chase = on_the_ladder(house)
    late = house.task("task_read_written")
    femi = sign_in("femi")
    page = femi.get(f"/tasks/{chase.id}").text
    assert "The overdue task" in page
    assert late.name in page
    assert f'href="/tasks/{late.id}"' in page
    assert "With nobody" in page

    house.do("ines", "task_read_written", READ)
    page = femi.get(f"/tasks/{chase.id}").text
    assert "This task was completed by Ines" in page


def test_the_way_of_a_case_says_nothing_of_how_the_ladder_goes_on(
    sign_in: SignIn, house: House
) -> None:
    on_the_ladder(house)
    house.do("ines", "task_read_written", READ)
    house.do("ines", "task_choose_route", {"route": "victim_support"})
    house.travel(timedelta(days=2))
    page = sign_in("femi").get(f"/cases/{house.case().id}").text
    assert "the overdue" in page
    assert "Whom then?" not in page
