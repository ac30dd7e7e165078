"""Who was called for a late task is called off when it is done after all."""

from datetime import timedelta

from desk import Desk
from diagrams import boundary, diagram, end, message, process, signal, start, user
from sqlalchemy import Engine, select

from engine import messages, timers
from engine.models import MessageInbox

ASKED = diagram(
    process(start("begin"), user("ask", dueAt='"PT4H"'), end("done"), flows="begin > ask > done")
)
CALLED = diagram(
    process(
        start("told", message("task.overdue")),
        user("step_in"),
        boundary("done_after_all", "step_in", signal("task.closed", correlationKey="task_id")),
        end("stepped_in"),
        end("called_off"),
        flows="told > step_in > stepped_in; done_after_all > called_off",
        id="task_overdue",
    )
)


def open_elements(desk: Desk) -> list[str]:
    return sorted(task.element_id for task in desk.open_tasks())


def late(desk: Desk, worker: Engine) -> None:
    desk.publish({"asked.bpmn": ASKED, "called.bpmn": CALLED})
    desk.start()
    desk.clock.advance(timedelta(hours=4))
    timers.fire_due(worker, desk.now)
    messages.drain(desk.database, desk.tenant_id, now=desk.now)


def test_a_late_task_calls_somebody(desk: Desk, worker_database: Engine) -> None:
    late(desk, worker_database)

    assert open_elements(desk) == ["ask", "step_in"]


def test_they_are_called_off_when_it_is_done(desk: Desk, worker_database: Engine) -> None:
    late(desk, worker_database)
    desk.complete(next(task.id for task in desk.open_tasks() if task.element_id == "ask"))
    messages.drain(desk.database, desk.tenant_id, now=desk.now)

    assert open_elements(desk) == []


def test_a_task_done_in_time_tells_nobody(desk: Desk) -> None:
    desk.publish({"asked.bpmn": ASKED, "called.bpmn": CALLED})
    desk.start()
    desk.complete(desk.open_tasks()[0].id)

    with desk.work() as session:
        assert session.scalars(select(MessageInbox.name)).all() == []
