"""What moves tokens: spawning, ending, cancelling, arming. The primitives under the drive loop."""

import heapq
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.changes import Changes, Failed, Step, Thrown
from engine.core.failures import StepFailed
from engine.core.nodes import Flow, FlowNode, ScopeSpec
from engine.core.recorder import Recorder, element_of, opened_task
from engine.core.states import CANCELLED, COMPLETED, FUTURE, READY
from engine.core.tokens import Instance, Scope, Token, live
from engine.core.triggers import Arm, arms_of

if TYPE_CHECKING:
    from engine.core.events import StartEvent
    from engine.definitions import Definitions


class Moves:
    """The tokens of one instance and what may be done with them."""

    step: Step

    def __init__(self, definitions: "Definitions", instance: Instance, zone: tzinfo):
        self.definitions = definitions
        self.instance = instance
        self.zone = zone
        self.recorder = Recorder()
        self.queue: list[tuple[int, int, int, Token]] = []
        self.tickets = count()
        self.unkeyed: list[Token] = []  # armed starts whose key is not known yet
        self.settling: list[Token] = []  # tokens at inclusive joins
        self.conditions_due = self.timers_due = False
        self.written: dict[str, list[Any]] = {}

    @property
    def changes(self) -> Changes:
        return self.recorder.changes

    # -- tokens ---------------------------------------------------------------------------------

    def spawn(
        self,
        scope: Instance | Scope,
        node: FlowNode,
        flow: Flow | None = None,
        parent: Token | None = None,
    ) -> Token:
        """Put a token before ``node``; entering it is a step of its own."""
        token = Token(scope, node, parent or scope.task_tree)
        if flow is not None and node.joins:
            token.internal_data["via"] = flow.id
        self.push(token)
        return token

    def push(self, token: Token) -> None:
        """Queue a step: the oldest first, but whoever waits is in place before anybody acts.

        Parallel branches have no order in BPMN; a signal that one throws to the other would be
        lost, were it thrown while the other is still on its way.
        """
        rank = token.task_spec.rank
        heapq.heappush(self.queue, (rank, token.seq, next(self.tickets), token))

    def arm_at(self, owner: Token, node: FlowNode) -> None:
        """Let an event wait under ``owner``, at once; a fault is the event's own."""
        self.attempt(Token(owner.workflow, node, owner))

    def ready_again(self, token: Token) -> None:
        """What ``token`` waited for inside is over: it goes on in a step of its own."""
        token._set_state(READY)
        if token.incident is None:
            self.push(token)

    def weigh_again(self, scope: Instance | Scope) -> None:
        """A step of an ad hoc subprocess is over: it may be complete now."""
        if isinstance(scope, Scope) and self.is_open(scope):
            self.ready_again(scope.host)

    def attempt(self, token: Token) -> None:
        """Take one step with ``token``; a fault parks it."""
        try:
            if token._state == FUTURE:
                token.task_spec._update(token)
            if token._state == READY and is_automatic(token):
                token.run()
        except StepFailed as failure:
            self.park(token, failure)

    def live_tokens(self, scope: Instance | Scope) -> list[Token]:
        return live(scope)

    # -- scopes ---------------------------------------------------------------------------------

    def enter(self, scope: Instance | Scope, start: "StartEvent | None") -> None:
        """Arm the event subprocesses of a scope, then put a token on its start event."""
        for handler in scope.spec.event_subprocesses:
            if any(trigger.is_armed for trigger in handler.triggers):
                token = Token(scope, handler, scope.task_tree)
                token.internal_data["armed_start"] = True
                self.attempt(token)
        if start is not None:
            self.spawn(scope, start)
        else:
            self.check_scope(scope)

    def check_scope(self, scope: Instance | Scope) -> None:
        """Complete a scope that has no token left. What is only armed does not keep it open."""
        if not self.is_open(scope) or any(not token.is_armed_start for token in live(scope)):
            return
        for token in live(scope):
            self.cancel(token, None)
        if isinstance(scope, Scope):
            self.ready_again(scope.host)
        else:
            self.end("complete")

    def is_open(self, scope: Instance | Scope) -> bool:
        if isinstance(scope, Scope):
            return self.instance.subprocesses.get(scope.host.id) is scope
        return not scope.has_ended

    def close_scope(self, host: Token) -> None:
        self.instance.subprocesses.pop(host.id, None)

    def end(self, transition: Any, data: Mapping[str, Any] | None = None) -> None:
        self.instance.has_ended = True
        self.changes.ended = True
        self.recorder.process(self.process_name(), transition, data)

    # -- ending tokens --------------------------------------------------------------------------

    def cancel(self, token: Token, by: str | None) -> None:
        """Cancel a token, what belongs to it and what runs inside it, the innermost first.

        ``by`` is the element that cancels, for whoever had the task on the desk.
        """
        doomed, at = [token], 0
        while at < len(doomed):
            each = doomed[at]
            doomed += each.owned()
            inside = self.instance.subprocesses.get(each.id)
            if inside is not None:
                doomed += live(inside)
            at += 1
        for each in reversed(doomed):
            if each.is_live:
                self.discard(each, by)

    def discard(self, token: Token, by: str | None) -> None:
        self.unpark(token)
        self.disarm(token)
        if is_open_task(token):
            self.recorder.closed(token, "obsolete", by)
            self.note(token, "withdraw", {"by": by} if by else {})
        elif token.id in self.instance.subprocesses:
            self.close_scope(token)
            self.note(token, "withdraw", {"by": by} if by else {})
        token._set_state(CANCELLED)

    def absorb(self, token: Token) -> None:
        """End a token that goes on in another one."""
        self.unpark(token)
        token._set_state(COMPLETED)

    def drop(self, token: Token) -> None:
        """End a token that has nothing more to wait for."""
        self.disarm(token)
        self.absorb(token)

    def release(self, token: Token) -> None:
        """An activity is over: nothing waits on its boundary any more."""
        self.disarm(token)
        for owned in list(token.owned()):
            self.cancel(owned, None)

    # -- waiting --------------------------------------------------------------------------------

    def armed(self, token: Token) -> None:
        self.instance.event_manager.add_task(token)
        self.recorder.armed(token)
        kinds = {arm["kind"] for arm in arms_of(token)}
        self.conditions_due |= "condition" in kinds
        self.timers_due |= "timer" in kinds

    def disarm(self, token: Token) -> None:
        for arm in token.internal_data.pop("arms", ()):
            self.recorder.disarmed(arm)
        self.instance.event_manager.remove_task(token)

    def disarm_one(self, token: Token, arm: Arm) -> None:
        self.recorder.disarmed(arm)

    def waiting(self) -> Iterator[Token]:
        """Tokens in which something is armed, oldest first."""
        tokens = sorted(self.instance.event_manager.tasks.values(), key=lambda each: each.seq)
        return (token for token in tokens if token.is_live)

    # -- incidents ------------------------------------------------------------------------------

    def park(self, token: Token, failure: StepFailed) -> None:
        """Put a failed step aside until somebody retries, skips or cancels."""
        incident = uuid4()
        token.internal_data["incident"] = incident
        self.instance.incidents[incident] = {
            "token": token.id,
            "error": failure.error,
            "cause": failure.cause,
            "operation": failure.operation,
        }
        failed = Failed(
            incident, element_of(token), failure.error, failure.cause, failure.operation
        )
        self.changes.failed.append(failed)
        self.note(token, "fail", {"error": failure.error})

    def unpark(self, token: Token) -> None:
        incident = token.internal_data.pop("incident", None)
        if incident is not None:
            self.instance.incidents.pop(incident, None)
            self.changes.resolved.append(incident)

    # -- saying what happened -------------------------------------------------------------------

    def completed(self, token: Token) -> None:
        data = {"set": self.written} if self.written else {}
        self.written = {}
        self.recorder.line(token.task_spec, "complete", data)

    def completed_node(self, node: FlowNode, arm: Arm | None) -> None:
        """Record a boundary event that has fired."""
        data: dict[str, Any] = {"set": self.written} if self.written else {}
        self.written = {}
        if arm is not None and arm.get("missed"):
            data["missed"] = arm["missed"]
        self.recorder.line(node, "complete", data)

    def note(self, token: Token, transition: Any, data: Mapping[str, Any] | None = None) -> None:
        self.recorder.line(token.task_spec, transition, data)

    def opened(self, token: Token) -> None:
        self.changes.tasks_opened.append(opened_task(token, self.definitions))
        self.note(token, "schedule")

    def wrote(self, changed: Mapping[str, tuple[Any, Any]]) -> None:
        """Variables have changed: conditions may hold now, and history says from what to what."""
        for name, (before, after) in changed.items():
            first = self.written.get(name, [before])[0]
            self.written[name] = [first, after]
        self.conditions_due = True

    def throw(
        self,
        node: FlowNode,
        kind: Any,
        name: str,
        payload: Mapping[str, Any],
        correlation: Mapping[str, Any] | None,
    ) -> None:
        """Hand a message or signal to the shell."""
        self.changes.thrown.append(Thrown(kind, name, node.drawn.author_id, payload, correlation))

    def process_name(self) -> str:
        return self.definitions.processes[self.instance.spec.process_id].name

    def spec_of(self, process_id: str) -> ScopeSpec:
        raise StepFailed("NoProcess", f"There is no process '{process_id}' in this release.")


def is_automatic(token: Token) -> bool:
    """Whether a READY token goes on without a person."""
    return not token.task_spec.manual or "done" in token.internal_data


def is_open_task(token: Token) -> bool:
    """Whether a person can complete this token now."""
    return token._state == READY and not is_automatic(token) and token.incident is None


def is_due(token: Token) -> bool:
    """Whether the drive loop has a step to take with this token."""
    if token.incident is not None:
        return False
    return token._state == FUTURE or (token._state == READY and is_automatic(token))
