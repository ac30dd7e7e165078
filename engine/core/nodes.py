"""Scopes, flows and flow nodes: SpiffWorkflow's specs with BPMN's way of moving tokens.

A spec never changes after it is parsed and is shared by all instances and threads; whatever
happens to one instance is kept in its tokens and scopes (a test takes fingerprints).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from engine.core.states import COMPLETED

if TYPE_CHECKING:
    from engine.core.events import StartEvent
    from engine.core.subprocesses import EventSubprocess
    from engine.core.tokens import Token


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A sequence flow. ``condition`` is FEEL; None: always taken."""

    id: str
    source: "FlowNode"
    target: "FlowNode"
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the author wrote on an element, and whether the author drew it at all."""

    kind: str  # BPMN's element name: "userTask", "exclusiveGateway", ...
    author_id: str
    label: str
    is_made: bool = False  # drawn by the XML pass: no trace or history shows it
    lane: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


class ScopeSpec(BpmnProcessSpec):
    """The inside of a process or subprocess. ``is_process`` bounds the variables in sight."""

    def __init__(self, name: str, *, process_id: str, is_process: bool, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.process_id = process_id
        self.is_process = is_process
        self.starts: list[StartEvent] = []
        self.event_subprocesses: list[EventSubprocess] = []
        self.undo_handler: EventSubprocess | None = None  # the one that compensation starts
        self.data_objects_drawn: tuple[str, ...] = ()
        self.drawn_nodes: list[FlowNode] = []  # of this level, as drawn
        self.is_ad_hoc = False

    def none_start(self) -> "StartEvent | None":
        """The start event that waits for nothing; the first, should there be several."""
        return next((start for start in self.starts if not start.triggers), None)


class FlowNode(BpmnTaskSpec):
    """One element that tokens pass.

    The life of a token in it is `arrive` (evaluate, arm; may put it to wait), `perform` (do the
    step), `depart` (go on). All three are called by SpiffWorkflow's own protocol. Whatever can
    fail is evaluated before anything is changed, so that a failed step has not happened.
    """

    joins = False  # whether it matters by which flow a token came
    rank = 1  # of steps that could be taken: who only waits takes his place first (`moves.push`)

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, manual: bool = False):
        super().__init__(wf_spec, name, lane=drawn.lane, manual=manual)
        self.bpmn_id = drawn.author_id
        self.bpmn_name = drawn.label
        self.drawn = drawn
        self.incoming: list[Flow] = []
        self.outgoing: list[Flow] = []
        self.default: Flow | None = None

    # -- what elements of each kind say --------------------------------------------------------

    def arrive(self, token: "Token") -> bool:
        """Enter; return whether the step can be performed now."""
        return True

    def perform(self, token: "Token") -> bool:
        """Do the step; return whether it is done."""
        return True

    def depart(self, token: "Token") -> None:
        """Say that the step is done and go on along every outgoing flow."""
        token.run_of.completed(token)
        self.leave(token, self.outgoing)

    def skip(self, token: "Token") -> None:
        """Go on behind a step that stays undone."""
        token._set_state(COMPLETED)
        token.run_of.note(token, "skip")
        self.leave(token, self.outgoing)

    @property
    def is_entry(self) -> bool:
        """Whether an ad hoc subprocess begins here: no flow, event or association leads in."""
        return False

    # -- moving ---------------------------------------------------------------------------------

    def leave(self, token: "Token", flows: "list[Flow]") -> None:
        """Put a token on each of ``flows``; without one, the scope may be done."""
        run = token.run_of
        for flow in flows:
            run.spawn(token.workflow, flow.target, flow)
        if not flows:
            run.check_scope(token.workflow)

    def __repr__(self) -> str:
        return f"<{self.drawn.kind} {self.name}>"

    # -- SpiffWorkflow's protocol ---------------------------------------------------------------

    def connect_flow(self, flow: Flow) -> None:
        """Connect for SpiffWorkflow (names) and for us (flows)."""
        self.connect(flow.target)
        self.outgoing.append(flow)
        flow.target.incoming.append(flow)

    def test(self) -> None:
        """A node may stand without an incoming flow: boundary events, event subprocesses."""

    def _update_hook(self, my_task: "Token") -> bool:
        return self.arrive(my_task)

    def _run(self, my_task: "Token") -> bool | None:
        # SpiffWorkflow would put a failed task into ERROR, from where nothing leads back
        return self._run_hook(my_task)

    def _run_hook(self, my_task: "Token") -> bool | None:
        return self.perform(my_task)

    def _on_complete(self, my_task: "Token") -> None:
        self.depart(my_task)

    def _on_cancel(self, my_task: "Token") -> None:
        """Nothing: whoever cancels withdraws what was open (`Run.cancel`)."""
