"""Rehearsing a release in memory, with a clock that can be moved: no database, no people.

    rehearsal = Rehearsal({"first_contact.bpmn": xml}, now=datetime(2026, 3, 2, 9, tzinfo=UTC))
    instance = rehearsal.start("first_contact", {"risk_level": "high"})
    rehearsal.complete(rehearsal.open_tasks()[0].id, {"safe_to_call": True})
    rehearsal.advance(timedelta(hours=2))
    assert rehearsal.trace(instance) == ["start_contact", "task_assess_risk"]

It runs on the same core as the product, so a scenario, a conformance suite or a studio sees what
an instance in the database would do. Messages and signals travel between the instances of one
rehearsal; a message that nobody waits for is kept until somebody does.
"""

from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from engine import definitions, runtime
from engine.changes import (
    WHILE_SUSPENDED,
    ArmedSubscription,
    ArmedTimer,
    Changes,
    Command,
    CompleteTask,
    Decided,
    DeliverMessage,
    DeliverSignal,
    FireTimers,
    Line,
    Repair,
    Resume,
    RetryIncident,
    SetVariables,
    SkipIncident,
    Start,
    Step,
    Suspend,
)
from engine.core.standing import Standing
from engine.correlation import as_mapping, fits
from engine.definitions import Definitions, ReleaseRefused
from engine.operations import BusinessError
from engine.standins import (
    Incident,
    InstanceId,
    OpenTask,
    Rehearsed,
    Sent,
    StandIns,
    unknown_operations,
)

__all__ = ["BusinessError", "Incident", "OpenTask", "Rehearsal", "ReleaseRefused"]

MOST_DELIVERIES = 2_000  # at one go: processes that answer each other for ever are stopped


class Rehearsal:
    """A release, its instances, and a clock. Raises `ReleaseRefused` with every finding."""

    def __init__(
        self,
        files: Mapping[str, str | bytes] | Definitions,
        now: datetime,
        operations: Mapping[str, Callable[..., Any]] | None = None,
    ):
        """``files`` may have been checked before: a release is rehearsed many times."""
        functions = dict(operations or {})
        checked = files if isinstance(files, Definitions) else definitions.check(files)
        missing = list(unknown_operations(checked, functions))
        if missing:
            raise ReleaseRefused([*checked.findings, *missing])
        self.definitions = checked
        self._ports = StandIns(self.definitions, functions)
        self._now = in_utc(now)
        self._instances: dict[InstanceId, Rehearsed] = {}
        self._active: dict[InstanceId, Rehearsed] = {}  # those that have not ended
        self._trace: list[tuple[InstanceId, str]] = []
        self._incidents: dict[UUID, Incident] = {}
        self._ambiguous: list[Incident] = []
        self._sent: deque[tuple[str, InstanceId | None, Sent]] = deque()  # not looked at yet
        self._sent_once: set[str] = set()  # messages to which a process has given an id
        self._inbox: list[Sent] = []  # looked at, and nobody waited

    # -- doing ----------------------------------------------------------------------------------

    def start(self, process_id: str, data: Mapping[str, Any] | None = None) -> InstanceId:
        """Start a process at its none start event, else at its only event start.

        ``data`` are its first variables. Raises `runtime.NoSuchProcess`, `runtime.NoSuchStart`.
        """
        instance_id = self._start(Start(process_id, data or {}))
        self._deliver()
        return instance_id

    def complete(self, task_id: UUID | str, data: Mapping[str, Any] | None = None) -> None:
        """Complete an open task with ``data`` as variables. Raises `runtime.TaskNotOpen`."""
        id = UUID(str(task_id))
        for rehearsed in self._active.values():
            if any(task.task_id == id for task in rehearsed.run.open_tasks()):
                self._apply(rehearsed, CompleteTask(id, data or {}))
                self._deliver()
                return
        raise runtime.TaskNotOpen

    def advance(self, by: timedelta) -> None:
        """Let time pass; every timer fires at its own instant."""
        self.advance_to(self._now + by)

    def advance_to(self, at: datetime) -> None:
        """Let time pass until ``at``: timers fire in order of due time, then of risk."""
        until = in_utc(at)
        if until < self._now:
            raise ValueError(f"{at} lies before the rehearsal's present, {self._now}")
        while (due := self._next_due()) is not None and due[0] <= until:
            self._now = max(self._now, due[0])
            self._apply(due[1], FireTimers())
            self._deliver()
        self._now = until

    def send_message(
        self, name: str, payload: Mapping[str, Any] | None = None, correlation: Any = None
    ) -> list[InstanceId]:
        """Send a message from outside; return the ids of the instances it started or resumed.

        ``correlation`` is a mapping, or the bare value of a key of one name. It goes to exactly one
        catcher, or starts a process, or is kept until somebody waits for it.
        """
        sent = Sent(name, payload or {}, as_mapping(correlation))
        taken = self._message(sent)
        self._deliver()
        return taken

    def send_signal(self, name: str, payload: Mapping[str, Any] | None = None) -> list[InstanceId]:
        """Send a signal to everybody who waits for it now; return whom it started or resumed."""
        taken = self._signal(None, Sent(name, payload or {}, None))
        self._deliver()
        return taken

    def set_variables(self, instance_id: InstanceId, data: Mapping[str, Any]) -> None:
        """Set variables of an instance by hand; conditions that become true fire."""
        self._apply(self._instances[instance_id], SetVariables(data))
        self._deliver()

    def retry(self, incident_id: UUID) -> None:
        """Run a failed step again."""
        incident = self._incidents[incident_id]
        self._apply(self._of(incident), RetryIncident(incident_id))
        self._deliver()

    def skip(self, incident_id: UUID, data: Mapping[str, Any] | None = None) -> None:
        """Go on behind a failed step, with ``data`` as variables set by hand."""
        incident = self._incidents[incident_id]
        self._apply(self._of(incident), SkipIncident(incident_id, data or {}))
        self._deliver()

    def repair(self, instance_id: InstanceId, command: Repair) -> None:
        """Suspend, resume, move a token, skip a step, correct a value or end: see `standing`."""
        rehearsed = self._instances[instance_id]
        self._apply(rehearsed, command)
        if isinstance(command, Resume):
            while rehearsed.signals and not rehearsed.run.ended:
                sent = rehearsed.signals.pop(0)
                self._apply(rehearsed, DeliverSignal(sent.name, content(sent)))
            self._look_again()
        self._deliver()

    # -- looking --------------------------------------------------------------------------------

    def standing(self, instance_id: InstanceId) -> list[Standing]:
        """Where an instance stands: what `repair` can move or pass over."""
        return self._instances[instance_id].run.standing()

    @property
    def now(self) -> datetime:
        return self._now

    def instances(self) -> list[InstanceId]:
        """Every instance, in the order of their starts."""
        return list(self._instances)

    def process_of(self, instance_id: InstanceId) -> str:
        return self._instances[instance_id].process_id

    def open_tasks(self) -> list[OpenTask]:
        """Tasks that wait for somebody: by instance, then by age."""
        return [
            OpenTask(
                id=task.task_id,
                element_id=task.element_id,
                name=task.name,
                lane=task.lane,
                instance_id=rehearsed.id,
                due_at=task.due_at,
                form=task.form,
                potential_owners=task.potential_owners,
                excluded_owners=task.excluded_owners,
                assignee=task.assignee,
                priority=task.priority,
                follow_up_at=task.follow_up_at,
            )
            for rehearsed in self._active.values()
            for task in rehearsed.run.open_tasks()
        ]

    def task_variables(self, task_id: UUID) -> dict[str, Any]:
        """All that an open task sees. Raises `runtime.TaskNotOpen`."""
        for rehearsed in self._active.values():
            if any(task.task_id == task_id for task in rehearsed.run.open_tasks()):
                return deepcopy(rehearsed.run.task_variables(task_id))
        raise runtime.TaskNotOpen

    def timers(self, instance_id: InstanceId) -> list[ArmedTimer]:
        return self._instances[instance_id].run.timers()

    def subscriptions(self, instance_id: InstanceId) -> list[ArmedSubscription]:
        return self._instances[instance_id].run.subscriptions()

    def has_ended(self, instance_id: InstanceId) -> bool:
        return self._instances[instance_id].run.ended

    def variables(self, instance_id: InstanceId) -> dict[str, Any]:
        """The variables of the process, as a copy."""
        return deepcopy(self._instances[instance_id].run.variables)

    def trace(self, instance_id: InstanceId | None = None) -> list[str]:
        """Ids of the flow nodes that were completed, in that order; of all instances without an id.

        Every inner instance of a repeated activity counts once; what was cancelled does not.
        """
        return [
            element_id for id, element_id in self._trace if instance_id is None or id == instance_id
        ]

    def history(self, instance_id: InstanceId) -> list[Line]:
        return list(self._instances[instance_id].history)

    def decisions(self, instance_id: InstanceId) -> list[Decided]:
        """What decision tables were asked and what they answered, in order."""
        return list(self._instances[instance_id].decided)

    def incidents(self) -> list[Incident]:
        """Failed steps that nobody has settled yet, in order, then messages without one taker."""
        return [*self._incidents.values(), *self._ambiguous]

    def waiting_messages(self) -> list[str]:
        """Names of messages that nobody has taken yet."""
        return [sent.name for sent in self._inbox]

    # -- inside ---------------------------------------------------------------------------------

    def _start(self, command: Start) -> InstanceId:
        run, changes = runtime.start(self.definitions, command, self._step())
        rehearsed = Rehearsed(uuid4(), command.process_id, run)
        self._instances[rehearsed.id] = self._active[rehearsed.id] = rehearsed
        self._take(rehearsed, changes)
        return rehearsed.id

    def _apply(self, rehearsed: Rehearsed, command: Command) -> None:
        if rehearsed.suspended and not isinstance(command, WHILE_SUSPENDED):
            raise runtime.InstanceSuspended
        is_held = rehearsed.suspended or isinstance(command, Suspend)
        rehearsed.suspended = is_held and not isinstance(command, Resume)
        step = self._step(rehearsed.suspended)
        self._take(rehearsed, rehearsed.run.apply(command, step))

    def _step(self, holds: bool = False) -> Step:
        return Step(self._now, None, self._ports, holds)

    def _take(self, rehearsed: Rehearsed, changes: Changes) -> None:
        """Keep what a command changed; what was thrown is delivered afterwards."""
        rehearsed.risk_rank = changes.risk_rank
        if changes.ended:
            self._active.pop(rehearsed.id, None)
        rehearsed.history += changes.history
        rehearsed.decided += changes.decided
        self._trace += [
            (rehearsed.id, line.element_id)
            for line in changes.history
            if line.transition == "complete" and line.element_id is not None
        ]
        for failed in changes.failed:
            self._incidents[failed.incident_id] = Incident(
                failed.incident_id,
                rehearsed.id,
                failed.element_id,
                failed.error,
                failed.cause,
                failed.operation,
            )
        for incident_id in changes.resolved:
            self._incidents.pop(incident_id, None)
        for thrown in changes.thrown:
            if thrown.kind == "message" and thrown.message_id in self._sent_once:
                continue
            if thrown.message_id is not None:
                self._sent_once.add(thrown.message_id)
            sent = Sent(thrown.name, thrown.payload, thrown.correlation)
            self._sent.append((thrown.kind, rehearsed.id, sent))
        if changes.subscriptions_armed:
            self._look_again()

    def _look_again(self) -> None:
        """Somebody waits for something new: kept messages have another chance, the oldest first."""
        self._sent.extend(("message", None, sent) for sent in self._inbox)
        self._inbox = []

    def _deliver(self) -> None:
        """Bring what was thrown to whom it is for, in the order in which it was thrown."""
        for _ in range(MOST_DELIVERIES):
            if not self._sent:
                return
            kind, origin, sent = self._sent.popleft()
            if kind == "message":
                self._message(sent)
            else:
                self._signal(origin, sent)
        raise RuntimeError(f"more than {MOST_DELIVERIES:,} messages without a pause")

    def _message(self, sent: Sent) -> list[InstanceId]:
        waiting = self._catchers("message", sent)
        starts = self._starts("message", sent.name)
        if len(waiting) == 1 and not waiting[0][0].suspended:
            rehearsed, catcher = waiting[0]
            payload = content(sent)
            self._apply(rehearsed, DeliverMessage(catcher.subscription_id, sent.name, payload))
            return [rehearsed.id]
        if len(waiting) > 1 or len(starts) > 1:
            cause = f"More than one could take the message '{sent.name}'."
            self._ambiguous.append(Incident(None, None, sent.name, "AmbiguousMessage", cause))
            return []
        if starts and not waiting:
            process_id, element_id = starts[0]
            return [self._start(Start(process_id, content(sent), element_id))]
        self._inbox.append(sent)
        return []

    def _signal(self, origin: InstanceId | None, sent: Sent) -> list[InstanceId]:
        """Its thrower's own catchers have it already."""
        waiting = self._catchers("signal", sent)
        taken = list(dict.fromkeys(rehearsed.id for rehearsed, _ in waiting))
        taken = [id for id in taken if id != origin]
        for id in taken:
            if id in self._active and self._active[id].suspended:
                self._active[id].signals.append(sent)
            elif id in self._active:
                self._apply(self._active[id], DeliverSignal(sent.name, content(sent)))
        for process_id, element_id in self._starts("signal", sent.name):
            taken.append(self._start(Start(process_id, content(sent), element_id)))
        return taken

    def _catchers(self, kind: str, sent: Sent) -> list[tuple[Rehearsed, ArmedSubscription]]:
        return [
            (rehearsed, catcher)
            for rehearsed in self._active.values()
            for catcher in rehearsed.run.subscriptions()
            if catcher.kind == kind
            and catcher.name == sent.name
            and fits(catcher.correlation, sent.correlation, sent.payload)
        ]

    def _starts(self, kind: str, name: str) -> list[tuple[str, str]]:
        return [
            (process.id, start.element_id)
            for process in self.definitions.processes.values()
            for start in process.starts
            if start.kind == kind and start.name == name
        ]

    def _next_due(self) -> tuple[datetime, Rehearsed] | None:
        due = [
            (timer.due_at, -rehearsed.risk_rank, index, rehearsed)
            for index, rehearsed in enumerate(self._active.values())
            if not rehearsed.suspended
            for timer in rehearsed.run.timers()
        ]
        if not due:
            return None
        first = min(due, key=lambda each: each[:3])
        return first[0], first[3]

    def _of(self, incident: Incident) -> Rehearsed:
        if incident.instance_id is None:
            raise runtime.IncidentNotOpen
        return self._instances[incident.instance_id]


def content(sent: Sent) -> dict[str, Any]:
    """The payload, with the key by which it was sent beside it."""
    return {**{k: v for k, v in (sent.correlation or {}).items() if k}, **sent.payload}


def in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return at.astimezone(UTC)
