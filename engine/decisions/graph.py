"""The graph of requirements: does it hold together, and what does a decision need."""

from collections.abc import Iterator, Mapping

from lxml import etree

from engine import xml
from engine.decisions.model import DecisionInfo, Node
from engine.decisions.problems import Findings
from engine.findings import Severity

MAX_PATH = 200  # decisions in a row


def check(
    nodes: Mapping[str, Node], elements: Mapping[str, etree._Element], findings: Findings
) -> None:
    """Add what is wrong with the graph to the findings."""
    _check_references(nodes, elements, findings)
    _check_cycles(nodes, elements, findings)
    _check_scope(nodes, elements, findings)


def _check_references(
    nodes: Mapping[str, Node], elements: Mapping[str, etree._Element], findings: Findings
) -> None:
    for node in nodes.values():
        for key in (*node.requires, *node.knowledge, *node.outputs, *node.parameters):
            if key not in nodes:
                findings.add(
                    "unknown_reference",
                    f"{xml.label(elements[node.id])} requires '{key}', which is not there.",
                    "Draw what is missing, or remove the arrow.",
                    elements[node.id],
                )


def _check_cycles(
    nodes: Mapping[str, Node], elements: Mapping[str, etree._Element], findings: Findings
) -> None:
    done: set[str] = set()
    for key in nodes:
        path = _cycle(nodes, key, [], done)
        if path:
            names = " -> ".join(nodes[step].name for step in path)
            findings.add(
                "requirement_cycle",
                f"Decisions require each other in a circle, or more than {MAX_PATH} in a row: "
                f"{names}.",
                "Remove one of the arrows.",
                elements[path[0]],
            )
            return


def _check_scope(
    nodes: Mapping[str, Node], elements: Mapping[str, etree._Element], findings: Findings
) -> None:
    """What is drawn and read but not connected is null: the standard hides it."""
    for node in nodes.values():
        if node.kind != "decision":
            continue
        known = {nodes[key].name for key in required(node) if key in nodes}
        drawn = {other.name for other in nodes.values() if other.space == node.space}
        for name in sorted((node.free_names & drawn) - known):
            findings.add(
                "not_required",
                f"{xml.label(elements[node.id])} reads '{name}', which is drawn but not "
                "connected to it; it would have no value.",
                "Draw the arrow.",
                elements[node.id],
                Severity.UNSAFE,
            )


def required(node: Node) -> tuple[str, ...]:
    """Return the ids that a node requires, without itself: a knowledge model may recur."""
    own = tuple(key for key in node.knowledge if key != node.id)
    return (*node.requires, *own, *node.outputs)


def _cycle(nodes: Mapping[str, Node], key: str, path: list[str], done: set[str]) -> list[str]:
    """Return ids that form a circle, or a path that is too long, found from ``key``."""
    if key in path:
        return [*path[path.index(key) :], key]
    if len(path) > MAX_PATH:
        return path
    if key in done or key not in nodes:
        return []
    for other in required(nodes[key]):
        found = _cycle(nodes, other, [*path, key], done)
        if found:
            return found
    done.add(key)
    return []


def infos(nodes: Mapping[str, Node]) -> Iterator[tuple[str, DecisionInfo]]:
    """Yield what each decision is called, reads and gives, by its id."""
    for node in nodes.values():
        if node.kind == "decision" and not node.space:
            table = node.table
            outputs = tuple(o.name or node.name for o in table.outputs) if table else (node.name,)
            policy = table.policy.value if table else None
            inputs = tuple(sorted(_needed(nodes, node, set())))
            yield node.id, DecisionInfo(node.id, node.name, inputs, outputs, policy)


def _needed(nodes: Mapping[str, Node], node: Node, seen: set[str]) -> set[str]:
    """Return the names that a node needs from outside, with those of what it requires."""
    if node.id in seen or node.kind == "service":
        return set()
    seen.add(node.id)
    if node.kind == "input":
        return {node.name}
    found = set() if node.kind == "knowledge" else set(node.free_names)
    found -= {other.name for other in nodes.values()}
    for key in required(node):
        found |= _needed(nodes, nodes[key], seen)
    return found
