"""``in`` and unary tests: what a value is compared with."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from feel.compile.core import Closure, Compiler, compiles
from feel.compile.names import make_range
from feel.compile.operators import is_null, quiet
from feel.operators import compare, equal, in_range
from feel.scope import Frame, Run
from feel.syntax import Contained, Literal, Name, Node, OneSided, RangeLiteral, UnaryTests
from feel.values import Range, Value
from feel.walk import mentions

INPUT = "?"
Test: TypeAlias = Callable[[Value, Frame], bool | None]


def matches(value: Value, wanted: Value, run: Run) -> bool | None:
    """Return whether ``value in wanted``: in a range, among a list, or equal."""
    if type(wanted) is Range:
        return _in(value, wanted, run)
    if type(wanted) is not list:
        return equal(value, wanted, run)
    result: bool | None = False
    for item in wanted:
        run.spend_part()
        verdict = _in(value, item, run) if type(item) is Range else equal(value, item, run)
        if verdict is True:
            return True
        if verdict is None:
            result = None
    if type(value) is list and equal(value, wanted, run) is True:
        return True
    return result


def _in(value: Value, range_: Range, run: Run) -> bool | None:
    return equal(value, range_, run) if type(value) is Range else in_range(value, range_)


@compiles(Contained)
def _contained(compiler: Compiler, node: Contained) -> Closure:
    expects_null = any(is_null(test) for test in node.tests)
    value = quiet(compiler, node.value) if expects_null else compiler.compile(node.value)
    tests = [_element(compiler, test) for test in node.tests]
    if len(tests) == 1:
        only = tests[0]
        return lambda frame: only(value(frame), frame)
    return lambda frame: _any_of(tests, value(frame), frame)


def _element(compiler: Compiler, node: Node) -> Test:
    """Compile one test: one-sided, a constant, or whatever an expression gives."""
    if isinstance(node, OneSided):
        return _one_sided(compiler, node)
    if isinstance(node, Literal):
        return _constant(node.value)
    wanted = compiler.compile(node)
    if isinstance(node, RangeLiteral):
        return _in_fixed(node) if _is_fixed(node) else _in_literal(wanted)
    return lambda value, frame: matches(value, wanted(frame), frame.run)


def _is_fixed(node: RangeLiteral) -> bool:
    ends = (node.start, node.end)
    return all(isinstance(end, Literal) and type(end.value) is Decimal for end in ends)


def _in_fixed(node: RangeLiteral) -> Test:
    """The usual range, ``[18..65)``: made once."""
    assert isinstance(node.start, Literal) and isinstance(node.end, Literal)
    range_ = make_range(node.start.value, node.end.value, node.start_included, node.end_included)
    if range_ is None:
        return lambda value, frame: None
    low, high = range_.start, range_.end
    above = operator.ge if range_.start_included else operator.gt
    below = operator.le if range_.end_included else operator.lt

    def test(value: Value, frame: Frame) -> bool | None:
        if type(value) is Decimal:
            return above(value, low) and below(value, high)
        return _in(value, range_, frame.run)

    return test


def _in_literal(wanted: Closure) -> Test:
    """A range that is written out; one whose ends do not fit decides nothing."""

    def test(value: Value, frame: Frame) -> bool | None:
        range_ = wanted(frame)
        return None if range_ is None else _in(value, range_, frame.run)

    return test


def _one_sided(compiler: Compiler, node: OneSided) -> Test:
    operand, symbol = compiler.compile(node.operand), node.operator
    return lambda value, frame: compare(symbol, value, operand(frame), frame.run)


@compiles(OneSided)
def _standing_alone(compiler: Compiler, node: OneSided) -> Closure:
    """Compile ``(= x)`` outside of a test: the range of that one value; ``(!= x)`` is none."""
    operand = compiler.compile(node.operand)
    if node.operator != "=":
        return lambda frame: None
    return lambda frame: make_range(value := operand(frame), value, True, True)


def _constant(constant: Value) -> Test:
    kind = type(constant)
    if kind not in (str, Decimal, bool):
        return lambda value, frame: matches(value, constant, frame.run)

    def test(value: Value, frame: Frame) -> bool | None:
        if type(value) is kind:
            return bool(value == constant)
        return equal(value, constant, frame.run)

    return test


def _any_of(tests: list[Test], value: Value, frame: Frame) -> bool | None:
    result: bool | None = False
    for test in tests:
        verdict = test(value, frame)
        if verdict is True:
            return True
        if verdict is None:
            result = None
    return result


# -- cells --------------------------------------------------------------------------------------


def compile_tests(compiler: Compiler, node: UnaryTests) -> Test:
    """Compile a cell: a test of a value, in a frame that holds it as ``?`` too."""
    if not node.tests:
        return lambda value, frame: True
    tests = [_cell(compiler, test) for test in node.tests]
    if node.negated:
        return lambda value, frame: _not(_any_of(tests, value, frame))
    if len(tests) == 1:
        return tests[0]
    return lambda value, frame: _any_of(tests, value, frame)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _cell(compiler: Compiler, node: Node) -> Test:
    if isinstance(node, OneSided | Literal | RangeLiteral):
        return _element(compiler, node)
    wanted = compiler.compile(node)
    if mentions(node, INPUT) and node != Name(INPUT, getattr(node, "position", 0)):
        return lambda value, frame: _verdict(wanted(frame))

    def test(value: Value, frame: Frame) -> bool | None:
        result = wanted(frame)
        if type(result) is bool and type(value) is not bool:
            return result  # a condition on other inputs is itself the verdict
        return matches(value, result, frame.run)

    return test


def _verdict(result: Value) -> bool | None:
    """An expression over ``?`` is itself the verdict."""
    return result if type(result) is bool else None
