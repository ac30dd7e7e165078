"""Compensation and transactions (BPMN 2.0.2, 10.7 and 13.5.5)."""

from collections.abc import Callable

import pytest
from diagrams import (
    CANCEL,
    boundary,
    compensation,
    diagram,
    end,
    error,
    many,
    parallel,
    process,
    script,
    start,
    sub,
    throw,
    timer,
    undone_by,
    user,
)
from rehearsing import HOUR, NOW, NoPorts

from engine import runtime
from engine.changes import CompleteTask, FireTimers, Start, Step
from engine.definitions import Definitions, check


def booked(name: str, more: str = "") -> str:
    """A step ``book_x`` that can be undone by ``undo_x``; both note themselves in ``log``."""
    step = script(f"book_{name}", f'{{log: append(log, "{name}")}}', more)
    handler = script(f"undo_{name}", f'{{log: append(log, "not {name}")}}')
    return step + undone_by(f"on_{name}", f"book_{name}", handler, f"undo_{name}")


class Player:
    """Drives one instance; with ``stored`` through bytes after every move."""

    def __init__(self, definitions: Definitions, stored: bool, **data: object):
        self.definitions, self.stored, self.now = definitions, stored, NOW
        self.trace: list[str] = []
        self.run, changes = runtime.start(
            definitions, Start("p", {"log": [], **data}), Step(self.now, None, NoPorts())
        )
        self.take(changes)

    def take(self, changes: object) -> None:
        for line in changes.history:  # type: ignore[attr-defined]
            if line.transition == "complete" and line.element_id:
                self.trace.append(line.element_id)
        if self.stored:
            self.run = runtime.restore(self.definitions, self.run.state())

    def do(self, element_id: str) -> None:
        found = next(task for task in self.run.open_tasks() if task.element_id == element_id)
        step = Step(self.now, None, NoPorts())
        self.take(self.run.apply(CompleteTask(found.task_id), step))

    def wait(self) -> None:
        self.now += HOUR
        self.take(self.run.apply(FireTimers(), Step(self.now, None, NoPorts())))

    @property
    def log(self) -> list[str]:
        return self.run.variables["log"]


@pytest.fixture(params=[False, True], ids=["straight", "stored"])
def play(request: pytest.FixtureRequest) -> Callable[..., Player]:
    def made(*inside: str, flows: str, **data: object) -> Player:
        drawn = diagram(process(*inside, flows=flows))
        return Player(check({"p.bpmn": drawn}), request.param, **data)

    return made


def test_what_was_done_is_undone_the_last_first(play: Callable[..., Player]) -> None:
    played = play(
        start("s"), booked("a"), booked("b"), throw("t", compensation()), end("e"),
        flows="s > book_a > book_b > t > e",
    )  # fmt: skip
    assert played.log == ["a", "b", "not b", "not a"]
    assert played.trace == [
        "s", "book_a", "book_b", "on_b", "undo_b", "on_a", "undo_a", "t", "e"
    ]  # fmt: skip
    assert played.run.ended


def test_one_activity_can_be_undone_alone_and_only_once(play: Callable[..., Player]) -> None:
    played = play(
        start("s"), booked("a"), booked("b"), throw("t", compensation("book_a")),
        throw("t2", compensation("book_a")), end("e"), flows="s > book_a > book_b > t > t2 > e",
    )  # fmt: skip
    assert played.log == ["a", "b", "not a"]


def test_an_end_event_undoes_before_it_ends(play: Callable[..., Player]) -> None:
    played = play(start("s"), booked("a"), end("e", compensation()), flows="s > book_a > e")
    assert played.trace == ["s", "book_a", "on_a", "undo_a", "e"]
    assert played.run.ended


def test_the_thrower_waits_for_people_who_undo(play: Callable[..., Player]) -> None:
    made = script("book", "{}") + undone_by("on", "book", user("undo"), "undo")
    played = play(start("s"), made, throw("t", compensation()), end("e"), flows="s > book > t > e")
    assert [task.element_id for task in played.run.open_tasks()] == ["undo"]
    assert "t" not in played.trace
    played.do("undo")
    assert played.trace[-3:] == ["undo", "t", "e"]
    assert played.run.ended


def test_a_thrower_that_does_not_wait_goes_on_at_once(play: Callable[..., Player]) -> None:
    made = script("book", "{}") + undone_by("on", "book", user("undo"), "undo")
    played = play(
        start("s"), made, throw("t", compensation(waits=False)), user("next"), end("e"),
        flows="s > book > t > next > e",
    )  # fmt: skip
    assert sorted(task.element_id for task in played.run.open_tasks()) == ["next", "undo"]
    played.do("next")
    assert not played.run.ended, "undoing keeps the process open"
    played.do("undo")
    assert played.run.ended


def test_what_is_still_running_or_failed_is_not_undone(play: Callable[..., Player]) -> None:
    running = user("book") + undone_by("on", "book", script("undo", "{}"), "undo")
    played = play(
        start("s"), parallel("f"), running, throw("t", compensation()), end("e"), end("e2"),
        flows="s > f > book > e; f > t > e2",
    )  # fmt: skip
    assert played.trace == ["s", "f", "t", "e2"]


def test_each_instance_of_a_repeated_step_is_undone(play: Callable[..., Player]) -> None:
    played = play(
        start("s"), booked("a", many(times="3")), throw("t", compensation()), end("e"),
        flows="s > book_a > t > e",
    )  # fmt: skip
    assert played.log == ["a"] * 3 + ["not a"] * 3


def test_the_handler_sees_the_counter_of_its_instance(play: Callable[..., Player]) -> None:
    step = script("book", "{}", many(times="3"))
    handler = script("undo", "{log: append(log, loopCounter)}")
    played = play(
        start("s"), step + undone_by("on", "book", handler, "undo"), throw("t", compensation()),
        end("e"), flows="s > book > t > e",
    )  # fmt: skip
    assert played.log == [3, 2, 1]


def test_a_subprocess_without_a_handler_is_undone_step_by_step(play: Callable[..., Player]) -> None:
    played = play(
        start("s"),
        sub(
            "sp",
            start("s1"),
            booked("a"),
            booked("b"),
            end("e1"),
            flows="s1 > book_a > book_b > e1",
        ),
        booked("c"),
        throw("t", compensation()),
        end("e"),
        flows="s > sp > book_c > t > e",
    )
    assert played.log == ["a", "b", "c", "not c", "not b", "not a"]
    assert played.run.ended


def test_a_compensation_event_subprocess_takes_the_place_of_its_steps(
    play: Callable[..., Player],
) -> None:
    handler = sub(
        "h", start("hs", compensation()), script("fix", '{log: append(log, note)}'), end("he"),
        flows="hs > fix > he", event=True,
    )  # fmt: skip
    inside = (
        '<bpmn:dataObject id="note"/>', start("s1"), booked("a"),
        script("keep", '{note: "as it was"}'), end("e1"), handler,
    )  # fmt: skip
    played = play(
        start("s"), sub("sp", *inside, flows="s1 > book_a > keep > e1"),
        throw("t", compensation("sp")), end("e"), flows="s > sp > t > e",
    )  # fmt: skip
    assert played.log == ["a", "as it was"], "it sees the data its subprocess ended with"
    assert played.trace[-5:] == ["fix", "he", "h", "t", "e"]


def test_a_compensation_event_subprocess_may_undo_the_steps_itself(
    play: Callable[..., Player],
) -> None:
    handler = sub(
        "h", start("hs", compensation()), throw("all", compensation()), end("he"),
        flows="hs > all > he", event=True,
    )  # fmt: skip
    inside = (start("s1"), booked("a"), booked("b"), end("e1"), handler)
    played = play(
        start("s"), sub("sp", *inside, flows="s1 > book_a > book_b > e1"),
        throw("t", compensation()), end("e"), flows="s > sp > t > e",
    )  # fmt: skip
    assert played.log == ["a", "b", "not b", "not a"]
    assert played.run.ended


def test_a_handler_in_an_error_event_subprocess_can_undo_its_scope(
    play: Callable[..., Player],
) -> None:
    handler = sub(
        "h", start("hs", error("E1")), throw("all", compensation()), end("he"),
        flows="hs > all > he", event=True,
    )  # fmt: skip
    inside = (start("s1"), booked("a"), end("bad", error("E1")), handler)
    played = play(
        start("s"), sub("sp", *inside, flows="s1 > book_a > bad"), end("e"), flows="s > sp > e"
    )
    assert played.log == ["a", "not a"]
    assert played.run.ended


def test_cancelling_a_transaction_undoes_it_and_leaves_by_its_boundary(
    play: Callable[..., Player],
) -> None:
    inside = (
        start("s1"), parallel("f"), booked("a"), user("pay"), user("pack"),
        end("no", CANCEL), end("e1"),
    )  # fmt: skip
    played = play(
        start("s"),
        sub("tx", *inside, flows="s1 > f > book_a > pay > no; f > pack > e1", tag="transaction"),
        boundary("cancelled", "tx", CANCEL),
        end("e"),
        end("e2"),
        flows="s > tx > e; cancelled > e2",
    )
    played.do("pay")
    assert played.log == ["a", "not a"]
    assert played.run.open_tasks() == []
    assert played.trace == [
        "s", "s1", "f", "book_a", "pay", "on_a", "undo_a", "no", "cancelled", "e2"
    ]  # fmt: skip
    assert played.run.ended


def test_a_transaction_that_is_not_cancelled_is_a_subprocess(play: Callable[..., Player]) -> None:
    inside = (start("s1"), booked("a"), end("e1"))
    played = play(
        start("s"),
        sub("tx", *inside, flows="s1 > book_a > e1", tag="transaction"),
        boundary("cancelled", "tx", CANCEL),
        throw("t", compensation()),
        end("e"),
        end("e2"),
        flows="s > tx > t > e; cancelled > e2",
    )
    assert played.trace[:4] == ["s", "s1", "book_a", "e1"]
    assert played.log == ["a", "not a"]


def test_undoing_can_be_interrupted(play: Callable[..., Player]) -> None:
    made = script("book", "{}") + undone_by("on", "book", user("undo"), "undo")
    inside = (start("s1"), made, throw("t", compensation()), end("e1"))
    played = play(
        start("s"),
        sub("sp", *inside, flows="s1 > book > t > e1"),
        boundary("late", "sp", timer("PT1H")),
        end("e"),
        end("e2"),
        flows="s > sp > e; late > e2",
    )
    played.wait()
    assert played.trace == ["s", "s1", "book", "on", "late", "e2"]
    assert played.run.ended and played.run.open_tasks() == []
