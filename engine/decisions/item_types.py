"""Item definitions: the types a model declares, and values taken as these types (DMN 7.3.2).

A value that does not fit its declared type is null, a list of one item is taken as the item, an
item as a list of it, and a date as its midnight in UTC where a date and time is declared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property, partial
from typing import Any

from lxml import etree

import feel
from engine import xml
from engine.decisions.problems import Findings
from engine.findings import Severity
from feel.scope import Frame, Run
from feel.syntax import Type
from feel.types import ANY, SIMPLE, checker
from feel.values import MAX_DEPTH, Function, Value

PREFIXES = ("feel:", "feel.")


@dataclass
class ItemType:
    """A declared type. ``base`` is its name in FEEL, or None for a structure of ``members``."""

    name: str
    base: str | None = None
    members: dict[str, "ItemType"] = field(default_factory=dict)
    is_collection: bool = False
    allowed: feel.UnaryTests | None = None  # for each item
    whole: feel.UnaryTests | None = None  # for the list as a whole (DMN 1.5 type constraint)
    function: Type | None = None

    def convert(
        self, value: Value, types: "Types", run: Run, depth: int = 0, *, is_base: bool = False
    ) -> Value:
        """Return ``value`` as this type takes it, null if it does not fit.

        ``is_base``: for a type that names its own values in place of this one's (DMN 1.5, 7.3.3).
        """
        if value is None or depth > MAX_DEPTH:
            return None
        if not self.is_collection:
            if self.members and type(value) is list and len(value) == 1:
                value = value[0]
            return self._item(value, types, run, depth, is_base)
        items = value if type(value) is list else [value]
        taken = [None if i is None else self._item(i, types, run, depth + 1) for i in items]
        if any(new is None and old is not None for new, old in zip(taken, items, strict=True)):
            return None
        return taken if _passes(self.whole, taken, run) else None

    def _item(
        self, value: Value, types: "Types", run: Run, depth: int, is_base: bool = False
    ) -> Value:
        if self.function is not None:
            return _typed(value, self.function, types) if self.fits(value, types) else None
        if self.members:
            value = self._structure(value, types, run, depth)
        elif self.base is not None:
            overrides = is_base or self.allowed is not None
            value = types.convert(self.base, value, run, depth + 1, is_base=overrides)
        if value is None or is_base:
            return value
        return value if _passes(self.allowed, value, run) else None

    def _structure(self, value: Value, types: "Types", run: Run, depth: int) -> Value:
        """Convert the members; one that is absent or misfits spoils all."""
        if type(value) is not dict:
            return None
        taken = dict(value)
        for name, member in self.members.items():
            if name not in taken:
                return None
            if taken[name] is not None:
                taken[name] = member.convert(taken[name], types, run, depth + 1)
                if taken[name] is None:
                    return None
        return taken

    def fits(self, value: Value, types: "Types") -> bool:
        """Answer ``instance of``: without conversions, and without the allowed values."""
        if self.is_collection:
            return type(value) is list and all(i is None or self._fits(i, types) for i in value)
        return self._fits(value, types)

    def _fits(self, value: Value, types: "Types") -> bool:
        if self.members:
            return type(value) is dict and all(
                name in value and (value[name] is None or member.fits(value[name], types))
                for name, member in self.members.items()
            )
        if self.function is not None:
            check = checker(self.function)
            return check is not None and check(value)
        return value is not None if self.base is None else types.fits(self.base, value)


def _typed(function: Value, declared: Type, types: "Types") -> Function:
    """Return a function that takes and gives values as its type declares them (DMN 1.5, 7.3.4)."""

    def invoke(run: Run, arguments: list[Value]) -> Value:
        taken = [types.argument(declared, i, value, run) for i, value in enumerate(arguments)]
        given = function.invoke(run, taken)
        return given if declared.result is None else types.convert(declared.result.name, given, run)

    return replace(function, invoke=invoke)


def _passes(tests: feel.UnaryTests | None, value: Value, run: Run) -> bool:
    return tests is None or tests.within(value, Frame({}, None, run)) is True


class Types:
    """The types of a model by name; FEEL's own are always there."""

    def __init__(self) -> None:
        self.declared: dict[str, ItemType] = {}
        self.imported: dict[str, Types] = {}  # by the name of the import
        self.nameless: list[Types] = []  # of imports without a name

    def find(self, name: str) -> "tuple[Types, ItemType] | None":
        """Return a declared type, with the types it was declared among."""
        if name in self.declared:
            return self, self.declared[name]
        alias, _, rest = name.partition(".")
        if alias in self.imported:
            return self.imported[alias].find(rest)
        found = (types.find(name) for types in self.nameless)
        return next((each for each in found if each is not None), None)

    def knows(self, name: str) -> bool:
        return self.find(name) is not None or name in SIMPLE or name in ANY

    def is_function(self, name: str) -> bool:
        found = self.find(name)
        return name == "function" or (found is not None and found[1].function is not None)

    def signature(self, name: str | None) -> Type | None:
        """Return the type of functions that a name stands for, if it stands for one."""
        found = self.find(name or "")
        return None if found is None else found[1].function

    def argument(self, declared: Type, index: int, value: Value, run: Run) -> Value:
        """Return an argument as the type of a function declares the parameter at that place."""
        parameters = declared.arguments or ()
        return (
            self.convert(parameters[index].name, value, run) if index < len(parameters) else value
        )

    def convert(
        self, name: str, value: Value, run: Run, depth: int = 0, *, is_base: bool = False
    ) -> Value:
        """Return a value as the type of that name takes it; an unknown type takes anything."""
        found = self.find(name)
        if found is not None:
            return found[1].convert(value, found[0], run, depth, is_base=is_base)
        kind = SIMPLE.get(name)
        if kind is None or value is None or type(value) is kind:
            return value
        if kind is list:
            return [value]
        if type(value) is list and len(value) == 1:
            return self.convert(name, value[0], run, depth + 1)
        if kind is datetime and type(value) is date:
            return datetime.combine(value, time(0), tzinfo=UTC)
        return None

    def fits(self, name: str, value: Value) -> bool:
        found = self.find(name)
        if found is not None:
            return found[1].fits(value, found[0])
        kind = SIMPLE.get(name)
        return value is not None if kind is None else type(value) is kind

    @cached_property
    def checks(self) -> Mapping[str, Any]:
        """The tests that ``instance of`` uses, by the names of the types."""
        names = list(self.declared)
        for alias, types in self.imported.items():
            names += [f"{alias}.{name}" for name in types.checks]
        for types in self.nameless:
            names += types.checks
        return {name: partial(self.fits, name) for name in names}

    def component_names(self) -> set[str]:
        """Return the names of all members, which a lexer has to know."""
        found: set[str] = set()
        waiting = list(self.declared.values())
        while waiting:
            item = waiting.pop()
            found.update(item.members)
            waiting.extend(item.members.values())
        return found


def type_ref(element: etree._Element) -> str | None:
    """Return the type an element refers to, without the prefix that DMN 1.1 writes."""
    name = element.get("typeRef")
    if name is None:
        child = element.find(f"{{{xml.namespace(element)}}}typeRef")
        name = child.text if child is not None else None
    if name is None or not name.strip():
        return None
    name = name.strip()
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    head, colon, rest = name.partition(":")
    return rest if colon and head in element.nsmap else name


def read_types(
    root: etree._Element, findings: Findings, imported: Iterable[tuple[str, Types]] = ()
) -> Types:
    """Read the item definitions of a model; ``imported`` are those of others, by import name."""
    types = Types()
    for alias, others in imported:
        if alias:
            types.imported[alias] = others
        else:
            types.nameless.append(others)
    for element in root:
        if xml.local(element) == "itemDefinition":
            item = _read_item(element, findings)
            types.declared[item.name] = item
    for element in root.iter(f"{{{xml.namespace(root)}}}*"):
        name = type_ref(element)
        if name is not None and not types.knows(name):
            findings.add(
                "unknown_type",
                f"The type '{name}' is used but not declared; nothing would be checked.",
                "Declare it, or use one of FEEL's own types.",
                element,
                Severity.UNSAFE,
            )
    return types


def _read_item(element: etree._Element, findings: Findings) -> ItemType:
    item = ItemType(element.get("name") or "", type_ref(element))
    item.is_collection = element.get("isCollection") == "true"
    for child in element:
        kind = xml.local(child)
        if kind == "itemComponent":
            member = _read_item(child, findings)
            item.members[member.name] = member
        elif kind == "allowedValues":
            item.allowed = _tests(child, findings)
        elif kind == "typeConstraint":
            if item.is_collection:
                item.whole = _tests(child, findings)
            else:
                item.allowed = _tests(child, findings)
        elif kind == "functionItem":
            item.function = _function_type(child)
    return item


def _function_type(element: etree._Element) -> Type:
    # a parameter without a type asks nothing of the function: null suits every parameter
    parameters = tuple(
        Type(type_ref(child) or "Null") for child in element if xml.local(child) == "parameters"
    )
    result = element.get("outputTypeRef")
    return Type("function", parameters, (), Type(result) if result else None)


def _tests(element: etree._Element, findings: Findings) -> feel.UnaryTests | None:
    try:
        return feel.parse_unary(xml.text_of(element))
    except feel.FeelSyntaxError as error:
        findings.add(
            "feel_syntax",
            f"The allowed values are not FEEL: {error.message}.",
            'Write a list of values, such as "low", "high".',
            element,
        )
        return None
