"""The compiler: which closure a node becomes, and how much a piece of an expression weighs."""

from collections.abc import Callable
from typing import Any, TypeAlias

from feel.errors import FeelSyntaxError
from feel.scope import Frame
from feel.syntax import Literal, Node
from feel.values import Value

Closure: TypeAlias = Callable[[Frame], Value]
MAX_DEPTH = 64  # nodes within nodes
NODES_PER_STEP = 8

_handlers: dict[type, Callable[["Compiler", Any], Closure]] = {}


def compiles(*kinds: type) -> Callable[[Callable[..., Closure]], Callable[..., Closure]]:
    """Register how nodes of these kinds are compiled."""

    def register(handler: Callable[..., Closure]) -> Callable[..., Closure]:
        for kind in kinds:
            _handlers[kind] = handler
        return handler

    return register


class Compiler:
    """Compiles one expression.

    ``local`` are the names that the expression itself binds at this place (parameters, loop
    variables, keys of contexts); such a name may hide a function.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.nodes = 0
        self.local: frozenset[str] = frozenset()

    def compile(self, node: Node) -> Closure:
        """Return the closure of a node. Raises ``FeelSyntaxError`` when it is nested too deeply."""
        self.nodes += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FeelSyntaxError("This is nested too deeply")
        try:
            return _handlers[type(node)](self, node)
        finally:
            self.depth -= 1

    def compile_with(self, node: Node, names: tuple[str, ...] | set[str]) -> tuple[Closure, int]:
        """Compile a part in which further names are bound; also say what one round of it costs."""
        outer, before = self.local, self.nodes
        self.local = outer.union(names)
        try:
            closure = self.compile(node)
        finally:
            self.local = outer
        return closure, 1 + (self.nodes - before) // NODES_PER_STEP


@compiles(Literal)
def _literal(_compiler: Compiler, node: Literal) -> Closure:
    value = node.value
    return lambda frame: value
