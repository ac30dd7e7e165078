"""What an operation returns, read from its annotations: one place for the code and the checks.

    class FileReady(TypedDict):
        missing: list[str]
        risk_level: str | None

    @operation("allocation.file_ready")
    def file_ready(context: OperationContext, *, case_id: str) -> FileReady: ...

The type checker holds the code to it, the linter tells diagrams that read something else, and a
result that does not fit becomes an incident before anything is decided on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

from feel.shapes import ANYTHING, NULL, Shape, of_type

# FEEL's name of what Python gives or takes under that annotation.
KINDS: Mapping[Any, str] = {
    str: "string",
    UUID: "string",
    int: "number",
    float: "number",
    Decimal: "number",
    bool: "boolean",
    date: "date",
    datetime: "date and time",
    timedelta: "days and time duration",
    list: "list",
    Sequence: "list",
    dict: "context",
    Mapping: "context",
}
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "string": (str, UUID),
    "number": (int, float, Decimal),
    "boolean": (bool,),
    "date": (date,),
    "date and time": (datetime,),
    "days and time duration": (timedelta,),
    "list": (list, tuple),
    "context": (Mapping,),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a result. ``kind`` is a FEEL type or "any"; ``types`` are its in Python."""

    name: str
    kind: str
    shape: Shape
    is_required: bool
    may_be_null: bool
    types: tuple[type, ...]

    def takes(self, value: Any) -> bool:
        if value is None:
            return self.may_be_null
        if isinstance(value, bool):
            return self.kind in ("boolean", "any")
        return not self.types or isinstance(value, self.types)


@dataclass(frozen=True, slots=True)
class Results:
    """All that an operation returns: a context of these entries, or nothing."""

    entries: tuple[Entry, ...]

    @property
    def shape(self) -> Shape:
        members = {entry.name: entry.shape for entry in self.entries}
        return Shape(frozenset({"context"}), members=members, is_closed=True)

    def problem_with(self, given: Mapping[str, Any] | None) -> str | None:
        """Say which entry a result lacks, or has of another type; never what its value is."""
        found = given or {}
        for entry in self.entries:
            if entry.name not in found:
                if entry.is_required:
                    return f"lacks '{entry.name}'"
            elif not entry.takes(found[entry.name]):
                return f"has another '{entry.name}' than {entry.kind}"
        if len(found) > len(self.entries):
            names = {entry.name for entry in self.entries}
            return f"has '{next(name for name in found if name not in names)}' besides"
        return None


def results_of(annotation: Any) -> Results | None:
    """Read the return annotation of an operation; None if it does not tell."""
    if annotation in (None, NoneType):
        return Results(())
    if not is_typeddict(annotation):
        return None
    required = annotation.__required_keys__
    hints = get_type_hints(annotation)
    return Results(tuple(_entry(name, hint, name in required) for name, hint in hints.items()))


def _entry(name: str, annotation: Any, is_required: bool) -> Entry:
    kind = kind_of(annotation)
    may_be_null = annotation in (Any, NoneType) or NoneType in get_args(annotation)
    python = _PYTHON.get(kind, ())
    return Entry(name, kind, shape_of(annotation), is_required, may_be_null, python)


def kind_of(annotation: Any) -> str:
    """Return the FEEL type that an annotation asks for; "any" for none, or several."""
    wanted = _parts(annotation)
    if len(wanted) != 1:
        return "any"
    if is_typeddict(wanted[0]):
        return "context"
    if get_origin(wanted[0]) is Literal:
        kinds = {KINDS.get(type(value), "any") for value in get_args(wanted[0])}
        return kinds.pop() if len(kinds) == 1 else "any"
    return KINDS.get(get_origin(wanted[0]) or wanted[0], "any")


def shape_of(annotation: Any) -> Shape:
    """Return what a value of an annotation can be."""
    kind, wanted = kind_of(annotation), _parts(annotation)
    if annotation is NoneType:
        return NULL
    if kind == "any":
        return ANYTHING
    if get_origin(wanted[0]) is Literal:
        return of_type(kind, get_args(wanted[0]))
    if is_typeddict(wanted[0]):
        found = results_of(wanted[0])
        return ANYTHING if found is None else found.shape
    inner = get_args(wanted[0])
    if kind == "list" and inner:
        return Shape(frozenset({"list"}), item=shape_of(inner[0]))
    return of_type(kind)


def _parts(annotation: Any) -> list[Any]:
    """Return the alternatives of an annotation, null left out."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return [part for part in get_args(annotation) if part is not NoneType]
    return [annotation]
