"""References: every id that an element names exists, and is of the right kind.

Source: BPMN 2.0.2 class diagrams; a wrong reference is legal for the schema, which knows only that
an id must exist, and not even that for the many references typed as qualified names.
"""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.support import EVENT_DEFINITIONS
from engine.lint.words import a
from engine.normalise.flows import ACTIVITIES, EVENTS, FLOW_NODES

ITEM = ("itemDefinition",)
DATA = (
    "dataObject",
    "dataObjectReference",
    "dataInput",
    "dataOutput",
    "property",
    "dataStore",
    "dataStoreReference",
)
INTERACTION = (*ACTIVITIES, *EVENTS, "participant", "callConversation", "conversation")
# (element, attribute) -> what it may point at, and what an author calls that.
# An element of "*" is any; an attribute of "" is the element's own text.
REFERENCES: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("sequenceFlow", "sourceRef"): (tuple(FLOW_NODES), "step"),
    ("sequenceFlow", "targetRef"): (tuple(FLOW_NODES), "step"),
    ("boundaryEvent", "attachedToRef"): (tuple(ACTIVITIES), "activity"),
    ("*", "default"): (("sequenceFlow",), "flow"),
    ("*", "messageRef"): (("message",), "message"),
    ("*", "signalRef"): (("signal",), "signal"),
    ("*", "errorRef"): (("error",), "error"),
    ("*", "escalationRef"): (("escalation",), "escalation"),
    ("compensateEventDefinition", "activityRef"): (tuple(ACTIVITIES), "activity"),
    ("eventDefinitionRef", ""): (EVENT_DEFINITIONS, "event definition"),
    ("participant", "processRef"): (("process",), "process"),
    ("dataObjectReference", "dataObjectRef"): (("dataObject",), "data object"),
    ("dataStoreReference", "dataStoreRef"): (("dataStore",), "data store"),
    ("*", "itemSubjectRef"): (ITEM, "item definition"),
    ("message", "itemRef"): (ITEM, "item definition"),
    ("signal", "structureRef"): (ITEM, "item definition"),
    ("error", "structureRef"): (ITEM, "item definition"),
    ("escalation", "structureRef"): (ITEM, "item definition"),
    ("*", "operationRef"): (("operation",), "operation"),
    ("flowNodeRef", ""): (tuple(FLOW_NODES), "step"),
    ("messageFlow", "sourceRef"): (INTERACTION, "pool or step"),
    ("messageFlow", "targetRef"): (INTERACTION, "pool or step"),
    ("dataInputRefs", ""): (("dataInput",), "data input"),
    ("dataOutputRefs", ""): (("dataOutput",), "data output"),
    ("optionalInputRefs", ""): (("dataInput",), "data input"),
    ("optionalOutputRefs", ""): (("dataOutput",), "data output"),
    ("whileExecutingInputRefs", ""): (("dataInput",), "data input"),
    ("whileExecutingOutputRefs", ""): (("dataOutput",), "data output"),
    ("inputSetRefs", ""): (("inputSet",), "input set"),
    ("outputSetRefs", ""): (("outputSet",), "output set"),
    ("correlationPropertyRef", ""): (("correlationProperty",), "correlation property"),
    ("correlationPropertyBinding", "correlationPropertyRef"): (
        ("correlationProperty",),
        "correlation property",
    ),
    ("correlationSubscription", "correlationKeyRef"): (("correlationKey",), "correlation key"),
    ("inMessageRef", ""): (("message",), "message"),
    ("outMessageRef", ""): (("message",), "message"),
}

# Ends of data associations: a missing one is dropped by the XML pass, a wrong one is not.
DATA_ENDS = ("dataInputAssociation", "dataOutputAssociation")
# Only drawn: a broken end of these is a warning.
DRAWN = ("association",)
# What is missing here changes nothing that is executed; modellers leave such ends behind.
HARMLESS = (("flowNodeRef", ""), ("dataStoreReference", "dataStoreRef"))


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for element in xml.bpmn_descendants(diagram.root):
        for attribute, value in values_of(element):
            allowed, word = REFERENCES.get(
                (xml.local(element), attribute), REFERENCES.get(("*", attribute), ((), ""))
            )
            if allowed:
                yield from broken(diagram, element, attribute, value, allowed, word)
        if xml.is_bpmn(element, *DATA_ENDS):
            yield from wrong_data_ends(diagram, element)
        if xml.is_bpmn(element, *DRAWN):
            yield from loose_ends(diagram, element)
        yield from stale_lists(diagram, element)


def values_of(element: etree._Element) -> list[tuple[str, str]]:
    """Return (attribute, value) of an element; its text has the attribute ''."""
    found = [(str(name), str(value)) for name, value in element.attrib.items()]
    if not len(element) and (element.text or "").strip():
        found.append(("", (element.text or "").strip()))
    return found


def resolve(diagram: Diagram, reference: str) -> etree._Element | None:
    """Return what a reference names; ``tns:message_1`` may stand for ``message_1``."""
    found = diagram.by_id.get(reference)
    if found is None and ":" in reference:
        found = diagram.by_id.get(reference.partition(":")[2])
    return found


def broken(
    diagram: Diagram,
    element: etree._Element,
    attribute: str,
    value: str,
    allowed: tuple[str, ...],
    word: str,
) -> Iterator[Finding]:
    target = resolve(diagram, value)
    if target is not None and xml.is_bpmn(target, *allowed):
        return
    subject = subject_of(element)
    problem = "does not exist" if target is None else f"is {a(xml.local(target))}, not {a(word)}"
    if xml.is_bpmn(element, "sequenceFlow"):
        verb = "begins" if attribute == "sourceRef" else "ends"
        yield diagram.refused(
            "flow_end",
            element,
            f"Flow {xml.label(element)} {verb} at '{value}', which {problem}.",
            "Connect the flow to a step, or remove it.",
        )
        return
    harmless = target is None and (xml.local(element), attribute) in HARMLESS
    say = diagram.warning if harmless else diagram.refused
    yield say(
        "unknown_reference" if target is None else "wrong_reference",
        subject,
        f"{xml.label(subject)} refers to {word} '{value}', which {problem}.",
        f"Choose {a(word)} that exists, or remove the reference.",
    )


def subject_of(element: etree._Element) -> etree._Element:
    """Return the element that the author sees: the event, not the definition inside it."""
    subject = element
    while subject.getparent() is not None and (
        not subject.get("id") or xml.local(subject).endswith(("EventDefinition", "Set"))
    ):
        parent = subject.getparent()
        if parent is None or xml.is_bpmn(parent, "definitions"):
            break
        subject = parent
    return subject


def wrong_data_ends(diagram: Diagram, association: etree._Element) -> Iterator[Finding]:
    for end in xml.bpmn_children(association, "sourceRef", "targetRef"):
        target = resolve(diagram, xml.text_of(end))
        if target is not None and not xml.is_bpmn(target, *DATA):
            subject = subject_of(association)
            step = association.getparent()
            subject = subject if step is None else step
            yield diagram.refused(
                "wrong_reference",
                subject,
                f"A data association of {xml.label(subject)} points at '{xml.text_of(end)}', "
                f"which is {a(xml.local(target))}, not data.",
                "Connect it to a data object, or remove it.",
            )


def loose_ends(diagram: Diagram, association: etree._Element) -> Iterator[Finding]:
    for attribute in ("sourceRef", "targetRef"):
        value = association.get(attribute)
        if value and resolve(diagram, value) is None:
            yield diagram.warning(
                "loose_end",
                association,
                f"The association {xml.label(association)} points at '{value}', which does not "
                "exist.",
                "Remove the association.",
            )


def stale_lists(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """Steps list their flows a second time; a flow that is only listed is not drawn."""
    if not xml.is_bpmn(element, "incoming", "outgoing"):
        return
    step = element.getparent()
    flow = resolve(diagram, xml.text_of(element))
    if step is None or (flow is not None and not xml.is_bpmn(flow, "sequenceFlow")):
        return
    end = "targetRef" if xml.is_bpmn(element, "incoming") else "sourceRef"
    if flow is None or (flow.get(end) or "").rpartition(":")[2] != step.get("id"):
        yield diagram.warning(
            "stale_flow_list",
            step,
            f"{xml.label(step)} lists the flow '{xml.text_of(element)}', which "
            + ("does not exist." if flow is None else "is not connected to it."),
            "Remove the entry, or draw the flow.",
        )
