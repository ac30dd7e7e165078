"""Parallel joins that can wait for ever.

The scope is played as a token game with every choice left open, so an answer is a path that can
be drawn. In such a net no step can take away another's token, so it is enough to follow one step
at a time and branch where there is a choice; joins of inclusive gateways move last, when nothing
else can. What lies beyond the bounds is left to the monitor of stuck instances.
Source: BPMN 2.0.2 13.4 (gateways); free-choice nets, Desel and Esparza 1995.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from engine import xml
from engine.findings import Finding
from engine.lint.graph import author_path, reachable, reversed_postorder, ways_in
from engine.lint.model import Diagram, Flow, Node, Release, Scope
from engine.lint.words import listing

MOST_MARKINGS = 20_000
MOST_TOKENS = 2  # on one flow; more would only repeat what two show
MOST_WAYS = 5  # flows of an inclusive split whose combinations are all tried

QUANTITIES = ("startQuantity", "completionQuantity")

Marking = tuple[tuple[str, int], ...]  # flow id -> tokens on it, sorted


@dataclass(frozen=True, eq=False)
class Move:
    """How a marking was reached: which node moved, from which marking."""

    node: Node
    before: Marking | None


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.graphs:
        if any(counts(node) for node in scope.nodes.values()):
            continue  # the game below moves one token at a time; the monitor sees the rest
        joins = [
            node for node in scope.of_kind("parallelGateway") if len(scope.incoming[node.id]) > 1
        ]
        if joins:
            yield from Game(diagram, scope).stuck_joins()


def counts(node: Node) -> bool:
    """Say whether a step takes or gives more than the one token that tools write out in full."""
    return any((node.element.get(name) or "1").strip() != "1" for name in QUANTITIES)


class Game:
    """The token game of one scope."""

    def __init__(self, diagram: Diagram, scope: Scope):
        self.diagram = diagram
        self.scope = scope
        self.targets = {flow.id: flow.target for flow in scope.flows}
        self.moves: dict[Marking, Move] = {}
        # in this order a branch is played to its end before another one begins
        order = reversed_postorder(ways_in(scope), scope.successors)
        self.number = {node.id: position for position, node in enumerate(order)}

    def stuck_joins(self) -> Iterator[Finding]:
        reported: set[str] = set()
        for marking in self.dead_markings():
            for node in dict.fromkeys(self.targets[flow_id] for flow_id, _ in marking):
                if node.kind == "parallelGateway" and node.id not in reported:
                    reported.add(node.id)
                    yield self.finding(marking, node)

    def dead_markings(self) -> Iterator[Marking]:
        """Yield every reachable marking in which tokens are left and nothing can move."""
        queue: deque[Marking] = deque()
        for start in self.scope.of_kind("startEvent"):
            marking = added((), self.scope.outgoing[start.id])
            if marking not in self.moves:
                self.moves[marking] = Move(start, None)
                queue.append(marking)
        while queue and len(self.moves) < MOST_MARKINGS:
            marking = queue.popleft()
            node = self.next_node(marking)
            if node is None:
                if marking:
                    yield marking
                continue
            for after in self.outcomes(marking, node):
                if after not in self.moves and all(count <= MOST_TOKENS for _, count in after):
                    self.moves[after] = Move(node, marking)
                    queue.append(after)

    def next_node(self, marking: Marking) -> Node | None:
        """Return the first node that can move; inclusive joins only when nothing else can."""
        held = dict(marking)
        targets = {self.targets[flow_id] for flow_id in held}
        waiting = []
        for node in sorted(targets, key=lambda node: self.number.get(node.id, 0)):
            entering = self.scope.incoming[node.id]
            if node.kind == "parallelGateway":
                if all(flow.id in held for flow in entering):
                    return node
            elif node.kind == "inclusiveGateway" and len(entering) > 1:
                waiting.append(node)
            else:
                return node
        ready = [node for node in waiting if not self.more_may_come(held, node)]
        return next(iter(ready or waiting), None)

    def more_may_come(self, held: dict[str, int], join: Node) -> bool:
        """Say whether a token elsewhere can still reach an empty flow into the join."""
        elsewhere = [self.targets[flow_id] for flow_id in held if self.targets[flow_id] is not join]

        def following(node: Node) -> list[Node]:
            return [] if node is join else self.scope.successors(node)

        seen = reachable(elsewhere, following)
        return any(
            flow.source.id in seen and flow.id not in held for flow in self.scope.incoming[join.id]
        )

    def outcomes(self, marking: Marking, node: Node) -> Iterator[Marking]:
        """Yield the markings that one move of ``node`` can lead to."""
        if is_end_of_all(node):
            yield ()
            return
        rest = self.taken(marking, node)
        for flows in self.ways(node):
            yield added(rest, flows)

    def taken(self, marking: Marking, node: Node) -> Marking:
        """Return the marking without the tokens that the move uses up."""
        entering = [flow.id for flow in self.scope.incoming[node.id]]
        held = Counter(dict(marking))
        here = [flow_id for flow_id in entering if held[flow_id]]
        uses_all = node.kind in ("parallelGateway", "inclusiveGateway")
        for flow_id in here if uses_all else here[:1]:
            held[flow_id] -= 1
        return tuple(sorted((flow_id, count) for flow_id, count in held.items() if count))

    def ways(self, node: Node) -> list[list[Flow]]:
        """Return the sets of flows that may get a token."""
        leaving = self.scope.outgoing[node.id]
        if node.kind in ("exclusiveGateway", "eventBasedGateway", "complexGateway"):
            return [[flow] for flow in leaving] or [[]]
        if node.kind == "inclusiveGateway" and len(leaving) > 1:
            return inclusive_ways(node, leaving)
        ways = [leaving]
        for event in self.scope.boundaries[node.id]:
            behind = self.scope.outgoing[event.id]
            interrupts = event.element.get("cancelActivity") not in ("false", "0")
            ways.append(behind if interrupts else [*leaving, *behind])
        return ways

    def finding(self, marking: Marking, join: Node) -> Finding:
        trace = self.trace(marking)
        held = dict(marking)
        missing = [
            flow.source.label for flow in self.scope.incoming[join.id] if flow.id not in held
        ]
        ended = [node for node in trace if node.kind == "endEvent"]
        choices = [node for node in trace if node.kind.startswith(("exclusive", "event"))]
        what = f"The join {join.label} can wait for ever"
        if ended:
            message = (
                f"{what}: a branch can end at {ended[-1].label} without reaching it through "
                f"{listing(missing)}."
            )
        elif choices:
            message = (
                f"{what} for {listing(missing)}, because {choices[-1].label} takes only one of "
                "its ways."
            )
        else:
            message = f"{what} for {listing(missing)}."
        return self.diagram.refused(
            "stuck_join",
            join.element,
            message,
            "Lead every branch into the join, use an inclusive gateway as the join, or end the "
            "whole process with a terminate end event.",
            path=author_path([*trace, join]),
        )

    def trace(self, marking: Marking) -> list[Node]:
        found: list[Node] = []
        at: Marking | None = marking
        while at is not None:
            move = self.moves[at]
            found.append(move.node)
            at = move.before
        return found[::-1]


def added(marking: Marking, flows: list[Flow]) -> Marking:
    held = Counter(dict(marking))
    held.update(flow.id for flow in flows)
    return tuple(sorted(held.items()))


def inclusive_ways(node: Node, leaving: list[Flow]) -> list[list[Flow]]:
    """Return every choice of an inclusive split: some of the conditions, or the default alone."""
    default = [flow for flow in leaving if flow.id == node.element.get("default")]
    others = [flow for flow in leaving if flow not in default]
    sizes = range(1, len(others) + 1) if len(others) <= MOST_WAYS else (1, len(others))
    ways = [list(chosen) for size in sizes for chosen in combinations(others, size)]
    return [*ways, default] if default else ways


def is_end_of_all(node: Node) -> bool:
    """A terminate or error end event takes all tokens of its scope with it."""
    return node.kind == "endEvent" and any(
        xml.is_bpmn(part, "terminateEventDefinition", "errorEventDefinition")
        for part in node.definitions
    )
