"""Relations between points and ranges (10.3.4.9), and ``range``."""

import re
from collections.abc import Callable

from feel.compile import Compiler
from feel.errors import FeelSyntaxError
from feel.functions import standard
from feel.operators import ordered
from feel.parser import parse_expression
from feel.scope import Frame, Run
from feel.syntax import Call, Literal, Name, Negation, Node, RangeLiteral
from feel.values import Range, Value

BOTH = "range1: range, range2: range"
_NO_START = re.compile(r"\s*[(\]]\s*\.\.(.+)([\])\[])\s*", re.DOTALL)
_NO_END = re.compile(r"\s*([\[(\]])(.+)\.\.\s*[)\[]\s*", re.DOTALL)


class _Incomparable(Exception):
    """Two ends have no order."""


class _Edge:
    """An end of a range, or a point; ``infinite`` is -1 or 1 where there is no value."""

    __slots__ = ("included", "infinite", "value")

    def __init__(self, value: Value, infinite: int = 0, included: bool = True):
        self.value = value
        self.infinite = infinite if value is None else 0
        self.included = included

    def __lt__(self, other: "_Edge") -> bool:
        if self.infinite or other.infinite:
            return self.infinite < other.infinite
        before = ordered("<", self.value, other.value)
        if before is None:
            raise _Incomparable
        return before

    def meets(self, other: "_Edge") -> bool:
        return not self < other and not other < self


def _start(range_: Range) -> _Edge:
    return _Edge(range_.start, -1, range_.start_included)


def _end(range_: Range) -> _Edge:
    return _Edge(range_.end, 1, range_.end_included)


def _relation(name: str, *signatures: str) -> Callable:
    def register(call: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
        def guarded(a: Value, b: Value) -> bool | None:
            try:
                return call(a, b)
            except _Incomparable:
                return None

        standard(name, *signatures)(guarded)
        return call

    return register


def _span(value: Value) -> Range:
    """Take a point as the range that holds it alone."""
    return value if isinstance(value, Range) else Range(value, value)


POINTS = "point1: comparable, point2: comparable"
POINT_RANGE = "point: comparable, range: range"
RANGE_POINT = "range: range, point: comparable"


@_relation("before", POINTS, POINT_RANGE, RANGE_POINT, BOTH)
def before(a: Value, b: Value) -> bool:
    end, start = _end(_span(a)), _start(_span(b))
    return end < start or (end.meets(start) and not (end.included and start.included))


@_relation("after", POINTS, POINT_RANGE, RANGE_POINT, BOTH)
def after(a: Value, b: Value) -> bool:
    return before(b, a)


@_relation("meets", BOTH)
def meets(a: Range, b: Range) -> bool:
    return _end(a).included and _start(b).included and _end(a).meets(_start(b))


@_relation("met by", BOTH)
def met_by(a: Range, b: Range) -> bool:
    return meets(b, a)


@_relation("overlaps", BOTH)
def overlaps(a: Range, b: Range) -> bool:
    return not before(a, b) and not before(b, a)


def _starts_earlier(a: Range, b: Range) -> bool:
    x, y = _start(a), _start(b)
    return x < y or (x.meets(y) and x.included and not y.included)


def _ends_later(a: Range, b: Range) -> bool:
    x, y = _end(a), _end(b)
    return y < x or (x.meets(y) and x.included and not y.included)


@_relation("overlaps before", BOTH)
def overlaps_before(a: Range, b: Range) -> bool:
    return _starts_earlier(a, b) and not before(a, b) and not _ends_later(a, b)


@_relation("overlaps after", BOTH)
def overlaps_after(a: Range, b: Range) -> bool:
    return overlaps_before(b, a)


def _same(x: _Edge, y: _Edge) -> bool:
    return x.included == y.included and x.meets(y)


@_relation("finishes", POINT_RANGE, BOTH)
def finishes(a: Value, b: Range) -> bool:
    span = _span(a)
    return _same(_end(span), _end(b)) and not _starts_earlier(span, b)


@_relation("finished by", RANGE_POINT, BOTH)
def finished_by(a: Range, b: Value) -> bool:
    return finishes(b, a)


@_relation("includes", RANGE_POINT, BOTH)
def includes(a: Range, b: Value) -> bool:
    span = _span(b)
    return not _starts_earlier(span, a) and not _ends_later(span, a)


@_relation("during", POINT_RANGE, BOTH)
def during(a: Value, b: Range) -> bool:
    return includes(b, a)


@_relation("starts", POINT_RANGE, BOTH)
def starts(a: Value, b: Range) -> bool:
    span = _span(a)
    return _same(_start(span), _start(b)) and not _ends_later(span, b)


@_relation("started by", RANGE_POINT, BOTH)
def started_by(a: Range, b: Value) -> bool:
    return starts(b, a)


@_relation("coincides", POINTS, BOTH)
def coincides(a: Value, b: Value) -> bool:
    x, y = _span(a), _span(b)
    return _same(_start(x), _start(y)) and _same(_end(x), _end(y))


# -- range(from) ------------------------------------------------------------------------------

_MAKERS = ("date", "time", "date and time", "duration")


@standard("range", "from: string")
def range_(run: Run, text: str) -> Range | None:
    """Read a range whose ends are literals, such as ``"[1..10)"``; an open end may be left out."""
    try:
        node = parse_expression(_closed(text))
    except FeelSyntaxError:
        return None
    if not isinstance(node, RangeLiteral) or not all(map(_is_constant, (node.start, node.end))):
        return None
    value = Compiler().compile(node)(Frame({}, None, run))
    if value is None or value.start is None or value.end is None:
        return value
    return value if ordered("<=", value.start, value.end) is True else None


def _closed(text: str) -> str:
    """Write ``(..2]`` as ``(<=2)`` and ``[2..)`` as ``(>=2)``, which the grammar has."""
    if match := _NO_START.fullmatch(text):
        return f"(<{'=' if match[2] == ']' else ''} {match[1]})"
    if match := _NO_END.fullmatch(text):
        return f"(>{'=' if match[1] == '[' else ''} {match[2]})"
    return text


def _is_constant(node: Node | None) -> bool:
    if isinstance(node, Negation):
        return _is_constant(node.operand)
    if isinstance(node, Call):
        made = isinstance(node.function, Name) and node.function.name in _MAKERS
        return made and all(_is_constant(argument) for argument in node.arguments)
    return node is None or (isinstance(node, Literal) and node.value is not None)
