"""Sequence flows: what a diagram may leave out is drawn, scope by scope.

A scope is a process or a subprocess: the level on which its flow nodes are connected.
"""

from collections import defaultdict

from lxml import etree

from engine import xml
from engine.normalise.ids import Ids

ACTIVITIES = {
    "task",
    "userTask",
    "manualTask",
    "serviceTask",
    "scriptTask",
    "businessRuleTask",
    "sendTask",
    "receiveTask",
    "callActivity",
    "subProcess",
    "transaction",
    "adHocSubProcess",
}
GATEWAYS = {
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "eventBasedGateway",
    "complexGateway",
}
EVENTS = {
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "implicitThrowEvent",
}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
SCOPES = ("process", "subProcess", "transaction", "adHocSubProcess")


def scopes(root: etree._Element) -> list[etree._Element]:
    """Return processes and subprocesses, outermost first."""
    return list(xml.bpmn_descendants(root, *SCOPES))


def nodes_of(scope: etree._Element) -> list[etree._Element]:
    return list(xml.bpmn_children(scope, *FLOW_NODES))


def flows_of(scope: etree._Element) -> list[etree._Element]:
    return list(xml.bpmn_children(scope, "sequenceFlow"))


def is_event_subprocess(node: etree._Element) -> bool:
    return xml.is_bpmn(node, "subProcess") and node.get("triggeredByEvent") in ("true", "1")


def is_outside_the_flow(node: etree._Element) -> bool:
    """Say whether a node may stand without flows: it is entered in another way."""
    return (
        is_event_subprocess(node)
        or node.get("isForCompensation") in ("true", "1")
        or xml.is_bpmn(node, "boundaryEvent")
    )


def definitions_of(event: etree._Element) -> list[etree._Element]:
    """Return an event's definitions, those by reference included (BPMN 2.0.2, 10.5.1)."""
    meant = (
        referred(child) if xml.is_bpmn(child, "eventDefinitionRef") else child for child in event
    )
    return [
        each for each in meant if each is not None and xml.local(each).endswith("EventDefinition")
    ]


def referred(reference: etree._Element) -> etree._Element | None:
    """Return what an ``eventDefinitionRef`` points at: a definition of the file."""
    wanted = xml.text_of(reference).rpartition(":")[2]
    root = reference.getroottree().getroot()
    return next((child for child in root if wanted and child.get("id") == wanted), None)


def name_all(scope: etree._Element, ids: Ids) -> None:
    """Flows and nodes may have no id by the schema; the runtime finds them by it."""
    for element in [*nodes_of(scope), *flows_of(scope)]:
        if not element.get("id"):
            stem = "flow" if xml.is_bpmn(element, "sequenceFlow") else "step"
            element.set("id", ids.new(f"unnamed_{stem}", None))


def join_links(scope: etree._Element, ids: Ids) -> None:
    """Turn link events into plain ones, and draw the flow that they stood for."""
    links = [(node, link_name(node)) for node in nodes_of(scope)]
    throws = [
        (node, name) for node, name in links if name and xml.is_bpmn(node, "intermediateThrowEvent")
    ]
    catches = {
        name: node for node, name in links if name and xml.is_bpmn(node, "intermediateCatchEvent")
    }
    for node, name in throws:
        if name in catches:
            add_flow(scope, ids, "link", node, catches[name], node.get("id"))
    for node in [*(node for node, _ in throws), *catches.values()]:
        node.tag = f"{{{xml.BPMN}}}intermediateThrowEvent"
        for definition in definitions_of(node):
            node.remove(definition)


def link_name(node: etree._Element) -> str | None:
    """Return the name that pairs a link event with its partner; None for other nodes."""
    for definition in definitions_of(node):
        if xml.is_bpmn(definition, "linkEventDefinition"):
            return definition.get("name") or node.get("name") or ""
    return None


def draw_starts(scope: etree._Element, ids: Ids) -> None:
    """Without a start event, every node that no flow enters starts at once (BPMN 10.5.2)."""
    nodes = nodes_of(scope)
    if xml.is_bpmn(scope, "adHocSubProcess"):
        return  # its steps begin when it says so, one after the other perhaps
    if any(xml.is_bpmn(node, "startEvent") for node in nodes):
        return
    entered = {flow.get("targetRef") for flow in flows_of(scope)}
    first = [
        node for node in nodes if node.get("id") not in entered and not is_outside_the_flow(node)
    ]
    if not first and (nodes or xml.is_bpmn(scope, "process")):
        return
    start = add_node(scope, ids, "startEvent", "implicit_start", None)
    for node in first:
        add_flow(scope, ids, "implicit_flow", start, node, None)


def draw_ends(scope: etree._Element, ids: Ids) -> None:
    """A node that no flow leaves ends its path, as if an end event stood behind it."""
    left = {flow.get("sourceRef") for flow in flows_of(scope)}
    for node in nodes_of(scope):
        ends_here = node.get("id") not in left and not xml.is_bpmn(node, "endEvent")
        if ends_here and (not is_outside_the_flow(node) or xml.is_bpmn(node, "boundaryEvent")):
            end = add_node(scope, ids, "endEvent", "implicit_end", None)
            add_flow(scope, ids, "implicit_flow", node, end, None)


def draw_splits(scope: etree._Element, ids: Ids) -> None:
    """Draw the gateway that several or conditional flows out of a step or event stand for."""
    leaving = defaultdict(list)
    for flow in flows_of(scope):
        leaving[flow.get("sourceRef")].append(flow)
    for node in nodes_of(scope):
        flows = leaving[node.get("id")]
        conditional = [flow for flow in flows if condition_of(flow) is not None]
        if xml.local(node) not in GATEWAYS and (len(flows) > 1 or conditional):
            draw_split(scope, ids, node, flows)


def draw_split(
    scope: etree._Element, ids: Ids, node: etree._Element, flows: list[etree._Element]
) -> None:
    """Unconditional flows are all taken, conditional ones when true, the default if none is.

    Source: BPMN 13.3.2 (activities: inclusive split), 8.4.13 (default flow).
    """
    default = next((flow for flow in flows if flow.get("id") == node.get("default")), None)
    conditional = [flow for flow in flows if flow is not default and condition_of(flow) is not None]
    plain = [flow for flow in flows if flow is not default and condition_of(flow) is None]
    kind = "inclusiveGateway" if conditional else "parallelGateway"
    gateway = add_node(scope, ids, kind, "implicit_split", node.get("id"))
    node.attrib.pop("default", "")
    if conditional and default is not None and plain:
        # an unconditional flow always leaves, so the gateway's own default would never be taken
        none_of_them = " or ".join(f"((\n{condition_of(flow)}\n) = true)" for flow in conditional)
        set_condition(default, f"not({none_of_them})")  # on lines of their own: comments end
    elif conditional and default is not None:
        gateway.set("default", default.get("id") or "")
    for flow in plain if conditional else []:
        set_condition(flow, "true")
    for flow in flows:
        flow.set("sourceRef", gateway.get("id") or "")
    add_flow(scope, ids, "implicit_flow", node, gateway, node.get("id"))


def list_flows_on_nodes(scope: etree._Element) -> None:
    """Write incoming and outgoing anew: authors' lists may be missing, stale or both."""
    entering, leaving = defaultdict(list), defaultdict(list)
    for flow in flows_of(scope):
        entering[flow.get("targetRef")].append(flow.get("id") or "")
        leaving[flow.get("sourceRef")].append(flow.get("id") or "")
    for node in nodes_of(scope):
        for stale in list(xml.bpmn_children(node, "incoming", "outgoing")):
            node.remove(stale)
        at = sum(1 for _ in xml.bpmn_children(node, "documentation", "extensionElements"))
        listed = [("incoming", flow) for flow in entering[node.get("id")]]
        listed += [("outgoing", flow) for flow in leaving[node.get("id")]]
        for offset, (name, flow_id) in enumerate(listed):
            reference = node.makeelement(f"{{{xml.BPMN}}}{name}")
            reference.text = flow_id
            node.insert(at + offset, reference)


# -- small pieces -----------------------------------------------------------------------------


def condition_of(flow: etree._Element) -> str | None:
    """Return the condition's text; None for a flow without one (an empty one is none)."""
    return xml.child_text(flow, "conditionExpression") or None


def set_condition(flow: etree._Element, text: str) -> None:
    condition = next(xml.bpmn_children(flow, "conditionExpression"), None)
    if condition is None:
        condition = etree.SubElement(flow, f"{{{xml.BPMN}}}conditionExpression")
        condition.set(f"{{{xml.XSI}}}type", "tFormalExpression")
    condition.text = text


def add_node(
    scope: etree._Element, ids: Ids, kind: str, stem: str, author_id: str | None
) -> etree._Element:
    node = etree.SubElement(scope, f"{{{xml.BPMN}}}{kind}")
    node.set("id", ids.new(stem, author_id))
    return node


def add_flow(
    scope: etree._Element,
    ids: Ids,
    stem: str,
    source: etree._Element,
    target: etree._Element,
    author_id: str | None,
) -> None:
    flow = etree.SubElement(scope, f"{{{xml.BPMN}}}sequenceFlow")
    flow.set("id", ids.new(stem, author_id))
    flow.set("sourceRef", source.get("id") or "")
    flow.set("targetRef", target.get("id") or "")
