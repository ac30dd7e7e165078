"""Steps that are never reached, paths that stop in the open, and ways without an end."""

from collections.abc import Iterator

from engine import xml
from engine.findings import Finding
from engine.lint.graph import (
    author_path,
    backwards,
    reachable,
    shortest_path,
    shortest_paths,
    ways_in,
)
from engine.lint.model import Diagram, Node, Release, Scope
from engine.normalise.flows import is_event_subprocess


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        yield from dead_ends(diagram, scope)
    for scope in diagram.graphs:
        if xml.is_bpmn(scope.element, "adHocSubProcess"):
            continue
        yield from unreachable(diagram, scope)
        yield from no_way_out(diagram, scope)


def dead_ends(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """Where end events are drawn, every path leads to one (BPMN 2.0.2 10.5.3)."""
    if not scope.of_kind("endEvent"):
        return
    paths = shortest_paths(ways_in(scope), scope.successors)
    for node in scope.nodes.values():
        if scope.outgoing[node.id] or node.kind in ("endEvent", "boundaryEvent"):
            continue
        if is_event_subprocess(node.element) or is_outside(node) or is_link(node):
            continue
        yield diagram.refused(
            "dead_end",
            node.element,
            f"Nothing follows {node.label}, and it is not an end event.",
            "Draw the next step or an end event behind it.",
            path=author_path(paths[node.id] if node.id in paths else [node]),
        )


def is_outside(node: Node) -> bool:
    return node.element.get("isForCompensation") in ("true", "1")


def is_link(node: Node) -> bool:
    return any(xml.is_bpmn(part, "linkEventDefinition") for part in node.definitions)


def unreachable(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    starts = ways_in(scope)
    if not scope.of_kind("startEvent"):
        first = next(iter(scope.nodes.values()), None)
        if first is not None:
            yield diagram.refused(
                "no_way_in",
                scope.element,
                f"{xml.label(scope.element)} goes round in a circle without a beginning.",
                "Draw a start event.",
            )
        return
    seen = reachable(starts, scope.successors)
    for node in scope.nodes.values():
        if node.id not in seen and node.author_id:
            yield diagram.refused(
                "unreachable",
                node.element,
                f"{node.label} can never be reached.",
                "Draw a flow that leads to it, or remove it.",
            )


def no_way_out(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """A path that can only go round keeps the case open for ever."""
    if not scope.of_kind("startEvent"):
        return
    ends = [
        node
        for node in scope.nodes.values()
        if node.kind == "endEvent" or not scope.outgoing[node.id]
    ]
    can_end = reachable(ends, backwards(scope))
    seen = reachable(ways_in(scope), scope.successors)
    stuck = [node for node in scope.nodes.values() if node.id in seen and node.id not in can_end]
    if not stuck:
        return
    entry = shortest_path(scope.of_kind("startEvent"), scope.successors, lambda n: n in stuck)
    path = author_path(entry or stuck)
    yield diagram.unsafe(
        "no_way_out",
        stuck[0].element,
        f"From {(entry or stuck)[-1].label} no end can be reached: the process would never finish.",
        "Draw a way out of the circle.",
        path=path,
    )
