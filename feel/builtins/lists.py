"""List functions (10.3.4.4) and ``sort`` (10.3.4.8)."""

from decimal import Decimal
from functools import cmp_to_key

from feel.compile.calls import call_function
from feel.functions import standard
from feel.numbers import from_int, to_int
from feel.operators import equal
from feel.scope import Run
from feel.values import MAX_DEPTH, Function, Value


@standard("list contains", "list: list, element: any")
def list_contains(run: Run, items: list, element: Value) -> bool | None:
    return _index(run, items, element) >= 0


def _index(run: Run, items: list, element: Value) -> int:
    for index, item in enumerate(items):
        run.spend_part()
        if equal(item, element, run) is True:
            return index
    return -1


@standard("count", "list: list")
def count(items: list) -> Decimal:
    return from_int(len(items))


@standard("sublist", "list: list, start position: number, length: number?")
def sublist(run: Run, items: list, start: Decimal, length: Decimal | None = None) -> list | None:
    first = _place(items, start)
    if first is None:
        return None
    if length is None:
        return run.items(items[first:])
    size = to_int(length)
    if size is None or size < 0 or first + size > len(items):
        return None
    return run.items(items[first : first + size])


def _place(items: list, position: Decimal) -> int | None:
    """Return the index of a position from 1, or from -1 at the end; None beyond the ends."""
    place = to_int(position)
    if not place or abs(place) > len(items):
        return None
    return place - 1 if place > 0 else len(items) + place


@standard("append", "list: list, item: any, ...")
def append(run: Run, items: list, *more: Value) -> list:
    return run.items([*items, *more])


@standard("concatenate", "list: list, ...")
def concatenate(run: Run, *lists: list) -> list:
    return run.items([item for items in lists for item in items])


@standard("insert before", "list: list, position: number, newItem: any")
def insert_before(run: Run, items: list, position: Decimal, new: Value) -> list | None:
    place = _place(items, position)
    return None if place is None else run.items([*items[:place], new, *items[place:]])


@standard("remove", "list: list, position: number")
def remove(run: Run, items: list, position: Decimal) -> list | None:
    place = _place(items, position)
    return None if place is None else run.items([*items[:place], *items[place + 1 :]])


@standard("list replace", "list: list, position: number, newItem: any")
def list_replace(run: Run, items: list, position: Decimal, new: Value) -> list | None:
    place = _place(items, position)
    if place is None:
        return None
    return run.items([*items[:place], new, *items[place + 1 :]])


@standard("list replace", "list: list, match: function, newItem: any")
def list_replace_matching(run: Run, items: list, match: Function, new: Value) -> list | None:
    if len(match.parameters) != 2:
        return None
    replaced = []
    for item in items:
        verdict = call_function(run, match, [item, new])
        if type(verdict) is not bool:
            return None
        replaced.append(new if verdict else item)
    return replaced


@standard("reverse", "list: list")
def reverse(run: Run, items: list) -> list:
    return run.items(items[::-1])


@standard("index of", "list: list, match: any")
def index_of(run: Run, items: list, match: Value) -> list:
    found = []
    for index, item in enumerate(items, 1):
        run.spend_part()
        if equal(item, match, run) is True:
            found.append(from_int(index))
    return found


@standard("union", "list: list, ...")
def union(run: Run, *lists: list) -> list:
    return distinct_values(run, concatenate(run, *lists))


@standard("distinct values", "list: list")
def distinct_values(run: Run, items: list) -> list:
    kept: list[Value] = []
    seen: set = set()
    for item in items:
        run.spend_part()
        key = (type(item), item) if type(item) in (str, Decimal, bool) else None
        if key is not None:
            if key in seen:
                continue
            seen.add(key)
        elif _index(run, kept, item) >= 0:
            continue
        kept.append(item)
    return kept


@standard("flatten", "list: list")
def flatten(run: Run, items: list) -> list:
    result: list[Value] = []
    _flatten(run, items, result, 0)
    return run.items(result)


def _flatten(run: Run, items: list, result: list, depth: int) -> None:
    if depth > MAX_DEPTH:
        run.too_deep()
    for item in items:
        run.spend_part()
        if type(item) is list:
            _flatten(run, item, result, depth + 1)
        else:
            result.append(item)


@standard("sort", "list: list, precedes: function")
def sort(run: Run, items: list, precedes: Function) -> list | None:
    if len(precedes.parameters) != 2:
        return None
    undecided = False

    def order(a: Value, b: Value) -> int:
        nonlocal undecided
        before = call_function(run, precedes, [a, b])
        if type(before) is not bool:
            undecided = True
            return 0
        if before:
            return -1
        return 1 if call_function(run, precedes, [b, a]) is True else 0

    result = sorted(items, key=cmp_to_key(order))
    return None if undecided else result
