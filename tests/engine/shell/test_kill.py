"""A process is killed in the middle of its work: nothing acknowledged is lost, nothing doubled."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

from desk import Desk
from diagrams import diagram, end, process, start, user
from sqlalchemy import select

from engine import history
from engine.models import ProcessInstance, UserTask
from engine.states import UserTaskState

SCRIPT = Path(__file__).with_name("completing.py")
TASKS, KILLED_AFTER, ROUNDS = 200, (1, 37, 90), 3
TWO = diagram(
    process(
        start("begin"),
        user("first"),
        user("second"),
        end("done"),
        flows="begin > first > second > done",
    )
)


def completing(desk: Desk, url: str, ids: list[UUID]) -> subprocess.Popen[str]:
    killed = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    order = {
        "url": url,
        "tenant_id": str(desk.tenant_id),
        "now": desk.now.isoformat(),
        "ids": [str(id) for id in ids],
    }
    assert killed.stdin is not None
    killed.stdin.write(json.dumps(order) + "\n")
    killed.stdin.flush()
    return killed


def kill_after(running: subprocess.Popen[str], lines: int) -> list[UUID]:
    """Kill the process once it has acknowledged so many; return all that it acknowledged."""
    assert running.stdout is not None
    seen = [running.stdout.readline() for _ in range(lines)]
    running.kill()
    rest = running.stdout.read()
    running.communicate()
    # the last line may have been cut off in the middle of its writing
    return [UUID(line) for line in "".join([*seen, rest]).splitlines() if len(line) == 36]


def completions(desk: Desk) -> Counter[UUID]:
    """Return how often the history says that a first task was completed, by instance."""
    found: Counter[UUID] = Counter()
    with desk.work() as session:
        for instance_id in session.scalars(select(ProcessInstance.id)):
            for entry in history.read(session, f"instance:{instance_id}"):
                said = entry.payload
                if (said.get("element"), said["lifecycle_transition"]) == ("first", "complete"):
                    found[instance_id] += 1
    return found


def test_kill_9_loses_no_acknowledged_completion_and_doubles_none(
    desk: Desk, database_url: str
) -> None:
    desk.publish({"p.bpmn": TWO})
    of_instance = {desk.task(id): id for id in (desk.start() for _ in range(TASKS))}
    waiting = list(of_instance)
    acknowledged: set[UUID] = set()
    for lines in KILLED_AFTER:
        running = completing(desk, database_url, waiting)
        acknowledged |= set(kill_after(running, lines))
        with desk.work() as session:
            open_now = select(UserTask.id).where(
                UserTask.element_id == "first", UserTask.state == UserTaskState.READY
            )
            waiting = list(session.scalars(open_now))
        assert not acknowledged & set(waiting)
        assert desk.is_consistent()

    finishing = completing(desk, database_url, waiting)
    finishing.communicate()
    assert finishing.returncode == 0
    assert completions(desk) == Counter(of_instance.values())
    assert len(desk.open_tasks()) == TASKS
    assert {task.element_id for task in desk.open_tasks()} == {"second"}
    assert desk.is_consistent()
