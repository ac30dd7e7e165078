"""Random block-structured diagrams, and playing them in several ways.

A block is one way in and one way out. Blocks are drawn with ids of their own, so that any two may
stand beside each other; conditions read variables that the process always has.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import diagrams as d
from hypothesis import strategies as st
from rehearsing import NOW, NoPorts, not_linted

from engine import runtime
from engine.changes import (
    Changes,
    CompleteTask,
    DeliverMessage,
    DeliverSignal,
    FireTimers,
    Start,
    Step,
)
from engine.definitions import Definitions

VARIABLES = {"a": 1, "b": 2, "c": 3, "n": 0}
Block = tuple[Any, ...]

conditions = st.sampled_from(["a > 1", "b > 1", "c = 3", "a + b > 3", "n > 2", "a < b"])
writes = st.sampled_from(["{a: a + 1}", "{b: b - 1}", "{c: a}", "{n: n + 1}", "{a: 0, b: 5}"])
leaves = st.one_of(
    st.tuples(st.just("user")),
    st.tuples(st.just("script"), writes),
    st.tuples(st.just("plain")),
    st.tuples(st.just("wait"), st.sampled_from(["PT1H", "PT2H"])),
    st.tuples(st.just("hear")),
    st.tuples(st.just("shout")),
)


def larger(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    some = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("seq"), some),
        st.tuples(st.just("xor"), conditions, some),
        st.tuples(st.just("par"), some),
        st.tuples(st.just("inc"), conditions, some),
        st.tuples(st.just("first"), inner, inner),
        st.tuples(st.just("again"), st.integers(1, 3), inner),
        st.tuples(st.just("sub"), inner),
        st.tuples(st.just("many"), st.booleans(), st.integers(0, 3), inner),
        st.tuples(st.just("loop"), st.integers(1, 3)),
        st.tuples(st.just("guard"), st.booleans(), inner, inner),
        st.tuples(st.just("handler"), st.booleans(), inner, inner),
        st.tuples(st.just("escalate"), st.booleans(), inner),
        st.tuples(st.just("error"), inner),
        st.tuples(st.just("undo"), inner),
        st.tuples(st.just("some"), st.booleans(), some),
        st.tuples(st.just("both"), inner),
    )


blocks = st.recursive(leaves, larger, max_leaves=7)


@dataclass
class Drawing:
    """Draws blocks; ``number`` gives every element an id of its own."""

    number: int = 0

    def id(self, stem: str) -> str:
        self.number += 1
        return f"{stem}{self.number}"

    def draw(self, block: Block) -> tuple[list[str], list[str], str, str]:
        """Return elements, flows, the first and the last id."""
        kind, *rest = block
        return getattr(self, f"draw_{kind}")(*rest)

    def one(self, made: str, id: str) -> tuple[list[str], list[str], str, str]:
        return [made], [], id, id

    def draw_user(self) -> Any:
        id = self.id("u")
        return self.one(d.user(id), id)

    def draw_script(self, write: str) -> Any:
        id = self.id("s")
        return self.one(d.script(id, write), id)

    def draw_plain(self) -> Any:
        id = self.id("t")
        return self.one(d.task(id), id)

    def draw_wait(self, how_long: str) -> Any:
        id = self.id("w")
        return self.one(d.catch(id, d.timer(how_long)), id)

    def draw_hear(self) -> Any:
        id = self.id("h")
        return self.one(d.catch(id, d.message(f"m{self.number}")), id)

    def draw_shout(self) -> Any:
        id = self.id("z")
        return self.one(d.throw(id, d.signal("loud")), id)

    def draw_seq(self, parts: list[Block]) -> Any:
        drawn = [self.draw(part) for part in parts]
        elements = [e for part in drawn for e in part[0]]
        flows = [f for part in drawn for f in part[1]]
        flows += [f"{a[3]} > {b[2]}" for a, b in zip(drawn, drawn[1:], strict=False)]
        return elements, flows, drawn[0][2], drawn[-1][3]

    def split(self, parts: list[Block], fork: str, join: str, conditions: list[str]) -> Any:
        drawn = [self.draw(part) for part in parts]
        elements = [e for part in drawn for e in part[0]]
        flows = [f for part in drawn for f in part[1]]
        for part, value in zip(drawn, conditions, strict=True):
            flows += [f"{fork} > {part[2]}{f' [{value}]' if value else ''}", f"{part[3]} > {join}"]
        return elements, flows, drawn[-1][2]

    def draw_xor(self, condition: str, parts: list[Block]) -> Any:
        fork, join = self.id("x"), self.id("xj")
        given = [condition, "a > b", ""][-len(parts) :] if len(parts) == 3 else [condition, ""]
        elements, flows, default = self.split(parts, fork, join, given)
        return [d.xor(fork, default), d.xor(join), *elements], flows, fork, join

    def draw_inc(self, condition: str, parts: list[Block]) -> Any:
        fork, join = self.id("i"), self.id("ij")
        given = [condition, "a > b", ""] if len(parts) == 3 else [condition, ""]
        elements, flows, default = self.split(parts, fork, join, given)
        return [d.inclusive(fork, default), d.inclusive(join), *elements], flows, fork, join

    def draw_par(self, parts: list[Block]) -> Any:
        fork, join = self.id("p"), self.id("pj")
        elements, flows, _ = self.split(parts, fork, join, [""] * len(parts))
        return [d.parallel(fork), d.parallel(join), *elements], flows, fork, join

    def draw_first(self, left: Block, right: Block) -> Any:
        gate, join = self.id("eg"), self.id("egj")
        timer, heard = self.id("w"), self.id("h")
        events = [d.catch(timer, d.timer("PT3H")), d.catch(heard, d.message(f"m{self.number}"))]
        elements, flows = [d.event_gateway(gate), d.xor(join), *events], []
        for event, part in ((timer, self.draw(left)), (heard, self.draw(right))):
            elements += part[0]
            flows += [*part[1], f"{gate} > {event} > {part[2]}", f"{part[3]} > {join}"]
        return elements, flows, gate, join

    def draw_again(self, times: int, inner: Block) -> Any:
        begin, count, turn = self.id("lm"), self.id("lc"), self.id("lx")
        counter = f"rounds_{count}"
        elements, flows, first, last = self.draw(inner)
        step = d.script(count, f"{{{counter}: if {counter} = null then 1 else {counter} + 1}}")
        leave = self.id("t")
        made = [d.xor(begin), step, d.xor(turn, leave), d.task(leave), d.user(self.id("u"))]
        pause = f"u{self.number}"
        flows += [
            f"{begin} > {count} > {first}",
            f"{last} > {turn}",
            f"{turn} > {pause} [{counter} < {times}]",
            f"{pause} > {begin}",
            f"{turn} > {leave}",
        ]
        return [*made, *elements], flows, begin, leave

    def inside(self, inner: Block, *more: str, end: str | None = None, **kind: Any) -> Any:
        """A subprocess around a block. ``end``: its end event, drawn."""
        id, begin, finish = self.id("sub"), self.id("b"), self.id("f")
        elements, flows, first, last = self.draw(inner)
        made = (end or d.end("{id}")).replace('"{id}"', f'"{finish}"')
        flows = [*flows, f"{begin} > {first}", f"{last} > {finish}"]
        body = [d.start(begin), made, *elements, *more]
        return d.sub(id, *body, flows=";".join(flows), **kind), id

    def draw_sub(self, inner: Block) -> Any:
        made, id = self.inside(inner)
        return self.one(made, id)

    def draw_many(self, sequential: bool, times: int, inner: Block) -> Any:
        made, id = self.inside(inner, d.many(times=str(times), sequential=sequential))
        return self.one(made, id)

    def draw_loop(self, times: int) -> Any:
        id = self.id("u")
        return self.one(d.user(id, d.loop(f"loopCounter < {times}")), id)

    def draw_guard(self, interrupting: bool, inner: Block, other: Block) -> Any:
        """A subprocess with a timer on its boundary: both ways meet again, or one ends apart."""
        made, id = self.inside(inner)
        event, finish, leave = self.id("bt"), self.id("f"), self.id("t")
        elements, flows, first, last = self.draw(other)
        timer = d.boundary(event, id, d.timer("PT90M"), interrupting=interrupting)
        flows += [f"{event} > {first}", f"{id} > {leave}"]
        if interrupting:
            return [made, timer, d.xor(leave), *elements], [*flows, f"{last} > {leave}"], id, leave
        ends = [d.end(finish), d.task(leave)]
        return [made, timer, *ends, *elements], [*flows, f"{last} > {finish}"], id, leave

    def draw_handler(self, interrupting: bool, inner: Block, other: Block) -> Any:
        begin, finish, handler = self.id("b"), self.id("f"), self.id("hs")
        elements, flows, first, last = self.draw(other)
        start = d.start(begin, d.message(f"m{self.number}"), interrupting=interrupting)
        flows = [*flows, f"{begin} > {first}", f"{last} > {finish}"]
        body = [start, d.end(finish), *elements]
        made, id = self.inside(inner, d.sub(handler, *body, flows=";".join(flows), event=True))
        return self.one(made, id)

    def draw_escalate(self, interrupting: bool, inner: Block) -> Any:
        made, id = self.inside(inner, end=d.end("{id}", d.escalation("up")))
        event, finish, leave = self.id("be"), self.id("f"), self.id("t")
        caught = d.boundary(event, id, d.escalation("up"), interrupting=interrupting)
        if not interrupting:
            flows = [f"{event} > {finish}", f"{id} > {leave}"]
            return [made, caught, d.end(finish), d.task(leave)], flows, id, leave
        return [made, caught, d.xor(leave)], [f"{event} > {leave}", f"{id} > {leave}"], id, leave

    def draw_error(self, inner: Block) -> Any:
        made, id = self.inside(inner, end=d.end("{id}", d.error("bad")))
        event, leave = self.id("be"), self.id("t")
        caught = d.boundary(event, id, d.error("bad"))
        return [made, caught, d.xor(leave)], [f"{event} > {leave}", f"{id} > {leave}"], id, leave

    def draw_undo(self, inner: Block) -> Any:
        """Two steps, one by a person, that are undone after what lies between has been done."""
        steps, undone = [self.id("k"), self.id("k")], [self.id("v"), self.id("v")]
        back = self.id("z")
        elements, flows, first, last = self.draw(inner)
        made = [d.script(steps[0], "{n: n + 1}"), d.user(steps[1]), d.throw(back, d.compensation())]
        handlers = [d.script(undone[0], "{n: n - 1}"), d.user(undone[1])]
        for step, handler, id in zip(steps, handlers, undone, strict=True):
            made.append(d.undone_by(self.id("c"), step, handler, id))
        flows += [f"{steps[0]} > {first}", f"{last} > {steps[1]} > {back}"]
        return [*made, *elements], flows, steps[0], back

    def draw_some(self, sequential: bool, parts: list[Block]) -> Any:
        """An ad hoc subprocess: one step for each part, with the part inside."""
        id = self.id("ah")
        drawn = [self.inside(part)[0] for part in parts]
        ordering = "Sequential" if sequential else "Parallel"
        return self.one(d.ad_hoc(id, *drawn, ordering=ordering), id)

    def draw_both(self, inner: Block) -> Any:
        """A step that gives two tokens, each of which runs the block, and one that takes both."""
        give, take = self.id("q"), self.id("q")
        elements, flows, first, last = self.draw(inner)
        made = [
            d.marked(d.task(give), give, completionQuantity=2),
            d.marked(d.user(take), take, startQuantity=2),
        ]
        flows += [f"{give} > {first}", f"{last} > {take}"]
        return [*made, *elements], flows, give, take


def defined(block: Block) -> Definitions:
    """The definitions of a process ``p`` around a block; drawn so that the linter has no say."""
    drawing = Drawing()
    elements, flows, first, last = drawing.draw(block)
    flows += [f"start > {first}", f"{last} > finish"]
    return not_linted(d.start("start"), d.end("finish"), *elements, flows=";".join(flows))


# -- playing ----------------------------------------------------------------------------------


@dataclass
class Played:
    """What can be compared between two ways of running the same thing."""

    trace: list[str] = field(default_factory=list)
    looks: list[Any] = field(default_factory=list)  # tasks, timers, subscriptions after each move
    variables: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    def take(self, run: runtime.Run, changes: Changes) -> None:
        self.trace += [
            line.element_id
            for line in changes.history
            if line.transition == "complete" and line.element_id
        ]
        self.looks.append(
            (
                [task.element_id for task in run.open_tasks()],
                [(timer.element_id, timer.due_at) for timer in run.timers()],
                [(armed.element_id, armed.name) for armed in run.subscriptions()],
                [failed.error for failed in changes.failed],
            )
        )
        self.variables, self.ended = dict(run.variables), run.ended


Between = Callable[[Definitions, runtime.Run], runtime.Run]
Choose = Callable[[runtime.Run, int, datetime], tuple[datetime, Any]]


def any_move(run: runtime.Run, choice: int, now: datetime) -> tuple[datetime, Any]:
    """The move that a number stands for: a task, a message or signal, or the next timer."""
    moves: list[tuple[datetime, Any]] = [
        (now, CompleteTask(task.task_id, {"n": choice})) for task in run.open_tasks()
    ]
    for armed in run.subscriptions():
        if armed.kind == "message":
            moves.append((now, DeliverMessage(armed.subscription_id, armed.name, {"c": choice})))
        else:
            moves.append((now, DeliverSignal(armed.name)))
    due = [timer.due_at for timer in run.timers()]
    if due:
        moves.append((max(now, min(due)), FireTimers()))
    return moves[choice % len(moves)] if moves else (now, None)


def work_off(run: runtime.Run, choice: int, now: datetime) -> tuple[datetime, Any]:
    """Do what there is to do, then let time pass, then answer whoever waited last."""
    for task in run.open_tasks():
        return now, CompleteTask(task.task_id)
    due = [timer.due_at for timer in run.timers()]
    if due:
        return max(now, min(due)), FireTimers()
    for armed in reversed(run.subscriptions()):
        return now, DeliverMessage(armed.subscription_id, armed.name)
    return now, None


def play(
    definitions: Definitions, choices: list[int], between: Between, choose: Choose = any_move
) -> Played:
    """Start ``p`` and make one move for each choice; ``between`` sees the run after each move."""
    now, played = NOW, Played()
    run, changes = runtime.start(definitions, Start("p", VARIABLES), Step(now, None, NoPorts()))
    played.take(run, changes)
    for choice in choices:
        run = between(definitions, run)
        if run.ended:
            break
        now, command = choose(run, choice, now)
        if command is None:
            break
        played.take(run, run.apply(command, Step(now, None, NoPorts())))
    return played
