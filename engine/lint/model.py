"""What the rules look at: a release, its diagrams, and the scopes in them as graphs."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lxml import etree

from engine import xml
from engine.findings import Finding, Severity
from engine.normalise import Normalised
from engine.normalise.flows import (
    ACTIVITIES,
    GATEWAYS,
    SCOPES,
    condition_of,
    definitions_of,
    flows_of,
    is_event_subprocess,
    nodes_of,
)
from engine.normalise.starts import GLOBAL_TASKS

MOST_NODES = 1_000  # on one level of a process
UNDRAWN = {"startEvent": "the start", "endEvent": "its end", "parallelGateway": "the start"}
WAITING = {"userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"}


@dataclass(frozen=True, eq=False)
class Node:
    """A flow node of a scope. ``author_id`` is None for one that the XML pass drew."""

    element: etree._Element
    id: str
    kind: str
    author_id: str | None

    @property
    def name(self) -> str:
        return self.element.get("name") or ""

    @property
    def is_activity(self) -> bool:
        return self.kind in ACTIVITIES

    @property
    def is_gateway(self) -> bool:
        return self.kind in GATEWAYS

    @property
    def label(self) -> str:
        """Name the node as its author knows it; what nobody drew is called by what it is."""
        if self.author_id is None and not self.name:
            return UNDRAWN.get(self.kind, "a step without an id")
        return xml.label_of(self.element, self.author_id)

    @property
    def definitions(self) -> list[etree._Element]:
        return definitions_of(self.element)


@dataclass(frozen=True, eq=False)
class Flow:
    """A sequence flow whose both ends exist in the scope."""

    element: etree._Element
    id: str
    source: Node
    target: Node

    @property
    def condition(self) -> str | None:
        return condition_of(self.element)

    @property
    def label(self) -> str:
        named = xml.label(self.element) if self.element.get("name") else f"'{self.id}'"
        return f"{named} from {self.source.label} to {self.target.label}"


@dataclass(eq=False)
class Scope:
    """A process or subprocess: the nodes on one level and the flows between them."""

    element: etree._Element
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    outgoing: dict[str, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[str, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    boundaries: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_process(self) -> bool:
        return xml.is_bpmn(self.element, "process")

    @property
    def is_event_subprocess(self) -> bool:
        return is_event_subprocess(self.element)

    def of_kind(self, *kinds: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.kind in kinds]

    def successors(self, node: Node) -> list[Node]:
        """Return where a token can go next: along flows, or out of a boundary event."""
        return [flow.target for flow in self.outgoing[node.id]] + self.boundaries[node.id]


def read_scope(element: etree._Element, author_ids: Mapping[str, str | None]) -> Scope:
    """Build the graph of one level; flows with an unknown end are left to the reference rule."""
    scope = Scope(element)
    for child in nodes_of(element):
        node_id = child.get("id") or f"line {xml.line(child)}"
        author_id = author_ids.get(node_id, node_id)
        scope.nodes.setdefault(node_id, Node(child, node_id, xml.local(child), author_id))
    for child in flows_of(element):
        source = scope.nodes.get(child.get("sourceRef") or "")
        target = scope.nodes.get(child.get("targetRef") or "")
        if source is not None and target is not None:
            flow = Flow(child, child.get("id") or "", source, target)
            scope.flows.append(flow)
            scope.outgoing[source.id].append(flow)
            scope.incoming[target.id].append(flow)
    for node in scope.of_kind("boundaryEvent"):
        scope.boundaries[node.element.get("attachedToRef") or ""].append(node)
    return scope


@dataclass(eq=False)
class Diagram:
    """One BPMN file: the author's tree, and the normalised copy that is executed."""

    file: str
    root: etree._Element
    normalised: Normalised

    @cached_property
    def drawn(self) -> list[Scope]:
        """The scopes as the author drew them."""
        return [read_scope(element, {}) for element in self._scopes(self.root)]

    @cached_property
    def executed(self) -> list[Scope]:
        """The scopes as they are executed, implicit starts, ends and gateways included."""
        author_ids = self.normalised.author_ids
        return [read_scope(element, author_ids) for element in self._scopes(self.normalised.root)]

    @property
    def graphs(self) -> list[Scope]:
        """The executed scopes that are small enough to be walked; others are refused as such."""
        return [scope for scope in self.executed if len(scope.nodes) <= MOST_NODES]

    @cached_property
    def by_id(self) -> dict[str, etree._Element]:
        found: dict[str, etree._Element] = {}
        for element in xml.bpmn_descendants(self.root):
            if element.get("id"):
                found.setdefault(element.get("id") or "", element)
        return found

    def _scopes(self, root: etree._Element) -> Iterator[etree._Element]:
        return (
            element
            for element in xml.bpmn_descendants(root, *SCOPES)
            if not self.is_left_out(element)
        )

    def is_left_out(self, element: etree._Element) -> bool:
        """Say whether the element lies in a process that is documentation only."""
        process: etree._Element | None = element
        while process is not None and not xml.is_bpmn(process, "process"):
            process = process.getparent()
        return process is not None and (process.get("id") or "") in self.normalised.left_out

    def author_id(self, element: etree._Element) -> str | None:
        element_id = element.get("id")
        if element_id is None:
            return None
        return self.normalised.author_ids.get(element_id, element_id)

    def shown_id(self, element: etree._Element) -> str | None:
        """Return the id by which a picture can show the place: that of the nearest that has one."""
        at: etree._Element | None = element
        while at is not None and self.author_id(at) is None:
            at = at.getparent()
        return None if at is None else self.author_id(at)

    def finding(
        self,
        rule: str,
        severity: Severity,
        element: etree._Element,
        message: str,
        remedy: str = "",
        path: tuple[str, ...] = (),
    ) -> Finding:
        return Finding(
            rule,
            severity,
            message,
            remedy,
            self.file,
            self.shown_id(element),
            xml.line(element),
            path,
        )

    def refused(
        self,
        rule: str,
        element: etree._Element,
        message: str,
        remedy: str = "",
        path: tuple[str, ...] = (),
    ) -> Finding:
        return self.finding(rule, Severity.CANNOT_EXECUTE, element, message, remedy, path)

    def unsafe(
        self,
        rule: str,
        element: etree._Element,
        message: str,
        remedy: str = "",
        path: tuple[str, ...] = (),
    ) -> Finding:
        return self.finding(rule, Severity.UNSAFE, element, message, remedy, path)

    def warning(
        self, rule: str, element: etree._Element, message: str, remedy: str = ""
    ) -> Finding:
        return self.finding(rule, Severity.WARNING, element, message, remedy)


@dataclass(eq=False)
class Release:
    """All diagrams together with the names that they may refer to."""

    diagrams: list[Diagram] = field(default_factory=list)
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)
    calendars: Mapping[str, Any] = field(default_factory=dict)
    role_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def processes(self) -> dict[str, tuple[Diagram, etree._Element]]:
        found: dict[str, tuple[Diagram, etree._Element]] = {}
        for diagram in self.diagrams:
            for process in xml.bpmn_children(diagram.root, "process", *GLOBAL_TASKS):
                if not diagram.is_left_out(process):
                    found.setdefault(process.get("id") or "", (diagram, process))
        return found


Rule = Callable[[Diagram, Release], Iterator[Finding]]
