"""Normalised XML becomes specs, through SpiffWorkflow's parser with classes of our own.

What is refused never comes here (`engine/definitions.py` checks first), so this reads and does
not judge. Every node of a scope is made before any is connected: nothing recurses along flows,
so a long diagram is as good as a short one.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from engine import xml
from engine.core import activities, events, gateways, repeats, subprocesses, undo
from engine.core.nodes import Drawn, Flow, FlowNode, ScopeSpec
from engine.core.triggers import MessageTrigger
from engine.definitions import Process
from engine.normalise.flows import condition_of, flows_of, nodes_of
from engine.references import References


class NodeParser(SpiffTaskParser):
    """Makes the spec of one flow node. ``process_parser`` is the scope it stands in."""

    process_parser: "ScopeParser"
    node: etree._Element
    spec: ScopeSpec

    def parse_node(self) -> FlowNode:
        """Make the node, wrapped into its repetition if it has one."""
        loop = next(xml.bpmn_children(self.node, "standardLoopCharacteristics"), None)
        many = next(xml.bpmn_children(self.node, "multiInstanceLoopCharacteristics"), None)
        if loop is None and many is None:
            return self.made(self.bpmn_id)
        inner = self.made(f"{self.bpmn_id} [child]")
        return self.loop(loop, inner) if many is None else self.multi_instance(many, inner)

    def made(self, name: str) -> FlowNode:
        node = self.make(name)
        if isinstance(node, activities.Activity):
            node.data_flow = self.references.data_flow(self.node)
        return node

    def make(self, name: str) -> FlowNode:
        """Make the node itself; subclasses say what it needs besides its drawing."""
        return self.spec_class(self.spec, name, drawn=self.drawn)

    @property
    def drawn(self) -> Drawn:
        process, node_id = self.process_parser.process, self.bpmn_id
        author_id = process.author_ids.get(node_id, node_id)
        return Drawn(
            kind=xml.local(self.node),
            author_id=author_id or node_id,
            label=" ".join((self.node.get("name") or "").split()) or author_id or node_id,
            is_made=node_id in process.made,
            lane=self.process_parser.lane_of(node_id),
            properties=xml.properties(self.node),
        )

    @property
    def references(self) -> References:
        return self.process_parser.references

    # -- repetition -----------------------------------------------------------------------------

    def loop(self, node: Any, inner: FlowNode) -> FlowNode:
        maximum = node.get("loopMaximum")
        return repeats.Loop(
            self.spec,
            self.bpmn_id,
            drawn=self.drawn,
            inner=inner,
            condition=xml.child_text(node, "loopCondition") or None,
            maximum=int(maximum) if maximum else None,
            test_before=node.get("testBefore") in ("true", "1"),
        )

    def multi_instance(self, node: etree._Element, inner: FlowNode) -> FlowNode:
        properties = xml.properties(self.node)
        how = repeats.Repetition(
            sequential=node.get("isSequential") in ("true", "1"),
            cardinality=xml.child_text(node, "loopCardinality") or None,
            collection=self.references.variable(
                self.node, xml.child_text(node, "loopDataInputRef")
            ),
            element_name=item_name(node, "inputDataItem"),
            output_collection=self.references.variable(
                self.node, xml.child_text(node, "loopDataOutputRef")
            ),
            output_name=item_name(node, "outputDataItem"),
            output_element=properties.get("outputElement"),
            completion=xml.child_text(node, "completionCondition") or None,
            **self.references.behaviour(node),
        )
        return repeats.MultiInstance(
            self.spec, self.bpmn_id, drawn=self.drawn, inner=inner, how=how
        )


def item_name(node: etree._Element, tag: str) -> str | None:
    """The variable of one element: the name of the data item, else its id."""
    item = next(xml.bpmn_children(node, tag), None)
    return None if item is None else item.get("name") or item.get("id")


class EventParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        given = self.event()
        kinds = {trigger.kind for trigger in given["triggers"]}
        spec_class = self.spec_class
        if issubclass(spec_class, events.Throwing) and kinds & {"compensate", "cancel"}:
            spec_class = undo.CancelEnd if "cancel" in kinds else undo.CompensationEvent
        return spec_class(self.spec, name, **given)

    def event(self) -> dict[str, Any]:
        return {
            "drawn": self.drawn,
            "triggers": self.references.triggers_of(self.node),
            "all_needed": self.node.get("parallelMultiple") in ("true", "1"),
        }


class StartParser(EventParser):
    def event(self) -> dict[str, Any]:
        return {**super().event(), "interrupts": self.node.get("isInterrupting") != "false"}


class BoundaryParser(EventParser):
    def event(self) -> dict[str, Any]:
        return {**super().event(), "interrupts": self.node.get("cancelActivity") != "false"}


class ScriptParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        script = xml.child_text(self.node, "script") or ""
        return activities.ScriptTask(self.spec, name, drawn=self.drawn, script=script)


class ServiceParser(NodeParser):
    """A service task, and a send task that names an operation."""

    def make(self, name: str) -> FlowNode:
        operator = xml.extension(self.node, "serviceTaskOperator")
        if operator is None:
            return self.without_operator(name)
        parameters = {
            parameter.get("id") or "": parameter.get("value") or "null"
            for parameter in operator.iter(f"{{{xml.SPIFF}}}parameter")
        }
        return activities.ServiceTask(
            self.spec,
            name,
            drawn=self.drawn,
            operation=operator.get("id") or "",
            parameters=parameters,
            result_variable=operator.get("resultVariable") or None,
        )

    def without_operator(self, name: str) -> FlowNode:
        return activities.PlainTask(self.spec, name, drawn=self.drawn)


class SendParser(ServiceParser):
    def without_operator(self, name: str) -> FlowNode:
        return activities.SendTask(self.spec, name, drawn=self.drawn, trigger=self.message())

    def message(self) -> MessageTrigger:
        return self.references.message("message", self.node.get("messageRef"), self.node)


class ReceiveParser(SendParser):
    def make(self, name: str) -> FlowNode:
        return activities.ReceiveTask(self.spec, name, drawn=self.drawn, trigger=self.message())


class RuleParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        called = xml.extension(self.node, "calledDecisionId")
        decision = xml.text_of(called) if called is not None else ""
        return activities.BusinessRuleTask(self.spec, name, drawn=self.drawn, decision=decision)


class ComplexParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        made = gateways.ComplexGateway(self.spec, name, drawn=self.drawn)
        made.activation = xml.child_text(self.node, "activationCondition") or None
        return made


class CallParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        called = self.node.get("calledElement") or ""
        return subprocesses.CallActivity(self.spec, name, drawn=self.drawn, called=called)


class SubprocessParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        inner = self.process_parser.inside(self.node)
        if self.node.get("triggeredByEvent") in ("true", "1"):
            return subprocesses.EventSubprocess(
                self.spec, name, drawn=self.drawn, inner=inner, start=inner.starts[0]
            )
        return subprocesses.Subprocess(self.spec, name, drawn=self.drawn, inner=inner)


class AdHocParser(NodeParser):
    def make(self, name: str) -> FlowNode:
        inner = self.process_parser.inside(self.node)
        inner.is_ad_hoc = True
        return subprocesses.AdHocSubprocess(
            self.spec,
            name,
            drawn=self.drawn,
            inner=inner,
            sequential=self.node.get("ordering") == "Sequential",
            completion=xml.child_text(self.node, "completionCondition") or None,
            cancels_rest=self.node.get("cancelRemainingInstances") not in ("false", "0"),
        )


class ScopeParser(ProcessParser):
    """Parses a process or the inside of a subprocess: nodes first, then what connects them."""

    node: etree._Element

    def __init__(self, parser: "DiagramParser", node: etree._Element, nsmap: Any, **kwargs: Any):
        self.process = parser.process
        self.references = parser.references
        super().__init__(parser, node, nsmap, {}, **kwargs)

    def _index_process_nodes(self) -> None:
        """Nothing: nodes and flows are read where they are needed, per scope."""

    def create_spec(self) -> ScopeSpec:
        is_process = xml.is_bpmn(self.node, "process")
        return ScopeSpec(
            self.bpmn_id, process_id=self.process.id, is_process=is_process, filename=self.filename
        )

    def _parse(self) -> None:
        spec = self.spec = self.create_spec()
        if not spec.is_process:
            spec.data_objects_drawn = tuple(
                data.get("id") or "" for data in xml.bpmn_children(self.node, "dataObject")
            )
        if self.parser.compensates:
            undo.add_nodes(spec)
        for node in nodes_of(self.node):
            made = self.parse_node(node)
            spec.drawn_nodes.append(made)
            if isinstance(made, events.StartEvent):
                spec.starts.append(made)
            elif isinstance(made, subprocesses.EventSubprocess):
                spec.event_subprocesses.append(made)
                if any(trigger.kind == "compensate" for trigger in made.triggers):
                    spec.undo_handler = made
        for flow in flows_of(self.node):
            self.connect(flow)
        for node in nodes_of(self.node):
            self.finish(node)

    def connect(self, flow: etree._Element) -> None:
        source, target = (self.spec.task_specs[flow.get(end)] for end in ("sourceRef", "targetRef"))
        source.connect_flow(Flow(flow.get("id") or "", source, target, condition_of(flow)))

    def finish(self, node: etree._Element) -> None:
        """Set what needs the flows and the other nodes."""
        made = self.spec.task_specs[node.get("id")]
        default = node.get("default")
        made.default = next((flow for flow in made.outgoing if flow.id == default), None)
        if isinstance(made, activities.Activity):
            made.undoes = node.get("isForCompensation") in ("true", "1")
            made.start_quantity = int(node.get("startQuantity") or 1)
            made.completion_quantity = int(node.get("completionQuantity") or 1)
        if isinstance(made, events.BoundaryEvent):
            host = self.spec.task_specs[node.get("attachedToRef")]
            host.boundary.append(made)
            made.host = host
            if any(trigger.kind == "compensate" for trigger in made.triggers):
                made.handler = self.undoes(node.get("id") or "")
                host.undo_event = made

    def undoes(self, event_id: str) -> FlowNode:
        """The step that an association leads to from a compensation event."""
        for association in xml.bpmn_children(self.node, "association"):
            ends = [association.get("sourceRef"), association.get("targetRef")]
            if event_id in ends:
                ends.remove(event_id)
                return self.spec.task_specs[ends[0]]
        raise LookupError(f"nothing undoes what '{event_id}' sits on")

    def inside(self, node: etree._Element) -> ScopeSpec:
        return ScopeParser(self.parser, node, self.nsmap, filename=self.filename).get_spec()

    def lane_of(self, node_id: str) -> str | None:
        """The lane of a node, or of the subprocess it stands in."""
        at: etree._Element | None = self.node
        lanes = self.parser.lanes
        if node_id in lanes:
            return lanes[node_id]
        while at is not None:
            if at.get("id") in lanes:
                return lanes[at.get("id") or ""]
            at = at.getparent()
        return None


def bpmn(name: str) -> str:
    return f"{{{xml.BPMN}}}{name}"


class DiagramParser(SpiffBpmnParser):
    """Parses one process of a checked release."""

    OVERRIDE_PARSER_CLASSES = {
        bpmn("task"): (NodeParser, activities.PlainTask),
        bpmn("userTask"): (NodeParser, activities.UserTask),
        bpmn("manualTask"): (NodeParser, activities.UserTask),
        bpmn("scriptTask"): (ScriptParser, activities.ScriptTask),
        bpmn("serviceTask"): (ServiceParser, activities.ServiceTask),
        bpmn("businessRuleTask"): (RuleParser, activities.BusinessRuleTask),
        bpmn("sendTask"): (SendParser, activities.SendTask),
        bpmn("receiveTask"): (ReceiveParser, activities.ReceiveTask),
        bpmn("callActivity"): (CallParser, subprocesses.CallActivity),
        bpmn("subProcess"): (SubprocessParser, subprocesses.Subprocess),
        bpmn("adHocSubProcess"): (AdHocParser, subprocesses.AdHocSubprocess),
        bpmn("transaction"): (SubprocessParser, subprocesses.Subprocess),
        bpmn("startEvent"): (StartParser, events.StartEvent),
        bpmn("endEvent"): (EventParser, events.EndEvent),
        bpmn("intermediateCatchEvent"): (EventParser, events.CatchEvent),
        bpmn("intermediateThrowEvent"): (EventParser, events.ThrowEvent),
        bpmn("boundaryEvent"): (BoundaryParser, events.BoundaryEvent),
        bpmn("exclusiveGateway"): (NodeParser, gateways.ExclusiveGateway),
        bpmn("inclusiveGateway"): (NodeParser, gateways.InclusiveGateway),
        bpmn("parallelGateway"): (NodeParser, gateways.ParallelGateway),
        bpmn("complexGateway"): (ComplexParser, gateways.ComplexGateway),
        bpmn("eventBasedGateway"): (NodeParser, gateways.EventGateway),
    }
    PARSER_CLASSES: dict[str, Any] = {}  # what is not above is refused before it comes here

    def __init__(self, process: Process):
        super().__init__()
        root = process.element.getroottree().getroot()
        self.process = process
        self.compensates = any(
            True
            for _ in xml.bpmn_descendants(
                process.element, "compensateEventDefinition", "transaction"
            )
        )
        self.references = References(root)
        self.lanes = {
            xml.text_of(reference): lane.get("name") or lane.get("id") or ""
            for lane in lanes_of(process.element)
            for reference in xml.bpmn_children(lane, "flowNodeRef")
        }

    def parse(self) -> ScopeSpec:
        return ScopeParser(
            self, self.process.element, self.namespaces, filename=self.process.file
        ).get_spec()


def lanes_of(process: etree._Element) -> Iterator[etree._Element]:
    """Lanes of a process, outer ones first: the innermost says who does a step."""
    return xml.bpmn_descendants(process, "lane")
