"""Events: start, end, throw, catch and boundary."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core import propagation
from engine.core.nodes import Drawn, FlowNode, ScopeSpec
from engine.core.states import WAITING
from engine.core.triggers import Arm, CodeTrigger, MessageTrigger, Trigger, arm_all

if TYPE_CHECKING:
    from engine.core.tokens import Token


class EventNode(FlowNode):
    """A flow node with event definitions. ``all_needed``: parallel multiple."""

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        triggers: tuple[Trigger, ...] = (),
        all_needed: bool = False,
    ):
        super().__init__(wf_spec, name, drawn=drawn)
        self.triggers = triggers
        self.all_needed = all_needed


class StartEvent(EventNode):
    """Begins a scope.

    What it waits for is armed on the outside: by the shell for a process, by the event subprocess
    it starts for a handler (`subprocesses.EventSubprocess`).
    """

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        triggers: tuple[Trigger, ...] = (),
        all_needed: bool = False,
        interrupts: bool = True,
    ):
        super().__init__(wf_spec, name, drawn=drawn, triggers=triggers, all_needed=all_needed)
        self.interrupts = interrupts

    @property
    def result_variable(self) -> str | None:
        """The variable that takes the payload as a whole."""
        return next((each.result_variable for each in self.triggers if each.result_variable), None)


class CatchEvent(EventNode):
    """An event that waits in the flow or behind an event-based gateway."""

    rank = 0

    def arrive(self, token: "Token") -> bool:
        arm_all(token, self.triggers)
        token._set_state(WAITING)
        return False

    def skip(self, token: "Token") -> None:
        """Take the event as having happened."""
        token.run_of.note(token, "skip")
        self.fire(token, None)

    def fire(self, token: "Token", arm: Arm | None) -> None:
        """Go on: what was waited for has happened."""
        run = token.run_of
        gateway = token.parent
        if gateway is not None and gateway.is_live:
            gateway.task_spec.chosen(gateway, token)
        elif arm is not None and "cycle" in arm and propagation.rearm(token, arm):
            run.completed_node(self, arm)  # a cycle sends on one token each time it fires
            for flow in self.outgoing:
                run.spawn(token.workflow, flow.target, flow)
            return
        run.disarm(token)
        token.complete()


class BoundaryEvent(CatchEvent):
    """An event on an activity: its token hangs under the activity's and goes with it."""

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        triggers: tuple[Trigger, ...] = (),
        all_needed: bool = False,
        interrupts: bool = True,
    ):
        super().__init__(wf_spec, name, drawn=drawn, triggers=triggers, all_needed=all_needed)
        self.interrupts = interrupts
        self.host: FlowNode | None = None  # the activity it sits on
        self.handler: FlowNode | None = None  # of a compensation event: the step that undoes

    @property
    def waits(self) -> bool:
        return any(trigger.is_armed for trigger in self.triggers)

    def fire(self, token: "Token", arm: Arm | None) -> None:
        host = token.parent
        if host is None:
            return
        if not self.interrupts and not propagation.rearm(token, arm):
            token.run_of.drop(token)
        self.caught(host, arm)

    def caught(self, host: "Token", arm: Arm | None = None) -> None:
        """Something to catch has reached the activity; it ends first if the event interrupts."""
        if self.interrupts:
            host.run_of.cancel(host, self.drawn.author_id)
        self.take(host, arm)

    def take(self, host: "Token", arm: Arm | None) -> None:
        """Record the event and go on along its flows; what it opens outlives the activity."""
        run = host.run_of
        run.completed_node(self, arm)
        for flow in self.outgoing:
            run.spawn(host.workflow, flow.target, flow)
        if not self.outgoing:
            run.check_scope(host.workflow)


class Throwing(EventNode):
    """An event that throws: intermediate or at an end."""

    def __init__(self, wf_spec: ScopeSpec, name: str, **given: Any):
        super().__init__(wf_spec, name, **given)
        if any(trigger.kind == "signal" for trigger in self.triggers):
            self.rank = 2  # nobody keeps a signal: first everybody takes his place

    def perform(self, token: "Token") -> bool:
        thrown = [(trigger, *self.prepared(token, trigger)) for trigger in self.triggers]
        run = token.run_of
        run.completed(token)
        token.internal_data["recorded"] = True
        for trigger, payload, key in thrown:
            if token.is_live:
                self.throw(token, trigger, payload, key)
        return token.is_live

    def prepared(
        self, token: "Token", trigger: Trigger
    ) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
        """Evaluate what is sent and for whom, and see that an error has a catcher."""
        if isinstance(trigger, MessageTrigger):
            payload = trigger.content(token)
            key = trigger.keys.of_thrower(token, payload) if trigger.kind == "message" else None
            return payload, key
        if trigger.kind == "error" and isinstance(trigger, CodeTrigger):
            propagation.require_catcher(token, trigger.code)
        return {}, None

    def throw(
        self,
        token: "Token",
        trigger: Trigger,
        payload: Mapping[str, Any],
        key: Mapping[str, Any] | None,
    ) -> None:
        run = token.run_of
        if isinstance(trigger, MessageTrigger):
            run.throw(self, trigger.kind, trigger.name, payload, key)
            if trigger.kind == "signal":
                propagation.broadcast(run, trigger.name, payload)
        elif isinstance(trigger, CodeTrigger):
            propagation.throw_code(token, trigger.kind, trigger.code)
        elif trigger.kind == "terminate":
            for other in run.live_tokens(token.workflow):
                if other is not token:
                    run.cancel(other, self.drawn.author_id)

    def depart(self, token: "Token") -> None:
        if not token.internal_data.pop("recorded", False):
            token.run_of.completed(token)
        self.leave(token, self.outgoing)


class ThrowEvent(Throwing):
    """An intermediate throw event; without a definition it only marks a point reached."""


class EndEvent(Throwing):
    """Ends a path; with a definition it throws first."""
