"""What a diagram says to another engine only: kept in the file, not carried out, never unsaid.

Each finding names what our own word for it is. Where the diagram says it in our words as well, the
other engine's are left alone: many modellers write for two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.normalise.flows import ACTIVITIES

ENGINES = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://www.jboss.org/drools": "jBPM",
    "http://www.bonitasoft.org/ns/process/client/6.0": "Bonita",
}


@dataclass(frozen=True, slots=True)
class Ours:
    """How we say it: ``remedy`` for people, ``property`` is the extension property if it is one.

    ``extension`` is an extension element that says it, ``attribute`` an attribute of BPMN.
    """

    remedy: str
    property: str = ""
    extension: str = ""
    attribute: str = ""


OWNERS = Ours(
    "Draw the step in the lane of a role, or name its potentialOwners.", "potentialOwners"
)
DUE = Ours("Write the due time in FEEL as the property 'dueAt'.", "dueAt")
FORM = Ours("Name a form of the release as the property 'form'.", "form")
WORK = Ours("Name an operation, as in 'people.match'.", extension="serviceTaskOperator")
DECISION = Ours("Name a decision of the release.", extension="calledDecisionId")
DATA = Ours("Say it in BPMN and FEEL: a data association, a script or a service task.")
RESULT = Ours("Name the variable as the property 'resultVariable'.", "resultVariable")
LISTENER = Ours("Draw what has to happen as a step of its own.")
LOOP = Ours("Name the list as loopDataInputRef and one of it as inputDataItem.")

ATTRIBUTES: Mapping[str, Ours] = {
    "assignee": Ours("Write who it is for in FEEL as the property 'assignee'.", "assignee"),
    "candidateUsers": OWNERS,
    "candidateGroups": OWNERS,
    "dueDate": DUE,
    "followUpDate": Ours("Write it in FEEL as the property 'followUpAt'.", "followUpAt"),
    "priority": Ours("Write 0 to 3 as the property 'priority'; 0 is urgent.", "priority"),
    "formKey": FORM,
    "formRef": FORM,
    "class": WORK,
    "delegateExpression": WORK,
    "expression": WORK,
    "topic": WORK,
    "decisionRef": DECISION,
    "resultVariable": RESULT,
    "collection": LOOP,
    "elementVariable": LOOP,
    "variableMappingClass": DATA,
    "errorCodeVariable": DATA,
    "errorMessageVariable": DATA,
    "skipExpression": Ours("Draw a gateway before the step."),
}
ELEMENTS: Mapping[str, Ours] = {
    **dict.fromkeys(("executionListener", "executionListeners"), LISTENER),
    **dict.fromkeys(("taskListener", "taskListeners"), LISTENER),
    **dict.fromkeys(("onEntry-script", "onExit-script"), LISTENER),
    **dict.fromkeys(("on-entry-script", "on-exit-script"), LISTENER),
    **dict.fromkeys(("inputOutput", "ioMapping", "in", "out", "field"), DATA),
    "connector": WORK,
    "taskDefinition": WORK,
    "script": Ours("Write a script in FEEL, as in '{attempts: attempts + 1}'."),
    "failedJobRetryTimeCycle": Ours("A step that fails is an incident, which somebody retries."),
    "formDefinition": FORM,
    "formData": FORM,
    "formProperty": FORM,
    "assignmentDefinition": OWNERS,
    "taskSchedule": DUE,
    "priorityDefinition": Ours("Write 0 to 3 as the property 'priority'.", "priority"),
    "calledDecision": DECISION,
    "calledElement": Ours("Name a process of the release.", attribute="calledElement"),
    "loopCharacteristics": LOOP,
    "subscription": Ours("Name the key as the property 'correlationKey'.", "correlationKey"),
    "errorEventDefinition": Ours("Raise the error in an operation."),
}


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for element in xml.bpmn_descendants(diagram.root):
        if not diagram.is_left_out(element) and not xml.is_bpmn(element, "definitions"):
            yield from attributes(diagram, element)
            yield from extensions(diagram, element)


def attributes(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    for name in element.attrib:
        space, _, local = str(name)[1:].partition("}") if str(name)[0] == "{" else ("", "", "")
        if space in ENGINES and local in ATTRIBUTES:
            yield from one(diagram, element, local, ENGINES[space], ATTRIBUTES[local])


def extensions(diagram: Diagram, element: etree._Element) -> Iterator[Finding]:
    parent = element.getparent()
    if not xml.is_bpmn(element, "extensionElements") or parent is None:
        return
    told = set()
    for item in element:
        engine, local = ENGINES.get(xml.namespace(item)), xml.local(item)
        if engine and local in ELEMENTS and local not in told:
            told.add(local)
            yield from one(diagram, parent, local, engine, ELEMENTS[local])
    if xml.is_bpmn(parent, *ACTIVITIES, "process"):
        yield from scripts_around(diagram, parent)


def one(
    diagram: Diagram, element: etree._Element, name: str, engine: str, ours: Ours
) -> Iterator[Finding]:
    step = selectable(element)
    if not says_it(step, ours):
        yield diagram.unsafe(
            "foreign_behaviour",
            step,
            f"{xml.label(step)} has '{name}' for {engine}, which is kept in the file and not "
            "carried out.",
            ours.remedy,
        )


def says_it(step: etree._Element, ours: Ours) -> bool:
    """Say whether the diagram says the same in our words."""
    return bool(
        (ours.property and xml.properties(step).get(ours.property))
        or (ours.extension and xml.extension(step, ours.extension) is not None)
        or (ours.attribute and step.get(ours.attribute))
    )


def selectable(element: etree._Element) -> etree._Element:
    """Return the element around that an author selects: a loop is a part of its step."""
    at = element
    while xml.local(at).endswith(("Characteristics", "EventDefinition")):
        parent = at.getparent()
        if parent is None or xml.is_bpmn(parent, "definitions"):
            break
        at = parent
    return at


def scripts_around(diagram: Diagram, step: etree._Element) -> Iterator[Finding]:
    for name in ("preScript", "postScript"):
        script = xml.extension(step, name)
        if script is not None and xml.text_of(script):
            yield diagram.refused(
                "script_around_step",
                step,
                f"{xml.label(step)} has a {name}, which SpiffWorkflow would run as Python.",
                "Use an assignment in FEEL (a script task) or an operation (a service task).",
            )
