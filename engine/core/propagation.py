"""How events find who catches them inside one instance.

Errors and escalations travel from the throwing scope outwards, over called processes too: the
event subprocesses of the scope, then the boundary of the activity around it. On each level a
catcher with the code wins over one without. Signals reach every armed catcher at once. Nothing
here evaluates an expression of the author except conditions, so nothing fails half done.
Sources: BPMN 2.0.2 10.5.1, 10.5.6, 13.5; engine notes 3.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.failures import StepFailed
from engine.core.states import FUTURE
from engine.core.tokens import Token
from engine.core.triggers import (
    Arm,
    CodeTrigger,
    ConditionTrigger,
    MessageTrigger,
    Trigger,
    arms_of,
    rearm_cycle,
)
from engine.core.variables import checked_all, write
from engine.correlation import fits
from engine.expressions import holds

if TYPE_CHECKING:
    from engine.core.events import BoundaryEvent
    from engine.core.nodes import FlowNode
    from engine.core.run import Run
    from engine.core.subprocesses import EventSubprocess
    from engine.core.tokens import Instance, Scope


# -- errors and escalations -------------------------------------------------------------------

Catcher = tuple["Token | Instance | Scope", "BoundaryEvent | EventSubprocess", CodeTrigger]


def find_catcher(token: "Token", kind: str, code: str | None) -> Catcher | None:
    """Return who catches what is thrown in ``token``'s scope (or by the activity itself)."""
    at = token
    while True:
        found = best(boundary_catchers(at, kind), code)
        if found is None:
            found = best(scope_catchers(at.workflow, kind), code)
        if found is not None:
            return found
        scope = at.workflow
        if scope.parent_workflow is None:
            return None
        at = scope.host


def best(catchers: Iterator[Catcher], code: str | None) -> Catcher | None:
    """Return the catcher with the code, else the first without one."""
    catch_all = None
    for catcher in catchers:
        caught = catcher[2].code
        if caught is not None and caught == code:
            return catcher
        if caught is None and catch_all is None:
            catch_all = catcher
    return catch_all


def boundary_catchers(token: "Token", kind: str) -> Iterator[Catcher]:
    """Boundary events of an activity; those of a repeated one sit on its body."""
    if token.triggered and token.parent is not None:
        token = token.parent
    for boundary in getattr(token.task_spec, "boundary", ()):
        for trigger in boundary.triggers:
            if trigger.kind == kind:
                yield token, boundary, trigger


def scope_catchers(scope: "Instance | Scope", kind: str) -> Iterator[Catcher]:
    if scope.interrupted:
        return  # the others were disarmed when the first took over
    for handler in scope.spec.event_subprocesses:
        for trigger in handler.start.triggers:
            if trigger.kind == kind:
                yield scope, handler, trigger


def require_catcher(token: "Token", code: str | None) -> None:
    """Refuse to throw an error that nobody catches: the process would end without a word."""
    if find_catcher(token, "error", code) is None:
        raise StepFailed(
            "UncaughtError", f"Nothing catches the error '{code or 'without a code'}'."
        )


def throw_code(
    token: "Token", kind: str, code: str | None, payload: Mapping[str, Any] | None = None
) -> bool:
    """Take an error or escalation to its catcher; return whether there is one."""
    found = find_catcher(token, kind, code)
    if found is None:
        return False
    place, catcher, trigger = found
    values = dict(payload or {"code": code})
    if trigger.result_variable:
        at = place if isinstance(place, Token) else place.task_tree
        at.run_of.wrote(write(at, {trigger.result_variable: values}))
    catcher.caught(place)
    return True


def throw(token: "Token", node: "FlowNode", trigger: Trigger) -> None:
    """Throw one event, without a payload, in the name of ``node``."""
    run = token.run_of
    if isinstance(trigger, CodeTrigger):
        throw_code(token, trigger.kind, trigger.code)
    elif isinstance(trigger, MessageTrigger):
        run.throw(node, trigger.kind, trigger.name, {}, None)
        if trigger.kind == "signal":
            broadcast(run, trigger.name, {})


# -- what waits -------------------------------------------------------------------------------


def happened(token: "Token", arm: Arm, payload: Mapping[str, Any] | None = None) -> None:
    """What ``arm`` waited for has happened: take the payload over and fire its node."""
    node = token.task_spec
    trigger = node.triggers[arm["trigger"]]
    if payload:
        values = checked_all(payload)
        token.run_of.wrote(write(token, named(trigger.result_variable, values)))
    if node.all_needed:
        arm["hit"] = True
        token.run_of.disarm_one(token, arm)
        if not all(other.get("hit") for other in arms_of(token)):
            return
    node.fire(token, arm)


def named(result_variable: str | None, values: dict[str, Any]) -> dict[str, Any]:
    return {result_variable: values} if result_variable else values


def rearm(token: "Token", arm: Arm | None) -> bool:
    """Say whether a non-interrupting catcher waits on after ``arm`` has fired, and let it.

    Messages, signals and conditions do; a cycle does until its rounds are over; a date or a
    duration fires once, and what needs it as well as others does too.
    """
    run = token.run_of
    if token.task_spec.all_needed:
        timers = [other for other in arms_of(token) if other["kind"] == "timer"]
        if not all(rearm_cycle(other, run.step.now, run.zone)[0] for other in timers):
            return False
        for other in arms_of(token):
            other.pop("hit", None)
        run.armed(token)
        return True
    if arm is None:
        return False
    if arm["kind"] != "timer":
        return True
    goes_on, arm["missed"] = rearm_cycle(arm, run.step.now, run.zone)
    if goes_on:
        run.armed(token)
    return goes_on


def broadcast(run: "Run", name: str, payload: Mapping[str, Any]) -> None:
    """Give a signal to every catcher of this instance that is armed now."""
    for token in list(run.waiting()):
        for arm in list(arms_of(token)):
            takes = arm["kind"] == "signal" and arm["name"] == name and not arm.get("hit")
            if takes and token.is_live and fits(arm["key"], None, payload):
                happened(token, arm, payload)


def arm_late(run: "Run") -> None:
    """Variables have changed: let those wait whose key has become known."""
    late, run.unkeyed = run.unkeyed, []
    for token in sorted(late, key=lambda token: token.seq):
        if token.is_live:
            try:
                token.task_spec.arm(token)
            except StepFailed as failure:
                token._set_state(FUTURE)  # a retry enters it anew
                run.park(token, failure)


def weigh_conditions(run: "Run") -> None:
    """Fire every conditional event whose condition has become true."""
    for token in list(run.waiting()):
        for arm in list(arms_of(token)):
            if arm["kind"] != "condition" or not token.is_live or token.incident:
                continue
            trigger = token.task_spec.triggers[arm["trigger"]]
            try:
                now = isinstance(trigger, ConditionTrigger) and holds(token, trigger.text)
            except StepFailed as failure:
                run.park(token, failure)
                break
            before, arm["last"] = arm["last"], now
            if now and not before and not arm.get("hit"):
                happened(token, arm)
