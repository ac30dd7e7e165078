"""Activities with an inside: subprocesses, called processes, event subprocesses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core import propagation
from engine.core.activities import Activity
from engine.core.events import StartEvent
from engine.core.failures import StepFailed
from engine.core.nodes import Drawn, FlowNode, ScopeSpec
from engine.core.states import STARTED, WAITING
from engine.core.tokens import Instance, Scope
from engine.core.triggers import Arm, Trigger, arm_all
from engine.core.variables import checked_all, snapshot, write
from engine.expressions import context_of, holds

if TYPE_CHECKING:
    from engine.core.tokens import Token

DEEPEST_CALL = 20


class Subprocess(Activity):
    """An embedded subprocess. Its inside runs while its own token is STARTED."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, inner: ScopeSpec):
        super().__init__(wf_spec, name, drawn=drawn)
        self.inner = inner

    def begin(self, token: "Token") -> bool:
        start = self.inner.none_start()
        token.run_of.note(token, "start")
        token._set_state(STARTED)
        open_scope(token, self.inner, start)
        return False

    def perform(self, token: "Token") -> bool:
        """The inside is done."""
        keep_inside(token, self.inner)
        token.run_of.close_scope(token)
        return True


class AdHocSubprocess(Subprocess):
    """A subprocess whose steps have no order: each step that no flow enters begins for itself.

    Each is done once, all at the same time or (``sequential``) one after the other as drawn.
    Without a completion condition that is all; with one, it is weighed whenever a step is over,
    and what people do (or wait for) can be done again until it holds. Source: BPMN 2.0.2, 10.3.6.
    """

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        inner: ScopeSpec,
        sequential: bool,
        completion: str | None,
        cancels_rest: bool,
    ):
        super().__init__(wf_spec, name, drawn=drawn, inner=inner)
        self.sequential = sequential
        self.completion = completion
        self.cancels_rest = cancels_rest

    def entries(self) -> list[FlowNode]:
        return [node for node in self.inner.drawn_nodes if node.is_entry]

    def begin(self, token: "Token") -> bool:
        token.internal_data["todo"] = [node.name for node in self.entries()]
        return super().begin(token)

    def perform(self, token: "Token") -> bool:
        run = token.run_of
        scope = run.instance.subprocesses[token.id]
        begun = "begun" in token.internal_data  # the condition is asked when a step is over
        enough = begun and self.completion is not None and holds(scope.task_tree, self.completion)
        if enough and self.cancels_rest:
            for other in run.live_tokens(scope):
                run.cancel(other, self.drawn.author_id)
        at_work = any(not other.is_armed_start for other in run.live_tokens(scope))
        if not at_work and (enough or not self.next_steps(token, scope)):
            return super().perform(token)
        token._set_state(STARTED)
        return False

    def next_steps(self, token: "Token", scope: Scope) -> bool:
        """Begin what is to be done next; say whether there is something."""
        run, todo = token.run_of, token.internal_data["todo"]
        if not todo and self.completion is not None:
            todo += [node.name for node in self.entries() if node.rank == 0]
            if not todo:
                raise StepFailed(
                    "AdHocNotComplete",
                    f"Every step of '{self.drawn.label}' is done and '{self.completion}' does not "
                    "hold.",
                )
        token.internal_data["begun"] = True
        now = todo[:1] if self.sequential else list(todo)
        del todo[: len(now)]
        for name in now:
            run.spawn(scope, self.inner.task_specs[name])
        return bool(now)


class CallActivity(Activity):
    """Runs another process of the release in a scope of its own."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, called: str):
        super().__init__(wf_spec, name, drawn=drawn)
        self.called = called

    def begin(self, token: "Token") -> bool:
        run = token.run_of
        if call_depth(token) >= DEEPEST_CALL:
            raise StepFailed(
                "CallsTooDeep", f"Processes call each other more than {DEEPEST_CALL} deep."
            )
        inner = run.spec_of(self.called)
        start = inner.none_start() or (inner.starts[0] if len(inner.starts) == 1 else None)
        if start is None:
            raise StepFailed(
                "NoStart", f"The process '{self.called}' has no start to be called at."
            )
        given = self.given(token)
        run.note(token, "start")
        token._set_state(STARTED)
        open_scope(token, inner, start, given)
        return False

    def given(self, token: "Token") -> dict[str, Any]:
        """What the called process begins with: what is mapped, else all that is in sight."""
        mapping = self.drawn.properties.get("in")
        if mapping:
            return context_of(token, mapping, f"The input of '{self.drawn.label}'")
        if self.data_flow.inputs:
            return checked_all(
                {each.target: token.data[each.target] for each in self.data_flow.inputs}
            )
        return checked_all(snapshot(token))

    def perform(self, token: "Token") -> bool:
        """The called process is done: take its variables over."""
        run = token.run_of
        scope = run.instance.subprocesses[token.id]
        given = self.taken(scope)
        run.close_scope(token)
        run.wrote(write(token, given))
        return True

    def taken(self, scope: Scope) -> dict[str, Any]:
        """What the caller takes over: what is mapped, else everything."""
        mapping = self.drawn.properties.get("out")
        if mapping:
            return context_of(scope.task_tree, mapping, f"The output of '{self.drawn.label}'")
        if self.data_flow.locals:
            return {name: scope.data.get(name) for name in self.data_flow.locals}
        return dict(scope.data)


class EventSubprocess(Activity):
    """A handler inside a scope.

    One token waits for its start event; each firing runs in a token of its own, so that a handler
    that does not interrupt can run several times at once.
    """

    def __init__(
        self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, inner: ScopeSpec, start: StartEvent
    ):
        super().__init__(wf_spec, name, drawn=drawn)
        self.inner = inner
        self.start = start

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        return self.start.triggers

    @property
    def all_needed(self) -> bool:
        return self.start.all_needed

    @property
    def armed_by(self) -> FlowNode:
        """The element that waits: for rows and messages it is the start event."""
        return self.start

    def begin(self, token: "Token") -> bool:
        if token.is_armed_start:
            self.arm(token)
            token._set_state(WAITING)
        else:
            missed = token.internal_data.pop("missed", 0)
            token.run_of.note(token, "start", {"missed": missed} if missed else {})
            token._set_state(STARTED)
            open_scope(token, self.inner, self.start)
        return False

    def perform(self, token: "Token") -> bool:
        if self is not token.workflow.spec.undo_handler:
            keep_inside(token, self.inner)
        token.run_of.close_scope(token)
        return True

    def arm(self, token: "Token") -> None:
        """Wait; while it is not known for whom messages would be, wait for that first.

        A scope is entered before its first step has written anything, so the variables that make
        the key may come later; until then nobody can address this instance.
        """
        token.internal_data.pop("unkeyed", None)
        try:
            arm_all(token, self.triggers)
        except StepFailed as failure:
            if failure.error != "MissingCorrelation":
                raise
            token.internal_data["unkeyed"] = True
            token.run_of.unkeyed.append(token)

    def skip(self, token: "Token") -> None:
        if token.is_armed_start:
            token.run_of.note(token, "skip")
            self.fire(token, None)
        else:
            super().skip(token)

    def fire(self, token: "Token", arm: Arm | None) -> None:
        run, scope = token.run_of, token.workflow
        if not self.start.interrupts and not propagation.rearm(token, arm):
            run.drop(token)
        self.caught(scope, arm)

    def caught(self, scope: "Instance | Scope", arm: Arm | None = None) -> None:
        """Take over the scope, or run beside it."""
        run = scope.top_workflow.moved_by
        if self.start.interrupts:
            scope.interrupted = True
            for token in run.live_tokens(scope):
                run.cancel(token, self.start.drawn.author_id)
        handler = run.spawn(scope, self)
        if arm is not None and arm.get("missed"):
            handler.internal_data["missed"] = arm["missed"]


def keep_inside(token: "Token", inner: ScopeSpec) -> None:
    """Keep what was done inside a subprocess, so that it can be undone after its end."""
    scope = token.run_of.instance.subprocesses[token.id]
    if scope.undo or inner.undo_handler is not None:
        token.internal_data["inside"] = {"data": dict(scope.data), "undo": scope.undo}


def open_scope(
    host: "Token",
    inner: ScopeSpec,
    start: StartEvent | None,
    variables: Mapping[str, Any] | None = None,
) -> None:
    """Enter the inside of ``host``: arm its event subprocesses, then put a token on its start."""
    scope = Scope(inner, host)
    scope.data.update(dict.fromkeys(inner.data_objects_drawn))
    scope.data.update(variables or {})
    host.run_of.enter(scope, start)


def call_depth(token: "Token") -> int:
    depth, scope = 0, token.workflow
    while scope.parent_workflow is not None:
        depth += scope.spec.is_process
        scope = scope.host.workflow
    return depth
