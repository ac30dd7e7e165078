"""What events wait for and throw, and how waiting is kept.

A *trigger* is an event definition of the diagram. An *arm* is one trigger waiting in one token:
a plain dict in ``token.internal_data["arms"]`` that is stored with it. Its ``id`` is what timer
and subscription rows are called: the token's own id for the first trigger, a derived one for
others, so that it is unique and survives restoring.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition

from engine.core import timing
from engine.core.failures import StepFailed
from engine.core.variables import checked, visible
from engine.expressions import context_of, value_of

if TYPE_CHECKING:
    from engine.core.tokens import Token

Arm = dict[str, Any]


class Trigger(EventDefinition):
    """One event definition. Compared by identity: two events may wait for the same thing."""

    kind = "none"
    is_armed = False  # whether something waits for it between two steps
    result_variable: str | None = None  # catch: the payload under one name, not entry by entry

    def arm(self, token: "Token") -> Arm:
        """Return what is kept while the trigger waits; raises `StepFailed`."""
        return {}

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = EventDefinition.__hash__ or object.__hash__


class TimerTrigger(Trigger):
    """``form`` is timeDate, timeDuration or timeCycle; ``text`` a literal or FEEL."""

    kind = "timer"
    is_armed = True

    def __init__(self, form: str, text: str, what: str):
        super().__init__(name=form)
        self.form = form
        self.text = text
        self.what = what  # how messages call it

    def arm(self, token: "Token") -> Arm:
        run = token.run_of
        now, zone = run.step.now, run.zone
        value = self.text if timing.is_literal(self.text) else value_of(token, self.text)
        cycle = timing.parse_cycle(value, now, zone) if isinstance(value, str) else None
        if cycle is not None:
            return {"kind": "timer", "due": cycle.first, "cycle": packed(cycle), "count": 0}
        if self.form == "timeCycle" and not isinstance(value, str):
            # FEEL gives a duration where the diagram asks for a cycle: every so often, for ever
            duration = timing.duration_of(value)
            if duration is not None and duration.is_positive:
                endless = timing.Cycle(duration.after(now, zone), duration, None, now)
                return {"kind": "timer", "due": endless.first, "cycle": packed(endless), "count": 0}
        return {"kind": "timer", "due": timing.due_at(value, now, zone, self.what)}


def packed(cycle: timing.Cycle) -> dict[str, Any]:
    return {
        "first": cycle.first,
        "months": cycle.period.months,
        "rest": cycle.period.rest,
        "left": cycle.left,
        "anchor": cycle.anchor,
    }


def unpacked(kept: Mapping[str, Any]) -> timing.Cycle:
    period = timing.Duration(kept["months"], kept["rest"])
    return timing.Cycle(kept["first"], period, kept["left"], kept["anchor"])


def rearm_cycle(arm: Arm, now: datetime, zone: tzinfo) -> tuple[bool, int]:
    """Move a timer that fires to its next firing after ``now``.

    Returns whether it goes on, and how many firings were missed: those that came due while
    nobody looked count as one (trap 27).
    """
    if "cycle" not in arm:
        return False, 0
    cycle, fired = unpacked(arm["cycle"]), arm["count"]
    due, count = timing.next_firing(cycle, fired + 1, now, zone)
    if cycle.left is not None and count >= cycle.left:
        return False, cycle.left - fired - 1
    arm["due"], arm["count"] = due, count
    return True, count - fired - 1


@dataclass(frozen=True, slots=True)
class Keys:
    """How a message or signal finds its instance.

    ``names``: variables of these names make the key (our property ``correlationKey``).
    ``retrievals``: the standard's correlation properties, name to FEEL over the payload; the
    receiver's key is its variables of the same names, as far as they have a value yet.
    """

    names: tuple[str, ...] = ()
    retrievals: Mapping[str, str] = field(default_factory=dict)

    def of_catcher(self, token: "Token") -> dict[str, Any] | None:
        seen = visible(token)
        key = {name: seen.get(name) for name in self.names}
        missing = [name for name, value in key.items() if value is None]
        if missing:
            raise StepFailed(
                "MissingCorrelation",
                f"The variable '{missing[0]}', which says for whom the message is, has no value.",
            )
        for name in self.retrievals:
            if seen.get(name) is not None:
                key[name] = seen.get(name)
        return key or None

    def of_thrower(self, token: "Token", payload: Mapping[str, Any]) -> dict[str, Any] | None:
        key = self.of_catcher(token) if self.names else {}
        key = key or {}
        for name, text in self.retrievals.items():
            value = checked(value_of(token, text, payload), name)
            if value is not None:
                key[name] = value
        return key or None


class MessageTrigger(Trigger):
    """A message by its name. ``payload`` is FEEL for a context (throwers)."""

    kind = "message"
    is_armed = True

    def __init__(
        self,
        name: str,
        keys: Keys,
        payload: str | None = None,
        result_variable: str | None = None,
    ):
        super().__init__(name=name)
        self.keys = keys
        self.payload = payload
        self.result_variable = result_variable

    def arm(self, token: "Token") -> Arm:
        return {"kind": self.kind, "name": self.name, "key": self.keys.of_catcher(token)}

    def content(self, token: "Token") -> dict[str, Any]:
        """Return what is sent along."""
        if not self.payload:
            return {}
        return context_of(token, self.payload, f"The payload of '{self.name}'")


class SignalTrigger(MessageTrigger):
    """A signal by its name; a catcher with keys takes only those whose payload has its values."""

    kind = "signal"

    def content(self, token: "Token") -> dict[str, Any]:
        key = self.keys.of_thrower(token, {}) or {}
        return {**key, **super().content(token)}


class ConditionTrigger(Trigger):
    """Fires when its FEEL condition changes from not-true to true; true at once counts."""

    kind = "condition"
    is_armed = True

    def __init__(self, text: str):
        super().__init__(name=text)
        self.text = text

    def arm(self, token: "Token") -> Arm:
        return {"kind": "condition", "last": False}


class CodeTrigger(Trigger):
    """An error or escalation. ``code`` None: catches every one."""

    def __init__(self, kind: str, code: str | None, result_variable: str | None = None):
        super().__init__(name=code)
        self.kind = kind
        self.code = code
        self.result_variable = result_variable


class EndTrigger(Trigger):
    """terminate, cancel: what an end event does to its scope."""

    def __init__(self, kind: str):
        super().__init__(name=kind)
        self.kind = kind


class CompensateTrigger(Trigger):
    """``activity`` None: everything in the scope. ``waits``: the event ends when that is done."""

    kind = "compensate"

    def __init__(self, activity: str | None, waits: bool):
        super().__init__(name=activity)
        self.activity = activity
        self.waits = waits


def arm_all(token: "Token", triggers: "tuple[Trigger, ...]") -> None:
    """Let every trigger of a node wait in ``token``; raises `StepFailed` before anything waits."""
    armed = [(trigger, trigger.arm(token)) for trigger in triggers if trigger.is_armed]
    arms = []
    for index, (trigger, arm) in enumerate(armed):
        arm["id"] = token.id if index == 0 else uuid5(token.id, str(index))
        arm["trigger"] = triggers.index(trigger)
        arms.append(arm)
    token.internal_data["arms"] = arms
    token.run_of.armed(token)


def arms_of(token: "Token") -> list[Arm]:
    return token.internal_data.get("arms", [])
