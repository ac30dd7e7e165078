"""Names: what people read on their lists, and what must never stand there."""

import re
from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.words import listing
from engine.normalise.flows import FLOW_NODES

# A name is seen by whoever sees the list, goes into history and logs, and outlives an erasure.
PERSONAL = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "a telephone number": re.compile(r"(?<!\d)(?:\+44|0)(?:[\s()-]*\d){9,10}(?!\d)"),
    "a postcode": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b"),
    "a National Insurance number": re.compile(r"\b[A-Z]{2}\s?(?:\d\s?){6}[A-D]\b"),
    "a date": re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d\b"),
    "a person's name": re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.?\s+[A-Z][a-z]+"),
}
TEMPLATE = re.compile(r"[$#]\{|\{\{|<%")
# What modellers make up: Activity_0x3f, sid-8A2B..., Gateway_1abc2de, _3.
MADE_UP = re.compile(
    r"(?:[A-Z][A-Za-z]+_)?[0-9][0-9a-z]{5,}|[A-Z][A-Za-z]+_[0-9a-z]{6,}|sid-[0-9A-F-]{8,}|_\d+"
)
SEEN = ("userTask", "manualTask")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for element in xml.bpmn_descendants(diagram.root):
        for text in (element.get("id") or "", element.get("name") or ""):
            # a longer one is refused as it is; looking through all of it could take for ever
            yield from personal(diagram, element, text[: xml.MAX_NAME])
    for scope in diagram.drawn:
        for node in scope.of_kind(*SEEN):
            if not node.name.strip():
                yield diagram.unsafe(
                    "task_without_name",
                    node.element,
                    f"{node.label} has no name, so people would see its id on their list.",
                    "Name it as verb and object, as in 'Call back the client'.",
                )
    yield from same_names(diagram)
    yield from made_up_ids(diagram)


def personal(diagram: Diagram, element: etree._Element, text: str) -> Iterator[Finding]:
    for what, pattern in PERSONAL.items():
        if pattern.search(text):
            yield diagram.unsafe(
                "personal_name",
                element,
                f"The name or id of a {xml.local(element)} on line {xml.line(element)} seems to "
                f"hold {what}.",
                "Names are shown on lists and kept in the history for ever; take it out.",
            )
    if TEMPLATE.search(text):
        yield diagram.unsafe(
            "name_with_template",
            element,
            f"The name '{text[:60]}' has a place to fill in, and names are never filled in.",
            "Write a fixed name; what belongs to a case is shown beside it.",
        )


def same_names(diagram: Diagram) -> Iterator[Finding]:
    """Two tasks of one name cannot be told apart on a list."""
    for process in xml.bpmn_children(diagram.root, "process"):
        by_name: dict[str, list[etree._Element]] = defaultdict(list)
        for task in xml.bpmn_descendants(process, *SEEN):
            if (task.get("name") or "").strip():
                by_name[" ".join((task.get("name") or "").split())].append(task)
        for name, tasks in by_name.items():
            if len(tasks) > 1:
                ids = listing([task.get("id") or "?" for task in tasks])
                yield diagram.warning(
                    "same_name",
                    tasks[1],
                    f"{len(tasks)} tasks are called '{name}' ({ids}).",
                    "Give each a name of its own.",
                )


def made_up_ids(diagram: Diagram) -> Iterator[Finding]:
    """Ids stand in the history; one warning for all, since a tool makes them all at once."""
    found = [
        element
        for element in xml.bpmn_descendants(diagram.root, *FLOW_NODES)
        if MADE_UP.fullmatch(element.get("id") or "") and not diagram.is_left_out(element)
    ]
    if found:
        ids = listing([element.get("id") or "" for element in found], 3)
        yield diagram.warning(
            "made_up_ids",
            found[0],
            f"The ids of {len(found)} steps say nothing: {ids}.",
            "Give them ids that say kind and meaning, as in 'task_call_back'.",
        )
