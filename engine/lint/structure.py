"""Flows: the constraints of the standard that its schema cannot say.

Source: BPMN 2.0.2 (formal/13-12-09): 8.4.13 sequence flow, 10.3.5 and 10.4 activities and
subprocesses, 10.5.2 start event, 10.5.3 end event, 10.6 gateways.
"""

from collections.abc import Iterator

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Flow, Node, Release, Scope
from engine.lint.words import count
from engine.normalise.flows import FLOW_NODES, flows_of, is_event_subprocess


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        yield from starts_and_ends(diagram, scope)
        yield from crossing_flows(diagram, scope)
        for node in scope.nodes.values():
            yield from flows_of_node(diagram, scope, node)
            yield from default_flow(diagram, scope, node)
        for flow in scope.flows:
            yield from condition(diagram, scope, flow)
        for node in scope.nodes.values():
            if node.is_gateway:
                yield from gateway(diagram, scope, node)
        for node in scope.of_kind("eventBasedGateway"):
            yield from event_gateway(diagram, scope, node)


def starts_and_ends(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """Both are drawn or neither (10.5.2, 10.5.3): a half-drawn level is read as if the other were

    left out on purpose, which may be rehearsed; what was forgotten is asked before publishing.
    """
    if xml.is_bpmn(scope.element, "adHocSubProcess"):
        return
    starts, ends = scope.of_kind("startEvent"), scope.of_kind("endEvent")
    where = xml.label(scope.element)
    if ends and not starts:
        yield diagram.unsafe(
            "no_start_event",
            scope.element,
            f"{where} has an end event but no start event; it begins wherever no flow leads in.",
            "Draw where it begins, or leave out both.",
        )
    if starts and not ends:
        yield diagram.unsafe(
            "no_end_event",
            scope.element,
            f"{where} has a start event but no end event; it ends wherever no flow leads on.",
            "Draw where it ends, or leave out both.",
        )
    if len(starts) > 1 and not scope.is_process:
        yield diagram.refused(
            "several_starts",
            starts[1].element,
            f"The subprocess {where} has {len(starts)} start events; it is entered at one.",
            "Keep one start event and draw a gateway behind it.",
        )
    if not starts and scope.is_event_subprocess:
        yield diagram.refused(
            "event_subprocess_start",
            scope.element,
            f"The event subprocess {where} has no start event, so nothing can start it.",
            "Draw a start event with the message, signal, timer, error or condition it waits for.",
        )


def crossing_flows(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """A flow joins two steps on one level; what crosses the border of a pool is a message."""
    inside = set(scope.nodes)
    for element in flows_of(scope.element):
        for attribute in ("sourceRef", "targetRef"):
            end = diagram.by_id.get((element.get(attribute) or "").rpartition(":")[2])
            if end is None or end.get("id") in inside or not xml.is_bpmn(end, *FLOW_NODES):
                continue
            yield diagram.refused(
                "crossing_flow",
                element,
                f"Flow {xml.label(element)} crosses the border of {xml.label(scope.element)}: "
                f"{xml.label(end)} lies outside of it.",
                "Let the flow end at the border, or use a message between two pools.",
            )


def flows_of_node(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    entering, leaving = scope.incoming[node.id], scope.outgoing[node.id]
    no_entry = {
        "startEvent": ("a start event", "A process or subprocess begins there."),
        "boundaryEvent": ("a boundary event", "It begins when its trigger comes."),
    }
    if node.kind in no_entry and entering:
        what, why = no_entry[node.kind]
        yield diagram.refused(
            "flow_into_event",
            node.element,
            f"A flow leads into {node.label}, which is {what}. {why}",
            "End the flow at a step or gateway behind it.",
            path=(entering[0].source.id, node.id),
        )
    if node.kind == "endEvent" and leaving:
        yield diagram.refused(
            "flow_out_of_end",
            node.element,
            f"A flow leaves {node.label}, which is an end event.",
            "Use an intermediate event if the process goes on.",
        )
    if is_event_subprocess(node.element) and (entering or leaving):
        yield diagram.refused(
            "event_subprocess_flow",
            node.element,
            f"{node.label} is an event subprocess; no flow may lead into or out of it.",
            "Remove the flow, or make it an ordinary subprocess.",
        )
    if node.element.get("isForCompensation") in ("true", "1") and (entering or leaving):
        yield diagram.refused(
            "compensation_flow",
            node.element,
            f"{node.label} undoes another step; no flow may lead into or out of it.",
            "Remove the flow.",
        )


def default_flow(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    """A default flow leaves the step that names it, and only some steps can have one."""
    default = (node.element.get("default") or "").rpartition(":")[2]
    flow = next((flow for flow in scope.flows if flow.id == default), None)
    if not default or default not in diagram.by_id:
        return
    if flow is None or flow.source is not node:
        yield diagram.refused(
            "foreign_default",
            node.element,
            f"{node.label} names '{default}' as its default flow, which leaves another step.",
            "Choose one of its own flows.",
        )
    elif flow.condition is not None:
        yield diagram.warning(
            "default_with_condition",
            flow.element,
            f"Flow {flow.label} is the default, so its condition is never looked at.",
            "Remove the condition.",
        )


def condition(diagram: Diagram, scope: Scope, flow: Flow) -> Iterator[Finding]:
    if flow.condition is None:
        return
    source = flow.source
    if source.kind in ("parallelGateway", "eventBasedGateway"):
        why = (
            "which takes all of its flows"
            if source.kind == "parallelGateway"
            else "which waits for events"
        )
        yield diagram.refused(
            "useless_condition",
            flow.element,
            f"Flow {flow.label} has a condition, but {source.label} is a gateway {why}.",
            "Remove the condition, or use an exclusive or inclusive gateway.",
        )
    elif not source.is_activity and not source.is_gateway:
        yield diagram.refused(
            "condition_behind_event",
            flow.element,
            f"Flow {flow.label} has a condition, but it leaves an event.",
            "Draw an exclusive gateway behind the event.",
        )
    elif source.is_activity and len(scope.outgoing[source.id]) == 1:
        yield diagram.refused(
            "lone_condition",
            flow.element,
            f"Flow {flow.label} has a condition, and no other flow leaves {source.label}: "
            "if the condition is not true, there is no way on.",
            "Add a default flow, or remove the condition.",
        )


def gateway(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    entering, leaving = len(scope.incoming[node.id]), len(scope.outgoing[node.id])
    if entering < 2 and leaving < 2 and (entering or leaving):
        yield diagram.refused(
            "idle_gateway",
            node.element,
            f"Gateway {node.label} neither splits nor joins: it has {count(entering, 'flow')} in "
            f"and {count(leaving, 'flow')} out.",
            "Remove the gateway, or draw the missing flow.",
        )
    direction = node.element.get("gatewayDirection")
    wrong = (
        (direction == "Converging" and leaving > 1)
        or (direction == "Diverging" and entering > 1)
        or (direction == "Mixed" and (entering < 2 or leaving < 2) and entering + leaving > 2)
    )
    if wrong:
        yield diagram.refused(
            "gateway_direction",
            node.element,
            f"Gateway {node.label} says that it is {(direction or '').lower()}, but it has "
            f"{count(entering, 'flow')} in and {count(leaving, 'flow')} out.",
            "Remove its direction, or correct the flows.",
        )


def event_gateway(diagram: Diagram, scope: Scope, node: Node) -> Iterator[Finding]:
    """An event gateway waits for the first of several events, each right behind it."""
    targets = [flow.target for flow in scope.outgoing[node.id]]
    if len(targets) < 2 and scope.incoming[node.id]:
        yield diagram.refused(
            "lonely_event_gateway",
            node.element,
            f"Event gateway {node.label} has {count(len(targets), 'event')} to choose from; it "
            "needs two or more.",
            "Draw the other events, or remove the gateway.",
        )
    for target in targets:
        yield from event_gateway_target(diagram, scope, node, target)
    kinds = {target.kind for target in targets}
    waits_for_message = any(
        xml.is_bpmn(definition, "messageEventDefinition")
        for target in targets
        for definition in target.definitions
    )
    if "receiveTask" in kinds and waits_for_message:
        yield diagram.refused(
            "mixed_event_gateway",
            node.element,
            f"Event gateway {node.label} has both receive tasks and message events behind it.",
            "Use one of the two kinds.",
        )


def event_gateway_target(
    diagram: Diagram, scope: Scope, node: Node, target: Node
) -> Iterator[Finding]:
    allowed = {"message", "signal", "timer", "conditional"}
    kinds = {xml.local(part).removesuffix("EventDefinition") for part in target.definitions}
    by_reference = any(xml.is_bpmn(part, "eventDefinitionRef") for part in target.element)
    catches = target.kind == "intermediateCatchEvent" and (kinds or by_reference)
    if not (target.kind == "receiveTask" or (catches and kinds <= allowed)):
        yield diagram.refused(
            "event_gateway_target",
            target.element,
            f"{target.label} stands behind event gateway {node.label}, but it is no event that "
            "one can wait for.",
            "Put a message, signal, timer or conditional catch event or a receive task there.",
            path=(node.id, target.id),
        )
    if target.kind == "receiveTask" and scope.boundaries[target.id]:
        yield diagram.refused(
            "event_gateway_boundary",
            target.element,
            f"{target.label} stands behind event gateway {node.label}, so it may have no boundary "
            "event.",
            "Draw the event as another one behind the gateway.",
        )
    if len(scope.incoming[target.id]) > 1:
        yield diagram.refused(
            "event_gateway_second_way",
            target.element,
            f"{target.label} stands behind event gateway {node.label}, but another flow leads into "
            "it too.",
            "Let the other flow lead into the gateway.",
        )
