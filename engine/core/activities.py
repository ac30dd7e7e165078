"""Tasks: what people and operations do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.changes import Decided
from engine.core import propagation, timing
from engine.core.failures import ErrorThrown, StepFailed
from engine.core.mapping import NO_DATA_FLOW
from engine.core.nodes import Drawn, FlowNode, ScopeSpec
from engine.core.states import COMPLETED, READY, WAITING
from engine.core.tokens import live
from engine.core.triggers import Arm, MessageTrigger, Trigger, arm_all
from engine.core.variables import checked, checked_all, write
from engine.decisions import DecisionError
from engine.expressions import context_of, value_of

if TYPE_CHECKING:
    from engine.core.events import BoundaryEvent
    from engine.core.tokens import Token

DEFAULT_PRIORITY = 2


class Activity(FlowNode):
    """Anything that boundary events may sit on. Subclasses say how they `begin`."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, manual: bool = False):
        super().__init__(wf_spec, name, drawn=drawn, manual=manual)
        self.boundary: list[BoundaryEvent] = []
        self.data_flow = NO_DATA_FLOW
        self.undo_event: BoundaryEvent | None = None  # compensation, on its boundary
        self.undoes = False  # it is for compensation
        self.start_quantity = 1  # tokens that one instance takes (BPMN 2.0.2, table 10.3)
        self.completion_quantity = 1  # tokens that it gives on each flow

    def arrive(self, token: "Token") -> bool:
        if self.start_quantity > 1 and not self.gathered(token):
            return False
        if self.data_flow is not NO_DATA_FLOW:
            self.data_flow.take_in(token)
        if self.boundary and "guarded" not in token.internal_data:
            token.internal_data["guarded"] = True
            for event in self.boundary:
                if event.waits:
                    token.run_of.arm_at(token, event)
        return self.begin(token)

    def gathered(self, token: "Token") -> bool:
        """Wait for as many tokens as one instance takes; the last to come goes on for all."""
        kept = token.internal_data
        if "gathered" not in kept:
            waiting = [
                other
                for other in live(token.workflow)
                if other.task_spec is self and "gathering" in other.internal_data
            ]
            if len(waiting) + 1 < self.start_quantity:
                kept["gathering"] = True
                token._set_state(WAITING)
                return False
            for other in waiting[: self.start_quantity - 1]:
                token.run_of.absorb(other)
            kept["gathered"] = True
        return True

    def begin(self, token: "Token") -> bool:
        """Enter the activity itself; return whether it can be performed now."""
        return True

    def _run_hook(self, my_task: "Token") -> bool | None:
        if "performed" not in my_task.internal_data and not self.perform(my_task):
            return False
        if self.data_flow.outputs:
            my_task.internal_data["performed"] = True  # a retry after a fault here only gives out
            self.data_flow.give_out(my_task)
        return True

    def depart(self, token: "Token") -> None:
        run = token.run_of
        run.release(token)
        run.completed(token)
        self.remember(token)
        self.go_on(token)

    def skip(self, token: "Token") -> None:
        run = token.run_of
        for other in live(token.workflow):
            if other.task_spec is self and "gathering" in other.internal_data:
                run.absorb(other)
        run.release(token)
        run.close_scope(token)
        token._set_state(COMPLETED)
        run.note(token, "skip")
        self.go_on(token)

    @property
    def is_entry(self) -> bool:
        return not self.incoming and not self.undoes and not hasattr(self, "armed_by")

    def go_on(self, token: "Token") -> None:
        body = token.parent if token.triggered else None
        if body is not None:
            body.task_spec.inner_done(body, token)
        else:
            self.leave(token, self.outgoing * self.completion_quantity)
            if token.workflow.spec.is_ad_hoc:
                token.run_of.weigh_again(token.workflow)

    def remember(self, token: "Token") -> None:
        """Keep what is needed to undo this activity, if it can be undone (`undo`)."""
        inside = token.internal_data.pop("inside", None)
        body = token.parent if token.triggered else None
        if body is not None and getattr(body.task_spec, "inner", None) is not self:
            return  # itself a step that undoes
        node = self if body is None else body.task_spec
        if node.undo_event is None and inside is None:
            return
        record = {"node": node.name, "data": dict(token.data), "inside": inside}
        if body is None:
            token.workflow.undo.append(record)
        else:
            body.internal_data.setdefault("undo", []).append(record)

    def text_of(self, token: "Token", name: str) -> Any:
        """Evaluate the extension property ``name``; None when it is not given."""
        text = self.drawn.properties.get(name)
        return value_of(token, text) if text else None


class PlainTask(Activity):
    """A task without a type: something happens outside, and the token passes straight through."""


class UserTask(Activity):
    """Work for a person (a manual task too: somebody has to say that it is done)."""

    rank = 0

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn):
        super().__init__(wf_spec, name, drawn=drawn, manual=True)

    def begin(self, token: "Token") -> bool:
        token.internal_data["task"] = {
            "assignee": person(self.text_of(token, "assignee")),
            "excluded": people(self.text_of(token, "excludedOwners")),
            "due": self.instant(token, "dueAt"),
            "follow_up": self.instant(token, "followUpAt"),
            "priority": priority_of(self.text_of(token, "priority")),
            "team": person(self.text_of(token, "team")),
        }
        return True

    def instant(self, token: "Token", name: str) -> Any:
        text = self.drawn.properties.get(name)
        if not text:
            return None
        run = token.run_of
        value = text if timing.is_literal(text) else value_of(token, text)
        if value is None:
            return None
        return timing.due_at(value, run.step.now, run.zone, f"'{name}' of '{self.drawn.label}'")

    def _on_ready_hook(self, my_task: "Token") -> None:
        my_task.run_of.opened(my_task)


def person(value: Any) -> str | None:
    return None if value is None else str(value)


def people(value: Any) -> list[str]:
    """One id or a list of them; null stands for nobody."""
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item is not None]


def priority_of(value: Any) -> int:
    try:
        return min(3, max(0, int(value)))
    except (TypeError, ValueError):
        return DEFAULT_PRIORITY


class ScriptTask(Activity):
    """A FEEL context whose entries become variables."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, script: str):
        super().__init__(wf_spec, name, drawn=drawn)
        self.script = script

    def perform(self, token: "Token") -> bool:
        result = self.drawn.properties.get("resultVariable")
        if result:
            values = {result: checked(value_of(token, self.script), result)}
        elif self.script:
            values = context_of(token, self.script, f"The script of '{self.drawn.label}'")
        else:
            values = {}
        token.run_of.wrote(write(token, values))
        return True


class ServiceTask(Activity):
    """Calls a named operation through the shell's port."""

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        operation: str,
        parameters: Mapping[str, str],
        result_variable: str | None,
    ):
        super().__init__(wf_spec, name, drawn=drawn)
        self.operation = operation
        self.parameters = parameters
        self.result_variable = result_variable

    def perform(self, token: "Token") -> bool:
        run = token.run_of
        given = {
            name: checked(value_of(token, text), name) for name, text in self.parameters.items()
        }
        try:
            result = run.call(self.operation, given)
        except ErrorThrown as thrown:
            self.throw(token, thrown)
            return False
        values = self.variables_of(result)
        run.wrote(write(token, values))
        return True

    def variables_of(self, result: Any) -> dict[str, Any]:
        """Take the result under its one name, or entry by entry."""
        if self.result_variable:
            return {self.result_variable: checked(result, self.result_variable)}
        if not isinstance(result or {}, Mapping):
            raise StepFailed(
                "NotAContext",
                f"The operation '{self.operation}' gives one value, but the step names no "
                "variable for it.",
                self.operation,
            )
        return checked_all(result or {})

    def throw(self, token: "Token", thrown: ErrorThrown) -> None:
        payload = {"code": thrown.code, "message": thrown.message}
        if not propagation.throw_code(token, "error", thrown.code, payload):
            raise StepFailed(
                "UncaughtError",
                f"The operation '{self.operation}' ended with the error '{thrown.code}', "
                "which nothing catches.",
                self.operation,
            )


class BusinessRuleTask(Activity):
    """Evaluates a decision and writes one variable."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, decision: str):
        super().__init__(wf_spec, name, drawn=drawn)
        self.decision = decision

    def perform(self, token: "Token") -> bool:
        run = token.run_of
        model, result = run.decide(token, self.decision)
        try:
            result.require_complete(self.decision)
        except DecisionError as error:
            raise StepFailed("UndecidedDecision", str(error)) from error
        name = self.drawn.properties.get("resultVariable") or self.decision
        value = checked(result.outputs, name)
        for record in result.records:  # the decisions that this one requires come first
            run.changes.decided.append(
                Decided(
                    element_id=self.drawn.author_id,
                    decision_id=record.decision_id,
                    file_sha256=model.sha256,
                    inputs=checked_all(record.inputs),
                    matched_rows=record.matched_rows,
                    outputs=checked(record.outputs, record.decision_id),
                )
            )
        run.wrote(write(token, {name: value}))
        return True


class SendTask(Activity):
    """Sends a message."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, trigger: MessageTrigger):
        super().__init__(wf_spec, name, drawn=drawn)
        self.trigger = trigger

    def perform(self, token: "Token") -> bool:
        payload = self.trigger.content(token)
        key = self.trigger.keys.of_thrower(token, payload)
        token.run_of.throw(self, "message", self.trigger.name, payload, key)
        return True


class ReceiveTask(Activity):
    """Waits for a message."""

    rank = 0
    all_needed = False

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, trigger: MessageTrigger):
        super().__init__(wf_spec, name, drawn=drawn)
        self.triggers: tuple[Trigger, ...] = (trigger,)

    def begin(self, token: "Token") -> bool:
        arm_all(token, self.triggers)
        token._set_state(WAITING)
        return False

    def fire(self, token: "Token", arm: Arm | None) -> None:
        gateway = token.parent
        if gateway is not None and gateway.is_live and not token.triggered:
            gateway.task_spec.chosen(gateway, token)
        run = token.run_of
        run.disarm(token)
        token._set_state(READY)
        run.attempt(token)
