"""Deadlines of urgent work that stand still while the office is closed.

Whatever is done only on an urgent path, and the urgent way through an expression, must be timed on
a calendar that is always open. What urgent means is said above the engine: the values that a
condition compares with (``risk_level = "high"``) and the calendars that never close.
"""

from collections.abc import Collection, Iterator
from typing import Any

from lxml import etree

import feel
from engine import xml
from engine.checked import Definitions, Process
from engine.findings import Finding
from engine.lint.calendars import calendars_of_call
from engine.lint.extra import ExtraCheck, diagram_of
from engine.lint.graph import author_path, reachable, shortest_paths, ways_in
from engine.lint.model import Diagram, Flow, Node, Scope
from engine.lint.texts import FeelText, feel_texts
from feel.syntax import Call, Comparison, Conditional, Contained, Literal, Logic
from feel.walk import children, descendants


def urgent_deadlines(*, urgent: Collection[str], always_open: Collection[str]) -> ExtraCheck:
    """Return an extra check over every timer, due time and follow-up time."""

    def check(definitions: Definitions) -> Iterator[Finding]:
        places = urgent_places(definitions, urgent)
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            texts = [
                text
                for text in feel_texts(diagram)
                if process.element in (text.element, *text.element.iterancestors())
                and text.what in ("The time", "The due time")
            ]
            on_path = places[process.id]
            for text in texts:
                yield from one_deadline(diagram, text, on_path, urgent, always_open)

    return check


def one_deadline(
    diagram: Diagram,
    text: FeelText,
    on_path: dict[str, tuple[str, ...]],
    urgent: Collection[str],
    always_open: Collection[str],
) -> Iterator[Finding]:
    try:
        node = feel.parse(text.text).node
    except feel.FeelSyntaxError:
        return
    owner_id = text.owner.get("id") or ""
    host_id = text.owner.get("attachedToRef") or owner_id
    on_urgent_path = host_id in on_path or owner_id in on_path or is_critical(text.owner)
    why = "is safety critical" if is_critical(text.owner) else "is done when the case is urgent"
    for calendar in sorted(closing_calendars(node, urgent, always_open, on_urgent_path)):
        yield diagram.unsafe(
            "urgent_on_office_time",
            text.owner,
            f"{xml.label_of(text.owner, diagram.author_id(text.owner))} {why}, but its time runs "
            f"on '{calendar}', which closes.",
            "Use a calendar that is always open for urgent cases.",
            on_path.get(host_id, ()),
        )


def closing_calendars(
    node: Any, urgent: Collection[str], always_open: Collection[str], counts: bool
) -> set[str]:
    """Return the calendars that close, on the ways through the expression that are urgent."""
    if isinstance(node, Conditional):
        asks = compares(node.condition, urgent)
        then = closing_calendars(node.then, urgent, always_open, counts or asks)
        # the rest of an "if" that asks for urgent values first is for the others
        left = counts and not covers(node.condition, urgent)
        return then | closing_calendars(node.otherwise, urgent, always_open, left)
    found: set[str] = set()
    if isinstance(node, Call) and counts:
        found |= calendars_of_call(node) - set(always_open)
    for child in children(node):
        found |= closing_calendars(child, urgent, always_open, counts)
    return found


def compares(node: Any, urgent: Collection[str]) -> bool:
    """Say whether a condition holds only for an urgent value: ``=``, ``in``, ``and`` of these."""
    if isinstance(node, Logic):
        ways = [compares(operand, urgent) for operand in node.operands]
        return any(ways) if node.operator == "and" else all(ways)
    if isinstance(node, Comparison) and node.operator == "=":
        return any(is_urgent(side, urgent) for side in (node.left, node.right))
    if isinstance(node, Contained):
        return bool(node.tests) and all(
            is_urgent(part, urgent)
            for test in node.tests
            for part in descendants(test)
            if isinstance(part, Literal)
        )
    return False


def covers(node: Any, urgent: Collection[str]) -> bool:
    """Say whether a condition holds for everything urgent, perhaps for others too."""
    if isinstance(node, Logic):
        ways = [covers(operand, urgent) for operand in node.operands]
        return any(ways) if node.operator == "or" else all(ways)
    return compares(node, urgent)


def is_critical(element: etree._Element) -> bool:
    return xml.properties(element).get("safetyCritical") == "true"


def is_urgent(node: Any, urgent: Collection[str]) -> bool:
    return isinstance(node, Literal) and node.value in urgent


Places = dict[str, tuple[str, ...]]  # steps by their ids, with a path to each


def urgent_places(definitions: Definitions, urgent: Collection[str]) -> dict[str, Places]:
    """Return the steps of each process that only urgent work reaches.

    A process that can be called only is urgent as a whole if every step that calls it is.
    """
    diagrams = {key: diagram_of(process) for key, process in definitions.processes.items()}
    found = {key: urgent_steps(diagram, urgent) for key, diagram in diagrams.items()}
    callers: dict[str, list[tuple[str, str]]] = {}
    for key, process in definitions.processes.items():
        for step in xml.bpmn_descendants(process.element, "callActivity"):
            called = step.get("calledElement") or ""
            callers.setdefault(called, []).append((key, step.get("id") or ""))
    waiting = [k for k, p in definitions.processes.items() if k in callers and not p.starts]
    changed = True
    while changed:
        changed = False
        for key in [k for k in waiting if all(step in found[by] for by, step in callers[k])]:
            waiting.remove(key)
            found[key] = every_step(diagrams[key], definitions.processes[key])
            changed = True
    return found


def every_step(diagram: Diagram, process: Process) -> Places:
    found: Places = {}
    for scope in diagram.executed:
        if process.element in (scope.element, *scope.element.iterancestors()):
            paths = shortest_paths(ways_in(scope), scope.successors)
            reached = [node for node in scope.nodes.values() if node.id in paths]
            found.update({node.id: author_path(paths[node.id]) for node in reached})
    return found


def urgent_steps(diagram: Diagram, urgent: Collection[str]) -> Places:
    """Return the steps that are reached through urgent flows only, with a path to each."""
    found: Places = {}
    for scope in diagram.executed:
        flows = {flow.id for flow in scope.flows if flow_is_urgent(flow, urgent)}
        if flows:
            found.update(behind(scope, flows))
    return found


def behind(scope: Scope, flows: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the steps that cannot be reached without one of ``flows``, with a path to each."""
    calm = reachable(ways_in(scope), lambda node: calm_ways(scope, node, flows))
    paths = shortest_paths(ways_in(scope), scope.successors)
    return {
        node.id: author_path(paths[node.id])
        for node in scope.nodes.values()
        if node.id not in calm and node.author_id and node.id in paths
    }


def calm_ways(scope: Scope, node: Node, urgent_flows: set[str]) -> list[Node]:
    flows = [flow.target for flow in scope.outgoing[node.id] if flow.id not in urgent_flows]
    return flows + scope.boundaries[node.id]


def flow_is_urgent(flow: Flow, urgent: Collection[str]) -> bool:
    try:
        return compares(feel.parse(flow.condition or "null").node, urgent)
    except feel.FeelSyntaxError:
        return False


def critical_tasks_have_deadlines() -> ExtraCheck:
    """Return an extra check: overdue work is chased by its due time, so critical work has one."""

    def check(definitions: Definitions) -> Iterator[Finding]:
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            for task in xml.bpmn_descendants(process.element, "userTask"):
                if is_critical(task) and not xml.properties(task).get("dueAt"):
                    yield diagram.unsafe(
                        "critical_without_deadline",
                        task,
                        f"{xml.label_of(task, diagram.author_id(task))} is safety critical, but "
                        "nobody is told when it is late: it has no due time.",
                        "Give it a due time.",
                    )

    return check
