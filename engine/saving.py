"""Changes of one instance as rows: few statements, whatever happened.

`SAVE` (or `END`) always runs: the instance with its state and history, its tasks and timers, in one
statement. What is rarer (subscriptions, messages, decisions, incidents) runs when there is some.
Every statement is a fixed text, so that the server plans it once per connection.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from engine import history, inbox, lines, payloads
from engine.backoff import TIMER_NOT_FIRED
from engine.changes import Changes, ClosedTask, Failed, OpenedTask
from engine.db import run
from engine.deeds import Deed, Held
from engine.errors import Refusal
from engine.history import INSTANCE, NEXT, ROW
from engine.inbox import json
from engine.models import UserTask
from engine.states import InstanceStatus, TimerKind, UserTaskState

CHANGED = f"""
WITH moved AS (
  UPDATE process_instance i
  SET version = i.version + 1, state = %(state)s, status = %(status)s,
      risk_rank = %(risk_rank)s, told_rank = %(told_rank)s,
      business_key = %(business_key)s, ended_at = %(ended_at)s, {NEXT}
  WHERE i.id = %(instance_id)s AND i.version = %(version)s
  RETURNING history_seq, history_hash),
told AS ({ROW.format(moved="moved")}),
closed AS (
  UPDATE user_task t
  SET state = c.state, completed_at = %(at)s, completed_by = c.by, closed_reason = c.reason,
      actual_owner = coalesce(t.actual_owner, c.by)
  FROM jsonb_to_recordset(%(closed)s::jsonb) AS c(id uuid, state text, by text, reason text)
  WHERE t.id = c.id),
opened AS (
  INSERT INTO user_task (id, tenant_id, service_id, business_key, instance_id, process_id,
      element_id, name, lane, form_id, potential_owners, excluded_owners, actual_owner, team,
      state, priority, risk_rank, safety_critical, due_at, follow_up_at, created_at, claimed_at,
      completed_at, completed_by, closed_reason)
  SELECT id, %(tenant_id)s, %(service_id)s, %(business_key)s, %(instance_id)s, process_id,
      element_id, name, lane, form_id, potential_owners, excluded_owners, actual_owner, team,
      state, priority, %(risk_rank)s, safety_critical, due_at, follow_up_at, %(at)s, claimed_at,
      completed_at, completed_by, closed_reason
  FROM jsonb_to_recordset(%(opened)s::jsonb) AS o(id uuid, process_id text, element_id text,
      name text, lane text, form_id text, potential_owners text[], excluded_owners text[],
      actual_owner text, team text, state text, priority smallint, safety_critical boolean,
      due_at timestamptz, follow_up_at timestamptz, claimed_at timestamptz,
      completed_at timestamptz, completed_by text, closed_reason text)),
disarmed AS (DELETE FROM timer WHERE id = ANY(%(disarmed)s::uuid[])),
armed AS (
  INSERT INTO timer (id, tenant_id, instance_id, user_task_id, kind, element_id, due_at,
      attempts, risk_rank)
  SELECT id, %(tenant_id)s, %(instance_id)s, user_task_id, kind, element_id, due_at, 0,
      %(risk_rank)s
  FROM jsonb_to_recordset(%(armed)s::jsonb) AS a(id uuid, user_task_id uuid, kind text,
      element_id text, due_at timestamptz)
  ON CONFLICT (id) DO UPDATE SET due_at = EXCLUDED.due_at, retry_at = NULL, attempts = 0)
"""
MOVED = "SELECT count(*) FROM moved"
SAVE = CHANGED + MOVED
# The last time: nobody is asked any longer why a timer of it did not fire.
END = f"""{CHANGED},
asked AS (
  UPDATE incident SET state = 'cancelled', resolved_at = %(at)s, resolved_by = %(by)s,
      reason = %(reason)s
  WHERE instance_id = %(instance_id)s AND error = '{TIMER_NOT_FIRED}' AND state = 'open')
{MOVED}
"""

# When the risk of an instance changes, or what it is about becomes known, its open work follows.
FOLLOW = """
WITH tasks AS (
  UPDATE user_task SET risk_rank = %(risk_rank)s, business_key = %(business_key)s
  WHERE instance_id = %(instance_id)s AND completed_at IS NULL)
UPDATE timer SET risk_rank = %(risk_rank)s WHERE instance_id = %(instance_id)s
"""

DECIDED = """
INSERT INTO decision_record (id, tenant_id, instance_id, business_key, element_id, decision_id,
    file_sha256, inputs, matched_rows, outputs, decided_at, actor)
SELECT id, %(tenant_id)s, %(instance_id)s, %(business_key)s, element_id, decision_id, file_sha256,
    inputs, matched_rows, coalesce(outputs, 'null'::jsonb), %(at)s, %(by)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id uuid, element_id text, decision_id text,
    file_sha256 text, inputs jsonb, matched_rows text[], outputs jsonb)
"""

INCIDENTS = """
WITH resolved AS (
  UPDATE incident SET state = %(resolution)s, resolved_at = %(at)s, resolved_by = %(by)s,
      reason = %(reason)s
  WHERE id = ANY(%(resolved)s::uuid[]) AND state = 'open')
INSERT INTO incident (id, tenant_id, service_id, business_key, instance_id, element_id, error,
    cause, operation, state, created_at)
SELECT id, %(tenant_id)s, %(service_id)s, %(business_key)s, %(instance_id)s, element_id, error,
    cause, operation, 'open', %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id uuid, element_id text, error text, cause text,
    operation text)
"""


class StaleInstance(Refusal):
    """Somebody else has just moved this on. Look again, then repeat what you wanted to do."""


def save(session: Session, held: Held, state: bytes, changes: Changes, deed: Deed) -> Held:
    """Write everything that one command changed and return the instance as it is now."""
    business_key = changes.business_key or held.business_key
    # what was told from outside holds until the instance itself comes to something else
    unmoved = deed.rank_before in (None, changes.risk_rank)
    told = held.told_rank if unmoved else None
    after = Held(
        held.id,
        held.tenant_id,
        held.service_id,
        business_key,
        held.release_id,
        held.process_id,
        _status(held, changes, deed),
        held.version + 1,
        changes.risk_rank if told is None else told,
        told,
    )
    _save_instance(session, held, after, state, changes, deed)
    if (held.risk_rank, held.business_key) != (after.risk_rank, business_key):
        values = {
            "instance_id": held.id,
            "risk_rank": after.risk_rank,
            "business_key": business_key,
        }
        run(session, FOLLOW, values)
    _save_subscriptions(session, after, changes)
    if changes.decided:
        _save_decisions(session, after, changes, deed)
    if changes.failed or changes.resolved:
        _save_incidents(session, after, changes, deed)
    _show(session, changes, deed)
    return after


def _status(held: Held, changes: Changes, deed: Deed) -> str:
    if not changes.ended:
        return deed.status or held.status
    return InstanceStatus.CANCELLED if deed.is_cancelled else InstanceStatus.COMPLETED


def _save_instance(
    session: Session, held: Held, after: Held, state: bytes, changes: Changes, deed: Deed
) -> None:
    closed = {task.task_id: task for task in changes.tasks_closed}
    opened = [_opened(task, closed.pop(task.task_id, None), deed) for task in changes.tasks_opened]
    armed = [
        {"id": t.timer_id, "kind": TimerKind.BPMN, "element_id": t.element_id, "due_at": t.due_at}
        for t in changes.timers_armed
    ] + [overdue_timer(row) for row in opened if row["due_at"] and not row["completed_at"]]
    gone = {*changes.timers_disarmed, *closed} - {row["id"] for row in armed}
    stream, told = f"{INSTANCE}{held.id}", lines.of_step(held, changes, deed)
    values = history.row_of(stream, told, tenant_id=held.tenant_id, at=deed.now) | {
        "instance_id": held.id,
        "version": held.version,
        "service_id": held.service_id,
        "state": state,
        "status": str(after.status),
        "risk_rank": after.risk_rank,
        "told_rank": after.told_rank,
        "business_key": after.business_key,
        "ended_at": deed.now if changes.ended else None,
        "closed": json([_closed(task, deed) for task in closed.values()]),
        "opened": json(opened),
        "disarmed": list(gone),
        "armed": json(armed),
        "by": deed.by,
        "reason": deed.reason,
    }
    if run(session, END if changes.ended else SAVE, values).scalar_one() != 1:
        raise StaleInstance


def _opened(task: OpenedTask, closed: ClosedTask | None, deed: Deed) -> dict[str, Any]:
    """Return the row of a task; one that was reached and cancelled in one step is born closed."""
    state = UserTaskState.RESERVED if task.assignee else UserTaskState.READY
    return {
        "id": task.task_id,
        "process_id": task.process_id,
        "element_id": task.element_id,
        "name": task.name,
        "lane": task.lane,
        "form_id": task.form,
        "potential_owners": task.potential_owners,
        "excluded_owners": task.excluded_owners,
        "actual_owner": task.assignee,
        "team": task.team,
        "state": closed.state if closed else state,
        "priority": task.priority,
        "safety_critical": task.safety_critical,
        "due_at": task.due_at,
        "follow_up_at": task.follow_up_at,
        "claimed_at": deed.now if task.assignee else None,
        "completed_at": deed.now if closed else None,
        "completed_by": None,
        "closed_reason": closed.reason if closed else None,
    }


def _closed(task: ClosedTask, deed: Deed) -> dict[str, Any]:
    by = deed.by if task.state == UserTaskState.COMPLETED else None
    return {"id": task.task_id, "state": task.state, "by": by, "reason": task.reason}


def overdue_timer(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the timer of a task's due time. It has the task's id: a task has at most one."""
    return {
        "id": task["id"],
        "user_task_id": task["id"],
        "kind": TimerKind.OVERDUE,
        "element_id": task["element_id"],
        "due_at": task["due_at"],
    }


def _save_subscriptions(session: Session, held: Held, changes: Changes) -> None:
    armed = {catcher.subscription_id for catcher in changes.subscriptions_armed}
    gone = [id for id in changes.subscriptions_disarmed if id not in armed]
    if gone:
        inbox.disarm(session, gone)
    if changes.subscriptions_armed:
        inbox.arm(session, held.tenant_id, held.id, changes.subscriptions_armed)


def _save_decisions(session: Session, held: Held, changes: Changes, deed: Deed) -> None:
    rows = [
        {
            "id": decided.record_id,
            "element_id": decided.element_id,
            "decision_id": decided.decision_id,
            "file_sha256": decided.file_sha256,
            "inputs": payloads.to_json(decided.inputs),
            "matched_rows": decided.matched_rows,
            "outputs": payloads.to_json(decided.outputs),
        }
        for decided in changes.decided
    ]
    run(session, DECIDED, _about(held, deed) | {"rows": json(rows)})


def _save_incidents(session: Session, held: Held, changes: Changes, deed: Deed) -> None:
    values = _about(held, deed) | {
        "service_id": held.service_id,
        "resolved": changes.resolved,
        "resolution": str(deed.resolution),
        "reason": deed.reason,
        "rows": json([_failed(failed) for failed in changes.failed]),
    }
    run(session, INCIDENTS, values)


def _failed(failed: Failed) -> dict[str, Any]:
    return {
        "id": failed.incident_id,
        "element_id": failed.element_id,
        "error": failed.error,
        "cause": failed.cause,
        "operation": failed.operation,
    }


def _about(held: Held, deed: Deed) -> dict[str, Any]:
    return {
        "tenant_id": held.tenant_id,
        "instance_id": held.id,
        "business_key": held.business_key,
        "at": deed.now,
        "by": deed.by,
    }


def _show(session: Session, changes: Changes, deed: Deed) -> None:
    """Let tasks that the session holds already show what was written past it."""
    for closed in changes.tasks_closed:
        task = session.identity_map.get(identity_key(UserTask, closed.task_id))
        if task is None:
            continue
        written = _closed(closed, deed)
        vars(task).update(  # not by its attributes: nothing is left to be written
            state=str(written["state"]),
            completed_at=deed.now,
            completed_by=written["by"],
            closed_reason=written["reason"],
            actual_owner=task.actual_owner or written["by"],
        )
