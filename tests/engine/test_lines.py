"""Lines of history: what the core says and what a person did come together."""

from datetime import UTC, datetime
from uuid import uuid4

from engine import lines
from engine.changes import Changes, ClosedTask, Line
from engine.deeds import Deed, Held

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HELD = Held(uuid4(), uuid4(), None, None, uuid4(), "p", "active", 3, 0)
TASK = uuid4()
COMPLETED = lines.task_line("Call", "task_call", "complete", "amina", task=TASK, form_id="call")


def closing(**data: object) -> Changes:
    changes = Changes()
    changes.tasks_closed.append(ClosedTask(TASK, "task_call", "completed", None))
    if data:
        changes.history.append(Line("task_call", "Call", "complete", "userTask", data))
    return changes


def test_what_is_said_of_a_completion_stands_on_its_line() -> None:
    (line,) = lines.of_step(HELD, closing(set={"reached": [None, True]}), deed())
    assert line == COMPLETED | {"data": {"set": {"reached": [None, True]}}}


def test_a_completion_whose_step_failed_after_it_is_said_all_the_same() -> None:
    assert list(lines.of_step(HELD, closing(), deed())) == [COMPLETED]


def deed() -> Deed:
    return Deed("amina", NOW, completed=COMPLETED)
