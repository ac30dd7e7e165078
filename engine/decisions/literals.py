"""Expressions in decisions that can give nothing, by the types of what the decision requires."""

from collections.abc import Iterator

from engine.decisions.model import DecisionModel, Node
from engine.decisions.shapes import names_of, of_declared
from engine.findings import Finding, Severity
from feel import Expression
from feel.check import closest
from feel.clashes import clashes, kind_of
from feel.shapes import Shape, shape_of

# What the caller gives beside the inputs that are drawn.
GIVEN = frozenset({"settings", "?", "item"})


def check(model: DecisionModel) -> Iterator[Finding]:
    for node in model.nodes.values():
        if node.kind != "decision" or node.space:
            continue
        names = names_of(model, node)
        for expression in expressions_of(node):
            for clash in dict.fromkeys(clashes(expression.node, names)):
                yield said(model, node, "types_clash", f"can never hold: {clash.message}")
            if names:
                yield from unknown(model, node, expression, set(names))
        if node.literal is not None:
            yield from result(model, node, shape_of(node.literal.node, names))


def expressions_of(node: Node) -> list[Expression]:
    """Return the texts of a decision, save for the cells of conditions: `analysis` takes those."""
    if node.table is None:
        return [] if node.literal is None else [node.literal]
    columns = [column.expression for column in node.table.inputs]
    results = [result for rule in node.table.rules for result in rule.results]
    return [text for text in (*columns, *results) if text is not None]


def unknown(
    model: DecisionModel, node: Node, expression: Expression, known: set[str]
) -> Iterator[Finding]:
    """A name that is nearly the one of an input is a slip of the pen."""
    drawn = {other.name for other in model.nodes.values()}
    for name in sorted(expression.names - drawn - GIVEN):
        near = closest(name, known)
        if near is not None:
            message = f"reads '{name}', which is not known here. Did you mean '{near}'?"
            yield said(model, node, "unknown_name", message, Severity.WARNING)


def result(model: DecisionModel, node: Node, given: Shape) -> Iterator[Finding]:
    wanted = of_declared(node.types, node.type)
    if not given.types or not wanted.types or given.types & wanted.types:
        return
    if "list" in given.types | wanted.types or "date" in given.types:
        return  # an item is taken as a list of it, and a date as its midnight
    message = f"gives {kind_of(given)} and is declared as {kind_of(wanted)}; it would be null"
    yield said(model, node, "result_type", message)


def said(
    model: DecisionModel, node: Node, rule: str, message: str, severity: Severity = Severity.UNSAFE
) -> Finding:
    return Finding(
        rule,
        severity,
        f"The decision '{node.label or node.name}' {message.rstrip('?.')}"
        f"{'?' if message.endswith('?') else '.'}",
        "Correct the expression, or the type that is declared.",
        model.file,
        node.id,
    )
