"""The FEEL that a form may use to hide a component: comparisons of answers, nothing else.

A component is hidden when its condition is exactly true. The same condition is evaluated by
`feel` on the server and as a small tree by the browser, and said in words where there is no
script; so it is kept to what all three can do: comparisons, ``in``, ``and``, ``or``, ``not(...)``,
parentheses, literals and keys of the form.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import feel
from feel import FeelSyntaxError, syntax

Leaf = Callable[[str], Any]
LARGEST = Decimal("1e15")  # as of answers
TOO_MUCH = (
    "uses more than a form may: comparisons, in, and, or, not(...), parentheses, plain values, "
    "ranges of plain values and keys of the form"
)


class ConditionRefused(Exception):
    """The condition is not one a form may have. The message says where and why."""


@dataclass(frozen=True)
class Condition:
    """A parsed condition. ``names`` are the keys it reads."""

    expression: feel.Expression
    names: frozenset[str]

    @property
    def node(self) -> syntax.Node:
        return self.expression.node

    def holds(self, context: Mapping[str, Any]) -> bool:
        """Say whether it is exactly true over ``context`` (answers by key, absent is null)."""
        return self.expression.evaluate(context) is True

    def tree(self, leaf: Leaf) -> Any:
        """Return it as JSON for the browser; ``leaf`` makes the entry that reads a key.

        A node is a list that begins with its operator: ``["and", ...]``, ``["or", ...]``,
        ``["not", x]``, ``["=", a, b]`` (also != < <= > >=), ``["in", value, test, ...]`` where a
        test is a value, ``["is", operator, value]`` or ``["range", low, high, closed_low,
        closed_high]`` (an open end is null). Leaves are texts, numbers, true, false and null,
        ``["date", "2027-01-14"]``, ``["time", "10:05:00"]``, ``["list", value, ...]``, and what
        ``leaf`` makes.
        """
        return _tree(self.node, leaf)


def parse_condition(text: str) -> Condition:
    """Parse what form-js wrote, with its leading ``=``. Raises ``ConditionRefused``."""
    if not text.startswith("="):
        raise ConditionRefused("does not begin with =")
    body = text[1:]
    try:
        expression = feel.parse(body)
    except FeelSyntaxError as error:
        column = error.column + (error.line == 1)  # the = counts for whoever looks at the editor
        raise ConditionRefused(
            f"is not FEEL: {error.message} (line {error.line}, column {column})"
        ) from None
    names: set[str] = set()
    _check_truth(expression.node, text, names)
    return Condition(expression, frozenset(names))


def values_in(node: syntax.Node) -> Iterator[tuple[syntax.Node, syntax.Node, bool]]:
    """Yield each pair of values that the condition compares, and whether by order (< and >)."""
    match node:
        case syntax.Logic():
            for operand in node.operands:
                yield from values_in(operand)
        case syntax.Call():
            yield from values_in(node.arguments[0])
        case syntax.Comparison():
            yield node.left, node.right, node.operator not in ("=", "!=")
        case syntax.Between():
            yield node.value, node.low, True
            yield node.value, node.high, True
        case syntax.Contained():
            for test in _tests(node):
                by_order = isinstance(test, syntax.OneSided | syntax.RangeLiteral)
                yield from ((node.value, end, by_order) for end in _ends(test))


def truths_in(node: syntax.Node) -> Iterator[syntax.Name]:
    """Yield each key that is read as a yes or no by itself."""
    match node:
        case syntax.Logic():
            for operand in node.operands:
                yield from truths_in(operand)
        case syntax.Call():
            yield from truths_in(node.arguments[0])
        case syntax.Name():
            yield node


def contained_in(node: syntax.Node) -> syntax.Node | None:
    """Return the one key whose list is searched in ``value in key``, or None."""
    if isinstance(node, syntax.Contained) and len(node.tests) == 1:
        return node.tests[0] if isinstance(node.tests[0], syntax.Name) else None
    return None


def _check_truth(node: syntax.Node, text: str, names: set[str]) -> None:
    match node:
        case syntax.Logic():
            for operand in node.operands:
                _check_truth(operand, text, names)
        case syntax.Call(function=syntax.Name(name="not"), arguments=(operand,)):
            _check_truth(operand, text, names)
        case syntax.Comparison() | syntax.Between() | syntax.Contained():
            is_in = isinstance(node, syntax.Contained)
            for left, right, by_order in values_in(node):
                _check_value(left, text, names, is_ordered=by_order)
                _check_value(right, text, names, is_ordered=by_order, is_end=by_order and is_in)
        case syntax.Name():
            names.add(node.name)
        case syntax.Literal(value=bool()):
            pass
        case _:
            _refuse(node, text)


def _check_value(
    node: syntax.Node, text: str, names: set[str], *, is_ordered: bool, is_end: bool = False
) -> None:
    match node:
        case syntax.Name() if not is_end:  # a range that ends in an answer may end in null
            names.add(node.name)
        case syntax.Negation(operand=syntax.Literal(value=Decimal())):
            pass
        case syntax.Literal(value=datetime()):
            _refuse(node, text)
        case syntax.Literal(value=None) if text[node.position + 1 : node.position + 2] == "@":
            _refuse(node, text, 'holds an @"..." that is neither a date nor a time')
        case syntax.Literal(value=None) if is_ordered:
            _refuse(node, text, "orders null, which has no order")
        case syntax.Literal(value=Decimal() as number) if abs(number) >= LARGEST:
            _refuse(node, text, "holds a number too large to be typed")
        case syntax.Literal(value=None | bool() | str() | Decimal() | date() | time(tzinfo=None)):
            pass
        case _:
            _refuse(node, text)


def _refuse(node: syntax.Node, text: str, reason: str = TOO_MUCH) -> None:
    before = text[: _position(node) + 1]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    raise ConditionRefused(f"{reason} (line {line}, column {column})")


def _position(node: Any) -> int:
    """Return where the node stands in the FEEL text; not every node knows."""
    for name in getattr(node, "__slots__", ()):
        value = getattr(node, name)
        if name == "position" and value:
            return int(value)
        if hasattr(value, "__slots__") and (inner := _position(value)):
            return inner
        if isinstance(value, tuple) and value and hasattr(value[0], "__slots__"):
            return _position(value[0])
    return 0


def _tests(node: syntax.Contained) -> Iterator[Any]:
    for test in node.tests:
        if isinstance(test, syntax.ListLiteral):
            yield from test.items
        else:
            yield test


def _ends(test: Any) -> Iterator[syntax.Node]:
    match test:
        case syntax.OneSided():
            yield test.operand
        case syntax.RangeLiteral():
            yield from (end for end in (test.start, test.end) if end is not None)
        case _:
            yield test


def _tree(node: Any, leaf: Leaf) -> Any:
    match node:
        case syntax.Logic():
            return [node.operator, *(_tree(operand, leaf) for operand in node.operands)]
        case syntax.Call():
            return ["not", _tree(node.arguments[0], leaf)]
        case syntax.Comparison():
            return [node.operator, _tree(node.left, leaf), _tree(node.right, leaf)]
        case syntax.Between():
            value = _tree(node.value, leaf)
            low, high = _tree(node.low, leaf), _tree(node.high, leaf)
            return ["and", [">=", value, low], ["<=", value, high]]
        case syntax.Contained():
            return ["in", _tree(node.value, leaf), *(_tree(test, leaf) for test in _tests(node))]
        case syntax.OneSided():
            return ["is", node.operator, _tree(node.operand, leaf)]
        case syntax.RangeLiteral():
            ends = [None if end is None else _tree(end, leaf) for end in (node.start, node.end)]
            return ["range", *ends, node.start_included, node.end_included]
        case syntax.Name():
            return leaf(node.name)
        case syntax.Negation(operand=syntax.Literal(value=value)):
            return -_number(value)
        case _:
            return literal(node.value)


def literal(value: Any) -> Any:
    """Return an answer, as `forms.values.read` gives it, as a leaf of a tree."""
    match value:
        case Decimal():
            return _number(value)
        case list():
            return ["list", *value]
        case date():
            return ["date", value.isoformat()]
        case time():
            return ["time", value.isoformat()]
        case _:
            return value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
