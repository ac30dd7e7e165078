"""Lines of an instance's history, in the words of XES: what the core says, and what people do."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from engine import payloads
from engine.changes import Changes, ClosedTask, Line, OpenedTask
from engine.deeds import Deed, Held

BY_PEOPLE = ("userTask", "manualTask")
ENDINGS = ("complete", "skip", "withdraw")
Task = TypeVar("Task", OpenedTask, ClosedTask)


def of_step(held: Held, changes: Changes, deed: Deed) -> Iterator[Mapping[str, Any]]:
    """Yield all that is to be said of one step, in the order in which it happened."""
    yield from deed.lines
    completed = deed.completed
    opened, closed = list(changes.tasks_opened), list(changes.tasks_closed)
    for line in changes.history:
        payload = _line(line, deed.by)
        if line.element_id is None and line.transition == "start":
            payload |= {"process": held.process_id, "release": held.release_id}
        elif line.kind in BY_PEOPLE and line.transition == "schedule":
            payload |= _offer(_next_of(opened, line))
        elif line.kind in BY_PEOPLE and line.transition in ENDINGS:
            payload |= _about_task(_next_of(closed, line))
            if completed is not None and payload.get("task") == completed["task"]:
                payload, completed = {**completed, **payload}, None
        yield payload
    if completed is not None:
        yield completed  # what came next failed within the task: the core says more when it goes on
    for task in changes.tasks_opened:
        if task.assignee:
            about = {"task": task.task_id}
            yield task_line(task.name, task.element_id, "assign", task.assignee, **about)


def _next_of(tasks: list[Task], line: Line) -> Task | None:
    """Take the task that a line is about out of ``tasks``: the core tells both in one order."""
    for place, task in enumerate(tasks):
        if task.element_id == line.element_id:
            return tasks.pop(place)
    return None


def _about_task(task: OpenedTask | ClosedTask | None) -> dict[str, Any]:
    return {"task": task.task_id} if task is not None else {}


def _offer(task: OpenedTask | None) -> dict[str, Any]:
    if task is None:
        return {}
    offered = {"task": task.task_id, "org_role": task.potential_owners}
    return offered | ({"due_at": task.due_at} if task.due_at else {})


def _line(line: Line, by: str) -> dict[str, Any]:
    """Return a line of the core. Automatic steps are nobody's deed."""
    payload = {
        "concept_name": line.name,
        "lifecycle_transition": line.transition,
        "kind": line.kind,
    }
    if line.element_id is not None:
        payload["element"] = line.element_id
    by_a_person = line.element_id is None or line.kind in (*BY_PEOPLE, "repair")
    if by_a_person and line.transition != "schedule":
        payload["org_resource"] = by
    if line.data:
        payload["data"] = payloads.to_json(line.data)
    return payload


def task_line(name: str, element_id: str, transition: str, by: str, **more: Any) -> dict[str, Any]:
    """Return a line about a user task that the core does not know of: assign, reassign, ..."""
    return {
        "concept_name": name,
        "lifecycle_transition": transition,
        "kind": "userTask",
        "element": element_id,
        "org_resource": by,
        **{key: value for key, value in more.items() if value is not None},
    }
