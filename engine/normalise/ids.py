"""Ids that the pass makes, and the ids that the runtime keeps for itself."""

from collections import Counter

from lxml import etree

from engine import xml

# SpiffWorkflow names its own steps so; an author's element of that name would take their place.
RESERVED = {"Start", "End", "Root", "StartEventSplit", "StartEventJoin"}
RESERVED_ENDINGS = (".BoundaryEventSplit", ".BoundaryEventJoin")

# Attributes and child elements that hold the id of another element.
REFERENCES = (
    "sourceRef",
    "targetRef",
    "attachedToRef",
    "default",
    "messageRef",
    "signalRef",
    "errorRef",
    "escalationRef",
    "eventDefinitionRef",
    "processRef",
    "calledElement",
    "activityRef",
    "dataObjectRef",
    "dataStoreRef",
    "itemSubjectRef",
    "correlationPropertyRef",
    "correlationKeyRef",
    "flowNodeRef",
    "loopDataInputRef",
    "loopDataOutputRef",
    "incoming",
    "outgoing",
)


class Ids:
    """Makes ids that the file does not have yet, and remembers whom they stand for."""

    def __init__(self, root: etree._Element):
        self.taken = {element.get("id") for element in root.iter() if element.get("id")}
        self.author_ids: dict[str, str | None] = {}
        self.made: set[str] = set()
        self.numbers: Counter[str] = Counter()

    def new(self, stem: str, author_id: str | None) -> str:
        """Return ``stem`` with the first free number behind it."""
        made = ""
        while not made or made in self.taken:
            self.numbers[stem] += 1
            made = f"{stem}_{self.numbers[stem]}"
        self.taken.add(made)
        self.made.add(made)
        self.author_ids[made] = self.author_of(author_id)
        return made

    def author_of(self, element_id: str | None) -> str | None:
        return self.author_ids.get(element_id, element_id) if element_id else None


def references(element: etree._Element) -> list[tuple[str, str]]:
    """Return (attribute, id) for each reference by attribute; ("", id) for one by text."""
    found = [(name, element.get(name) or "") for name in REFERENCES if element.get(name)]
    if xml.local(element) in REFERENCES and not len(element) and element.text:
        found.append(("", element.text.strip()))
    return found


def set_reference(element: etree._Element, attribute: str, value: str) -> None:
    if attribute:
        element.set(attribute, value)
    else:
        element.text = value


def strip_prefixes(root: etree._Element) -> None:
    """Turn ``tns:message_1`` into ``message_1``: references are qualified names by the schema.

    Source: Semantic.xsd types many of them xsd:QName, and some tools write the prefix.
    """
    known = {element.get("id") for element in root.iter() if element.get("id")}
    for element in xml.bpmn_descendants(root):
        for attribute, value in references(element):
            prefix, colon, name = value.partition(":")
            if colon and value not in known and (name in known or prefix in element.nsmap):
                set_reference(element, attribute, name)


def rename_reserved(root: etree._Element, ids: Ids) -> None:
    """Give elements whose id the runtime keeps for itself another one, references included."""
    renamed = {}
    for element in xml.bpmn_descendants(root):
        old = element.get("id") or ""
        if old not in renamed and (old in RESERVED or old.endswith(RESERVED_ENDINGS)):
            renamed[old] = ids.new(f"authors_{old.replace('.', '_')}", old)
            ids.made.discard(renamed[old])
    if not renamed:
        return
    for element in root.iter(etree.Element):
        if (element.get("id") or "") in renamed:
            element.set("id", renamed[element.get("id") or ""])
        if (element.get("bpmnElement") or "") in renamed:
            element.set("bpmnElement", renamed[element.get("bpmnElement") or ""])
        for attribute, value in references(element):
            if value in renamed:
                set_reference(element, attribute, renamed[value])
