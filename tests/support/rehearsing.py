"""Running the diagrams of `diagrams` in tests."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from diagrams import diagram, process

from engine.changes import Step
from engine.definitions import Definitions, hash_of, read_diagrams, read_processes
from engine.files import load
from engine.rehearsal import Rehearsal

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def rehearse(
    *inside: str,
    flows: str = "",
    operations: Mapping[str, Callable[..., Any]] | None = None,
    others: tuple[str, ...] = (),
    defs: str = "",
    files: Mapping[str, str] | None = None,
    now: datetime = NOW,
    **props: str,
) -> Rehearsal:
    """Rehearse one process ``p`` of these elements, with ``others`` beside it in the file."""
    drawn = diagram(process(*inside, flows=flows, **props), *others, defs=defs)
    return Rehearsal({"p.bpmn": drawn, **(files or {})}, now, operations)


def names(rehearsal: Rehearsal) -> list[str]:
    """Element ids of the open tasks."""
    return [task.element_id for task in rehearsal.open_tasks()]


def do(rehearsal: Rehearsal, element_id: str, **data: Any) -> None:
    """Complete the oldest open task of an element."""
    found = next(task for task in rehearsal.open_tasks() if task.element_id == element_id)
    rehearsal.complete(found.id, data)


class NoPorts:
    """The ports of a process that asks nobody anything."""

    def call_operation(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        raise LookupError(name)

    def settings(self) -> Mapping[str, Any]:
        return {}

    def calendars(self) -> None:
        return None


def step(now: datetime = NOW) -> Step:
    return Step(now, "amina", NoPorts())


def not_linted(*inside: str, flows: str, others: tuple[str, ...] = ()) -> Definitions:
    """Definitions as they would be if the linter had let them pass."""
    return of_text(diagram(process(*inside, flows=flows), *others))


def of_text(text: str) -> Definitions:
    """The same for a whole diagram."""
    loaded = load({"p.bpmn": text})
    (drawn,) = read_diagrams(loaded)
    return Definitions(
        sha256=hash_of(loaded.files),
        files=loaded.files,
        processes={made.id: made for made in read_processes(loaded, drawn)},
        decisions={},
        decision_files={},
        forms={},
        calendars={},
        holidays={},
        role_sets={},
        settings={},
        scenarios={},
    )
