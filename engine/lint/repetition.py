"""Multi-instance activities and loops that do not say how often, or would not stop."""

import re
from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.normalise.flows import definitions_of

MOST_INSTANCES = 1_000  # engine notes 2, trap 11
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for loop in xml.bpmn_descendants(diagram.root, "multiInstanceLoopCharacteristics"):
        step = loop.getparent()
        if step is not None and not diagram.is_left_out(step):
            yield from how_often(diagram, step, loop)
            yield from behaviour(diagram, step, loop)
            yield from complex_behaviour(diagram, step, loop)
    for loop in xml.bpmn_descendants(diagram.root, "standardLoopCharacteristics"):
        step = loop.getparent()
        if step is not None and not diagram.is_left_out(step):
            yield from until_when(diagram, step, loop)


def how_often(diagram: Diagram, step: etree._Element, loop: etree._Element) -> Iterator[Finding]:
    cardinality = xml.child_text(loop, "loopCardinality")
    collection = xml.child_text(loop, "loopDataInputRef")
    if not cardinality and not collection:
        yield diagram.refused(
            "no_cardinality",
            step,
            f"{xml.label(step)} does not say how often it repeats.",
            "Give it a number (loopCardinality) or a list (loopDataInputRef).",
        )
    elif cardinality and NUMBER.fullmatch(cardinality):
        yield from literal_cardinality(diagram, step, float(cardinality))


def literal_cardinality(diagram: Diagram, step: etree._Element, number: float) -> Iterator[Finding]:
    if number < 0 or number != int(number):
        yield diagram.refused(
            "wrong_cardinality",
            step,
            f"{xml.label(step)} would repeat {number:g} times.",
            "Give a whole number that is not negative.",
        )
    elif number > MOST_INSTANCES:
        yield diagram.refused(
            "wrong_cardinality",
            step,
            f"{xml.label(step)} would repeat {number:,.0f} times; {MOST_INSTANCES:,} are allowed.",
            "Work through the list in smaller parts.",
        )


def behaviour(diagram: Diagram, step: etree._Element, loop: etree._Element) -> Iterator[Finding]:
    """What is thrown for an instance needs an event definition (BPMN 2.0.2, table 10.30)."""
    wanted = {"None": "noneBehaviorEventRef", "One": "oneBehaviorEventRef"}
    reference = wanted.get(loop.get("behavior") or "All")
    if reference is None or not loop.get(reference):
        return
    target = diagram.by_id.get((loop.get(reference) or "").rpartition(":")[2])
    if target is None or not xml.local(target).endswith("EventDefinition"):
        yield diagram.refused(
            "multi_instance_behaviour",
            step,
            f"{xml.label(step)} throws '{loop.get(reference)}', which is no event definition.",
            "Name the event definition that is to be thrown, or remove the reference.",
        )


def complex_behaviour(
    diagram: Diagram, step: etree._Element, loop: etree._Element
) -> Iterator[Finding]:
    """Each rule says when something is thrown, and what (BPMN 2.0.2, table 10.30)."""
    if loop.get("behavior") != "Complex":
        return
    rules = list(xml.bpmn_children(loop, "complexBehaviorDefinition"))
    said = [
        bool(xml.child_text(rule, "condition"))
        and any(definitions_of(event) for event in xml.bpmn_children(rule, "event"))
        for rule in rules
    ]
    if not all(said) or not rules:
        yield diagram.refused(
            "multi_instance_behaviour",
            step,
            f"{xml.label(step)} throws by a condition, but does not say when, or what.",
            "Give each complex behaviour definition its condition and its event.",
        )


def until_when(diagram: Diagram, step: etree._Element, loop: etree._Element) -> Iterator[Finding]:
    maximum = loop.get("loopMaximum")
    if not xml.child_text(loop, "loopCondition") and not maximum:
        yield diagram.refused(
            "endless_loop",
            step,
            f"{xml.label(step)} repeats, but does not say until when.",
            "Give it a condition, or the largest number of rounds.",
        )
    if maximum and NUMBER.fullmatch(maximum) and float(maximum) < 1:
        yield diagram.refused(
            "wrong_cardinality",
            step,
            f"{xml.label(step)} may repeat {maximum} times at most.",
            "Give a number of 1 or more.",
        )
