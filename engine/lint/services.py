"""What steps do: scripts, decisions, called processes and operations name what exists.

Operations are Python and live above a release, so they are checked by whoever knows them:
``operations(known)`` is an extra check for `engine.definitions.check`.
"""

from collections.abc import Iterator, Mapping

from lxml import etree

import feel
from engine import xml
from engine.checked import Definitions
from engine.findings import Finding
from engine.lint import outcomes
from engine.lint.extra import ExtraCheck, diagram_of, release_of
from engine.lint.model import Diagram, Release
from engine.lint.shapes import shapes_with
from engine.lint.texts import bare
from engine.lint.words import listing, meant
from engine.normalise.flows import definitions_of
from engine.operations import Operation
from feel.clashes import WORDS, fits, kind_of
from feel.shapes import Names, Shape, shape_of


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    rules = {
        "scriptTask": script,
        "businessRuleTask": decision,
        "callActivity": call,
        "serviceTask": operation_named,
    }
    for step in xml.bpmn_descendants(diagram.root, *rules):
        if not diagram.is_left_out(step):
            yield from rules[xml.local(step)](diagram, release, step)


def script(diagram: Diagram, release: Release, step: etree._Element) -> Iterator[Finding]:
    if not xml.child_text(step, "script"):
        yield diagram.unsafe(
            "no_script",
            step,
            f"Script task {xml.label(step)} has no script, so it does nothing.",
            "Write a FEEL context, as in '{attempts: attempts + 1}', or use another task.",
        )


def decision(diagram: Diagram, release: Release, step: etree._Element) -> Iterator[Finding]:
    called = xml.extension(step, "calledDecisionId")
    decision_id = xml.text_of(called) if called is not None else ""
    if not decision_id:
        yield diagram.refused(
            "no_decision",
            step,
            f"Business rule task {xml.label(step)} does not say which decision it asks.",
            "Choose a decision of the release.",
        )
    elif decision_id not in release.decisions:
        yield diagram.refused(
            "unknown_decision",
            step,
            f"{xml.label(step)} asks the decision '{decision_id}', which is not in this release"
            f"{meant(decision_id, release.decisions)}",
            "Add the decision to the release, or choose another.",
        )


def call(diagram: Diagram, release: Release, step: etree._Element) -> Iterator[Finding]:
    called = (step.get("calledElement") or "").rpartition(":")[2]
    if not called:
        yield diagram.refused(
            "no_called_process",
            step,
            f"Call activity {xml.label(step)} does not say which process it calls.",
            "Choose a process of the release.",
        )
        return
    if called not in release.processes:
        yield diagram.refused(
            "unknown_process",
            step,
            f"{xml.label(step)} calls the process '{called}', which is not in this release"
            f"{meant(called, release.processes)}",
            "Add the process to the release, or choose another.",
        )
        return
    _, process = release.processes[called]
    starts = list(xml.bpmn_children(process, "startEvent"))
    if starts and all(definitions_of(start) for start in starts):
        yield diagram.refused(
            "no_plain_start",
            step,
            f"{xml.label(step)} calls {xml.label(process)}, which can be started by its events "
            "only.",
            "Draw a start event without a trigger in the called process.",
        )


def operation_named(diagram: Diagram, release: Release, step: etree._Element) -> Iterator[Finding]:
    operator = xml.extension(step, "serviceTaskOperator")
    name = (operator.get("id") or "") if operator is not None else ""
    if not name:
        yield diagram.unsafe(
            "no_operation",
            step,
            f"Service task {xml.label(step)} names no operation, so it does nothing.",
            "Choose an operation, as in 'people.match'.",
        )


# -- operations -------------------------------------------------------------------------------


def operations(
    known: Mapping[str, Operation], handed_in: frozenset[str] = frozenset()
) -> ExtraCheck:
    """Return an extra check: every service task names one of ``known`` with its parameters, and
    nothing reads what none of them returns. ``handed_in``: see `outcomes.check`."""

    def check_operations(definitions: Definitions) -> Iterator[Finding]:
        release = release_of(definitions)
        returned = outcomes.of_operations(known, release.decisions)
        names = shapes_with(release, returned)
        yield from outcomes.check(release, returned, names, handed_in)
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            for step in xml.bpmn_descendants(process.element, "serviceTask", "sendTask"):
                operator = xml.extension(step, "serviceTaskOperator")
                if operator is not None:
                    yield from one_operation(diagram, step, operator, known, names)

    return check_operations


def one_operation(
    diagram: Diagram,
    step: etree._Element,
    operator: etree._Element,
    known: Mapping[str, Operation],
    names: Names,
) -> Iterator[Finding]:
    name = operator.get("id") or ""
    label = xml.label_of(step, diagram.author_id(step))
    given = {
        parameter.get("id") or "": parameter.get("value")
        for parameter in operator.iter(f"{{{xml.SPIFF}}}parameter")
    }
    if name not in known:
        yield diagram.refused(
            "unknown_operation",
            step,
            f"{label} calls the operation '{name}', which does not exist{meant(name, known)}",
            f"Operations of this kind: {listing(same_capability(name, known))}.",
        )
    elif wrong := known[name].problem_with(given):
        yield diagram.refused(
            "wrong_parameters",
            step,
            f"{label} cannot be carried out. {wrong}",
            "Correct the parameters of the step.",
        )
    else:
        for parameter in known[name].parameters:
            text = bare(given.get(parameter.name) or "null")
            if (shape := never_fits(text, parameter.kind, names)) is not None:
                yield diagram.unsafe(
                    "wrong_parameter_type",
                    step,
                    f"{label} gives the operation '{name}' {kind_of(shape)} as '{parameter.name}', "
                    f"which takes {WORDS.get(parameter.kind, parameter.kind)}.",
                    "Hand over a value of the type that the operation takes.",
                )


def never_fits(text: str, kind: str, names: Names) -> Shape | None:
    """Return the shape of an expression that a parameter of that kind cannot take."""
    try:
        shape = shape_of(feel.parse(text).node, names)
    except feel.FeelSyntaxError:
        return None  # `expressions` says so
    if kind == "list" and shape.types and not shape.types & {"list", "range"}:
        return shape  # Python sees the single value, not a list of it
    return None if fits(shape, kind) else shape


def same_capability(name: str, known: Mapping[str, Operation]) -> list[str]:
    capability = name.partition(".")[0]
    return sorted(other for other in known if other.partition(".")[0] == capability) or ["none"]
