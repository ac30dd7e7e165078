"""Events: which kind may stand where, and what each must say.

Source: BPMN 2.0.2 (formal/13-12-09) 10.5, tables 10.83 to 10.93.
"""

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint import support
from engine.lint.model import Diagram, Node, Release, Scope
from engine.lint.support import How, Place
from engine.normalise.flows import link_name

NEEDS_CODE = (Place.THROW, Place.END)
THROWS = {"error": "errorRef", "escalation": "escalationRef"}


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for scope in diagram.drawn:
        for node in scope.nodes.values():
            if node.kind in PLACES:
                place = place_of(scope, node)
                yield from allowed_here(diagram, node, place)
                yield from says_what(diagram, node, place)
                yield from unattended(diagram, node, place)
        for node in scope.of_kind("sendTask", "receiveTask"):
            operator = xml.extension(node.element, "serviceTaskOperator")
            if operator is None and not node.element.get("messageRef"):
                yield from unnamed(diagram, node, "message")
        yield from boundary_flows(diagram, scope)
        yield from links(diagram, scope)


PLACES = {
    "startEvent": Place.START,
    "intermediateCatchEvent": Place.CATCH,
    "intermediateThrowEvent": Place.THROW,
    "boundaryEvent": Place.BOUNDARY,
    "endEvent": Place.END,
}


def place_of(scope: Scope, node: Node) -> Place:
    place = PLACES[node.kind]
    if node.kind == "boundaryEvent" and node.element.get("cancelActivity") in ("false", "0"):
        return Place.BOUNDARY_NON_INTERRUPTING
    if node.kind == "startEvent" and scope.is_event_subprocess:
        if node.element.get("isInterrupting") in ("false", "0"):
            return Place.EVENT_SUBPROCESS_NON_INTERRUPTING
        return Place.EVENT_SUBPROCESS
    if node.kind == "startEvent" and not scope.is_process:
        return Place.SUBPROCESS_START
    return place


def triggers(diagram: Diagram, node: Node) -> list[str]:
    """Return the kinds of an event's definitions, those by reference included."""
    return [xml.local(each).removesuffix("EventDefinition") for each in node.definitions]


def kind_of(diagram: Diagram, node: Node) -> str:
    kinds = triggers(diagram, node)
    if len(kinds) > 1:
        several = node.element.get("parallelMultiple") in ("true", "1")
        return "parallel multiple" if several else "multiple"
    return kinds[0] if kinds else "none"


def allowed_here(diagram: Diagram, node: Node, place: Place) -> Iterator[Finding]:
    for kind in dict.fromkeys([kind_of(diagram, node), *triggers(diagram, node)]):
        treated = support.event(place, kind)
        if treated.how is How.ILLEGAL:
            yield diagram.refused(
                "event_out_of_place",
                node.element,
                f"{node.label} is {treated.what}. {treated.why}",
                treated.remedy,
            )
        elif treated.how is How.REFUSED:
            yield diagram.refused(
                "unsupported",
                node.element,
                f"{node.label} is {treated.what}. {treated.why}",
                treated.remedy,
            )


def says_what(diagram: Diagram, node: Node, place: Place) -> Iterator[Finding]:
    """An event names its message, signal, error, escalation or condition."""
    for definition in node.definitions:
        kind = xml.local(definition).removesuffix("EventDefinition")
        if kind in ("message", "signal") and not definition.get(f"{kind}Ref"):
            yield from unnamed(diagram, node, kind)
        elif kind in THROWS and place in NEEDS_CODE:
            yield from thrown_code(diagram, node, definition, kind)
        elif kind == "conditional" and not xml.child_text(definition, "condition"):
            yield diagram.refused(
                "no_condition",
                node.element,
                f"{node.label} waits for a condition, but has none.",
                "Write the condition in FEEL.",
            )


def unattended(diagram: Diagram, node: Node, place: Place) -> Iterator[Finding]:
    """A process is started by people and messages; nothing watches clocks and conditions for it."""
    for kind, by in (("timer", "a timer"), ("conditional", "a condition")):
        if place is Place.START and kind in triggers(diagram, node):
            yield diagram.unsafe(
                "unattended_start",
                node.element,
                f"{node.label} would start the process by {by}, which a rehearsal does when "
                "told to and the product does not do by itself.",
                "Start the process by a message.",
            )


def unnamed(diagram: Diagram, node: Node, kind: str) -> Iterator[Finding]:
    if node.name:
        yield diagram.unsafe(
            "unnamed_message",
            node.element,
            f"{node.label} does not say which {kind} it means; its own name is taken for it.",
            f"Choose the {kind}.",
        )
    else:
        yield diagram.refused(
            "unnamed_message",
            node.element,
            f"{node.label} does not say which {kind} it means.",
            f"Choose the {kind}.",
        )


def thrown_code(
    diagram: Diagram, node: Node, definition: etree._Element, kind: str
) -> Iterator[Finding]:
    """What is thrown carries a code; only a catcher may leave it open (10.5.5).

    An error without one is known by its name, which two people may spell differently; an
    escalation without one has no meaning by the standard.
    """
    say = diagram.unsafe if kind == "error" else diagram.refused
    reference = definition.get(THROWS[kind])
    if not reference:
        yield say(
            "no_code",
            node.element,
            f"{node.label} throws an {kind}, but does not say which.",
            f"Choose the {kind}.",
        )
        return
    target = diagram.by_id.get(reference.rpartition(":")[2])
    if target is not None and not target.get(f"{kind}Code"):
        yield say(
            "no_code",
            node.element,
            f"{node.label} throws the {kind} {xml.label(target)}, which has no code.",
            f"Give the {kind} a code.",
        )


def boundary_flows(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    for node in scope.of_kind("boundaryEvent"):
        attached = node.element.get("attachedToRef") or ""
        host = diagram.by_id.get(attached.rpartition(":")[2])
        compensates = "compensate" in triggers(diagram, node)
        if not compensates and not scope.outgoing[node.id]:
            yield diagram.refused(
                "boundary_without_flow",
                node.element,
                f"Nothing follows the boundary event {node.label}.",
                "Draw the flow that is taken when it happens.",
            )
        if compensates and scope.outgoing[node.id]:
            yield diagram.refused(
                "compensation_flow",
                node.element,
                f"{node.label} is a compensation event; no flow may leave it.",
                "Connect it to the step that undoes the work by an association.",
            )
        if host is not None and host.get("id") not in scope.nodes:
            yield diagram.refused(
                "distant_boundary",
                node.element,
                f"The boundary event {node.label} is attached to {xml.label(host)}, which lies on "
                "another level.",
                "Draw both on the same level.",
            )


def links(diagram: Diagram, scope: Scope) -> Iterator[Finding]:
    """Links pair by name on one level: many throws, one catch."""
    throws: dict[str, list[Node]] = defaultdict(list)
    catches: dict[str, list[Node]] = defaultdict(list)
    for node in scope.nodes.values():
        name = link_name(node.element)
        if name is not None:
            side = throws if node.kind == "intermediateThrowEvent" else catches
            side[name].append(node)
            yield from link_flows(diagram, scope, node, throwing=side is throws)
    yield from link_partners(diagram, throws, catches)


def link_partners(
    diagram: Diagram, throws: dict[str, list[Node]], catches: dict[str, list[Node]]
) -> Iterator[Finding]:
    for name, nodes in throws.items():
        if name not in catches:
            yield diagram.refused(
                "link_without_partner",
                nodes[0].element,
                f"Link {nodes[0].label} leads to '{name}', which is not caught on this level.",
                "Draw a link catch event of the same name on the same level.",
            )
    for name, nodes in catches.items():
        if name not in throws:
            yield diagram.refused(
                "link_without_partner",
                nodes[0].element,
                f"Nothing on this level leads to the link {nodes[0].label}.",
                "Draw a link throw event of the same name, or remove it.",
            )
        if len(nodes) > 1:
            yield diagram.refused(
                "several_link_targets",
                nodes[1].element,
                f"The link '{name}' is caught by {nodes[0].label} and {nodes[1].label}; it can "
                "lead to one of them only.",
                "Rename one of the two.",
            )


def link_flows(diagram: Diagram, scope: Scope, node: Node, *, throwing: bool) -> Iterator[Finding]:
    flows = scope.outgoing[node.id] if throwing else scope.incoming[node.id]
    if flows:
        yield diagram.refused(
            "link_flow",
            node.element,
            f"A flow {'leaves' if throwing else 'leads into'} the link {node.label}, which "
            f"{'leads' if throwing else 'is reached'} by its name.",
            "Remove the flow, or the link.",
        )
