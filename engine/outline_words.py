"""How the outline says what a diagram draws: events, questions, joins, times."""

import re

from lxml import etree

from engine import xml
from engine.core import timing
from engine.lint.model import Flow, Node
from engine.normalise.flows import condition_of

UNITS = (
    ("year", "years"),
    ("month", "months"),
    ("week", "weeks"),
    ("day", "days"),
    ("hour", "hours"),
    ("minute", "minutes"),
    ("second", "seconds"),
)
QUESTIONS = {
    "exclusiveGateway": "Which one?",
    "inclusiveGateway": "All that apply",
    "parallelGateway": "At the same time",
    "eventBasedGateway": "Whichever comes first",
    "complexGateway": "Which ones?",
}


def name_of(node: Node) -> str:
    return " ".join(node.name.split())


def reference_name(node: Node) -> str:
    """Return what a reference calls a step that stands elsewhere."""
    if node.is_gateway and not name_of(node):
        return "the point where the ways meet"
    return name_of(node) or node.author_id or "the end"


def node_text(node: Node) -> str:
    """Return the text of a step or event: its name, else what it does."""
    name = name_of(node)
    if node.kind in ("intermediateCatchEvent", "startEvent"):
        if not node.definitions:
            return name or "Start"
        waiting = trigger_text(node)
        return f"{waiting} ({name})" if name and name not in waiting else waiting
    if node.kind == "endEvent":
        return f"End: {name}" if name else "End"
    return name or node.author_id or node.kind


def question_text(node: Node) -> str:
    """Return the question that a gateway asks."""
    return name_of(node) or QUESTIONS.get(node.kind, "At the same time")


def join_text(node: Node, incoming: int) -> str:
    """Return what a gateway with several flows into it waits for."""
    if node.kind == "parallelGateway":
        return "Then, from both" if incoming == 2 else f"Then, from all {incoming}"
    if node.kind == "inclusiveGateway":
        return "Then, from those that were taken"
    return "Then, from either" if incoming == 2 else f"Then, from any of {incoming}"


def answer(node: Node, flow: Flow) -> str:
    """Return the answer that leads along a flow; the event behind an event gateway says it."""
    name = " ".join((flow.element.get("name") or "").split())
    if name or node.kind in ("eventBasedGateway", "parallelGateway"):
        return name
    if flow.id == node.element.get("default"):
        return "Otherwise"
    condition = condition_of(flow.element)
    return f"If {' '.join(condition.split())}" if condition and condition != "true" else "Always"


def repetition_text(node: Node) -> str:
    """Return how often a step is done, in brackets; nothing for once."""
    for loop in xml.bpmn_children(node.element, "multiInstanceLoopCharacteristics"):
        number = xml.child_text(loop, "loopCardinality")
        collection = xml.child_text(loop, "loopDataInputRef")
        how = "one after the other" if loop.get("isSequential") in ("true", "1") else "together"
        if collection:
            return f" (once for each of {collection}, {how})"
        return f" ({number} times, {how})" if number else ""
    for loop in xml.bpmn_children(node.element, "standardLoopCharacteristics"):
        condition = xml.child_text(loop, "loopCondition")
        return f" (again while {condition})" if condition else " (again and again)"
    return ""


def boundary_text(event: Node) -> str:
    """Return "If 4 hours pass", with its name where that says more."""
    phrases = [phrase(definition, event) for definition in event.definitions]
    text = f"If {' or '.join(phrases) or 'something happens'}"
    name = name_of(event)
    if name and name.lower() not in text.lower():
        text = f"{text} ({name})"
    interrupts = event.element.get("cancelActivity") not in ("false", "0")
    return text if interrupts else f"{text}, while it goes on"


def trigger_text(event: Node) -> str:
    """Return what a start or catch event waits for: "When the message 'x' arrives"."""
    phrases = [phrase(definition, event) for definition in event.definitions]
    return f"When {' or '.join(phrases)}" if phrases else "At any time"


def phrase(definition: etree._Element, event: Node) -> str:
    kind = xml.local(definition).removesuffix("EventDefinition")
    if kind == "timer":
        return time_phrase(definition)
    if kind == "conditional":
        return xml.child_text(definition, "condition") or "a condition holds"
    if kind in ("message", "signal", "error", "escalation"):
        name = referred_name(definition, kind) or name_of(event)
        verb = {"message": "arrives", "signal": "is given", "error": "occurs"}.get(
            kind, "is raised"
        )
        article = "an" if kind[0] == "e" else "a"
        return f"the {kind} '{name}' {verb}" if name else f"{article} {kind} {verb}"
    return f"{kind} happens"


def referred_name(definition: etree._Element, kind: str) -> str:
    reference = definition.get(f"{kind}Ref")
    if not reference:
        return ""
    for element in definition.getroottree().getroot():
        if element.get("id") == reference:
            return element.get("name") or element.get(f"{kind}Code") or reference
    return reference


def time_phrase(definition: etree._Element) -> str:
    if text := xml.child_text(definition, "timeDuration"):
        words = duration_words(text)
        return f"{words} pass" if words else f"the time comes: {text}"
    if text := xml.child_text(definition, "timeCycle"):
        period = duration_words(text.rpartition("/")[2])
        return f"every {period}" if period else f"again and again: {text}"
    return f"the time comes: {xml.child_text(definition, 'timeDate') or ''}".rstrip(": ")


def duration_words(text: str) -> str | None:
    """Write an ISO 8601 duration in words: "4 hours", "1 day and 2 hours"."""
    if timing.parse_duration(text) is None:
        return None
    date, _, clock = text[1:].partition("T")
    numbers = dict.fromkeys(range(len(UNITS)), "")
    for part, letters, first in ((date, "YMWD", 0), (clock, "HMS", 4)):
        for number, letter in re.findall(r"([\d.,]+)([A-Z])", part):
            numbers[first + letters.index(letter)] = number
    words = [
        f"{number} {UNITS[unit][0 if number == '1' else 1]}"
        for unit, number in numbers.items()
        if number.strip("0.,")
    ]
    return " and ".join(words) or "no time"
