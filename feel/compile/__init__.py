"""Nodes to closures: each node becomes a function from a frame to a value, made once."""

from feel.compile import calls, loops, names, operators, tests
from feel.compile.core import Closure, Compiler

__all__ = ["Closure", "Compiler", "calls", "loops", "names", "operators", "tests"]
