"""Small BPMN files for tests: a body of elements, and what the linter says to them."""

from collections.abc import Mapping

from engine.definitions import Definitions, ReleaseRefused, check
from engine.findings import Finding, Severity

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'id="definitions_1" targetNamespace="http://example.org/bpmn">'
)


def bpmn(body: str, *, defs: str = "", process_id: str = "case_work", name: str = "") -> str:
    """Return a BPMN file with one executable process around ``body``."""
    named = f' name="{name}"' if name else ""
    return (
        f"{HEAD}{defs}"
        f'<bpmn:process id="{process_id}"{named} isExecutable="true">{body}</bpmn:process>'
        "</bpmn:definitions>"
    ).replace("<bpmn:", "\n<bpmn:")


def flows(*ids: str) -> str:
    """Return plain flows from each id to the next: ``flow_<source>_<target>``."""
    return "".join(flow(a, b) for a, b in zip(ids, ids[1:], strict=False))


def flow(source: str, target: str, condition: str | None = None, *, id: str | None = None) -> str:
    flow_id = id or f"flow_{source}_{target}"
    inner = (
        '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
        f"<![CDATA[{condition}]]></bpmn:conditionExpression>"
        if condition
        else ""
    )
    return (
        f'<bpmn:sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">'
        f"{inner}</bpmn:sequenceFlow>"
    )


def straight(*middle: str) -> str:
    """Return the flows of a start, the given ids in a row, and an end, with both events."""
    return (
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="finish"/>'
        f"{flows('begin', *middle, 'finish')}"
    )


def properties(**given: str) -> str:
    inner = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in given.items()
    )
    return (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f"{inner}</spiffworkflow:properties></bpmn:extensionElements>"
    )


def findings_of(*diagrams: str, files: Mapping[str, str] | None = None) -> list[Finding]:
    """Return everything that is found in the diagrams, refused or not."""
    given = {f"diagram_{number}.bpmn": text for number, text in enumerate(diagrams, 1)}
    given.update(files or {})
    try:
        return list(check(given).findings)
    except ReleaseRefused as refused:
        return refused.findings


def one(findings: list[Finding], rule: str) -> Finding:
    """Return the only finding of a rule."""
    found = [finding for finding in findings if finding.rule == rule]
    assert len(found) == 1, [(finding.rule, finding.message) for finding in findings]
    return found[0]


def refusals(*diagrams: str, files: Mapping[str, str] | None = None) -> list[str]:
    """Return the messages of what cannot be executed."""
    return [
        finding.message
        for finding in findings_of(*diagrams, files=files)
        if finding.severity == Severity.CANNOT_EXECUTE
    ]


def checked(*diagrams: str, files: Mapping[str, str] | None = None) -> Definitions:
    given = {f"diagram_{number}.bpmn": text for number, text in enumerate(diagrams, 1)}
    return check({**given, **(files or {})})
