"""Elements and attributes that are not carried out, by the table in `engine/lint/support.py`."""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.schema import schema
from engine.lint.support import ELEMENTS, EVENT_DEFINITIONS, How
from engine.normalise.flows import flows_of

MOST_TOKENS = 100
COMPENSATE = "##Compensate"


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for element in xml.bpmn_descendants(diagram.root):
        if diagram.is_left_out(element):
            continue
        yield from unsupported_element(diagram, element)
        yield from quantities(diagram, element)
        yield from instantiation(diagram, element)
        yield from subprocess_data(diagram, element)
        yield from protocol(diagram, element)


def unsupported_element(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    tag = xml.local(element)
    treated = ELEMENTS.get(tag)
    if treated is None:
        heads = {schema().heads.get(tag)}
        if heads & {"flowElement", "rootElement"} and tag not in EVENT_DEFINITIONS:
            yield diagram.refused(
                "unsupported",
                element,
                f"{xml.label(element)} is of the kind {tag}, which is not carried out.",
                "Use another element.",
            )
    elif treated.how is How.REFUSED:
        yield diagram.refused(
            "unsupported",
            element,
            f"{xml.label(element)} is {treated.what}. {treated.why}",
            treated.remedy,
        )


def quantities(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """Source: BPMN 2.0.2, table 10.3: at least one token starts an activity and one is given."""
    for attribute in ("startQuantity", "completionQuantity"):
        value = (element.get(attribute) or "1").strip().lstrip("+")
        if not value.isdigit() or not 1 <= int(value) <= MOST_TOKENS:
            yield diagram.refused(
                "quantity",
                element,
                f'{xml.label(element)} has {attribute}="{value}"; 1 to {MOST_TOKENS} make sense.',
                "Use a multi-instance activity, or a gateway that splits.",
            )


def instantiation(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """A receive task may begin a process if nothing leads to it; an event gateway may not yet."""
    if element.get("instantiate") not in ("true", "1"):
        return
    level = element.getparent()
    if level is None or not xml.is_bpmn(element, "receiveTask", "eventBasedGateway"):
        return
    entered = any(flow.get("targetRef") == element.get("id") for flow in flows_of(level))
    inside = not xml.is_bpmn(level, "process")
    if xml.is_bpmn(element, "eventBasedGateway") or entered or inside:
        yield diagram.refused(
            "unsupported",
            element,
            f"{xml.label(element)} would start the process by itself, which is not carried out.",
            "Draw a message start event before it, one for each message.",
        )


def protocol(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """Source: BPMN 2.0.2 10.3.5 (a transaction's method) and 10.6.6 (an event gateway's type: only

    one that starts a process waits for all of its events).
    """
    method = element.get("method") or COMPENSATE
    if xml.is_bpmn(element, "transaction") and method.lower() != COMPENSATE.lower():
        yield diagram.refused(
            "transaction_method",
            element,
            f"{xml.label(element)} would be taken back by '{method}'; only compensation undoes.",
            f'Write method="{COMPENSATE}", and draw what undoes each step.',
        )
    if xml.is_bpmn(element, "eventBasedGateway") and element.get("eventGatewayType") == "Parallel":
        yield diagram.refused(
            "parallel_event_gateway",
            element,
            f"{xml.label(element)} would wait for all of its events, which BPMN allows only where "
            "they start a process.",
            "Draw a parallel gateway, with the events behind it.",
        )


def subprocess_data(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """Source: BPMN 2.0.2 10.3.1: an embedded subprocess has no inputs and outputs of its own,

    save for those that its multi-instance characteristics go through.
    """
    parent = element.getparent()
    if not xml.is_bpmn(element, "ioSpecification") or parent is None:
        return
    repeated = any(True for _ in xml.bpmn_children(parent, "multiInstanceLoopCharacteristics"))
    if xml.is_bpmn(parent, "subProcess", "transaction", "adHocSubProcess") and not repeated:
        yield diagram.refused(
            "subprocess_data",
            parent,
            f"The subprocess {xml.label(parent)} has an input and output specification; "
            "a subprocess sees the data of its process.",
            "Remove it, or call a process of its own.",
        )
