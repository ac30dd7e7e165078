"""Done, now, next: the way of a case in words, one line for each process that runs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from api.auth import actor
from api.language import gettext, say
from api.pages import names
from api.pages.names import name_of
from api.words import plain, when
from api.work import session
from engine import releases
from engine.definitions import Definitions, Process
from engine.models import ProcessInstance, Timer, UserTask
from engine.outline import Item, outline
from engine.states import RUNNING, UserTaskState
from workflows.cases import queries
from workflows.cases.models import Case

MOST_DONE, MOST_NEXT = 3, 2
# A review that waits for its day says nothing about what happens next.
BACKGROUND = frozenset({"case_lifecycle", "task_overdue", "missed_concern_sweep"})


@dataclass(frozen=True)
class Step:
    """One step of the strip."""

    words: str
    more: str = ""
    address: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One line of the strip."""

    kind: str  # "done", "now", "wait" or "next"
    title: str
    steps: list[Step] = field(default_factory=list)


def path_of(case: Case, tasks: Sequence[UserTask], visible: Collection[UUID]) -> list[Row]:
    """Return the strip of a case."""
    names.load({task.actual_owner for task in tasks if task.actual_owner})
    rows = []
    done = [Step(task.name) for task in queries.last_done(session(), actor(), case, MOST_DONE)]
    if done:
        rows.append(Row("done", gettext("Done"), done))
    instances = {i.id: i for i in queries.instances_of(session(), actor(), case)}
    for task in tasks:
        rows.append(Row("now", gettext("Now"), [_now(task, task.id in visible)]))
        instance = instances.get(task.instance_id) if task.instance_id else None
        following = _following(instance, task) if instance and _tells(instance) else []
        if following:
            rows.append(Row("next", gettext("Next"), following))
    if not tasks:
        rows += _waiting([i for i in instances.values() if _tells(i)])
    return rows or [Row("now", gettext("Now"), [Step(gettext("Nothing is open"))])]


def _tells(instance: ProcessInstance) -> bool:
    return instance.status in RUNNING and instance.process_id not in BACKGROUND


def _now(task: UserTask, visible: bool) -> Step:
    holder = name_of(task.actual_owner) if task.actual_owner else gettext("not claimed")
    if task.state == UserTaskState.SUSPENDED:
        holder = gettext("suspended")
    address = f"/tasks/{task.id}" if visible else None
    return Step(task.name, holder, address, task.due_at)


def _waiting(running: Sequence[ProcessInstance]) -> Iterable[Row]:
    """Say what is waited for when nobody has anything to do."""
    for timer in queries.waits(session(), [instance.id for instance in running])[:2]:
        instance = next(i for i in running if i.id == timer.instance_id)
        words = _element_name(instance, timer)
        yield Row("wait", gettext("Waiting"), [Step(words, when(timer.due_at))])


def _element_name(instance: ProcessInstance, timer: Timer) -> str:
    definitions = releases.definitions(session(), instance.release_id)
    for process in definitions.processes.values():
        for element in process.element.iter():
            if element.get("id") == timer.element_id:
                return element.get("name") or process.name
    return plain(instance.process_id)


def _following(instance: ProcessInstance, task: UserTask) -> list[Step]:
    """Say what comes after an open task, as far as that does not hang on its answers."""
    definitions = releases.definitions(session(), instance.release_id)
    words = next_steps(definitions, task.process_id, task.element_id)
    return [Step(each) for each in words[:MOST_NEXT]]


def next_steps(definitions: Definitions, process_id: str, element_id: str) -> list[str]:
    """Return the work that stands behind an element, up to the first question.

    What follows a question depends on its answer, so the question itself is what comes next.
    """
    process: Process | None = definitions.processes.get(process_id)
    if process is None:
        return []
    found: list[str] = []
    for item in _behind(outline(process).items, element_id) or ():
        if item.kind == "question":
            return found or [say("it depends: %(question)s", question=item.text)]
        if item.kind in ("step", "call") and item.lane not in (None, "system"):
            found.append(item.text)
    return found


def _behind(items: Sequence[Item], element_id: str) -> list[Item] | None:
    """Return the items that follow an element in the list in which it stands, and around it."""
    for place, item in enumerate(items):
        rest = list(items[place + 1 :])
        if item.element_id == element_id and item.kind != "reference":
            return rest
        for branch in item.branches:
            inner = _behind(branch.items, element_id)
            if inner is not None:
                return inner + rest
    return None
