"""Walking a scope: what can be reached, by which path, and where it goes round."""

from collections import deque
from collections.abc import Callable, Iterable

from engine.lint.model import Node, Scope
from engine.normalise.flows import is_event_subprocess

Next = Callable[[Node], Iterable[Node]]


def ways_in(scope: Scope) -> list[Node]:
    """Return the nodes at which something outside of the scope puts a token."""
    return [
        node
        for node in scope.nodes.values()
        if node.kind == "startEvent"
        or is_event_subprocess(node.element)
        or node.element.get("isForCompensation") in ("true", "1")
    ]


def entries(scope: Scope) -> list[Node]:
    """Return nodes that together lead to every node: the ways in, then what nothing leads to."""
    found = ways_in(scope)
    seen = reachable(found, scope.successors)
    for node in scope.nodes.values():
        is_attached = (node.element.get("attachedToRef") or "") in scope.nodes
        if node.id not in seen and not is_attached:
            found.append(node)
            seen |= reachable([node], scope.successors)
    return found


def reachable(starts: Iterable[Node], following: Next) -> set[str]:
    """Return the ids of everything that can be reached from ``starts``, these included."""
    seen = {node.id for node in starts}
    queue = deque(starts)
    while queue:
        for node in following(queue.popleft()):
            if node.id not in seen:
                seen.add(node.id)
                queue.append(node)
    return seen


def shortest_path(
    starts: Iterable[Node], following: Next, found: Callable[[Node], bool]
) -> list[Node] | None:
    """Return the nodes of a shortest path from one of ``starts`` to one that is ``found``."""
    return search(starts, following, found)[1]


def shortest_paths(starts: Iterable[Node], following: Next) -> "Paths":
    """Return shortest paths to everything that can be reached."""
    return Paths(search(starts, following, lambda node: False)[0])


class Paths:
    """Shortest paths, kept as the step before each node."""

    def __init__(self, before: dict[str, tuple[Node, Node | None]]):
        self.before = before

    def __contains__(self, node_id: str) -> bool:
        return node_id in self.before

    def __getitem__(self, node_id: str) -> list[Node]:
        return unroll(self.before, node_id)


def search(
    starts: Iterable[Node], following: Next, found: Callable[[Node], bool]
) -> tuple[dict[str, tuple[Node, Node | None]], list[Node] | None]:
    """Walk in breadth; return each node with the one before it, and the path to the first find."""
    queue = deque(starts)
    before: dict[str, tuple[Node, Node | None]] = {node.id: (node, None) for node in queue}
    while queue:
        node = queue.popleft()
        if found(node):
            return before, unroll(before, node.id)
        for after in following(node):
            if after.id not in before:
                before[after.id] = (after, node)
                queue.append(after)
    return before, None


def unroll(before: dict[str, tuple[Node, Node | None]], node_id: str) -> list[Node]:
    path = []
    at: str | None = node_id
    while at is not None:
        node, previous = before[at]
        path.append(node)
        at = None if previous is None else previous.id
    return path[::-1]


def author_path(path: Iterable[Node]) -> tuple[str, ...]:
    """Return the ids of a path as the author knows them, without what was never drawn."""
    return tuple(dict.fromkeys(node.author_id for node in path if node.author_id))


def backwards(scope: Scope) -> Next:
    """Return the step function of a walk against the flows."""
    hosts = {
        event.id: scope.nodes[host]
        for host, events in scope.boundaries.items()
        for event in events
        if host in scope.nodes
    }

    def preceding(node: Node) -> Iterable[Node]:
        sources = [flow.source for flow in scope.incoming[node.id]]
        return [*sources, hosts[node.id]] if node.id in hosts else sources

    return preceding


def strong_components(nodes: Iterable[Node], following: Next) -> list[list[Node]]:
    """Return Tarjan's strongly connected components, each after those it leads to.

    Without recursion: a diagram may have thousands of steps in a row.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[Node] = []
    on_stack: set[str] = set()
    components: list[list[Node]] = []
    for root in nodes:
        if root.id in order:
            continue
        work = [(root, iter(list(following(root))))]
        order[root.id] = low[root.id] = len(order)
        stack.append(root)
        on_stack.add(root.id)
        while work:
            node, branches = work[-1]
            child = next(branches, None)
            if child is None:
                work.pop()
                if work:
                    parent = work[-1][0].id
                    low[parent] = min(low[parent], low[node.id])
                if low[node.id] == order[node.id]:
                    components.append(take_component(stack, on_stack, node))
            elif child.id not in order:
                order[child.id] = low[child.id] = len(order)
                stack.append(child)
                on_stack.add(child.id)
                work.append((child, iter(list(following(child)))))
            elif child.id in on_stack:
                low[node.id] = min(low[node.id], order[child.id])
    return components


def take_component(stack: list[Node], on_stack: set[str], root: Node) -> list[Node]:
    component = []
    while True:
        node = stack.pop()
        on_stack.discard(node.id)
        component.append(node)
        if node is root:
            return component


class Dominators:
    """Which node every path to a node passes last, and which nodes several paths lead to.

    Source: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" (2001), with one common
    root above ``starts``, which together lead to every node.
    """

    def __init__(self, scope: Scope, starts: list[Node]):
        self.entered = {node.id for node in starts}
        self.order = reversed_postorder(starts, scope.successors)
        self.number = {node.id: position for position, node in enumerate(self.order, 1)}
        self.above: dict[str, int] = {}  # 0 is the root
        preceding = backwards(scope)
        self.before = {
            node.id: [n for n in preceding(node) if n.id in self.number] for node in self.order
        }
        changed = True
        while changed:
            changed = False
            for node in self.order:
                changed |= self.improve(node)

    def improve(self, node: Node) -> bool:
        known = [self.number[n.id] for n in self.before[node.id] if n.id in self.above]
        if node.id in self.entered:
            known.append(0)
        found = known[0]
        for other in known[1:]:
            found = self.common(found, other)
        changed = self.above.get(node.id) != found
        self.above[node.id] = found
        return changed

    def common(self, one: int, other: int) -> int:
        while one != other:
            if one > other:
                one = self.above[self.order[one - 1].id]
            else:
                other = self.above[self.order[other - 1].id]
        return one

    def leads_back(self, source: Node, target: Node) -> bool:
        """Say whether a flow leads to something that stands before its source."""
        return self.number[target.id] <= self.number[source.id]

    def is_meeting(self, node: Node) -> bool:
        """Say whether several paths meet here, loops left aside."""
        ahead = [n for n in self.before[node.id] if not self.leads_back(n, node)]
        return len(ahead) + (node.id in self.entered) > 1

    def meetings(self) -> dict[str, list[Node]]:
        """Return, by the node that dominates them, the nodes at which paths meet, in order."""
        found: dict[str, list[Node]] = {}
        for node in self.order:
            if self.is_meeting(node):
                above = self.above[node.id]
                found.setdefault(self.order[above - 1].id if above else "", []).append(node)
        return found


def reversed_postorder(starts: Iterable[Node], following: Next) -> list[Node]:
    """Return everything reachable, each node before those that only it leads to."""
    seen: set[str] = set()
    done: list[Node] = []
    for start in starts:
        if start.id in seen:
            continue
        seen.add(start.id)
        work = [(start, iter(list(following(start))))]
        while work:
            node, branches = work[-1]
            child = next(branches, None)
            if child is None:
                work.pop()
                done.append(node)
            elif child.id not in seen:
                seen.add(child.id)
                work.append((child, iter(list(following(child)))))
    return done[::-1]
