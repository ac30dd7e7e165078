"""Gateways that may find no way on, and flows that nobody could choose."""

from collections.abc import Iterator
from typing import Any

import feel
from engine.findings import Finding
from engine.lint.graph import author_path, shortest_paths, ways_in
from engine.lint.model import Diagram, Flow, Node, Release, Scope
from engine.lint.shapes import shapes_of
from engine.lint.words import listing
from feel.shapes import Names

CHOOSES = ("exclusiveGateway", "inclusiveGateway")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        for node in scope.of_kind(*CHOOSES):
            flows = scope.outgoing[node.id]
            if len(flows) > 1:
                yield from conditions(diagram, node, flows)
                yield from default(diagram, release, scope, node)
        for node in scope.nodes.values():
            if node.is_activity:
                yield from default_of_step(diagram, release, scope, node)


def conditions(diagram: Diagram, node: Node, flows: list[Flow]) -> Iterator[Finding]:
    for flow in flows:
        if flow.condition is None and flow.id != node.element.get("default"):
            yield diagram.refused(
                "no_condition",
                flow.element,
                f"Flow {flow.label} has no condition, and it is not the default.",
                "Write its condition, or mark it as the default.",
            )


def default(diagram: Diagram, release: Release, scope: Scope, node: Node) -> Iterator[Finding]:
    """Without a default, an answer nobody thought of stops the case in an incident."""
    flows = scope.outgoing[node.id]
    if node.element.get("default") or any(flow.condition == "true" for flow in flows):
        return
    answers = [flow.element.get("name") or flow.id for flow in flows]
    forgotten = ways_without_a_path(flows, shapes_of(release))
    yield diagram.unsafe(
        "no_default_flow",
        node.element,
        f"Gateway {node.label} has no path for {listing(forgotten)}: the case stops there."
        if forgotten
        else f"Gateway {node.label} has no default flow: if none of {listing(answers)} holds, the "
        "case stops there.",
        "Mark the flow to take when no condition holds as the default.",
        way_to(scope, node),
    )


def default_of_step(
    diagram: Diagram, release: Release, scope: Scope, node: Node
) -> Iterator[Finding]:
    flows = scope.outgoing[node.id]
    if len(flows) < 2 or node.element.get("default"):
        return
    if all(flow.condition is not None for flow in flows):
        forgotten = ways_without_a_path(flows, shapes_of(release))
        yield diagram.unsafe(
            "no_default_flow",
            node.element,
            f"{node.label} has no path for {listing(forgotten)}: the case stops there."
            if forgotten
            else f"Every flow out of {node.label} has a condition, and none is the default: if "
            "none holds, the case stops there.",
            "Mark the flow to take when no condition holds as the default.",
            way_to(scope, node),
        )


def way_to(scope: Scope, node: Node) -> tuple[str, ...]:
    paths = shortest_paths(ways_in(scope), scope.successors)
    return author_path(paths[node.id]) if node.id in paths else ()


def ways_without_a_path(flows: list[Flow], names: Names) -> list[str]:
    """Return what the one variable can be, of which all conditions ask, and none holds for.

    Each value that a form or a table can give it is tried. Nothing is said where other variables
    take part, or where the values are not known.
    """
    try:
        tests = [feel.parse(flow.condition or "null") for flow in flows]
    except feel.FeelSyntaxError:
        return []  # `expressions` says so
    asked = frozenset().union(*(test.names for test in tests))
    values = names[next(iter(asked))].values if len(asked) == 1 and asked <= set(names) else None
    if not values:
        return []
    name = next(iter(asked))
    try:
        return [
            f"{name} = {in_words(value)}"
            for value in sorted(values, key=in_words)
            if not any(test.evaluate({name: value}) is True for test in tests)
        ]
    except feel.FeelError:
        return []  # it can be told at run time only


def in_words(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
