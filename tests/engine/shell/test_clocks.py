"""Clocks that jump or disagree, and the nights on which an hour is lost or comes twice.

The timer table is the only truth about time: whatever a clock does, each due time fires once.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from desk import Desk
from diagrams import boundary, catch, diagram, end, message, process, start, timer, user
from sqlalchemy import Engine, select

from engine import history, messages, outbox, timers
from engine.clock import TravellingClock
from engine.models import Timer
from engine.outbox import Delivery

LONDON = ZoneInfo("Europe/London")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONCE = diagram(
    process(
        start("begin"),
        catch("pause", timer("PT1H")),
        user("after"),
        end("done"),
        flows="begin > pause > after > done",
    )
)
HOURLY = diagram(
    process(
        start("begin"),
        user("ask"),
        boundary("each_hour", "ask", timer("R/PT1H"), interrupting=False),
        end("told"),
        end("done"),
        flows="begin > ask > done; each_hour > told",
    )
)


@pytest.fixture
def tick(worker_database: Engine) -> Callable[[datetime], int]:
    return partial(timers.fire_due, worker_database)


def fired(desk: Desk, element_id: str) -> Counter[UUID]:
    """Return how often an event has fired, by instance."""
    found: Counter[UUID] = Counter()
    with desk.work() as session:
        for instance_id in {task.instance_id for task in desk.open_tasks() if task.instance_id}:
            for entry in history.read(session, f"instance:{instance_id}", limit=500):
                said = entry.payload
                if (said.get("element"), said["lifecycle_transition"]) == (element_id, "complete"):
                    found[instance_id] += 1
    return found


def due_times(desk: Desk) -> list[datetime]:
    with desk.work() as session:
        return list(session.scalars(select(Timer.due_at).order_by(Timer.due_at)))


# -- jumps -----------------------------------------------------------------------------------------


def test_a_clock_that_jumps_forth_and_back_fires_nothing_twice(
    desk: Desk, tick: Callable[[datetime], int]
) -> None:
    desk.publish({"p.bpmn": ONCE})
    began = desk.now
    first = desk.start()
    assert tick(began + 3 * HOUR) == 1  # the clock is wrong by three hours
    assert tick(began) == 0  # and right again
    second = desk.start()
    assert due_times(desk) == [began + HOUR]
    assert tick(began + HOUR - timedelta(microseconds=1)) == 0
    assert tick(began + HOUR) == 1
    assert tick(began + 3 * HOUR) == 0
    assert fired(desk, "pause") == Counter([first, second])
    assert desk.is_consistent()


def test_a_cycle_goes_on_from_its_own_times_whatever_the_clock_did(
    desk: Desk, tick: Callable[[datetime], int]
) -> None:
    """Six hours were skipped in one go and count as one firing; none of them comes again."""
    desk.publish({"p.bpmn": HOURLY})
    began = desk.now
    instance_id = desk.start()
    tick(began + 6 * HOUR + MINUTE)
    assert due_times(desk) == [began + 7 * HOUR]
    for minutes in (0, 30, 60, 200, 419):  # back at the beginning, and once more up to then
        assert tick(began + minutes * MINUTE) == 0
    assert tick(began + 7 * HOUR) == 1
    assert fired(desk, "each_hour") == {instance_id: 2}
    assert desk.is_consistent()


def test_a_task_that_was_late_by_a_wrong_clock_is_told_once(
    desk: Desk, tick: Callable[[datetime], int]
) -> None:
    drawn = process(
        start("begin"), user("ask", dueAt="PT1H"), end("done"), flows="begin > ask > done"
    )
    ladder = process(
        start("told", message("task.overdue")),
        user("look"),
        end("seen"),
        flows="told > look > seen",
        id="task_overdue",
    )
    desk.publish({"p.bpmn": diagram(drawn), "ladder.bpmn": diagram(ladder)})
    desk.start()
    began = desk.now
    assert tick(began + 2 * HOUR) == 1
    assert tick(began) == 0
    assert tick(began + HOUR) == 0
    desk.drain()
    assert Counter(task.element_id for task in desk.open_tasks()) == {"ask": 1, "look": 1}


def test_what_failed_while_the_clock_was_ahead_is_tried_again_in_time(
    desk: Desk, worker_database: Engine
) -> None:
    """A pause that was measured from the future ends, at the latest, when the future is there."""
    sent: list[Delivery] = []

    def fail(session: object, delivery: Delivery) -> None:
        raise ConnectionError

    with desk.work() as session:
        outbox.put(session, "mail", {}, tenant_id=desk.tenant_id, now=desk.now)
    ahead = desk.now + HOUR
    outbox.deliver_due(worker_database, ahead, {"mail": fail})
    deliver = {"mail": lambda session, delivery: sent.append(delivery)}
    assert outbox.deliver_due(worker_database, desk.now, deliver) == 0
    assert outbox.deliver_due(worker_database, ahead + outbox.PAUSES[0], deliver) == 1
    assert [delivery.attempt for delivery in sent] == [2]


# -- two nodes -------------------------------------------------------------------------------------


def test_two_nodes_whose_clocks_disagree_fire_each_timer_once(
    desk: Desk, tick: Callable[[datetime], int]
) -> None:
    """Every ten minutes both tick; one is seven minutes ahead of the other."""
    desk.publish({"p.bpmn": ONCE, "q.bpmn": HOURLY.replace('id="p"', 'id="q"')})
    began = desk.now
    once, hourly = [], []
    for number in range(8):
        desk.clock.travel_to(began + 7 * number * MINUTE)
        once.append(desk.start())
        hourly.append(desk.start("q"))
    for minutes in range(0, 200, 10):
        tick(began + minutes * MINUTE)
        tick(began + (minutes + 7) * MINUTE)
    assert fired(desk, "pause") == Counter(once)
    # each hour since it was begun, up to the last instant that either clock showed
    last = began + 197 * MINUTE
    assert fired(desk, "each_hour") == {
        instance_id: (last - (began + 7 * number * MINUTE)) // HOUR
        for number, instance_id in enumerate(hourly)
    }
    assert desk.is_consistent()


def test_a_message_that_one_node_thinks_expired_is_asked_about_once(
    desk: Desk, worker_database: Engine
) -> None:
    waiting = process(
        start("begin"),
        catch("answer", message("answered", correlationKey="case_id")),
        end("done"),
        flows="begin > answer > done",
    )
    desk.publish({"p.bpmn": diagram(waiting)})
    desk.send("answered", {"case_id": "C-1"})
    ahead = desk.now + timedelta(hours=4)
    offered = [messages.expire(worker_database, at) for at in (ahead, desk.now, ahead)]
    assert offered == [1, 0, 0]
    assert len(desk.open_tasks()) == 1


# -- the two nights of the year -------------------------------------------------------------------

NIGHTS = {
    # British Summer Time begins: 00:59 UTC is followed by 02:00 on the wall
    "an hour is missing": datetime(2027, 3, 27, 22, tzinfo=UTC),
    # and ends: what the wall calls 01:30 comes twice
    "an hour comes twice": datetime(2027, 10, 30, 22, tzinfo=UTC),
}


@pytest.fixture
def night(request: pytest.FixtureRequest, database: Engine, desk: Desk) -> Desk:
    return Desk(database, TravellingClock(NIGHTS[request.param]), desk.tenant_id)


@pytest.mark.parametrize("night", NIGHTS, indirect=True)
def test_an_hourly_cycle_fires_once_an_hour_all_night(
    night: Desk, tick: Callable[[datetime], int]
) -> None:
    """Hours are elapsed time: what the clocks on the wall do is nothing to them."""
    night.publish({"p.bpmn": HOURLY})
    instance_id = night.start()
    began, firings = night.now, []
    for minutes in range(0, 8 * 60 + 1, 5):
        night.clock.travel_to(began + minutes * MINUTE)
        if tick(night.now):
            firings.append(night.now - began)
    assert firings == [number * HOUR for number in range(1, 9)]
    assert fired(night, "each_hour") == {instance_id: 8}


WALL: list[tuple[str, str, datetime]] = [
    # 01:30 does not exist on that night: read as if the clocks had not been put forward yet
    ("an hour is missing", "2027-03-28T01:30:00", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ("an hour is missing", "2027-03-28T02:30:00", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ("an hour is missing", "2027-03-28T09:00:00", datetime(2027, 3, 28, 8, tzinfo=UTC)),
    # 01:30 comes twice: the first of the two is meant
    ("an hour comes twice", "2027-10-31T01:30:00", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ("an hour comes twice", "2027-10-31T02:30:00", datetime(2027, 10, 31, 2, 30, tzinfo=UTC)),
    ("an hour comes twice", "2027-10-31T09:00:00", datetime(2027, 10, 31, 9, tzinfo=UTC)),
]


@pytest.mark.parametrize(("night", "wall", "instant"), WALL, indirect=["night"])
def test_a_time_on_the_wall_fires_once_that_night(
    night: Desk, tick: Callable[[datetime], int], wall: str, instant: datetime
) -> None:
    drawn = process(
        start("begin"),
        catch("pause", timer(wall)),
        user("after"),
        end("done"),
        flows="begin > pause > after > done",
    )
    night.publish({"p.bpmn": diagram(drawn)})
    instance_id = night.start()
    assert due_times(night) == [instant]
    firings: list[Any] = []
    for minutes in range(0, 14 * 60, 15):
        night.clock.travel_to(NIGHTS_BEGIN[wall[:7]] + minutes * MINUTE)
        firings += [night.now] * tick(night.now)
    assert firings == [instant]
    assert fired(night, "pause") == {instance_id: 1}


NIGHTS_BEGIN = {f"{at:%Y-%m}": at for at in NIGHTS.values()}


@pytest.mark.parametrize("night", NIGHTS, indirect=True)
def test_the_same_time_next_month_is_the_same_time_on_the_wall(
    night: Desk, tick: Callable[[datetime], int]
) -> None:
    drawn = process(
        start("begin"),
        catch("pause", timer("P1M")),
        user("after"),
        end("done"),
        flows="begin > pause > after > done",
    )
    night.publish({"p.bpmn": diagram(drawn)})
    night.start()
    [due] = due_times(night)
    before, after = night.now.astimezone(LONDON), due.astimezone(LONDON)
    assert (before.hour, before.day) == (after.hour, after.day)
    assert due - night.now != timedelta(days=(due.date() - night.now.date()).days)
    assert tick(due - timedelta(microseconds=1)) == 0
    assert tick(due) == 1
