"""Every BPMN element and event: is it executed exactly, or refused, and with which words.

The one table. The linter refuses by it, the runtime is tested against it, the documentation is
printed from it. Nothing is accepted and then ignored: what is not here is refused as unknown.
Source of the event tables: BPMN 2.0.2 (formal/13-12-09) 10.5.1, tables 10.83 to 10.93.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    EXECUTED = "executed"
    NORMALISED = "normalised"  # drawn out by the XML pass, then executed
    DOCUMENTATION = "documentation"  # has no meaning for execution; kept in the stored file
    REFUSED = "refused"  # legal BPMN that we do not carry out
    ILLEGAL = "illegal"  # the standard forbids it


@dataclass(frozen=True, slots=True)
class Support:
    """``what`` is the plain name; ``why`` and ``remedy`` are said to the author when refused."""

    how: How
    what: str
    why: str = ""
    remedy: str = ""


def executed(what: str) -> Support:
    return Support(How.EXECUTED, what)


def normalised(what: str) -> Support:
    return Support(How.NORMALISED, what)


def documentation(what: str) -> Support:
    return Support(How.DOCUMENTATION, what)


def refused(what: str, why: str, remedy: str) -> Support:
    return Support(How.REFUSED, what, why, remedy)


def illegal(what: str, why: str, remedy: str) -> Support:
    return Support(How.ILLEGAL, what, why, remedy)


CHOREOGRAPHY = refused(
    "a choreography",
    "Choreographies describe several organisations; no engine can carry one out.",
    "Draw the process of our side, with messages to the others.",
)

ELEMENTS: Mapping[str, Support] = {
    "process": executed("a process"),
    "task": executed("a task without a type (it is passed through)"),
    "userTask": executed("a user task"),
    "manualTask": executed("a manual task"),
    "serviceTask": executed("a service task"),
    "scriptTask": executed("a script task (a FEEL context)"),
    "businessRuleTask": executed("a business rule task"),
    "sendTask": executed("a send task"),
    "receiveTask": executed("a receive task"),
    "callActivity": executed("a call activity"),
    "subProcess": executed("a subprocess"),
    "transaction": executed("a transaction"),
    "adHocSubProcess": executed(
        "an ad hoc subprocess (each step once, or until its condition holds)"
    ),
    "startEvent": executed("a start event"),
    "endEvent": executed("an end event"),
    "intermediateCatchEvent": executed("an intermediate catch event"),
    "intermediateThrowEvent": executed("an intermediate throw event"),
    "boundaryEvent": executed("a boundary event"),
    "implicitThrowEvent": refused(
        "an implicit throw event",
        "An implicit throw event is never drawn by a modeller.",
        "Use an intermediate throw event.",
    ),
    "exclusiveGateway": executed("an exclusive gateway"),
    "parallelGateway": executed("a parallel gateway"),
    "inclusiveGateway": executed("an inclusive gateway"),
    "eventBasedGateway": executed("an event gateway"),
    "complexGateway": executed("a complex gateway"),
    "sequenceFlow": executed("a sequence flow"),
    "eventDefinitionRef": normalised("an event definition by reference"),
    "standardLoopCharacteristics": executed("a standard loop"),
    "multiInstanceLoopCharacteristics": executed("a multi-instance activity"),
    "complexBehaviorDefinition": executed("complex behaviour of a multi-instance activity"),
    "event": executed("the event that complex behaviour throws"),
    "dataObject": executed("a data object"),
    "dataObjectReference": executed("a data object reference"),
    "dataStore": documentation("a data store"),
    "dataStoreReference": documentation("a data store reference"),
    "globalTask": normalised("a global task"),
    "globalUserTask": normalised("a global user task"),
    "globalManualTask": normalised("a global manual task"),
    "globalScriptTask": normalised("a global script task"),
    "globalBusinessRuleTask": normalised("a global business rule task"),
    "choreographyTask": CHOREOGRAPHY,
    "subChoreography": CHOREOGRAPHY,
    "callChoreography": CHOREOGRAPHY,
    "choreography": CHOREOGRAPHY,
    "globalChoreographyTask": CHOREOGRAPHY,
    "conversation": documentation("a conversation"),
    "collaboration": documentation("a collaboration"),
    "participant": documentation("a pool; one without a process is outside of us"),
    "messageFlow": documentation("a message flow"),
    "laneSet": executed("lanes: who does the steps"),
    "textAnnotation": documentation("a text annotation"),
    "association": documentation("an association"),
    "group": documentation("a group"),
    "category": documentation("a category"),
    "message": executed("a message"),
    "signal": executed("a signal"),
    "error": executed("an error"),
    "escalation": executed("an escalation"),
    "correlationProperty": executed("a correlation property"),
    "itemDefinition": documentation("an item definition: values are FEEL's"),
    "interface": documentation("an interface of a web service"),
    "endPoint": documentation("an end point of a web service"),
    "resource": documentation("a resource: lanes say who does the steps"),
    "performer": documentation("who does a step: lanes say it"),
    "humanPerformer": documentation("a person who does a step: lanes say it"),
    "potentialOwner": documentation("who may do a step: lanes say it"),
    "resourceRole": documentation("the role of a resource: lanes say it"),
    "partnerEntity": documentation("a partner"),
    "partnerRole": documentation("the role of a partner"),
    "globalConversation": documentation("a conversation"),
}

# Root elements that are event definitions, used by eventDefinitionRef.
EVENT_DEFINITIONS = tuple(
    f"{kind}EventDefinition"
    for kind in (
        "message",
        "timer",
        "signal",
        "error",
        "escalation",
        "conditional",
        "link",
        "terminate",
        "compensate",
        "cancel",
    )
)


class Place(StrEnum):
    """Where an event stands, as far as the standard distinguishes it."""

    START = "start of a process"
    SUBPROCESS_START = "start of a subprocess"
    EVENT_SUBPROCESS = "interrupting start of an event subprocess"
    EVENT_SUBPROCESS_NON_INTERRUPTING = "non-interrupting start of an event subprocess"
    CATCH = "intermediate catch"
    THROW = "intermediate throw"
    BOUNDARY = "interrupting boundary"
    BOUNDARY_NON_INTERRUPTING = "non-interrupting boundary"
    END = "end"


KINDS = (
    "none",
    "message",
    "timer",
    "signal",
    "conditional",
    "error",
    "escalation",
    "link",
    "terminate",
    "compensate",
    "cancel",
    "multiple",
    "parallel multiple",
)

# What the standard allows; everything else is illegal.
LEGAL: Mapping[Place, str] = {
    Place.START: "none message timer conditional signal multiple parallel_multiple",
    Place.SUBPROCESS_START: "none",
    Place.EVENT_SUBPROCESS: (
        "message timer escalation error compensate conditional signal multiple parallel_multiple"
    ),
    Place.EVENT_SUBPROCESS_NON_INTERRUPTING: (
        "message timer escalation conditional signal multiple parallel_multiple"
    ),
    Place.CATCH: "message timer conditional link signal multiple parallel_multiple",
    Place.THROW: "none message escalation link compensate signal multiple",
    Place.BOUNDARY: (
        "message timer escalation error cancel compensate conditional signal multiple "
        "parallel_multiple"
    ),
    Place.BOUNDARY_NON_INTERRUPTING: (
        "message timer escalation conditional signal multiple parallel_multiple"
    ),
    Place.END: "none message escalation error cancel compensate signal terminate multiple",
}


def event(place: Place, kind: str) -> Support:
    """Return how an event of ``kind`` at ``place`` is treated."""
    what = f"{'an' if kind[0] in 'ae' else 'a'} {kind} event as {place}"
    if kind == "none" and "none" not in LEGAL[place].split():
        return illegal(
            what,
            f"It waits for nothing, but it is the {place}.",
            f"Choose its trigger: {', '.join(LEGAL[place].split()[:-2])}.",
        )
    if kind.replace(" ", "_") not in LEGAL[place].split():
        return illegal(
            what,
            f"BPMN allows no {kind} event as {place}.",
            f"There it may be: {LEGAL[place].replace(' ', ', ').replace('_', ' ')}.",
        )
    if kind == "link":
        return normalised(what)
    return executed(what)
