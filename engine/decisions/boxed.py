"""Boxed expressions (DMN chapters 7.3, 8 and 10.2) to closures, each compiled once."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from lxml import etree

import feel
from engine import xml
from engine.decisions.item_types import type_ref
from engine.decisions.reader import Reader, closure_of, inner, null
from engine.decisions.tables import Table, read_table
from feel.compile import Closure
from feel.compile.calls import built_in_value, call_function
from feel.compile.loops import call_body, range_items
from feel.compile.names import item_at, item_frame
from feel.lexer import normal_name
from feel.scope import Frame, Run
from feel.values import MAX_ITEMS, Function, Range, Value

Read = Callable[["Boxes", etree._Element], Closure]
ROUND = 2  # steps that one round of a boxed loop costs, beside what its body spends


class Boxes:
    """Compiles the boxed expressions of one file and keeps its tables for analysis."""

    def __init__(self, reader: Reader):
        self.reader = reader
        self.tables: list[Table] = []
        self.expressions: list[feel.Expression] = []
        self.owner = ""

    def read(self, element: etree._Element | None) -> Closure:
        """Return the closure of a boxed expression; of none at all, null."""
        if element is None:
            return null
        typed = self._kind(element)
        name = type_ref(element)
        return typed if name is None else self.typed(typed, name)

    def within(self, element: etree._Element) -> Closure:
        """Return the closure of the expression that an element holds."""
        return self.read(self.reader.expression_of(element))

    def part(self, element: etree._Element, name: str) -> Closure:
        child = self.reader.child(element, name)
        return null if child is None else self.within(child)

    def typed(self, closure: Closure, name: str | None) -> Closure:
        """Return a closure whose value is taken as a declared type."""
        if name is None:
            return closure
        types = self.reader.types
        return lambda frame: types.convert(name, closure(frame), frame.run)

    def _kind(self, element: etree._Element) -> Closure:
        return _KINDS[xml.local(element)](self, element)


def _literal(boxes: Boxes, element: etree._Element) -> Closure:
    text = boxes.reader.text(element)
    if not text:
        return null
    expression = boxes.reader.expression(text, element, "An expression")
    if expression is not None:
        boxes.expressions.append(expression)
    return closure_of(expression)


def _table(boxes: Boxes, element: etree._Element) -> Closure:
    table = read_table(boxes.reader, element, boxes.owner)
    boxes.tables.append(table)
    return table.evaluate


def _list(boxes: Boxes, element: etree._Element) -> Closure:
    items = [boxes.read(child) for child in boxes.reader.children(element) if _boxed(child)]
    return lambda frame: [item(frame) for item in items]


def _boxed(element: etree._Element) -> bool:
    return xml.local(element) in _KINDS


def _relation(boxes: Boxes, element: etree._Element) -> Closure:
    reader = boxes.reader
    declared = list(reader.children(element, "column"))
    columns = [normal_name(column.get("name") or "") for column in declared]
    rows = []
    for row in reader.children(element, "row"):
        cells = [boxes.read(cell) for cell in reader.children(row) if _boxed(cell)]
        if len(cells) != len(columns):
            reader.findings.add(
                "relation_width",
                f"A row of a relation has {len(cells)} cells for {len(columns)} columns.",
                "Give every row a cell for every column.",
                row,
            )
        kinds = (type_ref(column) for column in declared)
        rows.append([boxes.typed(c, kind) for c, kind in zip(cells, kinds, strict=False)])
    return lambda frame: [
        {name: cell(frame) for name, cell in zip(columns, cells, strict=False)} for cells in rows
    ]


def _context(boxes: Boxes, element: etree._Element) -> Closure:
    reader = boxes.reader
    entries: list[tuple[str, Closure]] = []
    result: Closure | None = None
    for entry in reader.children(element, "contextEntry"):
        variable = reader.child(entry, "variable")
        closure = boxes.within(entry)
        if variable is None:
            result = closure
            continue
        name = normal_name(variable.get("name") or "")
        entries.append((name, boxes.typed(closure, type_ref(variable))))

    def build(frame: Frame) -> Value:
        values: dict[str, Value] = {}
        scope = inner(values, frame)
        for name, closure in entries:
            values[name] = closure(scope)
        return values if result is None else result(scope)

    return build


# -- functions --------------------------------------------------------------------------------


def read_function(boxes: Boxes, element: etree._Element) -> Closure:
    """Compile a function definition to a closure that gives the function."""
    reader = boxes.reader
    if element.get("kind", "FEEL") != "FEEL":
        reader.findings.add(
            "external_function",
            f"A function is written in {element.get('kind')}; only FEEL is carried out.",
            "Write its body in FEEL, or let a service task do the work.",
            element,
        )
        return null
    parameters = list(reader.children(element, "formalParameter"))
    names = tuple(normal_name(parameter.get("name") or "") for parameter in parameters)
    kinds = [type_ref(parameter) for parameter in parameters]
    body = boxes.within(element)
    types = reader.types

    def build(frame: Frame) -> Function:
        def invoke(run: Run, arguments: list[Value]) -> Value:
            taken = [
                value if kind is None else types.convert(kind, value, run)
                for value, kind in zip(arguments, kinds, strict=True)
            ]
            return call_body(run, body, 1, frame, dict(zip(names, taken, strict=True)))

        return Function(names, invoke)

    return build


def _invocation(boxes: Boxes, element: etree._Element) -> Closure:
    reader = boxes.reader
    called = reader.expression_of(element)
    target = _called(boxes, called)
    bindings = []
    for binding in reader.children(element, "binding"):
        parameter = reader.child(binding, "parameter")
        name = normal_name(parameter.get("name") or "") if parameter is not None else ""
        kind = type_ref(parameter) if parameter is not None else None
        bindings.append((name, boxes.typed(boxes.within(binding), kind)))
    names = tuple(name for name, _ in bindings)

    def call(frame: Frame) -> Value:
        function = target(frame)
        if type(function) is not Function:
            return None
        values = [closure(frame) for _, closure in bindings]
        return call_function(frame.run, function, _filled(function, names, values))

    return call


def _filled(function: Function, names: tuple[str, ...], values: list[Value]) -> list[Value]:
    """Put arguments in the order of the parameters; one that is not bound is null."""
    given = dict(zip(names, values, strict=True))
    return [given.get(name) for name in function.parameters]


def _called(boxes: Boxes, element: etree._Element | None) -> Closure:
    if element is None:
        return null
    name = normal_name(boxes.reader.text(element))
    target = boxes.read(element)
    if name not in feel.functions:
        return target
    built_in = built_in_value(name)

    def choose(frame: Frame) -> Value:
        found = target(frame)
        return built_in if found is None else found

    return choose


# -- flow -------------------------------------------------------------------------------------


def _conditional(boxes: Boxes, element: etree._Element) -> Closure:
    test, then, otherwise = (boxes.part(element, part) for part in ("if", "then", "else"))

    def choose(frame: Frame) -> Value:
        verdict = test(frame)
        if _is_no_verdict(verdict):
            return None
        return then(frame) if verdict is True else otherwise(frame)

    return choose


def _is_no_verdict(value: Value) -> bool:
    """Tell what a box that asks for true or false cannot take; it is null then."""
    return value is not None and type(value) is not bool


def _items(value: Value) -> list | None:
    if type(value) is Range:
        steps = range_items(value)
        return None if steps is None else list(_limited(steps))
    return value if type(value) is list or value is None else [value]


def _limited(values: Iterable[Value]) -> Iterator[Value]:
    for count, value in enumerate(values):
        if count >= MAX_ITEMS:
            Run.too_many()
        yield value


def _filter(boxes: Boxes, element: etree._Element) -> Closure:
    source, match = boxes.part(element, "in"), boxes.part(element, "match")

    def select(frame: Frame) -> Value:
        items = _items(source(frame))
        if items is None:
            return None
        kept = []
        for item in items:
            frame.run.spend(ROUND)
            verdict = match(item_frame(item, frame))
            if verdict is True:
                kept.append(item)
            elif type(verdict) is Decimal:
                return item_at(items, verdict)
            elif _is_no_verdict(verdict):
                return None
        return kept

    return select


def _loop(boxes: Boxes, element: etree._Element) -> Closure:
    variable = normal_name(element.get("iteratorVariable") or "")
    source, body = boxes.part(element, "in"), boxes.part(element, "return")

    def loop(frame: Frame) -> Value:
        items = _items(source(frame))
        if items is None:
            return None
        done: list[Value] = []
        for item in items:
            frame.run.spend(ROUND)
            done.append(body(inner({variable: item, "partial": list(done)}, frame)))
        return done

    return loop


def _quantified(boxes: Boxes, element: etree._Element) -> Closure:
    variable = normal_name(element.get("iteratorVariable") or "")
    source, body = boxes.part(element, "in"), boxes.part(element, "satisfies")
    decisive = xml.local(element) == "some"

    def test(frame: Frame) -> bool | None:
        items = _items(source(frame))
        if items is None:
            return None
        verdict: bool | None = not decisive
        for item in items:
            frame.run.spend(ROUND)
            value = body(inner({variable: item}, frame))
            if value is decisive:
                return decisive
            if _is_no_verdict(value):
                return None
            if value is None:
                verdict = None
        return verdict

    return test


_KINDS: dict[str, Read] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "invocation": _invocation,
    "list": _list,
    "relation": _relation,
    "functionDefinition": read_function,
    "conditional": _conditional,
    "for": _loop,
    "some": _quantified,
    "every": _quantified,
    "filter": _filter,
}
