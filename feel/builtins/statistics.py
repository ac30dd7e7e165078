"""Functions over lists of numbers or truth values (10.3.4.4): each takes a list or arguments."""

import decimal
from collections.abc import Callable
from decimal import Decimal

from feel.functions import standard
from feel.numbers import CONTEXT, from_int
from feel.operators import add, ordered
from feel.scope import Run
from feel.values import Value


def over_list(name: str, accepts: str = "any") -> Callable:
    """Register ``name(list)`` and ``name(a, b, ...)`` for a function over a list."""

    def register(call: Callable[[Run, list], Value]) -> Callable[[Run, list], Value]:
        def with_list(run: Run, items: Value) -> Value:
            return spread(run, items) if type(items) is not list else _charged(run, items)

        def _charged(run: Run, items: list) -> Value:
            run.spend(1 + len(items) // 100)
            return call(run, items)

        def spread(run: Run, *items: Value) -> Value:
            return _charged(run, list(items))

        standard(name, "list: any")(with_list)
        standard(name, "n1: any, n2: any, ...")(spread)
        return call

    return register


def _all_numbers(items: list) -> bool:
    return all(type(item) is Decimal for item in items)


@over_list("min")
def minimum(run: Run, items: list) -> Value:
    return _extreme(items, "<")


@over_list("max")
def maximum(run: Run, items: list) -> Value:
    return _extreme(items, ">")


def _extreme(items: list, symbol: str) -> Value:
    if not items:
        return None
    best = items[0]
    for item in items:
        better = ordered(symbol, item, best)
        if better is None:
            return None
        if better:
            best = item
    return best


@over_list("sum")
def sum_(run: Run, items: list) -> Value:
    """Numbers; durations of one kind may be added up too."""
    if not items:
        return None
    total = items[0]
    if type(total) is str:
        return None
    for item in items[1:]:
        if type(item) is not type(total):
            return None
        total = add(total, item)
    return total if len(items) > 1 or add(total, total) is not None else None


@over_list("mean")
def mean(run: Run, items: list) -> Value:
    total = sum_(run, items)
    return CONTEXT.divide(total, from_int(len(items))) if type(total) is Decimal else None


@over_list("product")
def product(run: Run, items: list) -> Value:
    if not items or not _all_numbers(items):
        return None
    result = Decimal(1)
    try:
        for item in items:
            result = CONTEXT.multiply(result, item)
    except decimal.DecimalException:
        return None
    return result


@over_list("median")
def median(run: Run, items: list) -> Value:
    if not items or not _all_numbers(items):
        return None
    ranked, middle = sorted(items), len(items) // 2
    if len(items) % 2:
        return ranked[middle]
    return CONTEXT.divide(CONTEXT.add(ranked[middle - 1], ranked[middle]), Decimal(2))


@over_list("stddev")
def stddev(run: Run, items: list) -> Value:
    """The deviation of a sample: divided by one less than its size."""
    if len(items) < 2 or not _all_numbers(items):
        return None
    center = mean(run, items)
    try:
        squares = [CONTEXT.power(CONTEXT.subtract(item, center), Decimal(2)) for item in items]
        total = sum_(run, squares)
        return CONTEXT.sqrt(CONTEXT.divide(total, from_int(len(items) - 1)))
    except decimal.DecimalException:
        return None


@over_list("mode")
def mode(run: Run, items: list) -> Value:
    if not _all_numbers(items):
        return None
    counts: dict[Decimal, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(item for item, count in counts.items() if count == most)


@over_list("all")
def all_(run: Run, items: list) -> bool | None:
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@over_list("any")
def any_(run: Run, items: list) -> bool | None:
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None
