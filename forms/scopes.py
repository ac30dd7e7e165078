"""Checks over the whole form: keys that clash, conditions that read what is not there."""

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from feel import syntax
from forms.conditions import Condition, contained_in, truths_in, values_in
from forms.definition import (
    Form,
    Group,
    Kind,
    Node,
    Prose,
    Question,
    Rows,
    asking,
    evaluation_order,
)
from forms.findings import Finding

# What FEEL holds for an answer of each kind, in words for messages.
IN_FEEL = {
    Kind.TEXT: "text",
    Kind.LONG_TEXT: "text",
    Kind.RADIO: "text",
    Kind.SELECT: "text",
    Kind.NUMBER: "a number",
    Kind.DATE: "a date",
    Kind.TIME: "a time",
    Kind.DATETIME: "a date and time",
    Kind.CHECKBOX: "true or false",
    Kind.CHECKLIST: "a list",
    Kind.FILES: "files",
}
Known = dict[str, Question | Rows]


def check_scopes(form: Form, findings: list[Finding]) -> None:
    """Add what is wrong between components to ``findings``."""
    _check_scope(form.nodes, {}, findings)
    _check_variables(form, findings)
    _check_steps(form, findings)


def named(node: Node) -> str:
    """Return what the author calls the component."""
    return (node.label if not isinstance(node, Prose) else "") or "a text"


def _check_scope(nodes: tuple[Node, ...], outer: Known, findings: list[Finding]) -> None:
    known = dict(outer)
    own: Known = {}
    for node in asking(nodes):
        if not node.key:
            continue
        if node.key in known:
            findings.append(
                Finding(named(node), f"has the key {node.key}, which another component has too")
            )
        known[node.key] = own[node.key] = node
    for any_node in _all_of(nodes):
        if any_node.hide is not None:
            _check_condition(named(any_node), any_node.hide, known, findings)
    _check_circles(nodes, own, findings)
    for node in own.values():
        if isinstance(node, Rows):
            _check_scope(node.nodes, known, findings)


def _check_condition(where: str, hide: Condition, known: Known, findings: list[Finding]) -> None:
    def refuse(reason: str) -> None:
        findings.append(Finding(where, f"has a condition that {reason}"))

    for name in sorted(hide.names):
        node = known.get(name)
        if node is None:
            close = get_close_matches(name, known, 1)
            hint = f". Did you mean {close[0]}?" if close else ""
            refuse(f"reads {name}, which this form does not ask{hint}")
        elif isinstance(node, Rows) or node.kind is Kind.FILES:
            refuse(f"reads {name}, which is not one answer")
    for name_node in truths_in(hide.node):
        node = known.get(name_node.name)
        if isinstance(node, Question) and node.kind is not Kind.CHECKBOX:
            refuse(f"takes {node.key} as true or false, but it is {IN_FEEL[node.kind]}")
    for left, right, by_order in values_in(hide.node):
        if by_order and _kind_of(left, known) in ("text", "true or false"):
            refuse(f"orders {_kind_of(left, known)}. Only numbers, dates and times have an order")
        else:
            _check_pair(left, right, known, refuse, is_search=_is_search(hide.node, right))


def _check_pair(
    left: syntax.Node, right: syntax.Node, known: Known, refuse: Any, *, is_search: bool
) -> None:
    kinds = [_kind_of(side, known) for side in (left, right)]
    if None in kinds:  # an unknown name has been reported; null fits everything
        _check_null(left, right, known, refuse)
        return
    if is_search and kinds[1] == "a list":
        kinds[1] = "text"
    if "a date and time" in kinds:
        refuse("compares a date and time. Here it may only be compared with null")
    elif "a list" in kinds:
        refuse('compares a list. Ask for one of its values, as in "a" in key')
    elif kinds[0] != kinds[1]:
        refuse(f"compares {kinds[0]} with {kinds[1]}, which is never equal")
    else:
        _check_option(left, right, known, refuse)
        _check_option(right, left, known, refuse)


def _check_null(left: syntax.Node, right: syntax.Node, known: Known, refuse: Any) -> None:
    for side in (left, right):
        node = known.get(side.name) if isinstance(side, syntax.Name) else None
        if isinstance(node, Question) and node.kind in (Kind.CHECKBOX, Kind.CHECKLIST):
            refuse(f"compares {node.key} with null, but it is never null: untouched is empty")


def _check_option(side: syntax.Node, other: syntax.Node, known: Known, refuse: Any) -> None:
    node = known.get(side.name) if isinstance(side, syntax.Name) else None
    if not (isinstance(node, Question) and node.options and isinstance(other, syntax.Literal)):
        return
    if other.value not in {option.value for option in node.options}:
        refuse(f"compares {node.key} with “{other.value}”, which is not one of its options")


def _kind_of(side: syntax.Node, known: Known) -> str | None:
    match side:
        case syntax.Name():
            node = known.get(side.name)
            return IN_FEEL[node.kind] if isinstance(node, Question) else None
        case syntax.Negation():
            return "a number"
        case syntax.Literal(value=None):
            return None
        case syntax.Literal(value=bool()):
            return "true or false"
        case syntax.Literal(value=str()):
            return "text"
        case syntax.Literal(value=Decimal()):
            return "a number"
        case syntax.Literal(value=date()):
            return "a date"
        case syntax.Literal(value=time()):
            return "a time"
    return None


def _is_search(node: syntax.Node, right: syntax.Node) -> bool:
    match node:
        case syntax.Logic():
            return any(_is_search(operand, right) for operand in node.operands)
        case syntax.Call():
            return _is_search(node.arguments[0], right)
    return contained_in(node) is right


def _check_circles(nodes: tuple[Node, ...], own: Known, findings: list[Finding]) -> None:
    """Refuse conditions that hang on themselves: nothing could say which comes first."""
    _, circle = evaluation_order(nodes)
    if circle:
        others = ", ".join(named(node) for node in circle[1:]) or "itself"
        findings.append(Finding(named(circle[0]), f"is shown or hidden in a circle with {others}"))


def _check_variables(form: Form, findings: list[Finding]) -> None:
    for question in form.variables:
        if question.kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.CHECKLIST, Kind.FILES, Kind.TIME):
            findings.append(
                Finding(
                    question.label,
                    "is a variable of the process, but only a yes or no, a "
                    "choice, a number or a date may be",
                )
            )


def _check_steps(form: Form, findings: list[Finding]) -> None:
    """A page may read the pages before it: what comes later has not been asked."""
    asked: set[str] = set()
    later = {key for step in form.steps for key in (n.key for n in asking(step.nodes))}
    for step in form.steps:
        asked |= {node.key for node in asking(step.nodes)}
        for node in (step, *_all_of(step.nodes)):
            for name in sorted(node.hide.names if node.hide else ()):
                if name in later - asked:
                    findings.append(
                        Finding(named(node), f"has a condition that reads {name} of a later page")
                    )


def _all_of(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from _all_of(node.nodes)
