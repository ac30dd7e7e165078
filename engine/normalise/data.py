"""Data elements that say nothing to an engine are left out, each with a warning."""

from lxml import etree

from engine import xml
from engine.findings import Finding, Severity

STORES = ("dataStore", "dataStoreReference")
ASSOCIATIONS = ("dataInputAssociation", "dataOutputAssociation")


def drop_stores(root: etree._Element, file: str) -> list[Finding]:
    """Remove data stores and the associations that read or write them."""
    stores = list(xml.bpmn_descendants(root, *STORES))
    store_ids = {store.get("id") for store in stores if store.get("id")}
    for association in list(xml.bpmn_descendants(root, *ASSOCIATIONS)):
        if store_ids.intersection(ends(association)):
            remove(association)
    findings = [
        Finding(
            "data_store",
            Severity.WARNING,
            f"The data store {xml.label(store)} is only drawn; nothing is read from it or kept "
            "in it.",
            "Read and write through a service task, or leave it as documentation.",
            file,
            store.get("id"),
            xml.line(store),
        )
        for store in stores
        if xml.local(store) == "dataStoreReference"
    ]
    for store in stores:
        remove(store)
    return findings


def drop_unresolved_associations(root: etree._Element, file: str) -> list[Finding]:
    """Remove associations whose data element does not exist.

    An input needs its source, an output its target; the other end is the step itself, which
    modellers write as a placeholder or not at all.
    """
    known = {element.get("id") for element in root.iter() if element.get("id")}
    findings = []
    for association in list(xml.bpmn_descendants(root, *ASSOCIATIONS)):
        is_input = xml.is_bpmn(association, "dataInputAssociation")
        needed = xml.child_text(association, "sourceRef" if is_input else "targetRef")
        computes = any(True for _ in xml.bpmn_children(association, "assignment", "transformation"))
        step = association.getparent()
        if step is None or needed in known or (is_input and computes):
            continue
        findings.append(
            Finding(
                "data_association",
                Severity.WARNING,
                f"A data association of {xml.label(step)} leads nowhere, so it is left out.",
                "Connect both of its ends, or remove it.",
                file,
                step.get("id"),
                xml.line(association),
            )
        )
        remove(association)
    return findings


def ends(association: etree._Element) -> list[str]:
    return [xml.text_of(end) for end in xml.bpmn_children(association, "sourceRef", "targetRef")]


def remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
