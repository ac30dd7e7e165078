"""The nodes of a parsed FEEL expression. Positions are offsets into the source text."""

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, boolean, null, or an ``@"..."`` value."""

    value: Any
    position: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, by its whole name (which may hold spaces)."""

    name: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """``source.name``: an entry, a property, or a projection over a list."""

    source: "Node"
    name: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """``source[condition]``: an index or a filter; which one, the value of the condition says."""

    source: "Node"
    condition: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; ``named`` holds pairs and then ``arguments`` is empty."""

    function: "Node"
    arguments: tuple["Node", ...] = ()
    named: tuple[tuple[str, "Node"], ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True)
class ListLiteral:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral:
    entries: tuple[tuple[str, "Node"], ...]
    position: int = 0


@dataclass(frozen=True, slots=True)
class RangeLiteral:
    """A range; an end that is None is open to infinity, as in ``(< 5)``."""

    start: "Node | None"
    end: "Node | None"
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """``a + b - c``: operators of one precedence, from left to right."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Negation:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` over two or more operands."""

    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: "Node"
    right: "Node"
    position: int = 0


@dataclass(frozen=True, slots=True)
class Between:
    value: "Node"
    low: "Node"
    high: "Node"


@dataclass(frozen=True, slots=True)
class OneSided:
    """A test such as ``< 5`` against the value that is tested."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Contained:
    """``value in tests``: true if any test holds."""

    value: "Node"
    tests: tuple["Node | OneSided", ...]


@dataclass(frozen=True, slots=True)
class Type:
    """A type expression: ``list<number>`` has the name ``list`` and one argument.

    ``members`` are those of a context type, ``result`` is that of a function type.
    """

    name: str
    arguments: tuple["Type", ...] | None = None
    members: tuple[tuple[str, "Type"], ...] = ()
    result: "Type | None" = None


@dataclass(frozen=True, slots=True)
class InstanceOf:
    value: "Node"
    type: Type


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Iterator:
    """One ``name in domain`` of a loop; ``until`` is the end of ``1..n``."""

    name: str
    domain: "Node"
    until: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Iteration:
    iterators: tuple[Iterator, ...]
    result: "Node"


@dataclass(frozen=True, slots=True)
class Quantified:
    quantifier: str
    iterators: tuple[Iterator, ...]
    condition: "Node"


@dataclass(frozen=True, slots=True)
class FunctionLiteral:
    parameters: tuple[tuple[str, Type | None], ...]
    body: "Node"


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A cell: ``negated`` for ``not(...)``; no tests at all means that everything matches."""

    tests: tuple["Node | OneSided", ...]
    negated: bool = False


Node: TypeAlias = (
    Literal
    | Name
    | Path
    | Filter
    | Call
    | ListLiteral
    | ContextLiteral
    | RangeLiteral
    | Chain
    | Negation
    | Logic
    | Comparison
    | Between
    | OneSided
    | Contained
    | InstanceOf
    | Conditional
    | Iteration
    | Quantified
    | FunctionLiteral
)
