"""The rows of an instance that has moved to another release: ids stay, what they say follows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.core.recorder import element_of
from engine.db import run
from engine.inbox import json
from engine.runtime import Run

MOVE = "UPDATE process_instance SET release_id = %(release_id)s WHERE id = %(id)s"

# Whom somebody has offered a task to by hand keeps it; else it follows the diagram.
REFIT = """
WITH tasks AS (
  UPDATE user_task t
  SET process_id = n.process_id, element_id = n.element_id, name = n.name, lane = n.lane,
      form_id = n.form_id, safety_critical = n.safety_critical,
      potential_owners = CASE WHEN t.potential_owners = n.before THEN n.potential_owners
                              ELSE t.potential_owners END
  FROM jsonb_to_recordset(%(tasks)s::jsonb) AS n(id uuid, process_id text, element_id text,
      name text, lane text, form_id text, safety_critical boolean, potential_owners text[],
      before text[])
  WHERE t.id = n.id AND t.instance_id = %(id)s),
timers AS (
  UPDATE timer t SET element_id = n.element_id
  FROM jsonb_to_recordset(%(timers)s::jsonb) AS n(id uuid, element_id text)
  WHERE t.id = n.id AND t.instance_id = %(id)s),
incidents AS (
  UPDATE incident i SET element_id = n.element_id
  FROM jsonb_to_recordset(%(incidents)s::jsonb) AS n(id uuid, element_id text)
  WHERE i.id = n.id AND i.instance_id = %(id)s)
UPDATE message_subscription s SET element_id = n.element_id, name = n.name
FROM jsonb_to_recordset(%(subscriptions)s::jsonb) AS n(id uuid, element_id text, name text)
WHERE s.id = n.id AND s.instance_id = %(id)s
"""

Owners = Mapping[UUID, Sequence[str]]


def owners(moving: Run) -> Owners:
    """Return to whom the diagram offers each open task."""
    return {task.task_id: task.potential_owners for task in moving.open_tasks()}


def move(session: Session, instance_id: UUID, release_id: UUID) -> None:
    """Pin an instance, whose row lock is held, to another release."""
    run(session, MOVE, {"id": instance_id, "release_id": release_id})


def refit(session: Session, instance_id: UUID, moved: Run, before: Owners) -> None:
    """Let rows say what the new diagram calls the elements they stand for."""
    tasks = moved.open_tasks()
    values: dict[str, Any] = {
        "id": instance_id,
        "tasks": json(
            [
                {
                    "id": task.task_id,
                    "process_id": task.process_id,
                    "element_id": task.element_id,
                    "name": task.name,
                    "lane": task.lane,
                    "form_id": task.form,
                    "safety_critical": task.safety_critical,
                    "potential_owners": task.potential_owners,
                    "before": before.get(task.task_id, task.potential_owners),
                }
                for task in tasks
            ]
        ),
        "timers": json(
            [{"id": timer.timer_id, "element_id": timer.element_id} for timer in moved.timers()]
            + [{"id": task.task_id, "element_id": task.element_id} for task in tasks]
        ),
        "subscriptions": json(
            [
                {"id": each.subscription_id, "element_id": each.element_id, "name": each.name}
                for each in moved.subscriptions()
            ]
        ),
        "incidents": json(
            [
                {"id": token.incident, "element_id": element_of(token)}
                for token in moved.instance.tokens()
                if token.incident is not None
            ]
        ),
    }
    run(session, REFIT, values)
