"""The text twin of a diagram: the same steps and choices as a nested list.

Every flow node that the author drew is an item exactly once; wherever else it would stand is a
reference to it. What the XML pass made is not shown. State words come from the caller ("done 16:14
by J. Malik", "now"); this module knows no instance.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from engine.definitions import Process
from engine.lint.extra import diagram_of
from engine.lint.graph import Dominators, entries
from engine.lint.model import Flow, Node, Scope
from engine.lint.people import lane_for, lane_of_step
from engine.normalise.flows import is_event_subprocess
from engine.outline_words import (
    answer,
    boundary_text,
    join_text,
    node_text,
    question_text,
    reference_name,
    repetition_text,
    trigger_text,
)

Kind = Literal["step", "question", "join", "event", "handler", "subprocess", "call", "reference"]


@dataclass(slots=True)
class Branch:
    """One answer of a question, one way out of a step, or the inside of a subprocess."""

    label: str  # empty when the first item says it
    items: list["Item"] = field(default_factory=list)
    flow_id: str | None = None


@dataclass(slots=True)
class Item:
    """A line of the outline. ``element_id`` is the author's; None: a choice nobody drew.

    ``branches`` are what follows from it before the list goes on; ``events`` what may happen
    meanwhile. A reference names a step that stands elsewhere; ``goes_back`` if it stands before.
    """

    element_id: str | None
    kind: Kind
    text: str
    lane: str | None = None
    state: str | None = None
    branches: list[Branch] = field(default_factory=list)
    events: list["Item"] = field(default_factory=list)
    called: str | None = None  # the process of a call activity
    interrupts: bool = True  # of an event on a step: whether it ends the step
    goes_back: bool = False


@dataclass(slots=True)
class Outline:
    """A process in words."""

    process_id: str
    name: str
    items: list[Item]

    def walk(self) -> Iterator[Item]:
        """Yield every item, in reading order."""
        yield from walk(self.items)

    def lines(self) -> list[str]:
        """Return the outline as plain text, two spaces for each level."""
        return list(lines_of(self.items, 0))


def outline(process: Process, states: Mapping[str, str] | None = None) -> Outline:
    """Return the outline of a process, with the state words of its elements by their ids."""
    diagram = diagram_of(process)
    scopes = {scope.element: scope for scope in diagram.executed}
    writer = Writer(scopes, lane_of_step(diagram), states or {}, process.made)
    items = writer.scope_items(scopes[process.element])
    return Outline(process.id, process.name, items)


class Writer:
    """Writes scopes as lists: the main line first, then what may happen beside it."""

    def __init__(
        self,
        scopes: Mapping[etree._Element, Scope],
        lanes: dict[str, etree._Element],
        states: Mapping[str, str],
        made: frozenset[str],
    ):
        self.scopes = scopes
        self.lanes = lanes
        self.states = states
        self.made = made

    def scope_items(self, scope: Scope) -> list[Item]:
        return ScopeWriter(self, scope).write()


class ScopeWriter:
    """Writes one scope. A step stands in the list of the last step that every way to it passes,

    so what several ways lead to stands after all of them, and a way round takes nothing with it.
    """

    def __init__(self, writer: Writer, scope: Scope):
        self.writer = writer
        self.scope = scope
        self.entries = entries(scope)
        self.paths = Dominators(scope, self.entries)
        self.meetings = self.paths.meetings()
        self.seen: set[str] = set()

    def write(self) -> list[Item]:
        handlers = [node for node in self.entries if is_event_subprocess(node.element)]
        begin = [node for node in self.entries if node not in handlers]
        return self.line([*begin, *self.meetings.get("", []), *handlers], None)

    def line(self, todo: list[Node], after: Node | None) -> list[Item]:
        """Return the items of ``todo`` and of what follows each; ``after`` comes next anyway."""
        items: list[Item] = []
        while todo:
            node = todo.pop(0)
            if node.id in self.seen:
                continue
            item = None if node.id in self.writer.made else self.item(node)
            self.seen.add(node.id)
            if item is not None:
                items.append(item)
            todo[0:0] = self.meetings.get(node.id, [])
            flows = self.scope.outgoing[node.id]
            if len(flows) == 1:
                items += self.go_on(node, flows[0].target, todo, after)
            elif flows:
                self.split(node, flows, items, todo[0] if todo else after)
        return items

    def go_on(self, node: Node, target: Node, todo: list[Node], after: Node | None) -> list[Item]:
        """Put the only next step at the head of the list, or refer to where it stands."""
        if self.stands_here(node, target):
            todo.insert(0, target)
            return []
        following = todo[0] if todo else after
        return [] if target is following else [self.reference(node, target)]

    def split(self, node: Node, flows: list[Flow], items: list[Item], after: Node | None) -> None:
        """Write the branches behind a step; those of a made gateway belong to its author's step."""
        if not items or node.author_id is None or items[-1].element_id != node.author_id:
            items.append(Item(None, "question", question_text(node)))
        items[-1].branches += self.branches(node, flows, after)

    def branches(self, node: Node, flows: list[Flow], after: Node | None) -> list[Branch]:
        found = []
        for flow in flows:
            if self.stands_here(node, flow.target):
                inner = self.line([flow.target], after)
            else:
                inner = [] if flow.target is after else [self.reference(node, flow.target)]
            label = answer(node, flow) if len(flows) > 1 else ""
            found.append(Branch(label, inner, self.flow_id(flow)))
        return found

    def stands_here(self, node: Node, target: Node) -> bool:
        """Say whether a step is reached from here only, so that its item stands here."""
        return not self.paths.is_meeting(target) and not self.paths.leads_back(node, target)

    def item(self, node: Node) -> Item:
        incoming = len(self.scope.incoming[node.id])
        text = node_text(node)
        if node.is_gateway:
            asks = len(self.scope.outgoing[node.id]) > 1
            words = [join_text(node, incoming)] if incoming > 1 else []
            words += [question_text(node)] if asks or not words else []
            text = "; ".join(words)
        item = Item(
            node.author_id,
            kind_of(node, len(self.scope.outgoing[node.id])),
            text + repetition_text(node),
            self.lane(node),
            self.state(node),
            called=node.element.get("calledElement"),
        )
        self.add_inside(node, item)
        for event in self.scope.boundaries[node.id]:
            self.add_event(item, event)
        return item

    def add_inside(self, node: Node, item: Item) -> None:
        inner = self.writer.scopes.get(node.element)
        if inner is not None:
            item.branches.append(Branch("", self.writer.scope_items(inner)))
            if is_event_subprocess(node.element):
                starts = inner.of_kind("startEvent")
                item.text = f"{trigger_text(starts[0]) if starts else 'At any time'}: {item.text}"

    def add_event(self, item: Item, event: Node) -> None:
        self.seen.add(event.id)
        happening = Item(
            event.author_id,
            "event",
            boundary_text(event),
            state=self.state(event),
            interrupts=event.element.get("cancelActivity") not in ("false", "0"),
        )
        behind, flows = event, self.scope.outgoing[event.id]
        if len(flows) == 1 and flows[0].target.id in self.writer.made:
            if flows[0].target.is_gateway:  # several flows leave the event itself
                behind, flows = flows[0].target, self.scope.outgoing[flows[0].target.id]
                self.seen.add(behind.id)
        # what several of its branches lead to stands after them, here: nobody else comes there
        meeting = self.meetings.get(behind.id, [])
        happening.branches = self.branches(behind, flows, meeting[0] if meeting else None)
        if meeting:
            happening.branches.append(Branch("", self.line([*meeting], None)))
        item.events.append(happening)

    def reference(self, node: Node, target: Node) -> Item:
        name = reference_name(target)
        back = self.paths.leads_back(node, target)
        text = f"back to {name}" if back else f"goes on at {name}"
        return Item(target.author_id, "reference", text, goes_back=back)

    def lane(self, node: Node) -> str | None:
        lane = lane_for(node.element, self.writer.lanes)
        return None if lane is None else lane.get("name") or lane.get("id")

    def state(self, node: Node) -> str | None:
        return self.writer.states.get(node.author_id or "")

    def flow_id(self, flow: Flow) -> str | None:
        return None if flow.id in self.writer.made else flow.id


def kind_of(node: Node, leaving: int) -> Kind:
    if is_event_subprocess(node.element):
        return "handler"
    if node.is_gateway:
        return "question" if leaving > 1 else "join"
    if node.kind in ("subProcess", "transaction", "adHocSubProcess"):
        return "subprocess"
    if node.kind == "callActivity":
        return "call"
    return "step" if node.is_activity else "event"


def walk(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        for branch in item.branches:
            yield from walk(branch.items)
        yield from walk(item.events)


def lines_of(items: Iterable[Item], level: int) -> Iterator[str]:
    for item in items:
        lane = f"[{item.lane}] " if item.lane else ""
        state = f" ({item.state})" if item.state else ""
        yield f"{'  ' * level}{lane}{item.text}{state}"
        for branch in item.branches:
            if branch.label:
                on = "" if branch.items else " goes on below"
                yield f"{'  ' * (level + 1)}{branch.label}:{on}"
            yield from lines_of(branch.items, level + (2 if branch.label else 1))
        yield from lines_of(item.events, level + 1)
