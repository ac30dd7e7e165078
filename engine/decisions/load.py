"""A DMN file to a `DecisionModel`: every mistake is found before the first is reported."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine import xml
from engine.decisions import graph
from engine.decisions.boxed import Boxes, read_function
from engine.decisions.item_types import Types, read_types, type_ref
from engine.decisions.model import DecisionModel, Node
from engine.decisions.problems import DecisionRefused, Findings
from engine.decisions.reader import Reader, odd_names
from engine.decisions.tables import Table
from engine.findings import Finding
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


def load(
    dmn_xml: str | bytes,
    *,
    file: str = "the decision file",
    imports: Iterable[str | bytes] = (),
) -> DecisionModel:
    """Read and compile a DMN file (1.1 to 1.5). Raises `DecisionRefused` with every finding.

    ``imports`` are the files that its ``import`` elements may name by their namespaces; what is
    imported is known under the name of the import, as in ``Financial.PMT(...)``.
    """
    content = dmn_xml.encode("utf-8") if isinstance(dmn_xml, str) else dmn_xml
    others = {}
    for given in imports:
        other = _root(given, "an imported file")
        others[other.get("namespace") or ""] = other
    project = _Project(others)
    root = _root(content, file)
    loader = _Loader(project, root, Findings(file), "")
    loader.compile()
    findings = loader.findings
    if not any(node.kind == "decision" for node in project.nodes.values()):
        findings.add("no_decision", "The file holds no decision.", "Draw one.", root)
    graph.check(project.nodes, project.elements, findings)
    found = [*findings.found, *project.findings]
    if Findings.refuses(found):
        raise DecisionRefused(found)
    return DecisionModel(
        root.get("name") or "",
        root.get("namespace") or "",
        hashlib.sha256(content).hexdigest(),
        project.nodes,
        loader.types,
        tuple(project.tables),
        file,
        project.aliases,
        tuple(found),
        dict(graph.infos(project.nodes)),
    )


def _root(given: str | bytes, file: str) -> etree._Element:
    content = given.encode("utf-8") if isinstance(given, str) else given
    try:
        root = xml.parse(content, file)
    except xml.XmlRefused as error:
        raise DecisionRefused([error.finding]) from None
    if xml.local(root) != "definitions" or not xml.namespace(root).startswith(NAMESPACES):
        findings = Findings(file)
        findings.add(
            "not_dmn",
            f"The file '{file}' is not a DMN model (versions 1.1 to 1.5).",
            "Export the decisions as DMN.",
            root,
        )
        raise DecisionRefused(findings.found)
    return root


@dataclass
class _Project:
    """What a file and those it imports have in common. Imported ids hold their namespace."""

    files: Mapping[str, etree._Element]
    nodes: dict[str, Node] = field(default_factory=dict)
    elements: dict[str, etree._Element] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)  # of what is imported
    loaders: dict[str, "_Loader"] = field(default_factory=dict)


class _Loader:
    """Reads one file; ``space`` is its namespace if it is imported."""

    types: Types
    reader: Reader

    def __init__(self, project: _Project, root: etree._Element, findings: Findings, space: str):
        self.project = project
        self.root = root
        self.findings = findings
        self.space = space
        self.namespace = root.get("namespace") or ""
        project.loaders[self.namespace] = self
        project.aliases[space] = {}
        self.own: list[str] = []
        self.is_read = False
        imported = list(self._imports())
        self.nameless = [loader for alias, loader in imported if not alias]
        self.types = read_types(root, findings, ((a, loader.types) for a, loader in imported))
        names = set(odd_names(root, self.types))
        names.update(*(loader.reader.names for _, loader in imported))
        self.reader = Reader(root, findings, self.types, tuple(sorted(names)))
        self.boxes = Boxes(self.reader)
        for element in self.reader.children(root, *KINDS):
            self._collect(element)
        self.is_read = True

    def _imports(self) -> Iterable[tuple[str, "_Loader"]]:
        for element in self.root:
            if xml.local(element) != "import":
                continue
            space = element.get("namespace") or ""
            alias = normal_name(element.get("name") or "")
            if space in self.project.loaders:
                loader = self.project.loaders[space]
                if not loader.is_read:
                    self.findings.add(
                        "import_cycle",
                        f"The model '{space}' and this one import each other.",
                        "Move what both need into a third model.",
                        element,
                    )
                    continue
            elif space in self.project.files:
                findings = Findings(f"the model {space}")
                loader = _Loader(self.project, self.project.files[space], findings, space)
                loader.compile()
                self.project.findings += findings.found
            else:
                self.findings.add(
                    "unknown_import",
                    f"The model '{space}' is imported but was not given.",
                    "Give the file that holds it, or remove the import.",
                    element,
                )
                continue
            self.project.aliases[self.space][space] = alias
            yield alias, loader

    def _meant(self, href: str) -> str:
        """Return the id of what a reference means.

        What is imported without a name belongs to this model too, after what it holds itself
        (DMN 1.5, 6.3.2).
        """
        space, _, key = href.rpartition("#")
        if not space:
            for loader in self._merged():
                found = loader._key(f"#{key}")
                if found in self.project.nodes:
                    return found
        return self._key(href)

    def _merged(self) -> Iterable["_Loader"]:
        yield self
        for loader in self.nameless:
            yield from loader._merged()

    def _key(self, href: str) -> str:
        """Return an id as the project has it: with its namespace if it is imported."""
        space, _, key = href.rpartition("#")
        space = space or self.namespace
        main = next(iter(self.project.loaders))
        return key if space == main else f"{space}#{key}"

    def _keys(self, element: etree._Element, requirement: str, kind: str) -> tuple[str, ...]:
        return tuple(map(self._meant, self.reader.references(element, requirement, kind)))

    def _collect(self, element: etree._Element) -> None:
        given = element.get("id") or element.get("name") or ""
        key = self._key(f"#{given}")
        variable = self.reader.child(element, "variable")
        holder = element if variable is None else variable
        name = normal_name(holder.get("name") or element.get("name") or given)
        if not given:
            self.findings.add(
                "no_id", f"A {xml.local(element)} has no id.", "Give it one.", element
            )
        elif key in self.project.nodes:
            self.findings.add(
                "duplicate_id", f"Two elements have the id '{given}'.", "Rename one.", element
            )
        type_ = type_ref(variable) if variable is not None else None
        node = Node(key, name, KINDS[xml.local(element)], type_, space=self.space)
        node.label, node.types = normal_name(element.get("name") or ""), self.types
        self.project.nodes[key] = node
        self.project.elements[key] = element
        self.own.append(key)

    def compile(self) -> None:
        """Compile the logic of every node of this file."""
        for key in self.own:
            node = self.project.nodes[key]
            if node.kind in self._readers:
                self._readers[node.kind](self, node, self.project.elements[key])
        self.project.tables += self.boxes.tables

    # -- kinds of nodes -----------------------------------------------------------------------

    def _read_decision(self, node: Node, element: etree._Element) -> None:
        reader, boxes = self.reader, self.boxes
        decisions = self._keys(element, "informationRequirement", "requiredDecision")
        inputs = self._keys(element, "informationRequirement", "requiredInput")
        node.requires = (*decisions, *inputs)
        node.knowledge = self._knowledge_of(element)
        logic = reader.expression_of(element)
        read = len(boxes.expressions)
        self._read_logic(node, logic)
        if boxes.tables and boxes.tables[-1].element is logic:
            node.table = boxes.tables[-1]
        elif logic is not None and xml.local(logic) == "literalExpression":
            node.literal = next(iter(boxes.expressions[read:]), None)

    def _read_logic(self, node: Node, expression: etree._Element | None) -> None:
        boxes = self.boxes
        boxes.owner = node.id
        before, columns = len(boxes.expressions), len(boxes.tables)
        if expression is not None and node.kind == "knowledge":
            function = read_function(boxes, expression)
            node.closure = boxes.typed(function, type_ref(expression))
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
        return self._keys(element, "knowledgeRequirement", "requiredKnowledge")

    def _read_service(self, node: Node, element: etree._Element) -> None:
        hrefs = {
            kind: [self._meant(c.get("href") or "") for c in self.reader.children(element, kind)]
            for kind in ("outputDecision", "inputDecision", "inputData")
        }
        node.outputs = tuple(hrefs["outputDecision"])
        node.parameters = (*hrefs["inputData"], *hrefs["inputDecision"])

    _readers: Mapping[str, Callable[["_Loader", Node, etree._Element], None]] = {
        "decision": _read_decision,
        "knowledge": _read_knowledge,
        "service": _read_service,
    }
