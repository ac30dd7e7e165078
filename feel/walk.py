"""Walking over nodes: what an expression mentions and which names it leaves to its context."""

from collections.abc import Iterator
from typing import Any

from feel.syntax import (
    Call,
    ContextLiteral,
    Filter,
    FunctionLiteral,
    Iteration,
    Name,
    Quantified,
    Type,
)


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes directly within a node."""
    for name in type(node).__dataclass_fields__:
        yield from _nodes_in(getattr(node, name))


def _nodes_in(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)
    elif hasattr(value, "__dataclass_fields__") and type(value).__module__ == "feel.syntax":
        if not isinstance(value, Type):
            yield value


def descendants(node: Any) -> Iterator[Any]:
    """Yield a node and everything within it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(children(current))


def mentions(node: Any, name: str) -> bool:
    return any(isinstance(part, Name) and part.name == name for part in descendants(node))


def free_names(node: Any) -> list[Name]:
    """Return the variables that the context must supply, in order of appearance.

    The names within a filter are left out where an item of the list may supply them: only
    those are certain that stand outside.
    """
    found: list[Name] = []
    _collect(node, frozenset(), found)
    return sorted(found, key=lambda name: name.position)


def _collect(node: Any, bound: frozenset[str], found: list[Name]) -> None:
    if isinstance(node, Name):
        if node.name not in bound:
            found.append(node)
    elif isinstance(node, Iteration | Quantified):
        _collect_loop(node, bound, found)
    elif isinstance(node, FunctionLiteral):
        _collect(node.body, bound | {name for name, _ in node.parameters}, found)
    elif isinstance(node, ContextLiteral):
        for key, value in node.entries:
            _collect(value, bound, found)
            bound = bound | {key}
    else:
        for child in _supplied(node):
            _collect(child, bound, found)


def _supplied(node: Any) -> Iterator[Any]:
    """Yield the children whose names are variables for certain."""
    if isinstance(node, Filter):
        yield node.source
    elif isinstance(node, Call) and isinstance(node.function, Name):
        # the name of a function is looked up among the functions first
        yield from node.arguments
        yield from (value for _, value in node.named)
    else:
        yield from children(node)


def _collect_loop(node: Iteration | Quantified, bound: frozenset[str], found: list[Name]) -> None:
    for binding in node.iterators:
        _collect(binding.domain, bound, found)
        if binding.until is not None:
            _collect(binding.until, bound, found)
        bound = bound | {binding.name}
    if isinstance(node, Iteration):
        _collect(node.result, bound | {"partial"}, found)
    else:
        _collect(node.condition, bound, found)


def calls_by_name(node: Any) -> Iterator[tuple[str, Call]]:
    """Yield the calls of functions by name."""
    for part in descendants(node):
        if isinstance(part, Call) and isinstance(part.function, Name):
            yield part.function.name, part
