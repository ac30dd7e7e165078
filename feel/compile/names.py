"""Variables, paths, filters, lists, contexts and ranges."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from feel.compile.core import Closure, Compiler, compiles
from feel.numbers import to_int
from feel.operators import ordered
from feel.properties import property_of
from feel.scope import Frame
from feel.syntax import (
    ContextLiteral,
    Filter,
    ListLiteral,
    Literal,
    Name,
    Negation,
    Node,
    Path,
    RangeLiteral,
)
from feel.values import PLAIN, Range, Value

_MISSING: Any = object()


@compiles(Name)
def read_name(_compiler: Compiler, node: Name, quiet: bool = False) -> Closure:
    """Compile a variable. ``quiet`` reads are not recorded as missing (``x = null``).

    A name with dots that is known elsewhere, but not here, is a path.
    """
    name = node.name
    root, *parts = name.split(".")
    path = _named_path(root, parts, quiet) if parts else None

    def read(frame: Frame) -> Value:
        scope: Frame | None = frame
        while scope is not None:
            names = scope.names
            if name in names:
                value = names[name]
                if type(value) not in PLAIN and scope.parent is None:
                    value = frame.run.adopt(value)
                break
            scope = scope.parent
        else:
            if path is not None:
                return path(frame)
            value = None
        if value is None and not quiet and frame.run.trace is not None:
            frame.run.trace.miss(name)
        return value

    return read


@compiles(Path)
def read_path(compiler: Compiler, node: Path, quiet: bool = False) -> Closure:
    parts: list[str] = []
    source: Node = node
    while isinstance(source, Path):
        parts.insert(0, source.name)
        source = source.source
    if isinstance(source, Name):
        return _named_path(source.name, parts, quiet)
    return _computed_path(compiler.compile(source), parts, quiet)


def _named_path(root: str, parts: list[str], quiet: bool) -> Closure:
    """A path from a variable. What the caller gave is walked as it is, its end converted."""
    whole = ".".join([root, *parts])

    def read(frame: Frame) -> Value:
        scope: Frame | None = frame
        while scope is not None and root not in scope.names:
            scope = scope.parent
        if scope is None:
            return _missed(frame, root, quiet)
        value = scope.names[root]
        outside = scope.parent is None
        if value is None:
            return _missed(frame, root, quiet)
        for part in parts:
            if type(value) is dict or (outside and isinstance(value, Mapping)):
                value = value.get(part)
            else:
                value = frame.run.adopt(value) if outside else value
                value, outside = property_of(value, part, frame.run), False
            if value is None:
                return _missed(frame, whole, quiet)
        return frame.run.adopt(value) if outside else value

    return read


def _computed_path(source: Closure, parts: list[str], quiet: bool) -> Closure:
    def read(frame: Frame) -> Value:
        value = source(frame)
        for part in parts:
            if value is None:
                return None  # whatever made it null has been recorded where it was read
            value = property_of(value, part, frame.run)
        return value if value is not None else _missed(frame, ".".join(["...", *parts]), quiet)

    return read


def _missed(frame: Frame, path: str, quiet: bool) -> None:
    if not quiet and frame.run.trace is not None:
        frame.run.trace.miss(path)


# -- filters ----------------------------------------------------------------------------------


@compiles(Filter)
def _filter(compiler: Compiler, node: Filter) -> Closure:
    source = compiler.compile(node.source)
    if _is_number(node.condition):
        return _index(source, compiler.compile(node.condition))
    condition, cost = compiler.compile_with(node.condition, {"item"})

    def select(frame: Frame) -> Value:
        items = source(frame)
        if items is None:
            return None
        if type(items) is not list:
            items = [items]
        kept = []
        for item in items:
            frame.run.spend(cost)
            verdict = condition(item_frame(item, frame))
            if verdict is True:
                kept.append(item)
            elif type(verdict) is Decimal:
                return item_at(items, verdict)
        return kept

    return select


def item_frame(item: Value, frame: Frame) -> Frame:
    """Return the scope within a filter: ``item``, and the entries of an item that is a context."""
    inner = Frame({"item": item}, frame, frame.run)
    return Frame(item, inner, frame.run) if type(item) is dict else inner


def _is_number(node: Node) -> bool:
    if isinstance(node, Negation):
        return _is_number(node.operand)
    return isinstance(node, Literal) and type(node.value) is Decimal


def _index(source: Closure, index: Closure) -> Closure:
    def pick(frame: Frame) -> Value:
        items = source(frame)
        if items is None:
            return None
        return item_at(items if type(items) is list else [items], index(frame))

    return pick


def item_at(items: list, index: Decimal) -> Value:
    """Return the item at an index from 1, or from -1 for the last; null beyond the ends."""
    place = to_int(index)
    if not place or abs(place) > len(items):
        return None
    return items[place - 1 if place > 0 else place]


# -- composite values -------------------------------------------------------------------------


@compiles(ListLiteral)
def _list(compiler: Compiler, node: ListLiteral) -> Closure:
    items = [compiler.compile(item) for item in node.items]
    return lambda frame: [item(frame) for item in items]


@compiles(ContextLiteral)
def _context(compiler: Compiler, node: ContextLiteral) -> Closure:
    keys = [key for key, _ in node.entries]
    entries, bound = [], set[str]()
    for key, value in node.entries:
        entries.append((key, compiler.compile_with(value, bound)[0]))
        bound.add(key)
    if len(set(keys)) != len(keys):
        return lambda frame: None

    def build(frame: Frame) -> Value:
        result: dict[str, Value] = {}
        inner = Frame(result, frame, frame.run)
        for key, entry in entries:
            result[key] = entry(inner)
        return result

    return build


@compiles(RangeLiteral)
def _range(compiler: Compiler, node: RangeLiteral) -> Closure:
    low = compiler.compile(node.start) if node.start else None
    high = compiler.compile(node.end) if node.end else None

    def build(frame: Frame) -> Value:
        return make_range(
            low(frame) if low else _MISSING,
            high(frame) if high else _MISSING,
            node.start_included,
            node.end_included,
        )

    return build


def make_range(start: Value, end: Value, start_included: bool, end_included: bool) -> Range | None:
    """Return a range; null where its ends do not fit together, or where an included end is null."""
    if (start is None and start_included) or (end is None and end_included):
        return None
    low = None if start is _MISSING else start
    high = None if end is _MISSING else end
    if low is not None and high is not None and not _are_ends(low, high):
        return None
    indefinite = start is None or end is None
    return Range(low, high, start_included, end_included, indefinite)


def _are_ends(low: Value, high: Value) -> bool:
    """Say whether two values bound a range: of one type, in order (DMN 1.5, 10.3.2.7)."""
    return type(low) is type(high) and ordered("<=", low, high) is True
