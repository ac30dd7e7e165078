"""SpiffWorkflow's tasks and workflows as tokens and scopes.

A token is a task that is there: nothing is predicted. Tokens that flow hang under the root of
their scope, tokens that belong to another one (an armed boundary event, an inner instance, an
event behind an event-based gateway) hang under it and go with it, so no tree grows with the age
of an instance. Variables live in scopes (``workflow.data``), never in the tree; ``token.data``
holds what is local to one inner instance of a repeated activity.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task

from engine.core.states import COMPLETED, FUTURE
from engine.expressions import FeelEngine
from engine.ids import new_id

if TYPE_CHECKING:
    from engine.core.nodes import FlowNode, ScopeSpec
    from engine.core.run import Run


class Token(Task):
    """A task without prediction, logging or clock. ``seq`` says which of two is older."""

    task_spec: Any  # a FlowNode; SpiffWorkflow's own start under the root
    workflow: "Instance | Scope"

    def __init__(
        self,
        workflow: "Instance | Scope",
        task_spec: "FlowNode",
        parent: "Token | None" = None,
        state: int = FUTURE,
        id: UUID | None = None,
    ):
        self.id = id or new_id()
        self.workflow = workflow
        self.task_spec = task_spec
        self._parent = parent.id if parent is not None else None
        self._children: list[UUID] = []
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = 0.0
        self.seq = workflow.top_workflow.next_seq()
        workflow.tasks[self.id] = self
        if parent is not None:
            parent._children.append(self.id)

    @property
    def is_live(self) -> bool:
        return self._state < COMPLETED

    @property
    def incident(self) -> UUID | None:
        """The incident that parks this token."""
        return self.internal_data.get("incident")

    @property
    def is_armed_start(self) -> bool:
        """Whether this is an event subprocess that waits: it never keeps a scope open."""
        return "armed_start" in self.internal_data

    @property
    def run_of(self) -> "Run":
        return self.workflow.top_workflow.moved_by

    def owned(self) -> "Iterator[Token]":
        """Live tokens that go when this one goes."""
        tasks = self.workflow.tasks
        return (tasks[id] for id in self._children if id in tasks and tasks[id].is_live)

    def _set_state(self, value: int) -> None:
        self._state = value

    def run(self) -> bool | None:
        """Perform the step; complete when it is done and nothing took the token away."""
        done = self.task_spec._run(self)
        if done and self.is_live:
            self.complete()
        return done


class Scope(BpmnSubWorkflow):
    """The inside of a subprocess, an event subprocess or a called process."""

    spec: "ScopeSpec"

    def __init__(self, spec: "ScopeSpec", host: Token):
        self.host = host
        self.interrupted = False  # an interrupting event subprocess has taken over
        self.undo: list[dict[str, Any]] = []  # activities that are done and can be undone
        super().__init__(spec, host.id, host.workflow.top_workflow, deserializing=True)
        self.task_tree = Token(self, spec.start, state=COMPLETED)
        self.top_workflow.subprocesses[host.id] = self

    @property
    def parent_workflow(self) -> "Instance | Scope":
        return self.host.workflow

    def _calculate_depth(self) -> int:
        return self.host.workflow.depth + 1

    def _task_completed_notify(self, task: Token) -> None:
        """Nothing to refresh: the run drives (SpiffWorkflow would walk the whole tree)."""


class Instance(BpmnWorkflow):
    """One process instance. Made here only, and always with FEEL in place of Python."""

    spec: "ScopeSpec"
    moved_by: "Run"

    def __init__(self, spec: "ScopeSpec"):
        self.seq = 0
        self.interrupted = False
        self.undo: list[dict[str, Any]] = []
        self.incidents: dict[UUID, dict[str, Any]] = {}
        self.risk_rank = 0
        self.business_key: UUID | None = None
        self.has_ended = False
        super().__init__(spec, script_engine=FeelEngine(), deserializing=True)
        self.task_tree = Token(self, spec.start, state=COMPLETED)

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def scopes(self) -> "Iterator[Instance | Scope]":
        yield self
        yield from self.subprocesses.values()

    def tokens(self) -> Iterator[Token]:
        """Live tokens of all scopes."""
        return (token for scope in self.scopes() for token in live(scope))

    def find(self, token_id: UUID) -> Token | None:
        for scope in self.scopes():
            if token_id in scope.tasks:
                return scope.tasks[token_id]
        return None

    def _task_completed_notify(self, task: Token) -> None:
        """Nothing to refresh: the run drives (SpiffWorkflow would walk the whole tree)."""


def live(scope: Instance | Scope) -> list[Token]:
    """Live tokens of one scope, oldest first."""
    return [token for token in scope.tasks.values() if token._state < COMPLETED]


def compact(instance: Instance) -> None:
    """Forget tokens that are over, so that the state is what is alive and nothing else.

    Their history was handed over when it happened. Children of a token that is over belong to
    nobody any more and move under the root.
    """
    for scope in instance.scopes():
        root = scope.task_tree
        kept = {id: token for id, token in scope.tasks.items() if token.is_live or token is root}
        for token in kept.values():
            token._children = [id for id in token._children if id in kept]
        for token in kept.values():
            if token is not root and token._parent not in kept:
                token._parent = root.id
                root._children.append(token.id)
        scope.tasks = kept
