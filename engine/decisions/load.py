"""A DMN file to a `DecisionModel`: every mistake is found before the first is reported."""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine import xml
from engine.decisions.boxed import Boxes, read_function
from engine.decisions.item_types import read_types, type_ref
from engine.decisions.model import DecisionInfo, DecisionModel, Node
from engine.decisions.problems import DecisionRefused, Findings
from engine.decisions.reader import Reader, odd_names
from engine.findings import Severity
from feel.lexer import normal_name

NAMESPACES = tuple(
    f"{prefix}{version}"
    for prefix in xml.DMN_PREFIXES
    for version in ("20151101", "20180521", "20191111", "20211108", "20230324")
)
KINDS = {
    "inputData": "input",
    "decision": "decision",
    "businessKnowledgeModel": "knowledge",
    "decisionService": "service",
}


def load(dmn_xml: str | bytes, *, file: str = "the decision file") -> DecisionModel:
    """Read and compile a DMN file (1.1 to 1.5). Raises `DecisionRefused` with every finding."""
    content = dmn_xml.encode("utf-8") if isinstance(dmn_xml, str) else dmn_xml
    try:
        root = xml.parse(content, file)
    except xml.XmlRefused as error:
        raise DecisionRefused([error.finding]) from None
    findings = Findings(file)
    if xml.local(root) != "definitions" or not xml.namespace(root).startswith(NAMESPACES):
        findings.add(
            "not_dmn",
            f"The file '{file}' is not a DMN model (versions 1.1 to 1.5).",
            "Export the decisions as DMN.",
            root,
        )
        raise DecisionRefused(findings.found)
    model = _Loader(root, findings, hashlib.sha256(content).hexdigest()).run()
    if findings.refuse:
        raise DecisionRefused(findings.found)
    return model


class _Loader:
    def __init__(self, root: etree._Element, findings: Findings, sha256: str):
        self.root = root
        self.findings = findings
        self.sha256 = sha256
        types = read_types(root, findings)
        self.reader = Reader(root, findings, types, odd_names(root, types))
        self.boxes = Boxes(self.reader)
        self.nodes: dict[str, Node] = {}
        self.elements: dict[str, etree._Element] = {}

    def run(self) -> DecisionModel:
        for element in self.reader.children(self.root, *KINDS):
            self._collect(element)
        if not any(node.kind == "decision" for node in self.nodes.values()):
            self.findings.add("no_decision", "The file holds no decision.", "Draw one.", self.root)
        for key, node in self.nodes.items():
            if node.kind in self._readers:
                self._readers[node.kind](self, node, self.elements[key])
        self._check_references()
        self._check_cycles()
        self._check_scope()
        model = DecisionModel(
            self.root.get("name") or "",
            self.root.get("namespace") or "",
            self.sha256,
            self.nodes,
            self.reader.types,
            tuple(self.boxes.tables),
            self.findings.file,
            tuple(self.findings.found),
        )
        if not self.findings.refuse:
            model.decisions = dict(_infos(self.nodes))
        return model

    def _collect(self, element: etree._Element) -> None:
        key = element.get("id") or element.get("name") or ""
        variable = self.reader.child(element, "variable")
        holder = element if variable is None else variable
        name = normal_name(holder.get("name") or element.get("name") or key)
        if not key:
            self.findings.add(
                "no_id", f"A {xml.local(element)} has no id.", "Give it one.", element
            )
        elif key in self.nodes:
            self.findings.add(
                "duplicate_id", f"Two elements have the id '{key}'.", "Rename one.", element
            )
        type_ = type_ref(variable) if variable is not None else None
        label = normal_name(element.get("name") or "")
        self.nodes[key] = Node(key, name, KINDS[xml.local(element)], type_, label=label)
        self.elements[key] = element

    # -- kinds of nodes -----------------------------------------------------------------------

    def _read_decision(self, node: Node, element: etree._Element) -> None:
        reader, boxes = self.reader, self.boxes
        decisions = reader.references(element, "informationRequirement", "requiredDecision")
        inputs = reader.references(element, "informationRequirement", "requiredInput")
        node.requires = (*decisions, *inputs)
        node.knowledge = self._knowledge_of(element)
        self._read_logic(node, reader.expression_of(element))
        if boxes.tables and boxes.tables[-1].element is reader.expression_of(element):
            node.table = boxes.tables[-1]

    def _read_logic(self, node: Node, expression: etree._Element | None) -> None:
        boxes = self.boxes
        boxes.owner = node.id
        before, columns = len(boxes.expressions), len(boxes.tables)
        if expression is not None and node.kind == "knowledge":
            node.closure = read_function(boxes, expression)
        elif expression is not None:
            node.closure = boxes.read(expression)
        found = {name for e in boxes.expressions[before:] for name in e.names}
        for table in boxes.tables[columns:]:
            parsed = [column.expression for column in table.inputs]
            parsed += [result for rule in table.rules for result in rule.results]
            found |= {name for e in parsed if e is not None for name in e.names}
            found |= {n for rule in table.rules for cell in rule.cells for n in cell.names}
        node.free_names = frozenset(found)

    def _read_knowledge(self, node: Node, element: etree._Element) -> None:
        node.knowledge = self._knowledge_of(element)
        logic = self.reader.child(element, "encapsulatedLogic", "functionDefinition")
        if logic is not None:
            self._read_logic(node, logic)

    def _knowledge_of(self, element: etree._Element) -> tuple[str, ...]:
        found = self.reader.references(element, "knowledgeRequirement", "requiredKnowledge")
        return tuple(found)

    def _read_service(self, node: Node, element: etree._Element) -> None:
        hrefs = {
            kind: [
                (child.get("href") or "").rpartition("#")[2]
                for child in self.reader.children(element, kind)
            ]
            for kind in ("outputDecision", "inputDecision", "inputData")
        }
        node.outputs = tuple(hrefs["outputDecision"])
        node.parameters = (*hrefs["inputDecision"], *hrefs["inputData"])

    _readers: Mapping[str, Callable[["_Loader", Node, etree._Element], None]] = {
        "decision": _read_decision,
        "knowledge": _read_knowledge,
        "service": _read_service,
    }

    # -- the graph ----------------------------------------------------------------------------

    def _check_references(self) -> None:
        for node in self.nodes.values():
            for key in (*node.requires, *node.knowledge, *node.outputs, *node.parameters):
                if key not in self.nodes:
                    self.findings.add(
                        "unknown_reference",
                        f"{xml.label(self.elements[node.id])} requires '{key}', "
                        "which is not there.",
                        "Draw what is missing, or remove the arrow.",
                        self.elements[node.id],
                    )

    def _check_cycles(self) -> None:
        done: set[str] = set()
        for key in self.nodes:
            path = _cycle(self.nodes, key, [], done)
            if path:
                names = " -> ".join(self.nodes[step].name for step in path)
                self.findings.add(
                    "requirement_cycle",
                    f"Decisions require each other in a circle: {names}.",
                    "Remove one of the arrows.",
                    self.elements[path[0]],
                )
                return

    def _check_scope(self) -> None:
        """What is drawn and read but not connected is null: the standard hides it."""
        for node in self.nodes.values():
            if node.kind != "decision":
                continue
            required = {self.nodes[key].name for key in _required(node) if key in self.nodes}
            drawn = {other.name for other in self.nodes.values()}
            for name in sorted((node.free_names & drawn) - required):
                self.findings.add(
                    "not_required",
                    f"{xml.label(self.elements[node.id])} reads '{name}', which is drawn but not "
                    "connected to it; it would have no value.",
                    "Draw the arrow.",
                    self.elements[node.id],
                    Severity.UNSAFE,
                )


def _required(node: Node) -> tuple[str, ...]:
    own = tuple(key for key in node.knowledge if key != node.id)
    return (*node.requires, *own, *node.outputs)


def _cycle(nodes: Mapping[str, Node], key: str, path: list[str], done: set[str]) -> list[str]:
    """Return ids that form a circle, found from ``key``; depth is bounded by the file's size."""
    if key in path:
        return [*path[path.index(key) :], key]
    if key in done or key not in nodes or len(path) > 200:
        return []
    for required in _required(nodes[key]):
        found = _cycle(nodes, required, [*path, key], done)
        if found:
            return found
    done.add(key)
    return []


def _infos(nodes: Mapping[str, Node]) -> Iterator[tuple[str, DecisionInfo]]:
    for node in nodes.values():
        if node.kind == "decision":
            table = node.table
            outputs = tuple(o.name or node.name for o in table.outputs) if table else (node.name,)
            policy = table.policy.value if table else None
            inputs = tuple(sorted(_needed(nodes, node, set())))
            yield node.id, DecisionInfo(node.id, node.name, inputs, outputs, policy)


def _needed(nodes: Mapping[str, Node], node: Node, seen: set[str]) -> set[str]:
    """Return the names that a node needs from outside, with those of what it requires."""
    if node.id in seen:
        return set()
    seen.add(node.id)
    if node.kind == "input":
        return {node.name}
    required = [nodes[key] for key in _required(node)]
    if node.kind == "service":
        return set()
    found = set() if node.kind == "knowledge" else set(node.free_names)
    found -= {other.name for other in nodes.values()}
    for other in required:
        found |= _needed(nodes, other, seen)
    return found
