"""Circles in which nothing waits, and lines that are too long to follow."""

from collections.abc import Iterator

from engine import xml
from engine.findings import Finding
from engine.lint.graph import strong_components
from engine.lint.model import MOST_NODES, WAITING, Diagram, Node, Release, Scope
from engine.lint.words import listing

LONGEST_PATH = 300  # nodes on one path, engine notes 2, trap 2


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.executed:
        if len(scope.nodes) > MOST_NODES:
            yield diagram.refused(
                "too_many_steps",
                scope.element,
                f"{xml.label(scope.element)} has {len(scope.nodes):,} steps on one level; "
                f"{MOST_NODES:,} are allowed.",
                "Move parts into called processes.",
            )
    for scope in diagram.graphs:
        yield from automatic_loops(diagram, scope)
        yield from long_paths(diagram, scope)


def waits(node: Node) -> bool:
    """Say whether a token stops here until somebody or something outside acts.

    A called process is taken at its word: what is in it is looked at on its own.
    """
    if node.kind in WAITING or node.kind == "callActivity":
        return True
    if node.kind in ("subProcess", "transaction", "adHocSubProcess"):
        return any(True for _ in xml.bpmn_descendants(node.element, *WAITING, "callActivity"))
    return False


def automatic_loops(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    automatic = [node for node in scope.nodes.values() if not waits(node)]
    inside = {node.id for node in automatic}

    def following(node: Node) -> list[Node]:
        return [flow.target for flow in scope.outgoing[node.id] if flow.target.id in inside]

    for component in strong_components(automatic, following):
        circle = {node.id for node in component}
        if len(component) == 1 and component[0] not in following(component[0]):
            continue
        drawn = [node for node in reversed(component) if node.author_id]
        labels = [node.label for node in drawn if not node.is_gateway] or [
            node.label for node in drawn
        ]
        has_exit = any(
            flow.target.id not in circle for node in component for flow in scope.outgoing[node.id]
        )
        say = diagram.unsafe if has_exit else diagram.refused
        yield say(
            "loop_without_wait",
            drawn[0].element,
            f"Steps {listing(labels)} form a loop without a task, timer or message"
            + ("." if has_exit else ", and without a way out."),
            "Let the loop wait for something, or use a multi-instance activity.",
            path=tuple(node.author_id for node in drawn if node.author_id),
        )


def long_paths(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """Count the nodes of the longest path, a circle as all of its nodes."""
    longest: dict[str, int] = {}
    for component in strong_components(list(scope.nodes.values()), scope.successors):
        inside = {node.id for node in component}
        behind = [
            longest[after.id]
            for node in component
            for after in scope.successors(node)
            if after.id not in inside
        ]
        for node in component:
            longest[node.id] = len(component) + max(behind, default=0)
    most = max(longest.values(), default=0)
    if most > LONGEST_PATH:
        yield diagram.refused(
            "long_path",
            scope.element,
            f"{xml.label(scope.element)} has {most} steps in one line; {LONGEST_PATH} are allowed.",
            "Move a part into a called process.",
        )
