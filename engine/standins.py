"""What a rehearsal is made of: tasks and incidents as it shows them, and stand-in operations."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from engine import operations, runtime, xml
from engine.changes import Decided, Line
from engine.definitions import Definitions
from engine.findings import Finding, Severity
from feel.calendars import Calendars

InstanceId: TypeAlias = UUID


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A user task that waits for somebody."""

    id: UUID
    element_id: str
    name: str
    lane: str | None
    instance_id: InstanceId
    due_at: datetime | None
    form: str | None = None
    potential_owners: tuple[str, ...] = ()
    excluded_owners: tuple[str, ...] = ()
    assignee: str | None = None
    priority: int = 2
    follow_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A step that failed and waits to be retried or skipped.

    ``id`` is None for a message that more than one catcher could take: it is kept from all.
    """

    id: UUID | None
    instance_id: InstanceId | None
    element_id: str
    error: str
    cause: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way, or waiting for somebody to take it."""

    name: str
    payload: Mapping[str, Any]
    correlation: Mapping[str, Any] | None


@dataclass
class Rehearsed:
    """One instance and what happened in it."""

    id: InstanceId
    process_id: str
    run: runtime.Run
    risk_rank: int = 0
    history: list[Line] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    suspended: bool = False
    signals: list["Sent"] = field(default_factory=list)  # that came while it was suspended


class StandIns:
    """The ports of a rehearsal: functions by name in place of operations."""

    def __init__(self, checked: Definitions, functions: Mapping[str, Callable[..., Any]]):
        self.functions = functions
        self.checked = checked
        self.days = Calendars(
            checked.calendars, checked.holidays, service=checked.settings.get("calendar")
        )

    def call_operation(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """Call a stand-in with keyword parameters; without one, nothing is done."""
        if name in self.functions:
            return self.functions[name](**deepcopy(dict(parameters)))
        problem = operations.registry()[name].problem_with(parameters)
        if problem:
            raise operations.WrongParameters(problem)
        return None

    def settings(self) -> Mapping[str, Any]:
        return self.checked.settings

    def calendars(self) -> Calendars:
        return self.days


def unknown_operations(
    checked: Definitions, functions: Mapping[str, Callable[..., Any]]
) -> Iterator[Finding]:
    """Yield a finding for each operation that is neither registered nor stood in for."""
    known = functions.keys() | operations.registry().keys()
    for process in checked.processes.values():
        for task in xml.bpmn_descendants(process.element, "serviceTask", "sendTask"):
            operator = xml.extension(task, "serviceTaskOperator")
            name = None if operator is None else operator.get("id")
            if name is not None and name not in known:
                yield Finding(
                    "unknown_operation",
                    Severity.CANNOT_EXECUTE,
                    f"{xml.label(task)} calls the operation '{name}', which does not exist.",
                    "Correct its name, or give the rehearsal a stand-in for it.",
                    process.file,
                    task.get("id"),
                    xml.line(task),
                )
