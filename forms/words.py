"""A condition in words, for pages without script: when a hidden question is to be answered.

The condition says when a component is hidden; people want to know when it is asked. So it is
turned round: "hide when not yes" reads "Answer only if ... is Yes".
"""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from feel import syntax
from forms import wording
from forms.conditions import Condition
from forms.definition import Question, Rows

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SAID = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
_SAID_OF_TIME = {**_SAID, "<": "is before", "<=": "is by", ">": "is after", ">=": "is from"}

Known = Mapping[str, Question | Rows]


def when_asked(hide: Condition, known: Known) -> str:
    """Return "“Do you need an interpreter?” is Yes": when ``hide`` does not hold."""
    return _said(hide.node, known, negated=True, within="")


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _said(node: syntax.Node, known: Known, *, negated: bool, within: str) -> str:
    match node:
        case syntax.Logic(operator=operator, operands=operands):
            joint = {"and": "or", "or": "and"}[operator] if negated else operator
            parts = [_said(part, known, negated=negated, within=joint) for part in operands]
            said = f" {joint} ".join(parts)
            return f"({said})" if within and within != joint else said
        case syntax.Call(arguments=(operand,)):
            return _said(operand, known, negated=not negated, within=within)
        case syntax.Name(name=name):
            return f"{_label(name, known)} is {'not ' if negated else ''}ticked"
        case syntax.Comparison():
            return _comparison(node, known, negated)
        case syntax.Between(value=value, low=low, high=high):
            said = f"{_value(low, value, known)} to {_value(high, value, known)}"
            return f"{_value(value, low, known)} is {'not ' if negated else ''}{said}"
        case syntax.Contained():
            return _contained(node, known, negated)
        case syntax.Literal(value=value):
            return "always" if value is not negated else "never"
    raise TypeError(f"not a condition: {node!r}")


def _comparison(node: syntax.Comparison, known: Known, negated: bool) -> str:
    operator = _OPPOSITE[node.operator] if negated else node.operator
    left, right = node.left, node.right
    if isinstance(left, syntax.Literal):  # 5 < age reads the other way round
        left, right = right, left
        operator = operator.translate(str.maketrans("<>", "><"))
    name = _value(left, right, known)
    if isinstance(right, syntax.Literal) and right.value is None:
        return f"{name} is {'not ' if operator == '=' else ''}answered"
    if isinstance(right, syntax.Literal) and isinstance(right.value, bool):
        return f"{name} is {'' if right.value is (operator == '=') else 'not '}ticked"
    is_time = isinstance(right, syntax.Literal) and isinstance(right.value, date | time)
    return f"{name} {(_SAID_OF_TIME if is_time else _SAID)[operator]} {_value(right, left, known)}"


def _contained(node: syntax.Contained, known: Known, negated: bool) -> str:
    value = node.value
    if len(node.tests) == 1 and isinstance(node.tests[0], syntax.Name):
        searched = node.tests[0]
        verb = "does not include" if negated else "includes"
        return f"{_value(searched, value, known)} {verb} {_value(value, searched, known)}"
    tests = [_test(test, value, known) for test in node.tests]
    return f"{_value(value, value, known)} is {'not ' if negated else ''}{' or '.join(tests)}"


def _test(test: Any, value: syntax.Node, known: Known) -> str:
    match test:
        case syntax.OneSided(operator=operator, operand=operand):
            return f"{_SAID[operator].removeprefix('is ')} {_value(operand, value, known)}"
        case syntax.RangeLiteral():
            return _range(test, value, known)
        case syntax.ListLiteral(items=items):
            return " or ".join(_value(item, value, known) for item in items)
        case _:
            return _value(test, value, known)


def _range(test: syntax.RangeLiteral, value: syntax.Node, known: Known) -> str:
    ends = []
    if test.start is not None:
        verb = "at least" if test.start_included else "more than"
        ends.append(f"{verb} {_value(test.start, value, known)}")
    if test.end is not None:
        verb = "at most" if test.end_included else "less than"
        ends.append(f"{verb} {_value(test.end, value, known)}")
    return " and ".join(ends)


def _value(node: syntax.Node, beside: syntax.Node, known: Known) -> str:
    """Say a value; a text beside a choice is said with the option's label."""
    match node:
        case syntax.Name(name=name):
            return _label(name, known)
        case syntax.Negation(operand=syntax.Literal(value=Decimal() as number)):
            return f"-{wording.figure(number)}"
        case syntax.Literal(value=value):
            return _literal(value, beside, known)
    raise TypeError(f"not a value: {node!r}")


def _literal(value: Any, beside: syntax.Node, known: Known) -> str:
    question = known.get(beside.name) if isinstance(beside, syntax.Name) else None
    if isinstance(question, Question):
        for option in question.options:
            if option.value == value:
                return option.label
    match value:
        case Decimal():
            return wording.figure(value)
        case date():
            return day_in_words(value)
        case time():
            return f"{value:%H:%M}"
        case None:
            return "not answered"
        case _:
            return str(value)


def _label(name: str, known: Known) -> str:
    node = known.get(name)
    if isinstance(node, Question):
        return f"“{wording.plain_label(node)}”"
    return f"“{node.label if node else name}”"
