"""Expressions and cells as the rest of the product meets them: parsed once, evaluated often."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from feel import builtins  # noqa: F401  registers the functions of the standard
from feel.compile import Compiler
from feel.compile.tests import INPUT, compile_tests
from feel.errors import BudgetExceeded
from feel.lexer import is_plain, normal_name
from feel.parser import parse_expression, parse_tests
from feel.scope import Frame, Run, Trace
from feel.syntax import Node
from feel.syntax import UnaryTests as TestsNode
from feel.values import Value
from feel.walk import calls_by_name, free_names

_CACHED = 4_096  # texts
_NAMES_DEPTH = 3  # contexts within contexts that are searched for names with operators in them
_EMPTY: Mapping[str, Any] = {}


class Expression:
    """A parsed expression. Immutable; one object may serve many threads."""

    def __init__(self, text: str, node: Node):
        self.text = text
        self.node = node
        compiler = Compiler()
        self._closure = compiler.compile(node)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of variables that the context must supply."""
        return frozenset(name.name for name in free_names(self.node))

    @cached_property
    def calls(self) -> frozenset[str]:
        """The names of the functions that are called."""
        return frozenset(name for name, _ in calls_by_name(self.node))

    def evaluate(
        self,
        context: Mapping[str, Any] = _EMPTY,
        *,
        now: datetime | None = None,
        calendars: Any = None,
        trace: Trace | None = None,
    ) -> Value:
        """Return the value in ``context``.

        ``now`` is the instant of ``now()``, ``today()`` and the calendar functions; ``calendars``
        may be a function, which is called when they are needed. What the standard leaves
        undefined is null. Raises ``BudgetExceeded``, and ``CalendarError`` from the calendar
        functions.
        """
        run = Run(now, calendars, trace)
        return run.result(self.within(Frame(context, None, run)))

    def within(self, frame: Frame) -> Value:
        """Return the value in a frame, on the budget of the run that the frame belongs to."""
        try:
            return self._closure(frame)
        except RecursionError:
            raise BudgetExceeded("The computation is nested too deeply") from None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class UnaryTests:
    """A parsed cell of a decision table, such as ``< 18, [65..120]`` or ``not("a")``."""

    def __init__(self, text: str, node: TestsNode):
        self.text = text
        self.node = node
        self.test = compile_tests(Compiler(), node)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of variables that the context must supply, without ``?``."""
        return frozenset(name.name for name in free_names(self.node)) - {INPUT}

    @cached_property
    def calls(self) -> frozenset[str]:
        return frozenset(name for name, _ in calls_by_name(self.node))

    def evaluate(
        self,
        value: Any,
        context: Mapping[str, Any] = _EMPTY,
        *,
        now: datetime | None = None,
        calendars: Any = None,
        trace: Trace | None = None,
    ) -> bool | None:
        """Return whether ``value`` passes; null if that cannot be said."""
        return self.within(value, Frame(context, None, Run(now, calendars, trace)))

    def within(self, value: Any, frame: Frame) -> bool | None:
        value = frame.run.adopt(value)
        try:
            return self.test(value, Frame({INPUT: value}, frame, frame.run))
        except RecursionError:
            raise BudgetExceeded("The computation is nested too deeply") from None

    def __repr__(self) -> str:
        return f"UnaryTests({self.text!r})"


def parse(text: str, names: Iterable[str] = ()) -> Expression:
    """Parse an expression, or fetch it from the cache.

    ``names`` are variables that the context will hold; only those matter that hold operators,
    digits that stand alone, or keywords (``Pre-bankruptcy risk``), since such a name is
    recognised only when it is known. Raises ``FeelSyntaxError`` with line and column.
    """
    return _expression(text, _odd(names))


def parse_unary(text: str, names: Iterable[str] = ()) -> UnaryTests:
    """Parse a cell, or fetch it from the cache. ``names`` as for `parse`."""
    return _tests(text, _odd(names))


def _odd(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a lexer has to be told of, in an order that caches well."""
    odd = [name for name in names if not name.isidentifier()]
    return tuple(sorted({normal_name(name) for name in odd if not is_plain(name)}))


@lru_cache(maxsize=_CACHED)
def _may_hold_odd_names(text: str) -> bool:
    return re.search(r"\w *[-+*/'’.] *\w|\w +\d|\b(?:and|or|in|if|for|of)\b", text) is not None


def _names_in(context: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    for name, value in context.items():
        yield name
        if isinstance(value, Mapping) and depth < _NAMES_DEPTH:
            yield from _names_in(value, depth + 1)


def _names_for(text: str, context: Mapping[str, Any]) -> Iterable[str]:
    return _names_in(context) if context and _may_hold_odd_names(text) else ()


@lru_cache(maxsize=_CACHED)
def _expression(text: str, names: tuple[str, ...]) -> Expression:
    return Expression(text, parse_expression(text, names))


@lru_cache(maxsize=_CACHED)
def _tests(text: str, names: tuple[str, ...]) -> UnaryTests:
    return UnaryTests(text, parse_tests(text, names))


def evaluate(
    text: str,
    context: Mapping[str, Any] = _EMPTY,
    *,
    now: datetime | None = None,
    calendars: Any = None,
    trace: Trace | None = None,
) -> Value:
    """Parse ``text`` and return its value in ``context``; see `Expression.evaluate`."""
    names = _names_for(text, context)
    return parse(text, names).evaluate(context, now=now, calendars=calendars, trace=trace)


def unary_test(
    text: str,
    value: Any,
    context: Mapping[str, Any] = _EMPTY,
    *,
    now: datetime | None = None,
    calendars: Any = None,
    trace: Trace | None = None,
) -> bool | None:
    """Return whether ``value`` passes the cell ``text``; null if that cannot be said."""
    tests = parse_unary(text, _names_for(text, context))
    return tests.evaluate(value, context, now=now, calendars=calendars, trace=trace)
