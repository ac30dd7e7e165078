"""What a decision can give and takes, as far as its file tells (see `feel.shapes`)."""

from collections.abc import Iterator

from engine.decisions import hit_policies
from engine.decisions.columns import Output
from engine.decisions.hit_policies import HitPolicy
from engine.decisions.item_types import ItemType, Types
from engine.decisions.model import DecisionModel, Node
from engine.decisions.tables import Table, constants
from feel.shapes import ANYTHING, NULL, Shape, either, of_type, shape_of
from feel.syntax import Name
from feel.types import SIMPLE
from feel.values import MAX_DEPTH, TYPE_NAMES


def given_by(model: DecisionModel, decision: str, depth: int = 0) -> Shape:
    """Return the shape of what a decision gives; of a table, with the values of its rows."""
    node = model.nodes.get(decision)
    if node is None or node.kind not in ("decision", "input") or depth > MAX_DEPTH:
        return ANYTHING
    if node.table is not None:
        return of_table(node.table)
    declared = of_declared(node.types, node.type)
    if node.literal is None or declared.types is not None:
        return declared
    return shape_of(node.literal.node, names_of(model, node, depth + 1))


def names_of(model: DecisionModel, node: Node, depth: int = 0) -> dict[str, Shape]:
    """Return what is known of the names that a decision reads: those it requires."""
    return {
        model.nodes[key].name: given_by(model, key, depth)
        for key in node.requires
        if key in model.nodes
    }


def taken_by(model: DecisionModel, decision: str) -> Iterator[tuple[str, Shape]]:
    """Yield the name and shape of each input that a decision, or what it requires, declares."""
    seen: set[str] = set()
    waiting = [decision]
    while waiting:
        node = model.nodes.get(waiting.pop())
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        waiting += node.requires
        if node.kind == "input" and node.type is not None:
            yield node.name, of_declared(node.types, node.type)
        elif node.table is not None:
            yield from of_columns(node.table, set(_known_inside(model, node)))


def _known_inside(model: DecisionModel, node: Node) -> Iterator[str]:
    for key in (*node.requires, *node.knowledge):
        if key in model.nodes:
            yield model.nodes[key].name


def of_columns(table: Table, inside: set[str]) -> Iterator[tuple[str, Shape]]:
    """Yield what the columns take that read a variable of the caller as it is."""
    for column in table.inputs:
        read = column.expression.node if column.expression is not None else None
        if isinstance(read, Name) and read.name not in inside and column.type is not None:
            yield read.name, of_declared(table.types, column.type)


def of_declared(types: Types, name: str | None, depth: int = 0) -> Shape:
    """Return the shape of a declared type, or of one of FEEL's own."""
    if name is None or depth > MAX_DEPTH:
        return ANYTHING
    found = types.find(name)
    if found is not None:
        return of_item(found[0], found[1], depth)
    kind = SIMPLE.get(name)
    return ANYTHING if kind is None else of_type(TYPE_NAMES[kind])


def of_item(types: Types, item: ItemType, depth: int) -> Shape:
    if item.function is not None:
        return of_type("function")
    if item.members:
        members = {n: of_item(types, member, depth + 1) for n, member in item.members.items()}
        shape = Shape(frozenset({"context"}), members=members)
    else:
        shape = of_declared(types, item.base, depth + 1)
        values = constants(item.allowed) if item.allowed is not None else []
        if values and item.allowed is not None and len(values) == len(item.allowed.node.tests):
            shape = Shape(shape.types, frozenset(values))
    return Shape(frozenset({"list"}), item=shape) if item.is_collection else shape


def of_table(table: Table) -> Shape:
    if table.policy == HitPolicy.COLLECT_COUNT:
        return of_type("number")
    columns = {output.name: _column(table, n) for n, output in enumerate(table.outputs)}
    shape = (
        next(iter(columns.values()))
        if len(columns) == 1
        else Shape(frozenset({"context"}), members=columns, is_closed=True)
    )
    if table.policy in hit_policies.LISTS:
        return Shape(frozenset({"list"}), item=shape)
    # a sum is none of the values that were summed
    return Shape(shape.types) if table.policy in hit_policies.AGGREGATES else shape


def _column(table: Table, number: int) -> Shape:
    """Return what the cells of a result column give, the default included."""
    output: Output = table.outputs[number]
    results = [rule.results[number] for rule in table.rules] + [output.default]
    cells = either(NULL if text is None else shape_of(text.node, {}) for text in results)
    declared = of_declared(table.types, output.type)
    return cells if declared.types is None else Shape(declared.types, cells.values, cells.members)
