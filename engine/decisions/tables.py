"""Decision tables: read and compiled once, evaluated with the record of what matched (DMN 8)."""

from dataclasses import dataclass

from lxml import etree

import feel
from engine import xml
from engine.decisions import hit_policies
from engine.decisions.columns import Input, Output, Rule
from engine.decisions.hit_policies import HitPolicy
from engine.decisions.item_types import Types, type_ref
from engine.decisions.problems import DecisionError
from engine.decisions.reader import DecisionRun, Reader, closure_of
from feel.compile.tests import INPUT
from feel.scope import Frame, Run
from feel.syntax import Literal, Negation
from feel.values import Value


@dataclass
class Table:
    """A compiled decision table; ``owner`` is the id of the decision or model it belongs to."""

    owner: str
    label: str
    element: etree._Element
    policy: HitPolicy
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]
    types: Types

    def evaluate(self, frame: Frame) -> Value:
        """Return the result in a frame. Raises `DecisionError`."""
        columns = [self._column(column, frame) for column in self.inputs]
        matching = self._matching(columns)
        record(frame.run, self, [rule.id for rule in matching])
        if not matching:
            return self._default(frame)
        rows = [self._row(rule, frame) for rule in matching]
        try:
            return hit_policies.apply(self.policy, self.outputs, matching, rows, frame.run)
        except hit_policies.Conflict as conflict:
            raise DecisionError(f"{self.label}: {conflict}", conflict.rules) from None

    def _column(self, column: Input, frame: Frame) -> tuple[Value, Frame]:
        # an input may be null, and rows are there for that; what a cell names should not be
        outer, frame.run.trace = frame.run.trace, None
        try:
            value = column.closure(frame)
        finally:
            frame.run.trace = outer
        if column.type is not None:
            value = self.types.convert(column.type, value, frame.run)
        if column.allowed is not None and value is not None:
            items = value if type(value) is list else [value]
            inside = Frame({INPUT: value}, frame, frame.run)
            if not all(column.allowed.test(item, inside) is True for item in items):
                _not_allowed(column.label, frame.run)
                value = None
        return value, Frame({INPUT: value}, frame, frame.run)

    def _matching(self, columns: list[tuple[Value, Frame]]) -> list[Rule]:
        found = []
        for rule in self.rules:
            for cell, (value, frame) in zip(rule.cells, columns, strict=True):
                if cell.test(value, frame) is not True:
                    break
            else:
                found.append(rule)
                if self.policy is HitPolicy.FIRST:
                    break
        return found

    def _row(self, rule: Rule, frame: Frame) -> list[Value]:
        values = []
        for output, expression, kind in zip(self.outputs, rule.results, rule.types, strict=True):
            value = closure_of(expression)(frame)
            if kind is not None:
                value = self.types.convert(kind, value, frame.run)
            values.append(self._taken(output, value, frame))
        return values

    def _taken(self, output: Output, value: Value, frame: Frame) -> Value:
        """Return a result as its column declares it; null where it is none of the values."""
        if output.type is not None:
            value = self.types.convert(output.type, value, frame.run)
        if output.allowed is not None and value is not None:
            if output.allowed.test(value, Frame({INPUT: value}, frame, frame.run)) is not True:
                _not_allowed(output.name or self.label, frame.run)
                return None
        return value

    def _default(self, frame: Frame) -> Value:
        """Return the default outputs; without any, what the hit policy gives for no match."""
        if all(output.default is None for output in self.outputs):
            return hit_policies.nothing(self.policy)
        row = [
            self._taken(output, closure_of(output.default)(frame), frame) for output in self.outputs
        ]
        return hit_policies.shape(self.outputs, row)


def _not_allowed(name: str, run: Run) -> None:
    """Take a value that its column does not allow as null (DMN 1.5, 8.3.2), and say so.

    Not which value: a decision may be asked about a person, and what is said is logged.
    """
    if run.trace is not None:
        run.trace.miss(f"{name} (not an allowed value)")


def record(run: Run, table: Table, rules: list[str]) -> None:
    """Note what matched, for the record of the decision."""
    if isinstance(run, DecisionRun):
        run.matched.append((table, rules))


# -- reading ----------------------------------------------------------------------------------


def read_table(reader: Reader, element: etree._Element, owner: str) -> Table:
    """Read a table; what is wrong with it is added to the reader's findings."""
    label = _label(element)
    inputs = [_input(reader, child, label) for child in reader.children(element, "input")]
    outputs = [_output(reader, child, label) for child in reader.children(element, "output")]
    policy = hit_policies.read(reader, element, label)
    if len(outputs) == 1 and policy not in hit_policies.LISTS:
        # a single output is the decision's own value, so it has the decision's type; what is
        # collected has the type of an item of it, and is taken as that with the whole list
        outputs[0].type = outputs[0].type or type_ref(element)
    for output in outputs:
        if not output.values:
            output.values = _values_of_type(reader, output, element)
    rules = [
        _rule(reader, child, number, label, inputs, outputs)
        for number, child in enumerate(reader.children(element, "rule"), 1)
    ]
    hit_policies.check(policy, reader, element, label, outputs)
    if not outputs:
        reader.findings.add(
            "no_output",
            f"The table of {label} has no output column.",
            "Add one.",
            element,
        )
    kept = [rule for rule in rules if rule is not None]
    return Table(owner, label, element, policy, inputs, outputs, kept, reader.types)


def _label(element: etree._Element) -> str:
    around: etree._Element | None = element
    while around is not None and not around.get("name"):
        around = around.getparent()
    return xml.label(element if around is None else around)


def _input(reader: Reader, element: etree._Element, label: str) -> Input:
    holder = reader.child(element, "inputExpression")
    text = reader.text(holder) if holder is not None else ""
    title = element.get("label") or text
    what = f"The input '{title}' of {label}"
    expression = reader.expression(text, element, what) if text else None
    if holder is None or not text:
        reader.findings.add(
            "no_input_expression",
            f"An input of {label} has no expression.",
            "Write the name of the variable that the column tests.",
            element,
        )
    kind = type_ref(holder) if holder is not None else None
    allowed = _allowed(reader, element, "inputValues", what)
    return Input(title, text, element, closure_of(expression), kind, allowed, expression)


def _allowed(
    reader: Reader, element: etree._Element, name: str, what: str
) -> feel.UnaryTests | None:
    holder = reader.child(element, name)
    text = reader.text(holder) if holder is not None else ""
    if holder is None or not text:
        return None
    return reader.tests(text, holder, f"The list of values of {what[:1].lower()}{what[1:]}")


def _output(reader: Reader, element: etree._Element, label: str) -> Output:
    name = element.get("name") or element.get("label") or ""
    what = f"The output '{name}' of {label}" if name else f"The output of {label}"
    output = Output(
        feel_name(name), element, type_ref(element), label=feel_name(element.get("label") or "")
    )
    output.allowed = _allowed(reader, element, "outputValues", what)
    if output.allowed is not None:
        output.values = constants(output.allowed)
    holder = reader.child(element, "defaultOutputEntry")
    if holder is not None and reader.text(holder):
        output.default = reader.expression(reader.text(holder), holder, f"The default of {what}")
    return output


def _values_of_type(reader: Reader, output: Output, element: etree._Element) -> list[Value]:
    """Return the values that the type of an output allows, in order.

    A single output has the type of the decision's variable if it declares none itself.
    """
    name = output.type
    parent = element.getparent()
    if name is None and parent is not None and len(list(reader.children(element, "output"))) == 1:
        variable = reader.child(parent, "variable")
        name = type_ref(variable) if variable is not None else None
    found = reader.types.find(name or "")
    if found is None or found[1].allowed is None:
        return []
    return constants(found[1].allowed)


def feel_name(name: str) -> str:
    return " ".join(name.split())


def constants(tests: feel.UnaryTests) -> list[Value]:
    """Return the constants that a list of values names, in order."""
    found: list[Value] = []
    for test in tests.node.tests:
        if isinstance(test, Literal):
            found.append(test.value)
        elif isinstance(test, Negation) and isinstance(test.operand, Literal):
            found.append(-test.operand.value)
    return found


def _rule(
    reader: Reader,
    element: etree._Element,
    number: int,
    label: str,
    inputs: list[Input],
    outputs: list[Output],
) -> Rule | None:
    row = element.get("id") or str(number)
    conditions = list(reader.children(element, "inputEntry"))
    results = list(reader.children(element, "outputEntry"))
    if len(conditions) != len(inputs) or len(results) != len(outputs):
        reader.findings.add(
            "row_width",
            f"Row {number} of {label} has {len(conditions)} conditions and {len(results)} results "
            f"for {len(inputs)} inputs and {len(outputs)} outputs.",
            "Give every row a cell for every column.",
            element,
        )
        return None
    cells = [_cell(reader, c, f"Row {number} of {label}") for c in conditions]
    values = [_result(reader, result, f"Row {number} of {label}") for result in results]
    types = [type_ref(result) for result in results]
    return Rule(row, element, cells, values, _words(reader, element), types=types)


def _words(reader: Reader, element: etree._Element) -> str:
    """Return what the author wrote beside a row: its description, else its first annotation.

    Modellers of the bpmn.io family write their column of annotations as descriptions, others as
    annotation entries (DMN 1.3, 8.3.3).
    """
    written = [xml.text_of(child) for child in reader.children(element, "description")]
    written += [reader.text(child) for child in reader.children(element, "annotationEntry")]
    return next((" ".join(text.split()) for text in written if text.strip()), "")


def _cell(reader: Reader, element: etree._Element, where: str) -> feel.UnaryTests:
    tests = reader.tests(reader.text(element), element, f"{where}: a condition")
    return feel.parse_unary("-") if tests is None else tests


def _result(reader: Reader, element: etree._Element, where: str) -> feel.Expression | None:
    text = reader.text(element)
    if text in ("", "-"):
        return None
    return reader.expression(text, element, f"{where}: a result")
