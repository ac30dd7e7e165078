"""Pools, message flows and data specifications: only drawn, but drawn by the standard's rules.

Source: BPMN 2.0.2 (formal/13-12-09) 9.2, 9.3 (message flows), 10.3.1 (input and output sets).
"""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.normalise.flows import definitions_of


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for flow in xml.bpmn_descendants(diagram.root, "messageFlow"):
        ends = [
            diagram.by_id.get((flow.get(end) or "").rpartition(":")[2])
            for end in ("sourceRef", "targetRef")
        ]
        source, target = ends
        if source is not None and target is not None:
            yield from message_flow(diagram, flow, source, target)
    for multiplicity in xml.bpmn_descendants(diagram.root, "participantMultiplicity"):
        yield from how_many(diagram, multiplicity)
    yield from unused_data(diagram, "dataInput", "inputSet", "dataInputRefs")
    yield from unused_data(diagram, "dataOutput", "outputSet", "dataOutputRefs")


def message_flow(
    diagram: Diagram, flow: etree._Element, source: etree._Element, target: etree._Element
) -> Iterator[Finding]:
    if pool_of(diagram, source) == pool_of(diagram, target):
        yield diagram.refused(
            "message_flow",
            flow,
            f"Message flow {xml.label(flow)} connects {xml.label(source)} and "
            f"{xml.label(target)}, which lie in one pool.",
            "Use a sequence flow within a pool, and message flows between pools.",
        )
    wrong = [
        (source, "sends", ("startEvent", "intermediateCatchEvent", "boundaryEvent")),
        (target, "receives", ("endEvent", "intermediateThrowEvent")),
    ]
    for end, verb, kinds in wrong:
        if xml.is_bpmn(end, *kinds):
            yield diagram.refused(
                "message_flow",
                flow,
                f"Message flow {xml.label(flow)} has {xml.label(end)} at its end, but "
                f"{article(end)} {xml.local(end)} never {verb} a message.",
                "Connect it to an event or task that does.",
            )
    for end, kinds in ((source, ("endEvent",)), (target, ("startEvent",))):
        if xml.is_bpmn(end, *kinds) and not speaks_of_message(end):
            yield diagram.refused(
                "message_flow",
                flow,
                f"Message flow {xml.label(flow)} is connected to {xml.label(end)}, which is no "
                "message event.",
                "Make it a message event.",
            )


def article(element: etree._Element) -> str:
    return "an" if xml.local(element)[0] in "aeiou" else "a"


def speaks_of_message(event: etree._Element) -> bool:
    references = any(True for _ in xml.bpmn_children(event, "eventDefinitionRef"))
    return references or any(
        xml.is_bpmn(part, "messageEventDefinition") for part in definitions_of(event)
    )


def pool_of(diagram: Diagram, element: etree._Element) -> str:
    """Return the process that a pool or a step belongs to; a black box is a pool of its own."""
    if xml.is_bpmn(element, "participant"):
        return (element.get("processRef") or "").rpartition(":")[2] or f"pool {element.get('id')}"
    for around in element.iterancestors(f"{{{xml.BPMN}}}process"):
        return around.get("id") or "process"
    return f"element {element.get('id')}"


def how_many(diagram: Diagram, multiplicity: etree._Element) -> Iterator[Finding]:
    """A pool stands for at least as many participants as its smallest number says."""
    numbers = {}
    for name, default in (("minimum", 0), ("maximum", 1)):
        text = (multiplicity.get(name) or str(default)).strip()
        try:
            numbers[name] = int(text)
        except ValueError:
            return  # the schema says so
    pool = multiplicity.getparent()
    if pool is not None and not 0 <= numbers["minimum"] <= max(numbers["maximum"], 0):
        yield diagram.refused(
            "pool_multiplicity",
            pool,
            f"Pool {xml.label(pool)} stands for {numbers['minimum']} to {numbers['maximum']} "
            "participants.",
            "Correct the numbers.",
        )


def unused_data(diagram: Diagram, kind: str, holder: str, reference: str) -> Iterator[Finding]:
    """Every data input and output belongs to a set, or it would never be read or written."""
    used = {xml.text_of(ref) for ref in xml.bpmn_descendants(diagram.root, reference)}
    for data in xml.bpmn_descendants(diagram.root, kind):
        specification = data.getparent()
        inside = specification is not None and xml.is_bpmn(specification, "ioSpecification")
        if inside and data.get("id") not in used:
            yield diagram.refused(
                "unused_data",
                data,
                f"The {kind} {xml.label(data)} is in no {holder}.",
                f"List it in {'an' if holder[0] in 'aeiou' else 'a'} {holder}.",
            )
