"""Variables: who sees them and where one is written.

A process has variables, and so has every call of a process. A subprocess shares those of its
process, except for data objects drawn inside it; an inner instance of a repeated activity has its
counters, element and output for itself. A name is written where it is found first, looking from
the inside out, else on the level of the process: what one parallel branch writes another sees,
and neither can overwrite what it never touched. A called process sees nothing of its caller.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.core.failures import StepFailed
from feel.values import Range, YearsMonths

if TYPE_CHECKING:
    from engine.core.tokens import Token

DEEPEST = 32  # as deep as a FEEL value may be
PLAIN = (str, bool, type(None), Decimal, date, time, datetime, timedelta, YearsMonths, Range)
MAX_NUMBER = 10**34


def checked(value: Any, name: str, depth: int = 0) -> Any:
    """Return a copy of ``value`` that nobody else holds; raises `StepFailed` if it is no value.

    Types are kept exactly; tuples become lists, UUIDs and enum members the text they stand for.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else big_number(value, name)
    if kind is float and math.isfinite(value):
        return value
    if depth > DEEPEST:
        raise StepFailed("NotAValue", f"'{name}' is nested more than {DEEPEST} levels deep.")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise StepFailed("NotAValue", f"'{name}' has keys that are not texts.")
        return {str(key): checked(item, name, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [checked(item, name, depth + 1) for item in value]
    return plain_text(value, name)


def plain_text(value: Any, name: str) -> Any:
    """Return the text or number that an id or enum member stands for."""
    if isinstance(value, Enum):
        return checked(value.value, name)
    if isinstance(value, UUID | str):
        return str(value)
    raise StepFailed(
        "NotAValue", f"'{name}' would hold a {type(value).__name__}, which FEEL has not."
    )


def big_number(value: int, name: str) -> Decimal:
    if abs(value) >= MAX_NUMBER:
        raise StepFailed("NotAValue", f"'{name}' is a number of more than 34 digits.")
    return Decimal(value)


def checked_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): checked(value, str(name)) for name, value in values.items()}


def maps_of(token: "Token") -> list[dict[str, Any]]:
    """The maps that the token sees, from the inside out; the last is its process's."""
    found: list[dict[str, Any]] = []
    at: Token | None = token
    while at is not None:
        if at.data:
            found.append(at.data)
        parent = at.parent if at.triggered else None
        if parent is not None:
            at = parent  # an inner instance sees the counters of its activity
            continue
        scope = at.workflow
        found.append(scope.data)
        at = None if scope.spec.is_process else scope.host
    return found


class Visible(Mapping[str, Any]):
    """What an expression can read: the variables in sight, then ``settings``."""

    __slots__ = ("maps",)

    def __init__(self, maps: Sequence[Mapping[str, Any]]):
        self.maps = maps

    def __getitem__(self, name: str) -> Any:
        for names in self.maps:
            if name in names:
                return names[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in names for names in self.maps)

    def get(self, name: str, default: Any = None) -> Any:
        for names in self.maps:
            if name in names:
                return names[name]
        return default

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for names in self.maps for name in names))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def visible(token: "Token") -> Visible:
    return Visible(maps_of(token))


def snapshot(token: "Token") -> dict[str, Any]:
    """All that the token sees, as one plain dict."""
    return dict(visible(token))


def write(token: "Token", values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Write checked ``values`` and return, by name, what was there before and what is now."""
    changed = {}
    maps = maps_of(token)
    for name, value in values.items():
        place = next((names for names in maps if name in names), maps[-1])
        changed[name] = (place.get(name), value)
        place[name] = value
    return changed
