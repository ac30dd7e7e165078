"""What each command does before the instance is driven on."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.changes import (
    CancelInstance,
    CompleteTask,
    DeliverMessage,
    DeliverSignal,
    FireTimers,
    MoveToken,
    Resume,
    RetryIncident,
    SetVariables,
    SkipIncident,
    SkipStep,
    Start,
    Suspend,
)
from engine.core import propagation, repairs
from engine.core.events import StartEvent
from engine.core.failures import StepFailed
from engine.core.moves import is_due
from engine.core.nodes import ScopeSpec
from engine.core.refusals import IncidentNotOpen, NoSuchStart, NotAVariable, SubscriptionNotArmed
from engine.core.tokens import Token, live
from engine.core.triggers import MessageTrigger
from engine.core.variables import checked, checked_all, visible, write
from engine.expressions import value_of

if TYPE_CHECKING:
    from engine.core.run import Run


def start(run: "Run", command: Start) -> None:
    spec = run.instance.spec
    event = start_of(spec, command.element_id)
    values = given(command.variables)
    result = event.result_variable if command.element_id else None
    run.recorder.process(run.process_name(), "start")
    run.instance.data.update(propagation.named(result, values))
    run.enter(run.instance, event)


def start_of(spec: ScopeSpec, element_id: str | None) -> StartEvent:
    """Return the start event to enter at: the one named, the none start, or the only one."""
    if element_id is not None:
        for event in spec.starts:
            if element_id in (event.drawn.author_id, event.name):
                return event
        raise NoSuchStart(f"The process '{spec.process_id}' has no start event '{element_id}'.")
    none_start = spec.none_start()
    if none_start is not None:
        return none_start
    if len(spec.starts) == 1:
        return spec.starts[0]
    raise NoSuchStart(f"The process '{spec.process_id}' has {len(spec.starts)} starts; name one.")


def complete_task(run: "Run", command: CompleteTask) -> None:
    token = run.open_task(command.task_id)
    run.wrote(write(token, given(command.variables)))
    run.recorder.closed(token, "completed")
    token.internal_data["done"] = True
    run.attempt(token)


def deliver_message(run: "Run", command: DeliverMessage) -> None:
    for token, arm in run.arms("message"):
        if arm["id"] == command.subscription_id and arm["name"] == command.name:
            payload = given(command.payload)
            try:
                key = first_key(token, arm, payload)
            except StepFailed as failure:
                run.park(token, failure)
                return
            run.wrote(write(token, key))
            propagation.happened(token, arm, payload)
            return
    raise SubscriptionNotArmed


def first_key(token: Token, arm: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """The first message of a conversation says what later ones must match (BPMN 8.4.2)."""
    trigger = token.task_spec.triggers[arm["trigger"]]
    seen = visible(token)
    found = {}
    if isinstance(trigger, MessageTrigger):
        for name, text in trigger.keys.retrievals.items():
            if seen.get(name) is None:
                value = checked(value_of(token, text, payload), name)
                if value is not None:
                    found[name] = value
    return found


def deliver_signal(run: "Run", command: DeliverSignal) -> None:
    propagation.broadcast(run, command.name, given(command.payload))


def fire_timers(run: "Run", command: FireTimers) -> None:
    """Nothing to prepare: driving fires whatever is due."""


def retry_incident(run: "Run", command: RetryIncident) -> None:
    token = parked(run, command.incident_id)
    run.unpark(token)
    run.note(token, "resume")
    if is_due(token):
        run.push(token)


def skip_incident(run: "Run", command: SkipIncident) -> None:
    token = parked(run, command.incident_id)
    run.wrote(write(token, given(command.variables)))
    run.unpark(token)
    try:
        token.task_spec.skip(token)
    except StepFailed as failure:
        run.park(token, failure)


def parked(run: "Run", incident_id: UUID) -> Token:
    incident = run.instance.incidents.get(incident_id)
    token = run.instance.find(incident["token"]) if incident else None
    if token is None:
        raise IncidentNotOpen
    return token


def cancel_instance(run: "Run", command: CancelInstance) -> None:
    for token in live(run.instance):
        run.cancel(token, None)
    run.end("withdraw", {"reason": command.reason})


def set_variables(run: "Run", command: SetVariables) -> None:
    repairs.set_variables(run, command, given(command.variables))


def skip_step(run: "Run", command: SkipStep) -> None:
    repairs.skip_step(run, command, given(command.variables))


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check values that come from outside; raises `NotAVariable`."""
    try:
        return checked_all(values)
    except StepFailed as failure:
        raise NotAVariable(failure.cause) from failure


COMMANDS: dict[type, Callable[[Any, Any], None]] = {
    Start: start,
    CompleteTask: complete_task,
    DeliverMessage: deliver_message,
    DeliverSignal: deliver_signal,
    FireTimers: fire_timers,
    RetryIncident: retry_incident,
    SkipIncident: skip_incident,
    CancelInstance: cancel_instance,
    SetVariables: set_variables,
    MoveToken: repairs.move_token,
    SkipStep: skip_step,
    Suspend: repairs.suspend,
    Resume: repairs.resume,
}
