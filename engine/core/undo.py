"""Compensation and the cancelling of transactions.

A scope remembers which of its activities that can be undone have been completed (``scope.undo``).
Compensation runs their handlers, the last first, one after the other: the activity on the
boundary event's association, or the compensation event subprocess of a subprocess, on the data the
subprocess ended with; a subprocess without either is undone by undoing what was done in it.
Sources: BPMN 2.0.2 10.7, 13.5.5.
"""

from typing import TYPE_CHECKING, Any

from engine.core.activities import Activity
from engine.core.events import BoundaryEvent, EventNode
from engine.core.failures import StepFailed
from engine.core.nodes import Drawn, FlowNode, ScopeSpec
from engine.core.states import READY, STARTED
from engine.core.subprocesses import EventSubprocess
from engine.core.tokens import Instance, Scope, Token, live

if TYPE_CHECKING:
    from engine.core.run import Run

UNDO, UNDO_INSIDE = "[undo]", "[undo inside]"  # no author's id holds a bracket
Record = dict[str, Any]


def add_nodes(spec: ScopeSpec) -> None:
    """Give a scope the two nodes that undo; nobody sees them."""
    UndoRunner(spec, UNDO, drawn=Drawn("undo", UNDO, UNDO, is_made=True))
    UndoInside(spec, UNDO_INSIDE, drawn=Drawn("undo", UNDO_INSIDE, UNDO_INSIDE, is_made=True))


def run_undo(run: "Run", scope: "Instance | Scope", thrower: Token, plan: list[Record]) -> None:
    """Undo what ``plan`` lists; ``thrower`` goes on afterwards if it waits (is STARTED)."""
    owner = thrower if thrower.workflow is scope and thrower._state == STARTED else None
    runner = Token(scope, scope.spec.task_specs[UNDO], owner or scope.task_tree, state=READY)
    runner.internal_data["plan"] = plan
    if thrower._state == STARTED:
        runner.internal_data["for"] = thrower.id
    run.push(runner)


def taken_from(scope: "Instance | Scope", activity: str | None) -> list[Record]:
    """Take out of the scope's memory what is to be undone: each is undone once, the last first."""
    plan = [r for r in reversed(scope.undo) if activity in (None, r["node"])]
    scope.undo = [r for r in scope.undo if activity not in (None, r["node"])]
    return plan


class CompensationEvent(EventNode):
    """An intermediate or end event that throws compensation."""

    def arrive(self, token: Token) -> bool:
        trigger = self.triggers[0]
        scope = undone_scope(token)
        plan = taken_from(scope, getattr(trigger, "activity", None))
        if not plan:
            return True
        waits = getattr(trigger, "waits", True)
        if waits:
            token._set_state(STARTED)
        run_undo(token.run_of, scope, token, plan)
        return not waits


def undone_scope(token: Token) -> "Instance | Scope":
    """The scope whose activities are undone: a handler undoes what its subprocess did."""
    scope = token.workflow
    if isinstance(scope, Scope) and isinstance(scope.host.task_spec, EventSubprocess):
        return scope.host.workflow
    return scope


class CancelEnd(EventNode):
    """Ends a transaction as cancelled: everything stops, is undone, and leaves by the boundary."""

    def arrive(self, token: Token) -> bool:
        self.boundary_of(token)
        run, scope = token.run_of, token.workflow
        for other in live(scope):
            if other is not token:
                run.cancel(other, self.drawn.author_id)
        plan = taken_from(scope, None)
        if not plan:
            return True
        token._set_state(STARTED)
        run_undo(run, scope, token, plan)
        return False

    def boundary_of(self, token: Token) -> tuple[Token, BoundaryEvent]:
        """The cancel event on the boundary of the transaction, and its activity's token."""
        scope = token.workflow
        host = scope.host if isinstance(scope, Scope) else token
        if host.triggered and host.parent is not None:
            host = host.parent
        for event in getattr(host.task_spec, "boundary", ()):
            if any(trigger.kind == "cancel" for trigger in event.triggers):
                return host, event
        raise StepFailed("UncaughtCancel", "No cancel event stands on the transaction's boundary.")

    def depart(self, token: Token) -> None:
        host, event = self.boundary_of(token)
        token.run_of.completed(token)
        event.caught(host)


class UndoRunner(FlowNode):
    """Runs the handlers of a plan, one after the other. Its token belongs to whoever waits."""

    def perform(self, token: Token) -> bool:
        plan = token.internal_data["plan"]
        if not plan:
            return True
        record = plan.pop(0)
        token._set_state(STARTED)
        run, scope = token.run_of, token.workflow
        event = scope.spec.task_specs[record["node"]].undo_event
        if event is not None:
            run.completed_node(event, None)
            child = run.spawn(scope, event.handler, parent=token)
        else:
            child = run.spawn(scope, scope.spec.task_specs[UNDO_INSIDE], parent=token)
            child.internal_data["record"] = record
        child.triggered = True
        child.data = dict(record["data"])
        return False

    def inner_done(self, token: Token, child: Token) -> None:
        token.run_of.ready_again(token)

    def depart(self, token: Token) -> None:
        run = token.run_of
        waiting = token.internal_data.get("for")
        thrower = run.instance.find(waiting) if waiting is not None else None
        if thrower is not None and thrower.is_live:
            run.ready_again(thrower)
        else:
            run.check_scope(token.workflow)


class UndoInside(Activity):
    """The inside of a completed subprocess, opened once more to undo it."""

    def inner_spec(self, token: Token) -> ScopeSpec:
        return inside_of(self._wf_spec.task_specs[token.internal_data["record"]["node"]])

    def begin(self, token: Token) -> bool:
        run, inner = token.run_of, self.inner_spec(token)
        inside = token.internal_data["record"]["inside"]
        token._set_state(STARTED)
        scope = Scope(inner, token)
        scope.data.update(inside["data"])
        scope.undo = list(inside["undo"])
        if inner.undo_handler is not None:
            run.spawn(scope, inner.undo_handler)
        else:
            runner = Token(scope, inner.task_specs[UNDO], scope.task_tree, state=READY)
            runner.internal_data["plan"] = taken_from(scope, None)
            run.push(runner)
        return False

    def perform(self, token: Token) -> bool:
        token.run_of.close_scope(token)
        return True


def inside_of(node: Any) -> Any:
    """The scope inside a subprocess, repeated or not."""
    inner = getattr(node, "inner", None)
    return inside_of(inner) if isinstance(inner, FlowNode) else inner
