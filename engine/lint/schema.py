"""The OMG schema, as facts about elements: what each may hold, and which attributes it has.

The schema that SpiffWorkflow ships is read once. A validator of XML stops at the first surprise in
each element and insists on an order that means nothing; an author wants every surprise in words.
So order is not checked, and foreign namespaces are left alone, as the schema has it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.words import meant

XSD = "{http://www.w3.org/2001/XMLSchema}"
VALUES = {
    "xsd:boolean": (re.compile(r"\s*(true|false|1|0)\s*"), "true or false"),
    "xsd:integer": (re.compile(r"\s*[+-]?\d+\s*"), "a whole number"),
    "xsd:int": (re.compile(r"\s*[+-]?\d{1,10}\s*"), "a whole number"),
}
# Written by hand without harm: a namespace of the file's own, which nothing refers to.
FORGIVEN = {("definitions", "targetNamespace")}


@dataclass
class Type:
    """A complex type: attribute -> (type, required); child -> (least, most, local type)."""

    base: str | None = None
    attributes: dict[str, tuple[str, bool]] = field(default_factory=dict)
    children: dict[str, tuple[int, int | None, str | None]] = field(default_factory=dict)
    is_open: bool = False  # takes any element


@dataclass
class Schema:
    types: dict[str, Type] = field(default_factory=dict)
    elements: dict[str, str] = field(default_factory=dict)  # global element -> type
    heads: dict[str, str] = field(default_factory=dict)  # element -> what it may stand in for
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)  # enumerations

    def chain(self, name: str) -> list[Type]:
        """Return a type and those it extends."""
        found: list[Type] = []
        current: str | None = name
        while current is not None and current in self.types:
            found.append(self.types[current])
            current = self.types[current].base
        return found

    def slot(self, type_name: str, child: str) -> tuple[str, str | None] | None:
        """Return the slot of a type that takes this child, and the type it gives to it."""
        for part in self.chain(type_name):
            head: str | None = child
            while head is not None:
                if head in part.children:
                    return head, part.children[head][2] or self.elements.get(child)
                head = self.heads.get(head)
        return None


@cache
def schema() -> Schema:
    """Read the OMG's schema files."""
    found = Schema()
    folder = files("SpiffWorkflow.bpmn.parser") / "schema"
    for name in ("BPMN20.xsd", "Semantic.xsd"):
        root = etree.fromstring((folder / name).read_bytes())
        for element in root.iterchildren(f"{XSD}element"):
            tag = element.get("name") or ""
            found.elements[tag] = element.get("type") or ""
            if head := element.get("substitutionGroup"):
                found.heads[tag] = head.rpartition(":")[2]
        for simple in root.iterchildren(f"{XSD}simpleType"):
            if simple.find(f"{XSD}union") is None:
                found.choices[simple.get("name") or ""] = tuple(
                    option.get("value") or "" for option in simple.iter(f"{XSD}enumeration")
                )
        for complex_type in root.iterchildren(f"{XSD}complexType"):
            found.types[complex_type.get("name") or ""] = read_type(complex_type)
    return found


def read_type(declared: etree._Element) -> Type:
    found = Type()
    extension = declared.find(f".//{XSD}extension")
    if extension is not None:
        found.base = extension.get("base")
    for attribute in declared.iter(f"{XSD}attribute"):
        found.attributes[attribute.get("name") or ""] = (
            attribute.get("type") or "",
            attribute.get("use") == "required",
        )
    for child in declared.iter(f"{XSD}element"):
        name = child.get("name") or (child.get("ref") or "").rpartition(":")[2]
        parent = child.getparent()
        is_choice = parent is not None and parent.tag == f"{XSD}choice"
        least = 0 if is_choice else int(child.get("minOccurs") or 1)
        most = None if child.get("maxOccurs") == "unbounded" else int(child.get("maxOccurs") or 1)
        found.children[name] = (least, most, child.get("type"))
    found.is_open = declared.find(f".//{XSD}any[@namespace='##any']") is not None
    return found


# -- the rule ---------------------------------------------------------------------------------


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    yield from walk(diagram, diagram.root, "tDefinitions")


def walk(diagram: Diagram, element: etree._Element, type_name: str) -> Iterator[Finding]:
    """Check one element against its type, then its children."""
    narrowed = (element.get(f"{{{xml.XSI}}}type") or "").rpartition(":")[2]
    if narrowed in schema().types:
        type_name = narrowed
    yield from attributes(diagram, element, type_name)
    yield from children(diagram, element, type_name)


def attributes(diagram: Diagram, element: etree._Element, type_name: str) -> Iterator[Finding]:
    known: dict[str, tuple[str, bool]] = {}
    for part in schema().chain(type_name):
        known.update(part.attributes)
    for name, raw in element.attrib.items():
        name, value = str(name), str(raw)
        if name.startswith("{"):
            continue
        if name not in known:
            yield diagram.refused(
                "unknown_attribute",
                element,
                f"{described(element)} has the attribute '{name}', which BPMN does not know"
                f"{meant(name, known)}",
                "Remove it; what a tool adds of its own stands under the tool's namespace.",
            )
        elif problem := wrong_value(value, known[name][0]):
            yield diagram.refused(
                "wrong_value",
                element,
                f'{described(element)} has {name}="{value[:40]}", which must be {problem}.',
                "Correct the value.",
            )
    for name, (_, required) in known.items():
        if required and name not in element.attrib:
            forgiven = (xml.local(element), name) in FORGIVEN
            say = diagram.warning if forgiven else diagram.refused
            yield say(
                "missing_attribute",
                element,
                f"{described(element)} has no {name}, which BPMN asks for.",
                "Add it.",
            )


def wrong_value(value: str, type_name: str) -> str | None:
    """Return what the value would have to be, if it is not."""
    if type_name in VALUES:
        pattern, meaning = VALUES[type_name]
        return None if pattern.fullmatch(value) else meaning
    choices = schema().choices.get(type_name)
    if choices and value not in choices:
        return f"one of {', '.join(choices)}"
    return None


def children(diagram: Diagram, element: etree._Element, type_name: str) -> Iterator[Finding]:
    if any(part.is_open for part in schema().chain(type_name)):
        return
    counts: Counter[str] = Counter()
    for child in element:
        if not xml.is_bpmn(child):
            yield from foreign(diagram, element, child)
            continue
        slot = schema().slot(type_name, xml.local(child))
        if slot is None:
            yield misplaced(diagram, element, child)
            continue
        counts[slot[0]] += 1
        if slot[1]:
            yield from walk(diagram, child, slot[1])
    yield from occurrences(diagram, element, type_name, counts)


def foreign(diagram: Diagram, element: etree._Element, child: etree._Element) -> Iterator[Finding]:
    """Other tools' elements belong into extensionElements; layout belongs to the file."""
    if isinstance(child.tag, str) and not xml.is_bpmn(element, "definitions", "extensionElements"):
        yield diagram.warning(
            "foreign_element",
            element,
            f"{described(element)} holds '{xml.local(child)}' of another tool, which is ignored.",
            "It would have to stand inside extensionElements.",
        )


def misplaced(diagram: Diagram, element: etree._Element, child: etree._Element) -> Finding:
    tag = xml.local(child)
    if tag in schema().elements:
        return diagram.refused(
            "misplaced_element",
            child,
            f"{described(child)} stands inside {described(element)}, where BPMN allows none.",
            "Move it, or remove it.",
        )
    return diagram.refused(
        "unknown_element",
        child,
        f"'{tag}' on line {xml.line(child)} is not an element of BPMN"
        f"{meant(tag, schema().elements)}",
        "Correct the name, or remove the element.",
    )


def occurrences(
    diagram: Diagram, element: etree._Element, type_name: str, counts: Counter[str]
) -> Iterator[Finding]:
    for part in schema().chain(type_name):
        for name, (least, most, _) in part.children.items():
            if counts[name] < least:
                yield diagram.refused(
                    "missing_element",
                    element,
                    f"{described(element)} has no {name}, which BPMN asks for.",
                    "Add it.",
                )
            elif most is not None and counts[name] > most:
                yield diagram.refused(
                    "repeated_element",
                    element,
                    f"{described(element)} has {counts[name]} of {name}; BPMN allows {most}.",
                    "Keep one of them.",
                )


def described(element: etree._Element) -> str:
    """Name an element that may be anything: a step, a flow, or a part inside one."""
    if element.get("id") or element.get("name"):
        return f"{xml.local(element)} {xml.label(element)}"
    return f"{xml.local(element)} on line {xml.line(element)}"
