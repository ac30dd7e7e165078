"""Moving one instance: commands in, changes out, and the drive loop between.

One step at a time. Before each: conditions that have become true, timers that are due, joins that
nothing can reach any more; then the oldest token that nobody has to wait for. A step that fails
parks its token as an incident and the others go on. Budgets bound what one unit of work may do.
"""

import heapq
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import feel
from engine import codec
from engine.changes import (
    ArmedSubscription,
    ArmedTimer,
    Changes,
    Command,
    OpenedTask,
    Step,
)
from engine.core import gateways, propagation, standing
from engine.core.commands import COMMANDS
from engine.core.failures import ErrorThrown, StepFailed
from engine.core.moves import Moves, is_due, is_open_task
from engine.core.nodes import ScopeSpec
from engine.core.recorder import Recorder, opened_task, subscription, timer
from engine.core.refusals import InstanceEnded, TaskNotOpen
from engine.core.repeats import MultiInstance
from engine.core.standing import Standing, Target
from engine.core.states import FUTURE, WAITING
from engine.core.tokens import Instance, Token, compact, live
from engine.core.triggers import Arm, arms_of
from engine.core.variables import snapshot
from engine.decisions import DecisionError, DecisionModel, DecisionResult
from engine.expressions import value_of
from engine.operations import BusinessError
from feel import temporal

if TYPE_CHECKING:
    from engine.definitions import Definitions

logger = logging.getLogger(__name__)

MAX_STEPS = 500
MAX_SECONDS = 2.0  # of this thread's work: waiting for a busy machine is no fault of a diagram
DEFAULT_ZONE = "Europe/London"  # of wall-clock times in diagrams, unless the settings name one


class Run(Moves):
    """One instance that can be moved. ``step`` is the unit of work under way."""

    compacting = True  # off only to show that it makes no difference

    def __init__(
        self, definitions: "Definitions", instance: Instance, specs: Callable[[str], ScopeSpec]
    ):
        zone = temporal.named_zone(str(definitions.settings.get("zone", DEFAULT_ZONE)))
        super().__init__(definitions, instance, zone or ZoneInfo(DEFAULT_ZONE))
        self.specs = specs
        instance.moved_by = self

    # -- what the shell asks ------------------------------------------------------------------

    def apply(self, command: Command, step: Step) -> Changes:
        """Carry out one command and drive until only people and events are left to wait for.

        While the instance is suspended (``step.holds``) the command is all that happens.
        """
        self.step = step
        self.recorder = Recorder()
        self.recorder.remember(list(self.waiting()))
        self.written = {}
        self.timers_due = self.conditions_due = True
        self.changes.risk_rank = self.instance.risk_rank
        if self.instance.has_ended:
            raise InstanceEnded
        COMMANDS[type(command)](self, command)
        return self.conclude()

    def conclude(self) -> Changes:
        """Drive on, unless the instance is held, and say what has changed."""
        if not self.step.holds:
            self.drive()
        self.weigh_process()
        if self.compacting:
            compact(self.instance)
        return self.recorder.finished()

    def rest(self) -> None:
        """Let go of the unit of work that has moved it: what is kept holds no session."""
        self.__dict__.pop("step", None)
        self.recorder = Recorder()

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the process (not of called ones)."""
        return dict(self.instance.data)

    @property
    def ended(self) -> bool:
        return self.instance.has_ended

    def task_variables(self, task_id: UUID) -> dict[str, Any]:
        """All that an open task sees: its own scope first, then outwards."""
        return snapshot(self.open_task(task_id))

    def open_task(self, task_id: UUID) -> Token:
        token = self.instance.find(task_id)
        if token is None or not is_open_task(token):
            raise TaskNotOpen
        return token

    def open_tasks(self) -> list[OpenedTask]:
        return [
            opened_task(token, self.definitions) for token in self.by_age() if is_open_task(token)
        ]

    def timers(self) -> list[ArmedTimer]:
        return [timer(token, arm) for token, arm in self.arms("timer")]

    def subscriptions(self) -> list[ArmedSubscription]:
        return [subscription(token, arm) for token, arm in self.arms("message", "signal")]

    def standing(self) -> list[Standing]:
        """Where it stands, for whoever repairs it: every token that waits, oldest first."""
        return standing.standing(self)

    def targets(self, token_id: UUID) -> list[Target]:
        """Where a token of `standing` may be moved to."""
        token = self.instance.find(token_id)
        return standing.targets_of(token) if token is not None and token.is_live else []

    def state(self) -> bytes:
        """Return what is alive, packed; `engine.runtime.restore` turns it back into a run."""
        return codec.pack(self.instance, self.definitions.sha256)

    def by_age(self) -> list[Token]:
        return sorted(self.instance.tokens(), key=lambda token: token.seq)

    def arms(self, *kinds: str) -> list[tuple[Token, Arm]]:
        return [
            (token, arm)
            for token in self.waiting()
            for arm in arms_of(token)
            if arm["kind"] in kinds and not arm.get("hit")
        ]

    def wake(self) -> None:
        """Find again, after restoring, what waits and what is due."""
        for token in self.instance.tokens():
            if arms_of(token):
                self.instance.event_manager.add_task(token)
            if hasattr(token.task_spec, "settle") and token._state == WAITING:
                self.settling.append(token)
            if "unkeyed" in token.internal_data:
                self.unkeyed.append(token)
            if is_due(token):
                self.push(token)

    # -- driving --------------------------------------------------------------------------------

    def drive(self) -> None:
        taken, started = 0, time.thread_time()
        while not self.instance.has_ended:
            self.let_events_happen()
            token = self.next_due()
            if token is None:
                break
            if taken >= MAX_STEPS or time.thread_time() - started > MAX_SECONDS:
                self.park(token, out_of_budget(token))
                continue
            taken += counts(token)
            self.attempt(token)
        if not self.instance.has_ended:
            self.look_for_stuck_joins()

    def let_events_happen(self) -> None:
        while True:
            if self.conditions_due:
                self.conditions_due = False
                propagation.arm_late(self)
                propagation.weigh_conditions(self)
            elif self.timers_due:
                self.timers_due = False
                self.fire_due()
            elif not (self.settling and self.settle_joins()):
                return

    def fire_due(self) -> None:
        """Fire what is due, in the order of due times, then of age."""
        while True:
            due = [
                (arm["due"], token.seq, index, token, arm)
                for token in self.waiting()
                for index, arm in enumerate(arms_of(token))
                if arm["kind"] == "timer" and arm["due"] <= self.step.now and not arm.get("hit")
            ]
            if not due or self.instance.has_ended:
                return
            *_, token, arm = min(due, key=lambda each: each[:3])
            propagation.happened(token, arm)

    def settle_joins(self) -> bool:
        """Let inclusive joins go on that nothing can reach any more; say whether one did."""
        waiting = [token for token in self.settling if token._state == WAITING]
        self.settling = sorted(waiting, key=lambda token: token.seq)
        for token in self.settling:
            try:
                if not token.incident and token.task_spec.settle(token):
                    self.push(token)
                    return True
            except StepFailed as failure:
                self.park(token, failure)
        return False

    def next_due(self) -> Token | None:
        while self.queue:
            token = heapq.heappop(self.queue)[3]
            if is_due(token):
                return token
        return None

    def look_for_stuck_joins(self) -> None:
        for scope in self.instance.scopes():
            holding = [token for token in live(scope) if not token.is_armed_start]
            if gateways.is_stuck(holding):
                label = holding[0].task_spec.drawn.label
                self.park(
                    holding[0],
                    StepFailed("StuckJoin", f"'{label}' waits for a path that can no longer come."),
                )

    def weigh_process(self) -> None:
        """Evaluate what the process says about itself: its risk and whom it is about."""
        process = self.definitions.processes[self.instance.spec.process_id]
        rank = self.property_of(process.properties.get("riskRank"))
        key = self.property_of(process.properties.get("businessKey"))
        try:
            self.instance.risk_rank = int(rank) if rank is not None else self.instance.risk_rank
            self.instance.business_key = UUID(str(key)) if key else self.instance.business_key
        except (TypeError, ValueError) as error:
            logger.warning("process %s: a property is no value: %s", process.id, error)
        self.changes.risk_rank = self.instance.risk_rank
        self.changes.business_key = self.instance.business_key

    def property_of(self, text: str | None) -> Any:
        if not text:
            return None
        try:
            return value_of(self.instance.task_tree, text)
        except StepFailed as failure:
            logger.warning("a property of %s: %s", self.instance.spec.process_id, failure)
            return None

    # -- what nodes ask of the shell ------------------------------------------------------------

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Call an operation through the port; its faults become incidents that name it."""
        try:
            return self.step.ports.call_operation(operation, parameters)
        except BusinessError as error:
            raise ErrorThrown(error.code, error.message, operation) from error
        except Exception as error:  # whatever it was, the others go on
            logger.exception("operation %s failed", operation)
            raise StepFailed(
                type(error).__name__, f"The operation '{operation}' failed.", operation
            ) from error

    def decide(self, token: Token, decision: str) -> tuple[DecisionModel, DecisionResult]:
        """Evaluate a decision on what the token sees; raises `StepFailed`."""
        model = self.definitions.decisions.get(decision)
        if model is None:
            raise StepFailed("NoDecision", f"There is no decision '{decision}'.")
        ports = self.step.ports
        inputs = {"settings": ports.settings(), **snapshot(token)}
        try:
            result = model.evaluate(decision, inputs, now=self.step.now, calendars=ports.calendars)
        except (DecisionError, feel.FeelError) as error:
            raise StepFailed(type(error).__name__, str(error)) from error
        return model, result

    def spec_of(self, process_id: str) -> ScopeSpec:
        """Return the spec of a called process; raises `StepFailed`."""
        if process_id not in self.definitions.processes:
            return super().spec_of(process_id)
        return self.specs(process_id)


def counts(token: Token) -> bool:
    """Whether a step counts towards the budget.

    Every arrival at a node does, except that of an instance of a multi-instance activity, of which
    there is a limited number anyway.
    """
    if token._state != FUTURE:
        return False
    parent = token.parent if token.triggered else None
    return parent is None or not isinstance(parent.task_spec, MultiInstance)


def out_of_budget(token: Token) -> StepFailed:
    return StepFailed(
        "BudgetExceeded",
        f"The process took {MAX_STEPS} steps at once, or {MAX_SECONDS:g} seconds, without coming "
        f"to a task or event; it stopped before '{token.task_spec.drawn.label}'.",
    )
