"""Compensation and transactions: what undoes what, and where it may be said.

Source: BPMN 2.0.2 10.5.6 (compensation and cancel events), 10.7 (compensation), 10.3.5
(transactions).
"""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.events import triggers
from engine.lint.model import Diagram, Node, Release, Scope
from engine.normalise.flows import definitions_of, is_event_subprocess

THROWERS = ("intermediateThrowEvent", "endEvent")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        undone = dict(handlers(scope, diagram))
        for event, step in undone.items():
            yield from boundary(diagram, event, step)
        for node in scope.nodes.values():
            if undoes(node) and node not in undone.values() and not starts_undoing(node.element):
                yield diagram.refused(
                    "undoes_nothing",
                    node.element,
                    f"{node.label} is there to undo another step, but none leads to it.",
                    "Draw a compensation event on the step, and an association from it to here.",
                )
            if node.kind in THROWERS:
                yield from thrown(diagram, scope, node)
        yield from compensation_starts(diagram, scope)
        yield from cancellation(diagram, scope)


def undoes(node: Node) -> bool:
    return node.element.get("isForCompensation") in ("true", "1")


def starts_undoing(element: etree._Element) -> bool:
    """Say whether it is an event subprocess that a compensation event starts (10.7).

    It may be marked as compensation itself: nothing else enters it.
    """
    return is_event_subprocess(element) and any(
        xml.is_bpmn(definition, "compensateEventDefinition")
        for start in xml.bpmn_children(element, "startEvent")
        for definition in definitions_of(start)
    )


def handlers(scope: Scope, diagram: Diagram) -> Iterator[tuple[Node, Node | None]]:
    """Yield each compensation event on a boundary with the step its association leads to."""
    ends = [
        {(link.get(end) or "").rpartition(":")[2] for end in ("sourceRef", "targetRef")}
        for link in xml.bpmn_descendants(diagram.root, "association")
    ]
    for event in scope.of_kind("boundaryEvent"):
        if "compensate" in triggers(diagram, event):
            others = [next(iter(pair - {event.id}), "") for pair in ends if event.id in pair]
            yield event, next((scope.nodes[id] for id in others if id in scope.nodes), None)


def boundary(diagram: Diagram, event: Node, step: Node | None) -> Iterator[Finding]:
    if step is None or not undoes(step) or not step.is_activity:
        yield diagram.refused(
            "no_undoing_step",
            event.element,
            f"The compensation event {event.label} does not say which step undoes the work.",
            "Draw an association from it to a step on the same level that is marked as "
            "compensation.",
        )


def thrown(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    """A thrower undoes one step of its own level, or all of them; it throws nothing else."""
    kinds = triggers(diagram, node)
    if len(kinds) > 1 and {"compensate", "cancel"} & set(kinds):
        yield diagram.refused(
            "undoing_and_more",
            node.element,
            f"{node.label} undoes and throws something else at once.",
            "Draw one event behind the other.",
        )
    for definition in node.definitions:
        if not xml.is_bpmn(definition, "compensateEventDefinition"):
            continue
        wanted = (definition.get("activityRef") or "").rpartition(":")[2]
        target = diagram.by_id.get(wanted)
        if target is not None and wanted not in undone_here(scope):
            yield diagram.refused(
                "undoing_elsewhere",
                node.element,
                f"{node.label} would undo {xml.label(target)}, which lies on another level.",
                "Undo the whole subprocess, or throw from inside of it.",
            )


def undone_here(scope: Scope) -> set[str]:
    """Ids of the steps that an event in ``scope`` can undo: a handler undoes what surrounds it."""
    level = scope.element.getparent() if scope.is_event_subprocess else scope.element
    return set() if level is None else {child.get("id") or "" for child in level}


def compensation_starts(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """A compensation event subprocess undoes the subprocess it stands in: one, and no more."""
    found: list[etree._Element] = []
    for node in scope.of_kind("subProcess"):
        if starts_undoing(node.element):
            found.append(node.element)
    for element in found if scope.is_process else found[1:]:
        yield diagram.refused(
            "compensation_start",
            element,
            f"{xml.label(element)} can undo nothing: "
            + ("a process is not undone as a whole." if scope.is_process else "another one does."),
            "Put one such event subprocess into each subprocess that is to be undone.",
        )


def cancellation(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """Cancelling is for transactions: it ends inside of one and goes on at its boundary."""
    is_transaction = xml.is_bpmn(scope.element, "transaction")
    for node in scope.of_kind("endEvent"):
        if "cancel" not in triggers(diagram, node):
            continue
        if not is_transaction:
            yield diagram.refused(
                "cancel_outside",
                node.element,
                f"{node.label} cancels, but it stands in no transaction.",
                "Make the subprocess a transaction, or use an error event.",
            )
        elif not has_cancel_boundary(diagram, scope.element):
            yield diagram.refused(
                "no_cancel_boundary",
                node.element,
                f"{node.label} cancels {xml.label(scope.element)}, which has no cancel event on "
                "its boundary.",
                "Draw one, and what is to happen then.",
            )
    for node in scope.of_kind("boundaryEvent"):
        host = scope.nodes.get((node.element.get("attachedToRef") or "").rpartition(":")[2])
        if "cancel" in triggers(diagram, node) and host is not None and host.kind != "transaction":
            yield diagram.refused(
                "cancel_outside",
                node.element,
                f"{node.label} waits for a transaction to be cancelled, but {host.label} is none.",
                "Attach it to a transaction, or use an error event.",
            )


def has_cancel_boundary(diagram: Diagram, transaction: etree._Element) -> bool:
    level = transaction.getparent()
    return level is not None and any(
        (event.get("attachedToRef") or "").rpartition(":")[2] == transaction.get("id")
        and any(xml.is_bpmn(each, "cancelEventDefinition") for each in definitions_of(event))
        for event in xml.bpmn_children(level, "boundaryEvent")
    )
