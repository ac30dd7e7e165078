"""What is wrong with an expression before it is ever evaluated.

Unknown names and functions (with the name that was probably meant), arguments that no signature
takes, and literals compared with what they can never equal (``score >= "14"``).
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feel.errors import FeelSyntaxError
from feel.expressions import parse, parse_unary
from feel.functions import ACCEPTS, Signature, functions
from feel.inference import infer
from feel.lexer import Source
from feel.syntax import (
    Between,
    Call,
    Comparison,
    Contained,
    ContextLiteral,
    FunctionLiteral,
    Name,
    OneSided,
    RangeLiteral,
    Type,
)
from feel.syntax import Iterator as Binding
from feel.types import ANY
from feel.walk import calls_by_name, descendants, free_names

Names = Iterable[str] | Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. ``rule`` is ``syntax``, ``unknown_name``, ``unknown_function``,
    ``arguments`` or ``types``; ``meant`` is the known name that is closest, if any is."""

    rule: str
    message: str
    line: int = 1
    column: int = 1
    meant: str | None = None


def check(text: str, kind: str = "expression", names: Names | None = None) -> list[Problem]:
    """Return every problem of an expression, or of a cell with ``kind="unary"``.

    ``names`` are the variables that will be known, perhaps with the names of their FEEL types;
    without them names are not looked at.
    """
    known = dict.fromkeys(names) if names is not None and not isinstance(names, Mapping) else names
    try:
        parsed = (parse_unary if kind == "unary" else parse)(text, tuple(known or ()))
    except FeelSyntaxError as error:
        return [Problem("syntax", error.message, error.line, error.column)]
    checker = _Checker(text, known)
    return list(checker.run(parsed.node))


class _Checker:
    def __init__(self, text: str, names: Mapping[str, str | None] | None):
        self.source = Source(text)
        self.names = names

    def run(self, node: Any) -> Iterator[Problem]:
        if self.names is not None:
            yield from self._unknown_names(node)
        yield from self._calls(node)
        yield from self._types(node)

    def _problem(self, rule: str, message: str, position: int, meant: str | None = None) -> Problem:
        where = self.source.error(message, position)
        return Problem(rule, message, where.line, where.column, meant)

    def _unknown_names(self, node: Any) -> Iterator[Problem]:
        names = self.names or {}
        for name in free_names(node):
            if name.name not in names and name.name not in ("?", "item", *functions):
                meant = closest(name.name, names)
                hint = f" Did you mean '{meant}'?" if meant else ""
                message = f"'{name.name}' is not known here.{hint}"
                yield self._problem("unknown_name", message, name.position, meant)

    # -- calls --------------------------------------------------------------------------------

    def _calls(self, node: Any) -> Iterator[Problem]:
        bound = set(self.names or ()) | bound_names(node)
        for name, call in calls_by_name(node):
            if name in functions:
                if not any(_takes(signature, call) for signature in functions[name].signatures):
                    message = f"'{name}' cannot be called like this; it is {functions[name]}."
                    yield self._problem("arguments", message, call.position)
            elif name not in bound:
                meant = closest(name, functions)
                hint = f" Did you mean '{meant}'?" if meant else ""
                message = f"There is no function '{name}'.{hint}"
                yield self._problem("unknown_function", message, call.position, meant)

    # -- types --------------------------------------------------------------------------------

    def _types(self, node: Any) -> Iterator[Problem]:
        for part in descendants(node):
            for left, right in _compared(part):
                types = self._type(left), self._type(right)
                if _clash(*types):
                    position = getattr(right, "position", 0) or getattr(left, "position", 0)
                    message = f"A {types[0]} is compared with a {types[1]}, which never matches."
                    yield self._problem("types", message, position)

    def _type(self, node: Any) -> str | None:
        """Return the name of the type of a node, if it can be told."""
        if isinstance(node, Name):
            return (self.names or {}).get(node.name)
        if isinstance(node, RangeLiteral):
            return self._type(node.start if node.start is not None else node.end)
        found: Type | None = infer(node)
        if found is None or found.name in ("Null", "list", "context", "function", "range"):
            return None
        return found.name


def bound_names(node: Any) -> set[str]:
    """Return the names that an expression itself binds, to variables or functions."""
    found: set[str] = set()
    for part in descendants(node):
        if isinstance(part, ContextLiteral):
            found.update(key for key, _ in part.entries)
        elif isinstance(part, FunctionLiteral):
            found.update(name for name, _ in part.parameters)
        elif isinstance(part, Binding):
            found.add(part.name)
    return found


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return found[0] if found else None


def _takes(signature: Signature, call: Call) -> bool:
    if call.named:
        return signature.order(tuple(name for name, _ in call.named)) is not None
    return signature.accepts_count(len(call.arguments))


def _compared(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of nodes whose values a node compares."""
    if isinstance(node, Comparison):
        yield node.left, node.right
    elif isinstance(node, Between):
        yield node.value, node.low
        yield node.value, node.high
    elif isinstance(node, Contained):
        for test in node.tests:
            yield node.value, test.operand if isinstance(test, OneSided) else test


def _clash(left: str | None, right: str | None) -> bool:
    moments = {"date", "date and time"}
    if left is None or right is None or left in ANY or right in ANY or left == right:
        return False
    return {left, right} != moments and left in ACCEPTS and right in ACCEPTS
