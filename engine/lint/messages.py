"""Messages and signals that nobody in the release receives, or nobody sends."""

from collections.abc import Collection, Iterator

from lxml import etree

from engine import xml
from engine.checked import Definitions
from engine.findings import Finding
from engine.lint.extra import ExtraCheck, diagrams_of
from engine.lint.model import Diagram, Release
from engine.lint.words import meant

THROWERS = ("intermediateThrowEvent", "endEvent", "sendTask")
MEANWHILE = {"message": "it waits for a person", "signal": "nobody hears it"}
CATCHERS = ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    """Nothing is lost: such a message lies in the inbox as work for a person."""
    caught = {
        (kind, name) for other in release.diagrams for _, kind, name in spoken_of(other, CATCHERS)
    }
    for element, kind, name in spoken_of(diagram, THROWERS):
        if (kind, name) not in caught:
            known = [other for other_kind, other in caught if other_kind == kind]
            yield diagram.warning(
                "no_receiver",
                element,
                f"{xml.label(element)} sends the {kind} '{' '.join(name.split())}', which nothing "
                f"in this release receives{meant(name, known, 85)}",
                f"Add the process that receives it; until then {MEANWHILE[kind]}.",
            )


def senders(from_elsewhere: Collection[str]) -> ExtraCheck:
    """Return an extra check: what is waited for is sent by a process, or from elsewhere.

    ``from_elsewhere`` are the messages and signals that pages, programmes and the engine send.
    """

    def check_senders(definitions: Definitions) -> Iterator[Finding]:
        diagrams = diagrams_of(definitions)
        thrown = {
            (kind, name) for diagram in diagrams for _, kind, name in spoken_of(diagram, THROWERS)
        }
        for diagram in diagrams:
            for element, kind, name in spoken_of(diagram, CATCHERS):
                if (kind, name) in thrown or name in from_elsewhere:
                    continue
                known = {other for other_kind, other in thrown if other_kind == kind}
                near = meant(name, known | set(from_elsewhere), 85)
                yield diagram.warning(
                    "no_sender",
                    element,
                    f"{xml.label_of(element, diagram.author_id(element))} waits for the {kind} "
                    f"'{name}', which nobody sends{near}",
                    "Add what sends it; until then the way behind it is never taken.",
                )

    return check_senders


def spoken_of(
    diagram: Diagram, places: tuple[str, ...]
) -> Iterator[tuple[etree._Element, str, str]]:
    """Yield (element, "message" or "signal", name) of what these elements throw or catch."""
    for element in xml.bpmn_descendants(diagram.root, *places):
        if diagram.is_left_out(element):
            continue
        if xml.is_bpmn(element, "sendTask", "receiveTask"):
            if xml.extension(element, "serviceTaskOperator") is None:
                yield element, "message", name_of(diagram, element, element.get("messageRef"))
            continue
        for definition in definitions(diagram, element):
            kind = xml.local(definition).removesuffix("EventDefinition")
            if kind in ("message", "signal"):
                name = name_of(diagram, element, definition.get(f"{kind}Ref"))
                yield element, kind, name


def definitions(diagram: Diagram, event: etree._Element) -> Iterator[etree._Element]:
    for child in event:
        if xml.is_bpmn(child, "eventDefinitionRef"):
            target = diagram.by_id.get(xml.text_of(child).rpartition(":")[2])
            if target is not None:
                yield target
        elif xml.local(child).endswith("EventDefinition"):
            yield child


def name_of(diagram: Diagram, event: etree._Element, reference: str | None) -> str:
    target = diagram.by_id.get((reference or "").rpartition(":")[2])
    named = event if target is None else target
    return named.get("name") or named.get("id") or ""
