"""Where FEEL stands in a diagram: every text, whose it is, and what an author calls it."""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from lxml import etree

from engine import xml
from engine.core import timing
from engine.lint.model import Diagram
from engine.normalise import events

# Extension properties that hold FEEL, and what each is for.
PROPERTIES = {
    "assignee": "The assignee",
    "excludedOwners": "The excluded owners",
    "dueAt": "The due time",
    "followUpAt": "The follow-up time",
    "priority": "The priority",
    "team": "The team",
    "riskRank": "The risk rank",
    "businessKey": "The business key",
    "payload": "The payload",
    "in": "The input",
    "out": "The output",
    "outputElement": "The output of one repetition",
}
TIMES = ("dueAt", "followUpAt")  # may be an ISO 8601 text as well
TIMERS = ("timeDate", "timeDuration", "timeCycle")
EXPRESSIONS = tuple(name for name in events.EXPRESSIONS if name != "script")
INSIDE = ("EventDefinition", "Association", "Characteristics", "BehaviorDefinition")
UNSEEN = (*EXPRESSIONS, "assignment", "to")  # have ids in some tools, and are not drawn
LOOPS = {
    "loopCardinality": "The number of repetitions",
    "completionCondition": "The completion condition",
    "loopCondition": "The loop condition",
}


@dataclass(frozen=True, eq=False)
class FeelText:
    """``owner`` is the element the author sees; ``is_test`` must give true or false;

    ``is_context`` must give a context, ``is_number`` a number; ``element`` is where the text
    stands.
    """

    owner: etree._Element
    element: etree._Element
    what: str
    text: str
    is_test: bool = False
    is_context: bool = False
    is_number: bool = False


_found: WeakKeyDictionary[Diagram, tuple[FeelText, ...]] = WeakKeyDictionary()


def feel_texts(diagram: Diagram) -> tuple[FeelText, ...]:
    """Return every FEEL text of the processes that are executed.

    Many rules ask for them, so a diagram is looked through once.
    """
    if diagram not in _found:
        _found[diagram] = tuple(look_through(diagram))
    return _found[diagram]


def look_through(diagram: Diagram) -> Iterator[FeelText]:
    for element in xml.bpmn_descendants(diagram.root):
        if diagram.is_left_out(element):
            continue
        yield from of_flow(element)
        yield from of_event(element)
        yield from of_loop(element)
        yield from of_list(diagram, element)
        yield from of_complex_rule(element)
        yield from of_script(element)
        yield from of_properties(element)
        yield from of_operation(element)
        yield from of_message(element)
        yield from of_assignment(element)


def bare(text: str) -> str:
    """Take off the leading ``=`` of other modellers, as the XML pass does."""
    text = text.strip()
    return text[1:].strip() if text.startswith("=") and not text.startswith("==") else text


def of_flow(element: etree._Element) -> Iterator[FeelText]:
    if xml.is_bpmn(element, "sequenceFlow"):
        for condition in xml.bpmn_children(element, "conditionExpression"):
            text = bare(xml.text_of(condition))
            if text:
                yield FeelText(element, condition, "The condition", text, is_test=True)


def of_event(element: etree._Element) -> Iterator[FeelText]:
    event = element.getparent()
    if event is None:
        return
    owner = element if xml.is_bpmn(event, "definitions") else event
    if xml.is_bpmn(element, "conditionalEventDefinition"):
        for condition in xml.bpmn_children(element, "condition"):
            if text := bare(xml.text_of(condition)):
                yield FeelText(owner, condition, "The condition", text, is_test=True)
    if xml.is_bpmn(element, "timerEventDefinition"):
        for timer in xml.bpmn_children(element, *TIMERS):
            text = bare(xml.text_of(timer))
            if text and not timing.is_literal(text):
                yield FeelText(owner, timer, "The time", text)


def of_loop(element: etree._Element) -> Iterator[FeelText]:
    if xml.is_bpmn(element, *LOOPS) and (text := bare(xml.text_of(element))):
        counts = xml.is_bpmn(element, "loopCardinality")
        what = LOOPS[xml.local(element)]
        owner = visible_owner(element)
        yield FeelText(owner, element, what, text, is_test=not counts, is_number=counts)


def of_list(diagram: Diagram, element: etree._Element) -> Iterator[FeelText]:
    """A list to repeat over: data that is drawn, else the name of a variable."""
    if xml.is_bpmn(element, "loopDataInputRef"):
        text = xml.text_of(element)
        if text and text.rpartition(":")[2] not in diagram.by_id:
            yield FeelText(visible_owner(element), element, "The list", text)


def of_complex_rule(element: etree._Element) -> Iterator[FeelText]:
    """When a complex gateway starts, and when a repeated step throws."""
    if xml.is_bpmn(element, "complexGateway", "complexBehaviorDefinition"):
        for condition in xml.bpmn_children(element, "activationCondition", "condition"):
            if text := bare(xml.text_of(condition)):
                owner = visible_owner(element)
                yield FeelText(owner, condition, "The condition", text, is_test=True)


def of_script(element: etree._Element) -> Iterator[FeelText]:
    if xml.is_bpmn(element, "scriptTask", "globalScriptTask"):
        for script in xml.bpmn_children(element, "script"):
            if text := bare(xml.text_of(script)):
                yield FeelText(element, script, "The script", text, is_context=True)


def of_properties(element: etree._Element) -> Iterator[FeelText]:
    if not xml.is_bpmn(element, "extensionElements"):
        return
    parent = element.getparent()
    if parent is None:
        return
    owner = visible_owner(parent)
    for name, value in xml.properties(parent).items():
        if name not in PROPERTIES or not value.strip():
            continue
        text = bare(value)
        if name in TIMES and timing.is_literal(text):
            continue
        yield FeelText(
            owner, element, PROPERTIES[name], text, is_context=name in ("payload", "in", "out")
        )


def of_operation(element: etree._Element) -> Iterator[FeelText]:
    if not xml.is_bpmn(element, "serviceTask", "sendTask"):
        return
    operator = xml.extension(element, "serviceTaskOperator")
    if operator is None:
        return
    for parameter in operator.iter(f"{{{xml.SPIFF}}}parameter"):
        if text := bare(parameter.get("value") or ""):
            yield FeelText(element, parameter, f"Parameter '{parameter.get('id')}'", text)


def of_message(element: etree._Element) -> Iterator[FeelText]:
    """Payloads, and the correlation that is read out of them."""
    tag = f"{{{xml.SPIFF}}}"
    if xml.is_bpmn(element, "extensionElements"):
        owner = element.getparent()
        if owner is None:
            return
        for payload in element.iterfind(f"{tag}messagePayload"):
            if text := bare(xml.text_of(payload)):
                yield FeelText(visible_owner(owner), payload, "The payload", text)
        for expression in element.iterfind(f"{tag}processVariableCorrelation/{tag}expression"):
            if text := bare(xml.text_of(expression)):
                yield FeelText(visible_owner(owner), expression, "The correlation", text)
    elif xml.is_bpmn(element, "messagePath", "dataPath"):
        parent = element.getparent()
        if parent is not None and (text := bare(xml.text_of(element))):
            yield FeelText(visible_owner(parent), element, "The correlation", text)


def of_assignment(element: etree._Element) -> Iterator[FeelText]:
    if xml.is_bpmn(element, "assignment", "transformation"):
        source = element
        if xml.is_bpmn(element, "assignment"):
            source = next(xml.bpmn_children(element, "from"), element)
        if text := bare(xml.text_of(source)):
            yield FeelText(visible_owner(element), source, "The assignment", text)


def visible_owner(element: etree._Element) -> etree._Element:
    """Return the nearest element around that an author can select."""
    at: etree._Element | None = element
    while at is not None:
        parent = at.getparent()
        tag = xml.local(at)
        if at.get("id") and not tag.endswith(INSIDE) and tag not in UNSEEN:
            return at
        if parent is None or xml.is_bpmn(parent, "definitions"):
            return at
        at = parent
    return element
