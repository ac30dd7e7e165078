"""Gateways: where tokens split, choose, wait for each other and wait for events."""

from typing import TYPE_CHECKING

from engine.core.failures import StepFailed
from engine.core.nodes import Flow, FlowNode
from engine.core.states import COMPLETED, FUTURE, READY, WAITING
from engine.core.tokens import live
from engine.expressions import decide, value_of

if TYPE_CHECKING:
    from engine.core.tokens import Instance, Scope, Token


class Choosing(FlowNode):
    """A gateway that takes some of its flows. The choice is kept on the token until it leaves."""

    def depart(self, token: "Token") -> None:
        token.run_of.completed(token)
        self.leave(token, self.chosen_flows(token))

    def chosen_flows(self, token: "Token") -> list[Flow]:
        taken = token.internal_data.pop("take", None)
        return [flow for flow in self.outgoing if taken is None or flow.id in taken]

    def take(self, token: "Token", flows: list[Flow]) -> bool:
        token.internal_data["take"] = [flow.id for flow in flows]
        return True

    def none_taken(self) -> StepFailed:
        return StepFailed(
            "NoPathTaken",
            f"No condition of '{self.drawn.label}' holds and it has no default flow.",
        )

    def skip(self, token: "Token") -> None:
        """Go where the conditions point if what is missing counts as no; else stay parked."""
        holding = [
            flow
            for flow in self.outgoing
            if flow.condition is None or value_of(token, flow.condition) is True
        ]
        flows = self.among(holding) or ([self.default] if self.default else [])
        if not flows:
            raise self.none_taken()
        token._set_state(COMPLETED)
        token.run_of.note(token, "skip")
        self.leave(token, flows)

    def among(self, holding: list[Flow]) -> list[Flow]:
        return [flow for flow in holding if flow is not self.default]


class ExclusiveGateway(Choosing):
    """Takes the first flow whose condition holds; every token that comes passes."""

    def perform(self, token: "Token") -> bool:
        for flow in self.outgoing:
            if flow is self.default:
                continue
            if flow.condition is None or decide(token, flow.condition):
                return self.take(token, [flow])
        if self.default is None:
            if not self.outgoing:
                return True
            raise self.none_taken()
        return self.take(token, [self.default])

    def among(self, holding: list[Flow]) -> list[Flow]:
        return super().among(holding)[:1]


class Joining(FlowNode):
    """A gateway at which tokens may have to wait for each other."""

    joins = True

    def arrive(self, token: "Token") -> bool:
        if len(self.incoming) < 2:
            return True
        token._set_state(WAITING)
        return self.try_to_join(token)

    def try_to_join(self, token: "Token") -> bool:
        """Join with what has arrived if that is enough; say whether ``token`` goes on."""
        return False

    def join(self, token: "Token") -> None:
        """Let ``token`` go on for all that have arrived, one for each flow."""
        for other in first_by_flow(waiting_at(token.workflow, self), besides=token):
            token.run_of.absorb(other)
        token._set_state(READY)

    def skip(self, token: "Token") -> None:
        """Go on without those who have not arrived."""
        if token._state == WAITING:
            self.join(token)
        super().skip(token)


def waiting_at(scope: "Instance | Scope", node: FlowNode) -> "list[Token]":
    return [token for token in live(scope) if token.task_spec is node and token._state == WAITING]


def first_by_flow(tokens: "list[Token]", besides: "Token") -> "list[Token]":
    """The oldest token of each flow, except on the flow that ``besides`` came by."""
    seen = {besides.internal_data.get("via")}
    found = []
    for token in tokens:
        via = token.internal_data.get("via")
        if token is not besides and via not in seen:
            seen.add(via)
            found.append(token)
    return found


class ParallelGateway(Joining):
    """Waits for one token on every incoming flow, then takes every outgoing one."""

    def try_to_join(self, token: "Token") -> bool:
        arrived = waiting_at(token.workflow, self)
        if {each.internal_data.get("via") for each in arrived} < {
            flow.id for flow in self.incoming
        }:
            return False
        self.join(token)
        return True


class InclusiveGateway(Joining, Choosing):
    """Waits for every token that can still come, then takes every flow whose condition holds.

    Whether one can still come is looked at after each step (`settle`). A token that could reach
    an empty flow only matters if it cannot as well reach one that has a token already.
    Source: BPMN 2.0.2, table 13.3.
    """

    def try_to_join(self, token: "Token") -> bool:
        token.run_of.settling.append(token)
        return False

    def settle(self, token: "Token") -> bool:
        """Join if nothing more can come; say so."""
        here = [each for each in live(token.workflow) if each.task_spec is self]
        if any(each._state == FUTURE for each in here):
            return False  # one is just arriving
        arrived = {each.internal_data.get("via") for each in here if each._state == WAITING}
        if can_still_come(token, self, arrived):
            return False
        self.join(token)
        return True

    def perform(self, token: "Token") -> bool:
        flows = [
            flow
            for flow in self.outgoing
            if flow is not self.default
            and (flow.condition is None or decide(token, flow.condition))
        ]
        if not flows:
            if self.default is None:
                if not self.outgoing:
                    return True
                raise self.none_taken()
            flows = [self.default]
        return self.take(token, flows)


class ComplexGateway(Joining, Choosing):
    """Starts when its activation condition holds, then lets the late ones go until it is reset.

    In the first phase one token of each flow that has one is taken and conditions say which flows
    go on. A token of the gateway then waits for what can still come on the other flows; when
    nothing can, those tokens are taken too and only flows with a condition (which may ask
    ``waitingForStart``) can go on. Source: BPMN 2.0.2, 10.6.5 and table 13.5.
    """

    activation: str | None = None

    def try_to_join(self, token: "Token") -> bool:
        token.run_of.settling.append(token)
        return False

    def settle(self, token: "Token") -> bool:
        """Take the step that can be taken with a token that waits; say whether there is one."""
        if "reset_for" in token.internal_data:
            return self.reset(token)
        here = [each for each in live(token.workflow) if each.task_spec is self]
        if any("reset_for" in each.internal_data for each in here):
            return False  # late: taken when the gateway is reset
        if any(each._state == FUTURE for each in here):
            return False  # one is just arriving
        flows = {each.internal_data.get("via") for each in here}
        known = {"activationCount": len(flows), "waitingForStart": True}
        if self.activation is not None and not decide(token, self.activation, known):
            return False
        self.join(token)
        memory = token.run_of.spawn(token.workflow, self)
        memory._set_state(WAITING)
        memory.internal_data["reset_for"] = sorted(flow for flow in flows if flow)
        token.run_of.settling.append(memory)
        return True

    def reset(self, memory: "Token") -> bool:
        here = [each for each in live(memory.workflow) if each.task_spec is self]
        taken = set(memory.internal_data["reset_for"])
        late = [each for each in here if each is not memory and each._state == WAITING]
        if any(each._state == FUTURE for each in here):
            return False
        full = taken | {each.internal_data.get("via") for each in late}
        if can_still_come(memory, self, full):
            return False
        for each in late:
            if each.internal_data.get("via") not in taken:
                memory.run_of.absorb(each)
        memory.internal_data["reset"] = True
        memory._set_state(READY)
        return True

    def perform(self, token: "Token") -> bool:
        resets = "reset" in token.internal_data
        known = {"waitingForStart": not resets, "activationCount": len(self.incoming)}
        flows = [
            flow
            for flow in self.outgoing
            if flow is not self.default
            and (not resets if flow.condition is None else decide(token, flow.condition, known))
        ]
        if not flows and not resets and self.outgoing:
            if self.default is None:
                raise self.none_taken()
            flows = [self.default]
        return self.take(token, flows)

    def depart(self, token: "Token") -> None:
        if "reset" in token.internal_data and not token.internal_data["take"]:
            token.run_of.check_scope(token.workflow)
        else:
            super().depart(token)


def can_still_come(token: "Token", gateway: FlowNode, full: set[str | None]) -> bool:
    """Whether a token can reach an incoming flow that is not ``full`` and none that is."""
    before_empty: set[str] = set()
    before_full: set[str] = set()
    for flow in gateway.incoming:
        before = before_full if flow.id in full else before_empty
        before |= upstream_of(flow, gateway)
    still_to_come = before_empty - before_full
    root = token.workflow.task_tree.id  # what hangs under another token is where that one is
    return any(
        other.task_spec.name in still_to_come
        and other.task_spec is not gateway
        and other._parent == root
        for other in live(token.workflow)
    )


def upstream_of(flow: Flow, gateway: FlowNode) -> frozenset[str]:
    """Walk back from ``flow``; a boundary event is entered from its activity."""
    seen: set[str] = set()
    todo = [flow.source]
    while todo:
        node = todo.pop()
        if node is gateway or node.name in seen:
            continue
        seen.add(node.name)
        todo += [entering.source for entering in node.incoming]
        host = getattr(node, "host", None)
        if host is not None:
            todo.append(host)
    return frozenset(seen)


class EventGateway(FlowNode):
    """Waits for the first of the events behind it. They hang under its token while they wait."""

    rank = 0

    def arrive(self, token: "Token") -> bool:
        token._set_state(WAITING)
        for flow in self.outgoing:
            token.run_of.arm_at(token, flow.target)
        return False

    def chosen(self, token: "Token", first: "Token") -> None:
        """``first`` has happened: the others no longer wait."""
        run = token.run_of
        for other in list(token.owned()):
            if other is not first:
                run.cancel(other, first.task_spec.drawn.author_id)
        token._children.remove(first.id)
        first.parent = token.workflow.task_tree
        run.completed(token)
        run.absorb(token)


def is_stuck(holding: "list[Token]") -> bool:
    """Say whether all that is left waits at joins for tokens that can no longer come."""
    return bool(holding) and all(
        (token.task_spec.joins or "gathering" in token.internal_data)
        and token._state == WAITING
        and not token.incident
        for token in holding
    )
