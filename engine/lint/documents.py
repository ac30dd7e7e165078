"""What makes a file readable at all: steps, ids, visible characters."""

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.normalise.flows import nodes_of

DATA_ITEMS = ("inputDataItem", "outputDataItem")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    yield from no_steps(diagram)
    yield from duplicate_ids(diagram)
    yield from process_ids(diagram, release)
    for element in xml.bpmn_descendants(diagram.root):
        yield from characters(diagram, element)


def no_steps(diagram: Diagram) -> Iterator[Finding]:
    """A file without a process, or with none that has steps, would run as nothing at all."""
    processes = list(xml.bpmn_children(diagram.root, "process"))
    if not processes:
        yield diagram.refused(
            "no_process",
            diagram.root,
            f"The file '{diagram.file}' has no process in it.",
            "Draw a process, or leave the file out of the release.",
        )
    elif not any(nodes_of(process) for process in processes):
        yield diagram.refused(
            "no_steps",
            processes[0],
            f"The process {xml.label(processes[0])} has no steps.",
            "Draw at least one step, or leave the file out of the release.",
        )


def duplicate_ids(diagram: Diagram) -> Iterator[Finding]:
    """Ids are unique in a file, layout included: an editor would lose one of the two.

    In other tools' extensions an ``id`` may be a plain name, as that of a parameter.
    """
    holders: dict[str, list[etree._Element]] = defaultdict(list)
    for element in diagram.root.iter(f"{{{xml.BPMN}}}*", f"{{{xml.BPMNDI}}}*"):
        if element.get("id"):
            holders[element.get("id") or ""].append(element)
    for element_id, elements in holders.items():
        if len(elements) > 1 and any(xml.is_bpmn(element) for element in elements):
            # the id of a data item is the name of a variable, and two steps may use the same
            names_only = all(xml.is_bpmn(element, *DATA_ITEMS) for element in elements)
            say = diagram.warning if names_only else diagram.refused
            lines = ", ".join(str(xml.line(element)) for element in elements)
            count = "Two" if len(elements) == 2 else str(len(elements))
            yield say(
                "duplicate_id",
                elements[-1],
                f"{count} elements have the id '{element_id}' (lines {lines}).",
                "Give each of them an id of its own.",
            )


def process_ids(diagram: Diagram, release: Release) -> Iterator[Finding]:
    """A process is started and called by its id, so it needs one that nobody else has."""
    for process in xml.bpmn_children(diagram.root, "process"):
        process_id = process.get("id")
        if diagram.is_left_out(process):
            continue
        if not process_id:
            yield diagram.refused(
                "process_without_id",
                process,
                f"The process on line {xml.line(process)} has no id.",
                "Give it one; it is started and called by it.",
            )
            continue
        first, _ = release.processes[process_id]
        if first is not diagram:
            yield diagram.refused(
                "duplicate_process",
                process,
                f"The files '{first.file}' and '{diagram.file}' both have a process with the id "
                f"'{process_id}'.",
                "Rename one of the two.",
            )


def characters(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    """What cannot be seen cannot be reviewed."""
    for attribute in ("id", "name"):
        text = element.get(attribute) or ""
        hidden = xml.hidden_characters(text)
        if hidden:
            yield diagram.refused(
                "hidden_characters",
                element,
                f"The {attribute} of a {xml.local(element)} on line {xml.line(element)} has "
                f"characters that nobody can see: {', '.join(hidden)}.",
                "Type it again by hand.",
            )
        if len(text) > xml.MAX_NAME:
            yield diagram.refused(
                "long_name",
                element,
                f"The {attribute} of a {xml.local(element)} on line {xml.line(element)} has "
                f"{len(text)} characters; {xml.MAX_NAME} are allowed.",
                "Move the text into the documentation of the element.",
            )
    yield from look_alikes(diagram, element)


def look_alikes(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    element_id = element.get("id")
    if element_id and xml.mixes_scripts(element_id):
        yield diagram.refused(
            "mixed_alphabets",
            element,
            f"The id '{element_id}' mixes letters of several alphabets that look alike.",
            "Type it again with plain letters a to z.",
        )
    elif element_id is not None and not is_xml_id(element_id):
        yield diagram.refused(
            "not_an_id",
            element,
            f"'{element_id}' cannot be an id.",
            "An id begins with a letter or '_' and has letters, digits, '-', '_' and '.' only.",
        )


def is_xml_id(text: str) -> bool:
    """Say whether the text is an NCName, near enough: letters of any alphabet count as letters."""
    return (
        bool(text)
        and (text[0] == "_" or text[0].isalpha())
        and all(character.isalnum() or character in "_-." for character in text)
    )
