"""Data associations: what they read, and where it goes.

Source: BPMN 2.0.2 10.4.2: one source, unless a transformation or assignment says what becomes of
several; an assignment goes to the target of its association.
"""

from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.texts import bare, visible_owner


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for association in xml.bpmn_descendants(
        diagram.root, "dataInputAssociation", "dataOutputAssociation"
    ):
        if not diagram.is_left_out(association):
            yield from several_sources(diagram, association)
            yield from goes_elsewhere(diagram, association)


def several_sources(diagram: Diagram, association: etree._Element) -> Iterator[Finding]:
    sources = list(xml.bpmn_children(association, "sourceRef"))
    computes = any(True for _ in xml.bpmn_children(association, "assignment", "transformation"))
    if len(sources) > 1 and not computes:
        step = visible_owner(association)
        yield diagram.refused(
            "several_sources",
            step,
            f"A data association of {xml.label(step)} has {len(sources)} sources and does not say "
            "what becomes of them.",
            "Draw one association for each, or give it a transformation.",
        )


def goes_elsewhere(diagram: Diagram, association: etree._Element) -> Iterator[Finding]:
    target = xml.child_text(association, "targetRef") or ""
    element = diagram.by_id.get(target.rpartition(":")[2])
    names = {target, target.rpartition(":")[2]}
    names |= set() if element is None else {element.get("name") or ""}
    for assignment in xml.bpmn_children(association, "assignment"):
        wanted = bare(xml.child_text(assignment, "to") or "")
        if wanted and wanted not in names:
            step = visible_owner(association)
            yield diagram.refused(
                "assigned_elsewhere",
                step,
                f"A data association of {xml.label(step)} assigns to '{wanted[:60]}', which is not "
                "its target.",
                "Assign to the target, and draw one association for each.",
            )
