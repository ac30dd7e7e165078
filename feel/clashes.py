"""Where an expression can give nothing but null, or never be true, whatever its variables hold.

Judged by the shapes of its names (see `feel.shapes`): a number added to a text, a text compared
with a number, a condition that is no condition, a value that a variable never has.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from feel.functions import ACCEPTS, Signature, functions
from feel.shapes import ANYTHING, DAYS, MONTHS, Names, Shape, combined, shape_of
from feel.syntax import (
    Between,
    Call,
    Chain,
    Comparison,
    Conditional,
    Contained,
    ContextLiteral,
    Filter,
    FunctionLiteral,
    Iteration,
    ListLiteral,
    Logic,
    Name,
    OneSided,
    Path,
    Quantified,
    RangeLiteral,
)
from feel.values import TYPE_NAMES, Value
from feel.walk import children

# What people call the types.
WORDS = {
    "string": "a text",
    "number": "a number",
    "boolean": "yes or no",
    "date": "a date",
    "time": "a time of day",
    "date and time": "a date with a time",
    DAYS: "a duration in days and hours",
    MONTHS: "a duration in months",
    "list": "a list",
    "context": "a context",
    "range": "a range",
    "function": "a function",
}
# Written differently, compared nevertheless: a date is taken as its midnight.
ALIKE = frozenset({"date", "date and time"})


@dataclass(frozen=True, slots=True)
class Clash:
    """``kind`` is ``types``, ``value`` or ``entry``; ``message`` a clause without a full stop."""

    kind: str
    message: str


def clashes(node: Any, names: Names) -> Iterator[Clash]:
    """Yield every clash within an expression."""
    look = _LOOKS.get(type(node))
    if look is not None:
        yield from look(node, names)
    for child, inner in _within(node, names):
        yield from clashes(child, inner)


def condition_clashes(node: Any, names: Names) -> Iterator[Clash]:
    """Yield a clash if what must be true or false can be neither."""
    shape = shape_of(node, names)
    if not shape.may_be("boolean") and not shape.is_null and not shape.may_be("list"):
        yield Clash("types", f"{_said(node, shape)}, where a condition is needed")


def _within(node: Any, names: Names) -> Iterator[tuple[Any, Names]]:
    """Yield the nodes directly within a node, each with what is known of the names there."""
    if isinstance(node, Filter):
        yield node.source, names
        yield node.condition, {}  # an item may have entries of any name
    elif isinstance(node, ContextLiteral):
        for name, value in node.entries:
            yield value, names
            names = {**names, name: shape_of(value, names)}
    elif isinstance(node, Iteration | Quantified):
        yield from _within_loop(node, names)
    elif isinstance(node, FunctionLiteral):
        yield node.body, {**names, **{name: ANYTHING for name, _ in node.parameters}}
    else:
        yield from ((child, names) for child in children(node))


def _within_loop(node: Iteration | Quantified, names: Names) -> Iterator[tuple[Any, Names]]:
    for binding in node.iterators:
        yield binding.domain, names
        if binding.until is not None:
            yield binding.until, names
        item = ANYTHING if binding.until else shape_of(binding.domain, names).item
        names = {**names, binding.name: item or ANYTHING, "partial": ANYTHING}
    yield (node.result if isinstance(node, Iteration) else node.condition), names


def _conditions(node: Logic | Conditional, names: Names) -> Iterator[Clash]:
    for operand in node.operands if isinstance(node, Logic) else (node.condition,):
        yield from condition_clashes(operand, names)


# -- comparisons ------------------------------------------------------------------------------


def _comparison(node: Comparison, names: Names) -> Iterator[Clash]:
    yield from _compared(node.left, node.right, node.operator, names)


def _between(node: Between, names: Names) -> Iterator[Clash]:
    for end in (node.low, node.high):
        yield from _compared(node.value, end, "<=", names)


def _compared(left: Any, right: Any, operator: str, names: Names) -> Iterator[Clash]:
    yield from compared(shape_of(left, names), shape_of(right, names), operator, left, right)


def compared(
    one: Shape, other: Shape, operator: str, left: Any = None, right: Any = None
) -> Iterator[Clash]:
    """Yield a clash if a comparison of two shapes is never true; the nodes give the words."""
    if one.is_null or other.is_null or not _both_known(one, other, operator):
        return
    if not _meet(one, other):
        yield Clash("types", f"{_said(left, one)} and is compared with {kind_of(other)}")
    elif operator in ("=", "in") and one.values is not None and other.values is not None:
        if not one.values & other.values:
            yield from _never_had(left, one, right, other)


def _never_had(left: Any, one: Shape, right: Any, other: Shape) -> Iterator[Clash]:
    """Two constants that differ are a matter of taste; a variable that never has one is not."""
    for node, shape, against in ((left, one, other), (right, other, one)):
        if isinstance(node, Name | Path):
            wanted = _values(against.values or frozenset())
            has = _values(shape.values or frozenset())
            yield Clash("value", f"{_text(node)} is never {wanted}; it can be {has}")
            return


def _both_known(one: Shape, other: Shape, operator: str) -> bool:
    if one.types is None or other.types is None:
        return False
    if "list" in one.types | other.types:
        return False
    return operator in ("=", "!=") or "range" not in one.types | other.types


def _meet(one: Shape, other: Shape) -> bool:
    left, right = one.types or frozenset(), other.types or frozenset()
    return bool(left & right) or bool(left & ALIKE and right & ALIKE)


def _contained(node: Contained, names: Names) -> Iterator[Clash]:
    for test in node.tests:
        if isinstance(test, OneSided):
            yield from _compared(node.value, test.operand, test.operator, names)
        elif isinstance(test, RangeLiteral):
            for end in filter(None, (test.start, test.end)):
                yield from _compared(node.value, end, "<=", names)
        elif isinstance(test, ListLiteral):
            for item in test.items:
                yield from _compared(node.value, item, "in", names)
        elif shape_of(test, names).types != {"boolean"}:  # a test may be a condition itself
            yield from _compared(node.value, test, "in", names)


# -- arithmetic and calls ---------------------------------------------------------------------


def _calculated(node: Chain, names: Names) -> Iterator[Clash]:
    left = shape_of(node.first, names)
    for operator, operand in node.rest:
        right = shape_of(operand, names)
        result = combined(operator, left, right)
        if result.is_null and not left.is_null and not right.is_null:
            yield Clash("types", f"{kind_of(left)} {operator} {kind_of(right)} gives nothing")
            return
        left = result


def _called(node: Call, names: Names) -> Iterator[Clash]:
    name = node.function.name if isinstance(node.function, Name) else ""
    if name not in functions or node.named:
        return
    shapes = [shape_of(argument, names) for argument in node.arguments]
    fitting = [s for s in functions[name].signatures if s.accepts_count(len(shapes))]
    if fitting and not any(_takes(signature, shapes) for signature in fitting):
        given = ", ".join(kind_of(shape) for shape in shapes)
        yield Clash("types", f"'{name}' takes {functions[name]} and is given {given}")


def _takes(signature: Signature, shapes: list[Shape]) -> bool:
    last = signature.parameters[-1] if signature.parameters else None
    for place, shape in enumerate(shapes):
        own = signature.parameters[place] if place < len(signature.parameters) else last
        if own is not None and not fits(shape, own.type):
            return False
    return True


def fits(shape: Shape, kind: str) -> bool:
    """Say whether a parameter of that kind (`feel.functions.ACCEPTS`) may take such a value."""
    accepted = ACCEPTS.get(kind)
    if shape.types is None or shape.is_null or accepted is None or kind == "list":
        return True
    if "list" in shape.types:
        return True  # a list of one is taken as its item
    if kind == "date and time" and "date" in shape.types:
        return True
    return bool(shape.types & {TYPE_NAMES[type_] for type_ in accepted})


def _entry(node: Path, names: Names) -> Iterator[Clash]:
    source = shape_of(node.source, names)
    known = source.members or {}
    if source.is_closed and node.name not in known:
        meant = difflib.get_close_matches(node.name, known, 1)
        has = f"'{meant[0]}' is" if meant else f"there is {', '.join(sorted(known))}"
        yield Clash("entry", f"{_text(node)} is never there; {has}")


_LOOKS: Mapping[type, Callable[[Any, Names], Iterator[Clash]]] = {
    Comparison: _comparison,
    Between: _between,
    Contained: _contained,
    Chain: _calculated,
    Logic: _conditions,
    Conditional: _conditions,
    Call: _called,
    Path: _entry,
}


# -- words ------------------------------------------------------------------------------------


def _text(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, Path):
        parts.insert(0, node.name)
        node = node.source
    if isinstance(node, Name):
        return f"'{'.'.join([node.name, *parts])}'"
    return "something"


def _said(node: Any, shape: Shape) -> str:
    return f"{_text(node)} is {kind_of(shape)}"


def kind_of(shape: Shape) -> str:
    """Say in words what a shape is."""
    if shape.types is None:
        return "anything"
    words = sorted(WORDS[kind] for kind in shape.types)
    return " or ".join(words) if words else "null"


def _values(values: frozenset[Value]) -> str:
    shown = sorted(f'"{value}"' if isinstance(value, str) else str(value) for value in values)
    listed = ", ".join(shown[:6])
    return f"{listed} and {len(shown) - 6} more" if len(shown) > 6 else listed
