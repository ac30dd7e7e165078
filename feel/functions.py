"""The registry of functions: the standard's own and those that the product adds.

Function names are a namespace of their own: a variable may be called ``count``.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from feel.values import Function, Range, Value, YearsMonths

# what a parameter type accepts; a name that is not here accepts anything
ACCEPTS: dict[str, frozenset[type]] = {
    "number": frozenset((Decimal,)),
    "string": frozenset((str,)),
    "boolean": frozenset((bool,)),
    "date": frozenset((date,)),
    "time": frozenset((time,)),
    "date and time": frozenset((datetime,)),
    "date and time!": frozenset((datetime,)),  # no date is taken for it
    "date or date and time": frozenset((date, datetime)),
    "days and time duration": frozenset((timedelta,)),
    "years and months duration": frozenset((YearsMonths,)),
    "list": frozenset((list,)),
    "context": frozenset((dict,)),
    "range": frozenset((Range,)),
    "function": frozenset((Function,)),
    "comparable": frozenset((Decimal, str, date, time, datetime, timedelta, YearsMonths)),
    "comparable or range": frozenset(
        (Decimal, str, date, time, datetime, timedelta, YearsMonths, Range)
    ),
    "number or duration": frozenset((Decimal, timedelta, YearsMonths)),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str = "any"
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" + ("?" if self.optional else "")


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function. ``variadic``: the last parameter may be repeated.

    ``call`` takes the arguments in order, behind the `Run` or the `Frame` if ``first`` says so.
    """

    parameters: tuple[Parameter, ...]
    call: Callable[..., Value]
    variadic: bool = False
    first: str = ""  # "run", "frame" or nothing

    def accepts_count(self, count: int) -> bool:
        least = sum(not parameter.optional for parameter in self.parameters)
        return count >= least and (self.variadic or count <= len(self.parameters))

    def order(self, names: tuple[str, ...]) -> list[int | None] | None:
        """Return, for each parameter, which of the named arguments it takes; None if it misfits."""
        known = [parameter.name for parameter in self.parameters]
        if len(set(names)) != len(names) or not set(names) <= set(known):
            return None
        places = [names.index(name) if name in names else None for name in known]
        while places and places[-1] is None:
            places.pop()
        for place, parameter in zip(places, self.parameters, strict=False):
            if place is None and not parameter.optional:
                return None
        return places if self.accepts_count(len(places)) else None

    def __str__(self) -> str:
        inside = ", ".join(str(parameter) for parameter in self.parameters)
        return f"({inside}{', ...' if self.variadic else ''})"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A function by name, with every signature it has."""

    name: str
    signatures: tuple[Signature, ...]
    standard: bool = True

    def __str__(self) -> str:
        return " or ".join(f"{self.name}{signature}" for signature in self.signatures)


_registry: dict[str, BuiltIn] = {}
functions: Mapping[str, BuiltIn] = MappingProxyType(_registry)


def read_parameters(text: str) -> tuple[tuple[Parameter, ...], bool]:
    """Read ``"string: string, start position: number, length: number?, ..."``."""
    parameters = []
    variadic = False
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == "...":
            variadic = True
            continue
        name, _, kind = part.partition(":")
        kind = kind.strip() or "any"
        parameters.append(Parameter(name.strip(), kind.removesuffix("?"), kind.endswith("?")))
    return tuple(parameters), variadic


def standard(name: str, *signatures: str) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function of the standard. Further signatures are added by further calls."""

    def register(call: Callable[..., Value]) -> Callable[..., Value]:
        for text in signatures:
            parameters, variadic = read_parameters(text)
            made = Signature(parameters, call, variadic, _first(call))
            known = _registry.get(name, BuiltIn(name, ()))
            _registry[name] = BuiltIn(name, (*known.signatures, made))
        return call

    return register


_FROM_ANNOTATION = {
    Decimal: "number",
    int: "number",
    str: "string",
    bool: "boolean",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    list: "list",
    dict: "context",
}


def function(
    name: str, parameters: str | None = None
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function that the product adds; it must be pure.

    ``parameters`` is written as in ``"hours: number, calendar: string?"``; without it, the names
    (underscores become spaces) and annotations of the Python function count. A first parameter
    called ``run`` receives the evaluation (its instant, its calendars), one called ``frame`` the
    names in scope. A name that is taken cannot be registered again. Raises ``ValueError``.
    """

    def register(call: Callable[..., Value]) -> Callable[..., Value]:
        if name in _registry:
            raise ValueError(f"There is a function '{name}' already")
        if parameters is None:
            made = Signature(_annotated(call), call, False, _first(call))
        else:
            read, variadic = read_parameters(parameters)
            made = Signature(read, call, variadic, _first(call))
        _registry[name] = BuiltIn(name, (made,), standard=False)
        return call

    return register


def _first(call: Callable[..., Value]) -> str:
    name = next(iter(inspect.signature(call).parameters), "")
    return name if name in ("run", "frame") else ""


def _annotated(call: Callable[..., Value]) -> tuple[Parameter, ...]:
    found = []
    for name, parameter in inspect.signature(call).parameters.items():
        if name not in ("run", "frame"):
            kind = _FROM_ANNOTATION.get(parameter.annotation, "any")
            optional = parameter.default is not inspect.Parameter.empty
            found.append(Parameter(name.replace("_", " "), kind, optional))
    return tuple(found)


class _Misfit:
    """The argument does not have the type of its parameter."""


MISFIT: Any = _Misfit()


def fit(value: Value, kind: str) -> Value:
    """Return an argument as its parameter takes it, or ``MISFIT``.

    A list of one item is taken as the item, an item as a list of it, and a date as its midnight
    in UTC, as the standard's implicit conversions say.
    """
    accepted = ACCEPTS.get(kind)
    if accepted is None or type(value) in accepted:
        return value
    if value is None:
        return MISFIT
    if kind == "list":
        return [value]
    if type(value) is list and len(value) == 1:
        return fit(value[0], kind)
    if kind == "date and time" and type(value) is date:
        return datetime.combine(value, time(0), tzinfo=UTC)
    return MISFIT
