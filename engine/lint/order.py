"""What must have happened before: a step that no path may reach without passing another.

The rules themselves ("nothing is shared before its basis is recorded") belong above the engine,
which gives the two kinds of step; the answer here is a path that breaks the rule. Called
processes are followed: a call passes a guard if every way through the called process does.
"""

from collections.abc import Callable, Iterator

from engine import xml
from engine.checked import Definitions, Process
from engine.findings import Finding
from engine.lint.extra import ExtraCheck, diagram_of
from engine.lint.graph import author_path, shortest_path, shortest_paths, ways_in
from engine.lint.messages import THROWERS
from engine.lint.model import Diagram, Node, Scope

StepTest = Callable[[Node], bool]


def calls_operation(*names: str) -> StepTest:
    """Return a test for service tasks that call one of these operations."""

    def test(node: Node) -> bool:
        operator = xml.extension(node.element, "serviceTaskOperator")
        return operator is not None and operator.get("id") in names

    return test


def asks_decision(*decision_ids: str) -> StepTest:
    """Return a test for business rule tasks that ask one of these decisions."""

    def test(node: Node) -> bool:
        called = xml.extension(node.element, "calledDecisionId")
        return called is not None and xml.text_of(called) in decision_ids

    return test


def shows_form(*form_ids: str) -> StepTest:
    """Return a test for user tasks that show one of these forms."""

    def test(node: Node) -> bool:
        return node.kind == "userTask" and xml.properties(node.element).get("form") in form_ids

    return test


def sends_message(*names: str) -> StepTest:
    """Return a test for events and send tasks that send one of these messages."""

    def test(node: Node) -> bool:
        if node.kind not in THROWERS:
            return False
        references = {part.get("messageRef") for part in (node.element, *node.definitions)}
        root = node.element.getroottree().getroot()
        return any(
            message.get("id") in references and message.get("name") in names
            for message in xml.bpmn_children(root, "message")
        )

    return test


def any_of(*tests: StepTest) -> StepTest:
    return lambda node: any(test(node) for test in tests)


def never_without(
    rule: str, *, step: StepTest, guard: StepTest, message: str, remedy: str
) -> ExtraCheck:
    """Return an extra check: no path in any process reaches ``step`` without passing ``guard``.

    ``message`` is a sentence with ``{step}`` for the step's label. A process that is called is
    looked at from each caller: what the caller has passed counts.
    """

    def check(definitions: Definitions) -> Iterator[Finding]:
        paths = Paths(definitions, step, guard)
        called = {
            (activity.get("calledElement") or "")
            for process in definitions.processes.values()
            for activity in xml.bpmn_descendants(process.element, "callActivity")
        }
        told: set[tuple[str, str]] = set()
        for process in definitions.processes.values():
            if process.id in called and not process.starts:
                continue  # entered from its callers only
            for diagram, path in paths.open_paths(process):
                node = path[-1]
                if (diagram.file, node.id) in told:
                    continue  # one way to it is enough to look at
                told.add((diagram.file, node.id))
                yield diagram.unsafe(
                    rule, node.element, message.format(step=node.label), remedy, author_path(path)
                )

    return check


class Paths:
    """Paths to a step on which no guard stands, over subprocesses and called processes."""

    def __init__(self, definitions: Definitions, step: StepTest, guard: StepTest):
        self.definitions = definitions
        self.step = step
        self.guard = guard
        self.diagrams: dict[str, tuple[Diagram, dict[str, Scope]]] = {}
        self.passing: dict[str, bool] = {}

    def scopes(self, process: Process) -> tuple[Diagram, dict[str, Scope]]:
        if process.id not in self.diagrams:
            diagram = diagram_of(process)
            inside = {
                scope.element.get("id") or "": scope
                for scope in diagram.executed
                if process.element in (scope.element, *scope.element.iterancestors())
            }
            self.diagrams[process.id] = diagram, inside
        return self.diagrams[process.id]

    def open_paths(
        self, process: Process, seen: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Diagram, list[Node]]]:
        """Yield, for each step that is found, a shortest path to it without a guard."""
        diagram, scopes = self.scopes(process)
        yield from self.open_in(process, diagram, scopes[process.id], [], seen | {process.id})

    def open_in(
        self,
        process: Process,
        diagram: Diagram,
        scope: Scope,
        before: list[Node],
        seen: frozenset[str],
    ) -> Iterator[tuple[Diagram, list[Node]]]:
        def following(node: Node) -> list[Node]:
            behind = [] if self.passes(node, seen) else [f.target for f in scope.outgoing[node.id]]
            return behind + scope.boundaries[node.id]

        paths = shortest_paths(ways_in(scope), following)
        for node in scope.nodes.values():
            if node.id not in paths or self.guard(node):
                continue
            path = before + paths[node.id]
            if self.step(node):
                yield diagram, path
            elif node.id in self.scopes(process)[1]:
                inner = self.scopes(process)[1][node.id]
                yield from self.open_in(process, diagram, inner, path, seen)
            elif called := self.called(node, seen):
                for _, inner_path in self.open_paths(called, seen):
                    other, _ = self.scopes(called)
                    yield other, inner_path

    def called(self, node: Node, seen: frozenset[str]) -> Process | None:
        called = node.element.get("calledElement") or ""
        return None if called in seen else self.definitions.processes.get(called)

    def passes(self, node: Node, seen: frozenset[str]) -> bool:
        """Say whether whoever leaves this node has passed a guard in it."""
        if self.guard(node):
            return True
        called = self.called(node, seen)
        if called is None:
            return False
        if called.id not in self.passing:
            self.passing[called.id] = False  # a circle of calls passes nothing
            self.passing[called.id] = self.always_passes(called, seen | {called.id})
        return self.passing[called.id]

    def always_passes(self, process: Process, seen: frozenset[str]) -> bool:
        _, scopes = self.scopes(process)
        scope = scopes[process.id]

        def following(node: Node) -> list[Node]:
            behind = [] if self.passes(node, seen) else [f.target for f in scope.outgoing[node.id]]
            return behind + scope.boundaries[node.id]

        starts = scope.of_kind("startEvent")
        return shortest_path(starts, following, lambda node: node.kind == "endEvent") is None
