"""Gateways that may find no way on, and flows that nobody could choose."""

from collections.abc import Iterator

from engine.findings import Finding
from engine.lint.model import Diagram, Flow, Node, Release, Scope
from engine.lint.words import listing

CHOOSES = ("exclusiveGateway", "inclusiveGateway")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        for node in scope.of_kind(*CHOOSES):
            flows = scope.outgoing[node.id]
            if len(flows) > 1:
                yield from conditions(diagram, node, flows)
                yield from default(diagram, node, flows)
        for node in scope.nodes.values():
            if node.is_activity:
                yield from default_of_step(diagram, scope, node)


def conditions(diagram: Diagram, node: Node, flows: list[Flow]) -> Iterator[Finding]:
    for flow in flows:
        if flow.condition is None and flow.id != node.element.get("default"):
            yield diagram.refused(
                "no_condition",
                flow.element,
                f"Flow {flow.label} has no condition, and it is not the default.",
                "Write its condition, or mark it as the default.",
            )


def default(diagram: Diagram, node: Node, flows: list[Flow]) -> Iterator[Finding]:
    """Without a default, an answer nobody thought of stops the case in an incident."""
    if node.element.get("default") or any(flow.condition == "true" for flow in flows):
        return
    answers = [flow.element.get("name") or flow.id for flow in flows]
    yield diagram.unsafe(
        "no_default_flow",
        node.element,
        f"Gateway {node.label} has no default flow: if none of {listing(answers)} holds, the case "
        "stops there.",
        "Mark the flow to take when no condition holds as the default.",
    )


def default_of_step(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    flows = scope.outgoing[node.id]
    if len(flows) < 2 or node.element.get("default"):
        return
    if all(flow.condition is not None for flow in flows):
        yield diagram.unsafe(
            "no_default_flow",
            node.element,
            f"Every flow out of {node.label} has a condition, and none is the default: if none "
            "holds, the case stops there.",
            "Mark the flow to take when no condition holds as the default.",
        )
