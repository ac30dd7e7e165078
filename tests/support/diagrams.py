"""Diagrams to run in tests, written short.

    DRAWN = process(
        start("begin"), user("ask"), xor("ok", default="no"), end("yes"), end("no"),
        flows="begin > ask > ok; ok > yes [answer = true]; ok > no",
    )

Messages, signals, errors and escalations are declared by being used.
"""

import re
from html import escape
from typing import Any

from drawing import HEAD, properties

Xml = str
NS = "bpmn:"


def element(tag: str, id: str, inside: Xml = "", /, **attributes: Any) -> Xml:
    given = "".join(
        f' {name}="{escape(str(value))}"' for name, value in attributes.items() if value is not None
    )
    return f'<{NS}{tag} id="{id}"{given}>{inside}</{NS}{tag}>'


def extended(props: dict[str, Any], more: Xml = "") -> Xml:
    """Extension elements: properties by name, then ``more``."""
    if not props and not more:
        return ""
    made = properties(**{k: escape(str(v)) for k, v in props.items()}) if props else ""
    if not more:
        return made
    inner = made.removeprefix(f"<{NS}extensionElements>").removesuffix(f"</{NS}extensionElements>")
    return f"<{NS}extensionElements>{inner}{more}</{NS}extensionElements>"


# -- event definitions ------------------------------------------------------------------------


def text(tag: str, value: str) -> Xml:
    return f"<{NS}{tag}>{escape(value, quote=False)}</{NS}{tag}>"


def definition(kind: str, inside: Xml = "", **attributes: str) -> Xml:
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{NS}{kind}EventDefinition{given}>{inside}</{NS}{kind}EventDefinition>"


def timer(value: str, form: str = "") -> Xml:
    if not form:
        form = "timeCycle" if re.match(r"R\d*/", value) else "timeDuration"
        form = "timeDate" if re.match(r"\d{4}-", value) else form
    return definition("timer", text(form, value))


def message(name: str, **props: str) -> Xml:
    return definition("message", extended(props), messageRef=f"message_{name}")


def signal(name: str, **props: str) -> Xml:
    return definition("signal", extended(props), signalRef=f"signal_{name}")


def error(code: str | None = None, **props: str) -> Xml:
    reference = {"errorRef": f"error_{code}"} if code else {}
    return definition("error", extended(props), **reference)


def escalation(code: str | None = None, **props: str) -> Xml:
    reference = {"escalationRef": f"escalation_{code}"} if code else {}
    return definition("escalation", extended(props), **reference)


def condition(value: str) -> Xml:
    return definition("conditional", text("condition", value))


TERMINATE = definition("terminate")
DECLARED = {
    "message": "message_{0}",
    "signal": "signal_{0}",
    "error": "error_{0}",
    "escalation": "escalation_{0}",
}


def declarations(body: Xml) -> Xml:
    """Declare what ``body`` refers to."""
    made = []
    for kind in DECLARED:
        names = re.findall(rf'{kind}Ref="{kind}_([^"]+)"', body)
        code = {"error": "errorCode", "escalation": "escalationCode"}.get(kind)
        for name in dict.fromkeys(names):
            made.append(
                element(kind, f"{kind}_{name}", name=name, **({code: name} if code else {}))
            )
    return "".join(made)


# -- flow nodes -------------------------------------------------------------------------------


def start(id: str, definitions: Xml = "", *, interrupting: bool = True, **props: str) -> Xml:
    is_interrupting = None if interrupting else "false"
    return element("startEvent", id, extended(props) + definitions, isInterrupting=is_interrupting)


def end(id: str, definitions: Xml = "", **props: str) -> Xml:
    return element("endEvent", id, extended(props) + definitions)


def catch(id: str, definitions: Xml, *, all_needed: bool = False, **props: str) -> Xml:
    many = "true" if all_needed else None
    return element(
        "intermediateCatchEvent", id, extended(props) + definitions, parallelMultiple=many
    )


def throw(id: str, definitions: Xml = "", **props: str) -> Xml:
    return element("intermediateThrowEvent", id, extended(props) + definitions)


def boundary(
    id: str,
    on: str,
    definitions: Xml,
    *,
    interrupting: bool = True,
    all_needed: bool = False,
    **props: str,
) -> Xml:
    return element(
        "boundaryEvent",
        id,
        extended(props) + definitions,
        attachedToRef=on,
        cancelActivity=None if interrupting else "false",
        parallelMultiple="true" if all_needed else None,
    )


def task(id: str, inside: Xml = "", *, tag: str = "task", **props: str) -> Xml:
    return element(tag, id, extended(props) + inside, name=props.pop("name", None))


def user(id: str, inside: Xml = "", **props: str) -> Xml:
    name = props.pop("name", None)
    return element("userTask", id, extended(props) + inside, name=name)


def manual(id: str) -> Xml:
    return element("manualTask", id)


def script(id: str, value: str, inside: Xml = "", **props: str) -> Xml:
    inner = extended(props) + inside + text("script", value)
    return element("scriptTask", id, inner, scriptFormat="feel")


def service(
    id: str, operation: str, inside: Xml = "", *, result: str | None = None, **parameters: str
) -> Xml:
    given = "".join(
        f'<spiffworkflow:parameter id="{name}" type="any" value="{escape(value)}"/>'
        for name, value in parameters.items()
    )
    named = f' resultVariable="{result}"' if result else ""
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{operation}"{named}>'
        f"<spiffworkflow:parameters>{given}</spiffworkflow:parameters>"
        "</spiffworkflow:serviceTaskOperator>"
    )
    return element("serviceTask", id, extended({}, operator) + inside)


def rule(id: str, decision: str, **props: str) -> Xml:
    called = f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"
    return element("businessRuleTask", id, extended(props, called))


def send(id: str, name: str, **props: str) -> Xml:
    return element("sendTask", id, extended(props), messageRef=f"message_{name}")


def receive(id: str, name: str, inside: Xml = "", **props: str) -> Xml:
    return element("receiveTask", id, extended(props) + inside, messageRef=f"message_{name}")


def call(id: str, called: str, inside: Xml = "", **props: str) -> Xml:
    renamed = {key.rstrip("_"): value for key, value in props.items()}  # in_="..." is ``in``
    return element("callActivity", id, extended(renamed) + inside, calledElement=called)


def sub(
    id: str, *inside: Xml, flows: str = "", event: bool = False, tag: str = "subProcess"
) -> Xml:
    triggered = "true" if event else None
    return element(
        tag, id, scope(*inside, flows=flows, prefix=f"{id}_"), triggeredByEvent=triggered
    )


def xor(id: str, default: str | None = None) -> Xml:
    return element("exclusiveGateway", id, default=default)


def parallel(id: str) -> Xml:
    return element("parallelGateway", id)


def inclusive(id: str, default: str | None = None) -> Xml:
    return element("inclusiveGateway", id, default=default)


def event_gateway(id: str) -> Xml:
    return element("eventBasedGateway", id)


def loop(value: str | None = None, *, before: bool = False, maximum: int | None = None) -> Xml:
    most = f' loopMaximum="{maximum}"' if maximum is not None else ""
    inner = text("loopCondition", value) if value else ""
    first = "true" if before else "false"
    return (
        f'<{NS}standardLoopCharacteristics testBefore="{first}"{most}>{inner}'
        f"</{NS}standardLoopCharacteristics>"
    )


def many(
    *,
    times: str | None = None,
    over: str | None = None,
    each: str | None = None,
    into: str | None = None,
    output: str | None = None,
    until: str | None = None,
    sequential: bool = False,
) -> Xml:
    """A multi-instance marker."""
    inner = text("loopCardinality", times) if times else ""
    inner += text("loopDataInputRef", over) if over else ""
    inner += text("loopDataOutputRef", into) if into else ""
    inner += f'<{NS}inputDataItem id="item_{each}" name="{each}"/>' if each else ""
    inner += f'<{NS}outputDataItem id="item_{output}" name="{output}"/>' if output else ""
    inner += text("completionCondition", until) if until else ""
    one_by_one = "true" if sequential else "false"
    return (
        f'<{NS}multiInstanceLoopCharacteristics isSequential="{one_by_one}">{inner}'
        f"</{NS}multiInstanceLoopCharacteristics>"
    )


# -- scopes, processes, files -----------------------------------------------------------------


def scope(*inside: Xml, flows: str, prefix: str = "") -> Xml:
    body = "".join(inside)
    drawn = []
    defaults = {}
    for chain in filter(None, (part.strip() for part in re.split(r";|\n", flows))):
        steps, _, rest = chain.partition("[")
        ids = [step.strip() for step in steps.split(">")]
        for source, target in zip(ids, ids[1:], strict=False):
            flow_id = f"{prefix}{source}__{target}"
            defaults[source, target] = flow_id
            value = rest.strip().removesuffix("]")
            drawn.append(
                element(
                    "sequenceFlow",
                    flow_id,
                    text("conditionExpression", value) if value else "",
                    sourceRef=source,
                    targetRef=target,
                )
            )
    for (source, target), flow_id in defaults.items():
        body = re.sub(rf'(id="{source}"[^>]*) default="{target}"', rf'\1 default="{flow_id}"', body)
    return body + "".join(drawn)


def process(*inside: Xml, flows: str, id: str = "p", **props: str) -> Xml:
    body = extended(props) + scope(*inside, flows=flows)
    return element("process", id, body, isExecutable="true")


def diagram(*processes: Xml, defs: Xml = "") -> str:
    """One BPMN file."""
    body = "".join(processes)
    return f"{HEAD}{declarations(body)}{defs}{body}</{NS}definitions>"


# -- undoing ----------------------------------------------------------------------------------


def compensation(activity: str | None = None, *, waits: bool = True) -> Xml:
    given = {} if activity is None else {"activityRef": activity}
    return definition("compensate", **given, **({} if waits else {"waitForCompletion": "false"}))


def undone_by(event: str, on: str, handler: Xml, id: str) -> Xml:
    """A compensation event on the boundary of ``on``, associated with the step ``id``."""
    marked = re.sub(rf'id="{id}"', f'id="{id}" isForCompensation="true"', handler, count=1)
    link = element("association", f"{event}_to_{id}", sourceRef=event, targetRef=id)
    return boundary(event, on, compensation()) + marked + link


CANCEL = definition("cancel")


# -- rarer elements ---------------------------------------------------------------------------


def marked(made: Xml, id: str, **attributes: Any) -> Xml:
    """Set attributes on the element with an id."""
    given = "".join(f' {name}="{escape(str(value))}"' for name, value in attributes.items())
    return re.sub(rf' id="{id}"', f' id="{id}"{given}', made, count=1)


def complex_gateway(id: str, activation: str | None = None, default: str | None = None) -> Xml:
    inside = text("activationCondition", activation) if activation else ""
    return element("complexGateway", id, inside, default=default)


def ad_hoc(
    id: str, *inside: Xml, flows: str = "", until: str | None = None, **attributes: str
) -> Xml:
    condition = text("completionCondition", until) if until else ""
    return element("adHocSubProcess", id, scope(*inside, flows=flows) + condition, **attributes)
