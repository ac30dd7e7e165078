"""Decides a condition from its tree as a browser does: the reference for `api/static/app.js`.

It knows no FEEL. ``read(name, kind)`` gives what an input holds: a text, a number, true or false, a
list; ``None`` for untouched and for what is no value of its kind.
"""

from collections.abc import Callable
from typing import Any

Read = Callable[[str, str], Any]

ORDER = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def decide(tree: Any, read: Read) -> bool | None:
    """Return true, false or null."""
    if isinstance(tree, bool):
        return tree
    operator, *parts = tree
    if operator in ("and", "or"):
        decisive = operator == "or"
        found = [decide(part, read) for part in parts]
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    if operator == "not":
        inner = decide(parts[0], read)
        return None if inner is None else not inner
    if operator == "in":
        return _any([_test(value(parts[0], read), test, read) for test in parts[1:]])
    if operator == "key":
        return value(tree, read)
    return _compare(operator, value(parts[0], read), value(parts[1], read))


def value(leaf: Any, read: Read) -> Any:
    """Return what a leaf stands for; dates and times are texts that sort."""
    if not isinstance(leaf, list):
        return leaf
    if leaf[0] == "key":
        return read(leaf[1], leaf[2])
    return leaf[1:] if leaf[0] == "list" else leaf[1]


def _compare(operator: str, left: Any, right: Any) -> bool | None:
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    return None if left is None or right is None else ORDER[operator](left, right)


def _test(given: Any, test: Any, read: Read) -> bool | None:
    if isinstance(test, list) and test[0] == "is":
        return _compare(test[1], given, value(test[2], read))
    if isinstance(test, list) and test[0] == "range":
        _, low, high, closed_low, closed_high = test
        if given is None:
            return None
        above = low is None or ORDER[">=" if closed_low else ">"](given, value(low, read))
        below = high is None or ORDER["<=" if closed_high else "<"](given, value(high, read))
        return above and below
    found = value(test, read)
    return given in found if isinstance(found, list) else given == found


def _any(found: list[bool | None]) -> bool | None:
    if True in found:
        return True
    return None if None in found else False
