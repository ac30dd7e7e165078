"""Event definitions by reference, and expressions as other modellers write them."""

import copy

from lxml import etree

from engine import xml
from engine.normalise.ids import Ids

EXPRESSIONS = (
    "conditionExpression",
    "condition",
    "timeDate",
    "timeDuration",
    "timeCycle",
    "completionCondition",
    "activationCondition",
    "transformation",
    "loopCondition",
    "loopCardinality",
    "messagePath",
    "dataPath",
    "from",
    "script",
)


def inline_definitions(root: etree._Element, ids: Ids) -> None:
    """Put a copy of the definition where an ``eventDefinitionRef`` points at it."""
    by_id = {
        element.get("id"): element
        for element in root
        if xml.local(element).endswith("EventDefinition")
    }
    for reference in list(xml.bpmn_descendants(root, "eventDefinitionRef")):
        definition, event = by_id.get((reference.text or "").strip()), reference.getparent()
        if definition is None or event is None:
            continue
        inlined = copy.deepcopy(definition)
        inlined.set("id", ids.new(f"{definition.get('id')}_here", definition.get("id")))
        event.replace(reference, inlined)


def bare_expressions(root: etree._Element) -> None:
    """Take off the ``=`` that form-js and Zeebe write before FEEL; ours stands bare."""
    for element in xml.bpmn_descendants(root, *EXPRESSIONS):
        text = (element.text or "").strip()
        if text.startswith("=") and not text.startswith("=="):
            element.text = text[1:].strip()
