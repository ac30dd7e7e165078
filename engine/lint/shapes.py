"""What is compared, added or handed over has types that fit.

A condition that compares a number with a text is never true, and whoever it should have stopped
goes on; so is one that asks for a value which the form or table behind the variable never gives.
What variables hold is gathered from everything in the release that writes them. A variable that
also something undrawn may write (an operation, a caller) has the types of the drawn writers.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import feel
from engine import xml
from engine.decisions.shapes import given_by, taken_by
from engine.findings import Finding
from engine.lint.model import Diagram, Node, Release
from engine.lint.texts import FeelText, feel_texts
from engine.lint.variables import form_questions
from engine.lint.vocabulary import COUNTERS, declared
from feel.clashes import Clash, clashes, compared, condition_clashes, kind_of
from feel.shapes import ANYTHING, DAYS, MONTHS, NULL, Shape, either, of_type, shape_of
from feel.syntax import Conditional, ContextLiteral
from feel.values import TYPE_NAMES, from_python

ROUNDS = 100  # scripts read what other scripts write; each round knows one step more
TIMES = frozenset({"date", "date and time", "string", DAYS, MONTHS})
CHOICES = ("radio", "select")
QUESTIONS: Mapping[str, str] = {
    "checkbox": "boolean",
    "number": "number",
    "checklist": "list",
    "taglist": "list",
    "textfield": "string",
    "textarea": "string",
}
MOMENT_TYPES = {"date": "date", "time": "time", "datetime": "date and time"}

Written = Iterator[tuple[str, Shape]]


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    names = shapes_of(release)
    for text in feel_texts(diagram):
        for clash in clashes_of(text, names):
            yield said(diagram, text, clash)
        if (node := parsed(text)) is not None:
            yield from moment(diagram, text, shape_of(node, names))
    for scope in diagram.executed:
        for step in scope.of_kind("businessRuleTask"):
            yield from inputs(diagram, release, step, names)


def parsed(text: FeelText) -> Any:
    """Return the tree of a text, None where `expressions` says what is wrong with it."""
    try:
        return feel.parse(text.text).node
    except feel.FeelSyntaxError:
        return None


def clashes_of(text: FeelText, names: Mapping[str, Shape]) -> list[Clash]:
    """Return what clashes in a text, each once, in order."""
    node = parsed(text)
    if node is None:
        return []
    found = list(clashes(node, names))
    if text.is_test:
        found += condition_clashes(node, names)
    return list(dict.fromkeys(found))


def said(diagram: Diagram, text: FeelText, clash: Clash) -> Finding:
    where = f"{text.what} of {xml.label(text.owner)}"
    if clash.kind == "value":
        return diagram.warning(
            "value_never_given",
            text.owner,
            f"{where} asks for something that never is: {clash.message}.",
            "Correct the value, or leave it if something outside of the diagrams gives it.",
        )
    if clash.kind == "entry":
        return diagram.unsafe(
            "no_such_entry",
            text.owner,
            f"{where} reads what nothing gives: {clash.message}.",
            "Correct the name; what is not there is null for ever.",
        )
    return diagram.unsafe(
        "types_clash",
        text.owner,
        f"{where} can never hold: {clash.message}.",
        "Compare, add and hand over values of one type.",
    )


def moment(diagram: Diagram, text: FeelText, shape: Shape) -> Iterator[Finding]:
    if text.what not in ("The time", "The due time", "The follow-up time"):
        return
    if shape.types and not shape.types & TIMES:
        yield diagram.unsafe(
            "not_a_time",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} is {kind_of(shape)}, and neither a date nor "
            "a duration.",
            "Give a date and time, or a duration from now.",
        )


def inputs(
    diagram: Diagram, release: Release, step: Node, names: Mapping[str, Shape]
) -> Iterator[Finding]:
    """What a decision asks for has the type that it asks for."""
    called = xml.extension(step.element, "calledDecisionId")
    decision = xml.text_of(called) if called is not None else ""
    model = release.decisions.get(decision)
    for name, wanted in taken_by(model, decision) if model is not None else ():
        for clash in compared(names.get(name, ANYTHING), wanted, "<="):
            yield diagram.unsafe(
                "types_clash",
                step.element,
                f"{step.label} hands '{name}' to the decision '{decision}', which takes another "
                f"type: {clash.message.replace('something', 'it', 1)}.",
                "Give the variable the type that the decision declares, or correct the decision.",
            )


# -- what variables hold ----------------------------------------------------------------------


@lru_cache(maxsize=1)
def shapes_of(release: Release) -> Mapping[str, Shape]:
    """Return what each variable that something drawn writes can hold."""
    return shapes_with(release, {})


def shapes_with(release: Release, outcomes: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """Return the same, ``outcomes`` being what operations return, by their names."""
    fixed: dict[str, list[Shape]] = {}
    for name, shape in drawn_types(release, outcomes):
        fixed.setdefault(name, []).append(shape)
    texts = [pair for diagram in release.diagrams for pair in computed(diagram)]
    written = [name for write, node in texts for name, _ in write(node, {})]
    names: dict[str, Shape] = dict.fromkeys(written, NULL)
    names.update({name: either(found) for name, found in fixed.items()})
    for _ in range(ROUNDS):
        found = {name: list(shapes) for name, shapes in fixed.items()}
        for write, node in texts:
            for name, shape in write(node, names):
                found.setdefault(name, []).append(shape)
        before, names = names, {name: either(shapes) for name, shapes in found.items()}
        if names == before:
            # a name that is only ever set to null is filled by something that is not drawn
            return {name: shape for name, shape in names.items() if not shape.is_null}
    return {}  # scripts that never settle say nothing certain


def drawn_types(release: Release, outcomes: Mapping[str, Shape]) -> Written:
    """Yield what forms, decisions, operations, repetitions and drawn data write."""
    yield from ((name, of_type("number")) for name in COUNTERS)
    yield "settings", settings_shape(release.settings)
    for form_id in release.forms:
        for question in form_questions(release, form_id):
            yield str(question.get("key") or ""), question_shape(question)
    for diagram in release.diagrams:
        yield from ((name, ANYTHING) for name in declared(diagram))
        for scope in diagram.executed:
            for node in scope.nodes.values():
                yield from results(node, release, outcomes)


def results(node: Node, release: Release, outcomes: Mapping[str, Shape]) -> Written:
    """Yield what a step writes that is no expression."""
    given = xml.properties(node.element).get("resultVariable")
    if node.kind == "businessRuleTask":
        called = xml.extension(node.element, "calledDecisionId")
        decision = xml.text_of(called) if called is not None else ""
        model = release.decisions.get(decision)
        yield given or decision, ANYTHING if model is None else given_by(model, decision)
    elif node.kind == "serviceTask":
        operator = xml.extension(node.element, "serviceTaskOperator")
        name = operator.get("resultVariable") if operator is not None else None
        operation = (operator.get("id") or "") if operator is not None else ""
        outcome = outcomes.get(operation, ANYTHING)
        if name or given:
            yield name or given or "", outcome
        else:
            yield from (outcome.members or {}).items()
    elif given and node.kind != "scriptTask":
        yield given, ANYTHING


Writer = Callable[[Any, Mapping[str, Shape]], Written]


def computed(diagram: Diagram) -> Iterator[tuple[Writer, Any]]:
    """Yield the parsed texts whose values become variables, with how they write them."""
    for text in feel_texts(diagram):
        if not text.is_context:
            continue
        try:
            node = feel.parse(text.text).node
        except feel.FeelSyntaxError:
            continue
        result = xml.properties(text.owner).get("resultVariable")
        if result and xml.is_bpmn(text.owner, "scriptTask"):
            yield whole(result), node
        else:
            yield entries, node


def whole(name: str) -> Writer:
    return lambda node, names: iter([(name, shape_of(node, names))])


def entries(node: Any, names: Mapping[str, Shape]) -> Written:
    """Yield the entries of a context, whichever way an ``if`` goes."""
    if isinstance(node, ContextLiteral):
        # a script may raise a variable by reading it: what it reads is what others wrote
        for name, value in node.entries:
            yield name, shape_of(value, names)
    elif isinstance(node, Conditional):
        yield from entries(node.then, names)
        yield from entries(node.otherwise, names)


def question_shape(question: Mapping[str, Any]) -> Shape:
    kind = str(question.get("type"))
    if kind in CHOICES:
        options = question.get("values")
        if isinstance(options, list) and all(isinstance(option, dict) for option in options):
            return of_type("string", [str(option.get("value")) for option in options])
        return of_type("string")
    if kind == "datetime":
        moment = MOMENT_TYPES.get(str(question.get("subtype", "datetime")))
        return ANYTHING if moment is None else of_type(moment)
    return of_type(QUESTIONS[kind]) if kind in QUESTIONS else ANYTHING


def settings_shape(value: Any) -> Shape:
    """Return the shape of a setting: a service may give it another value of the same type."""
    if isinstance(value, Mapping):
        members = {str(name): settings_shape(inner) for name, inner in value.items()}
        return Shape(frozenset({"context"}), members=members)
    if value is None:
        return ANYTHING
    if isinstance(value, str | bool | int | float | Decimal | date | datetime | timedelta):
        return of_type(TYPE_NAMES[type(from_python(value))])
    return of_type("list") if isinstance(value, list) else ANYTHING
