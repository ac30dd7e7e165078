"""A DMN file as it is evaluated: decisions, what they require, and the record of a result."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.decisions.item_types import Types
from engine.decisions.problems import DecisionError
from engine.decisions.reader import DecisionRun
from engine.decisions.tables import Table
from engine.findings import Finding
from feel import BudgetExceeded, Expression
from feel.compile import Closure
from feel.scope import Frame, Run
from feel.values import Function, Value


@dataclass(frozen=True, slots=True)
class DecisionInfo:
    """What a decision is called, reads and gives.

    ``inputs`` are the names that its evaluation needs from outside, with those of the decisions it
    requires. ``hit_policy`` is None where it is not a table.
    """

    id: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    hit_policy: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it was evaluated on the way to a result."""

    decision_id: str
    inputs: Mapping[str, Value]
    matched_rows: tuple[str, ...]
    outputs: Value


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """What a decision gave. ``matched_rows`` are the ids of the rules, else their numbers.

    ``outputs``: the value of one output, a context of several, a list under COLLECT and the
    order policies, and null (or an empty list) if nothing matched and there is no default.
    ``records`` holds this decision and every one it required, in order of evaluation.
    ``missing`` are the names that cells, results and expressions read and that were absent or
    null, such as a setting that nobody made; an input that is null is not among them.
    """

    outputs: Value
    matched_rows: tuple[str, ...]
    records: tuple[DecisionRecord, ...] = ()
    missing: tuple[str, ...] = ()

    def require_complete(self, decision: str) -> None:
        """Raise `DecisionError` if something that the rules compare with or give has no value.

        Such a cell matches nothing, and the row for everybody else that is taken instead could
        skip a safeguard. A column may be asked about null: rows are there for it.
        """
        if self.missing:
            names = ", ".join(f"'{name}'" for name in self.missing)
            have = "has" if len(self.missing) == 1 else "have"
            raise DecisionError(f"'{decision}' cannot be decided: {names} {have} no value.")


@dataclass
class Node:
    """An element of the requirements graph: input data, decision, knowledge model or service.

    ``type`` is that of its variable. ``closure`` is the logic of a decision, or what gives the
    function of a knowledge model. ``requires`` and ``knowledge`` are ids.
    """

    id: str
    name: str
    kind: str  # "input", "decision", "knowledge" or "service"
    type: str | None = None
    closure: Closure | None = None
    requires: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    label: str = ""  # what it is called in the drawing, where its variable is called otherwise
    free_names: frozenset[str] = frozenset()
    table: Table | None = None
    literal: Expression | None = None  # the logic of a decision that is one text of FEEL
    outputs: tuple[str, ...] = ()  # of a service: ids of its output decisions
    parameters: tuple[str, ...] = ()  # of a service: ids of what it takes
    space: str = ""  # the namespace of the model it was imported from
    types: Types = field(default_factory=Types)


@dataclass
class DecisionModel:
    """The decisions of one file, compiled. Immutable; one object may serve many threads."""

    name: str
    namespace: str
    sha256: str
    nodes: Mapping[str, Node]
    types: Types
    tables: tuple[Table, ...]
    file: str = ""
    # namespace of a model ("" for this one) -> namespace it imports -> name of the import
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()  # of reading it: none of them stops an evaluation
    decisions: Mapping[str, DecisionInfo] = field(default_factory=dict)

    def evaluate(
        self,
        decision: str,
        inputs: Mapping[str, Any],
        *,
        now: datetime | None = None,
        calendars: Any = None,
    ) -> DecisionResult:
        """Evaluate a decision or a decision service, named by id or by name.

        ``inputs`` are values by the names of the input data; without drawn input data, the
        variables that the expressions name. Raises `DecisionError` when there is no answer
        (rules in conflict, no such decision), and what FEEL raises. A value that its column does
        not allow is null, and stands in ``missing``.
        """
        node = self.find(decision)
        run = DecisionRun(now, calendars, self.types)
        evaluation = _Evaluation(self, run, inputs)
        try:
            outputs = run.result(evaluation.answer(node))
        except RecursionError:
            raise BudgetExceeded("The decision is nested too deeply") from None
        records = tuple(evaluation.records)
        rows = records[-1].matched_rows if records and node.kind == "decision" else ()
        missing = tuple(run.trace.missing) if run.trace is not None else ()
        return DecisionResult(outputs, rows, records, missing)

    def find(self, decision: str) -> Node:
        """Return a decision, service or knowledge model by id, else by name: its own first."""
        nodes = sorted(self.nodes.values(), key=lambda node: node.space != "")
        named = [self.nodes[decision]] if decision in self.nodes else []
        named += [node for node in nodes if node.name == decision]
        named += [node for node in nodes if node.label == decision]
        for node in named:
            if node.kind != "input":
                return node
        raise DecisionError(f"There is no decision '{decision}'")


class _Evaluation:
    """One evaluation: every decision it needs is evaluated once."""

    def __init__(self, model: DecisionModel, run: DecisionRun, inputs: Mapping[str, Any]):
        self.model = model
        self.run = run
        self.inputs = inputs
        self.known: dict[str, Value] = {}
        self.records: list[DecisionRecord] = []

    def value(self, node: Node) -> Value:
        if node.id not in self.known:
            self.known[node.id] = self._kinds[node.kind](self, node)
        return self.known[node.id]

    def _input(self, node: Node) -> Value:
        given: Any = self.inputs
        alias = self.model.aliases.get("", {}).get(node.space) if node.space else None
        if alias is not None and isinstance(given.get(alias), Mapping):
            given = given[alias]
        names = (name for name in (node.name, node.label, node.id) if name in given)
        return self._typed(node, self.run.adopt(given.get(next(names, node.name))))

    def _typed(self, node: Node, value: Value) -> Value:
        """Return a value as the type of a node's variable takes it."""
        return value if node.type is None else node.types.convert(node.type, value, self.run)

    def _frame(self, node: Node) -> Frame:
        """Return the scope of a node: what it requires, before what the caller gave.

        Input data that is drawn and not required is hidden, as the standard has it.
        """
        nodes = self.model.nodes
        names: dict[str, Value] = {}
        for key in (*node.requires, *node.knowledge):
            if key != node.id:
                self._bind(names, node, nodes[key])
        hidden = {other.name for other in nodes.values()} - set(names)
        given = {name: value for name, value in self.inputs.items() if name not in hidden}
        return Frame(names, Frame(given, None, self.run), self.run)

    def _bind(self, names: dict[str, Value], node: Node, required: Node) -> None:
        """Bind what a node requires; what is imported stands under the name of the import."""
        alias = self.model.aliases.get(node.space, {}).get(required.space)
        if required.space == node.space or not alias:
            names[required.name] = self.value(required)
        else:
            names.setdefault(alias, {})[required.name] = self.value(required)

    def _decision(self, node: Node) -> Value:
        frame = self._frame(node)
        outer, self.run.matched = self.run.matched, []
        try:
            value = None if node.closure is None else node.closure(frame)
            matched = self.run.matched
        finally:
            self.run.matched = outer
        value = self._typed(node, value)
        self.records.append(DecisionRecord(node.id, *self._record(node, frame, matched), value))
        return value

    def _record(
        self, node: Node, frame: Frame, matched: list[tuple[Table, list[str]]]
    ) -> tuple[dict[str, Value], tuple[str, ...]]:
        """Return what a decision read and which rules matched: its own table's, if it is one."""
        own = [(table, rules) for table, rules in matched if table is node.table]
        rows = tuple(rule for _, rules in own or matched for rule in rules)
        read = {other: self.known[key] for key, other in self._required(node)}
        for name in sorted(node.free_names & self.inputs.keys() - read.keys()):
            read[name] = self.run.adopt(self.inputs[name])
        return read, rows

    def _required(self, node: Node) -> Iterator[tuple[str, str]]:
        for key in node.requires:
            yield key, self.model.nodes[key].name

    def _knowledge(self, node: Node) -> Value:
        """Return the function of a knowledge model; it knows itself, so that it may recur."""
        if node.closure is None:
            return None
        frame = self._frame(node)
        function = self._of_type(node, node.closure(frame))
        if node.id in node.knowledge:
            scope = frame.names
            assert isinstance(scope, dict)
            scope[node.name] = function
        return function

    def _of_type(self, node: Node, function: Value) -> Value:
        """Return a function whose results are taken as the type of the model's variable.

        The variable may also declare the type of the function itself (DMN 1.5, 7.3.4).
        """
        if node.type is None or type(function) is not Function:
            return function
        if node.types.is_function(node.type):
            return self._typed(node, function)
        inner = function.invoke

        def invoke(run: Run, arguments: list[Value]) -> Value:
            return self._typed(node, inner(run, arguments))

        return Function(function.parameters, invoke, types=function.types)

    def answer(self, node: Node) -> Value:
        """Return what was asked for: a decision's value, or the result of a service or function."""
        if node.kind == "service":
            for index, key in enumerate(node.parameters):
                parameter = self.model.nodes[key]
                if parameter.name in self.inputs:
                    given = self.run.adopt(self.inputs[parameter.name])
                    self.known[key] = self._taken(node, index, given)
                elif parameter.kind == "decision":
                    self.known[key] = None  # its logic is not part of the service
            return self._results(node)
        value = self.value(node)
        if node.kind == "knowledge" and type(value) is Function:
            given = [self.run.adopt(self.inputs.get(name)) for name in value.parameters]
            return value.invoke(self.run, given)
        return value

    def _results(self, node: Node) -> Value:
        outputs = [self.model.nodes[key] for key in node.outputs]
        if len(outputs) == 1:
            value = self.value(outputs[0])
        else:
            value = {output.name: self.value(output) for output in outputs}
        declared = node.types.signature(node.type)
        if declared is None:
            return self._typed(node, value)
        result = declared.result
        return value if result is None else node.types.convert(result.name, value, self.run)

    def _taken(self, node: Node, index: int, value: Value) -> Value:
        """Return what a service is given, as its type and that of the parameter's node have it."""
        declared = node.types.signature(node.type)
        if declared is not None:
            value = node.types.argument(declared, index, value, self.run)
        return self._typed(self.model.nodes[node.parameters[index]], value)

    def _service(self, node: Node) -> Function:
        """Return a service as a function of its inputs: input data, then input decisions."""

        def invoke(run: Run, arguments: list[Value]) -> Value:
            run.spend()
            inner = _Evaluation(self.model, self.run, self.inputs)
            for index, (key, value) in enumerate(zip(node.parameters, arguments, strict=True)):
                inner.known[key] = self._taken(node, index, value)
            return inner._results(node)

        return Function(tuple(self.model.nodes[key].name for key in node.parameters), invoke)

    _kinds: Mapping[str, Callable[["_Evaluation", Node], Value]] = {
        "input": _input,
        "decision": _decision,
        "knowledge": _knowledge,
        "service": _service,
    }
