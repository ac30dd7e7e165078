"""Tell the running work about something that its risk has changed: at once, and all of it.

An instance weighs itself after each of its own steps (`riskRank`), by what it knew then. What
somebody finds out elsewhere would reach it at its next step, minutes or days later, and until
then its tasks would stand in lists and its timers fire as if nothing had happened. So whoever
learns of it tells the rows, in the transaction that records it; what was told holds until the
instance itself comes to another rank than before.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import feel
from engine import instances, releases
from engine.db import run
from engine.living import holding

RUNNING = """
SELECT id, release_id, process_id, risk_rank FROM process_instance
WHERE tenant_id = %(tenant_id)s AND business_key = %(business_key)s AND ended_at IS NULL
  AND id IS DISTINCT FROM %(besides)s
ORDER BY id FOR NO KEY UPDATE
"""
TELL = """
WITH told AS (SELECT * FROM unnest(%(ids)s::uuid[], %(ranks)s::smallint[]) AS t(id, rank)),
moved AS (
  UPDATE process_instance i SET risk_rank = told.rank, told_rank = told.rank
  FROM told WHERE i.id = told.id),
tasks AS (
  UPDATE user_task t SET risk_rank = told.rank
  FROM told WHERE t.instance_id = told.id AND t.completed_at IS NULL)
UPDATE timer t SET risk_rank = told.rank FROM told WHERE t.instance_id = told.id
"""
# tasks of messages that no process took
TELL_OTHERS = """
UPDATE user_task SET risk_rank = greatest(risk_rank, %(at_least)s)
WHERE tenant_id = %(tenant_id)s AND business_key = %(business_key)s AND instance_id IS NULL
  AND completed_at IS NULL
"""


def tell(
    session: Session,
    tenant_id: UUID,
    business_key: UUID,
    known: Mapping[str, Any],
    *,
    at_least: int,
    now: datetime,
    besides: UUID | None = None,
) -> None:
    """Give all running work about ``business_key`` the rank that follows from ``known``.

    A process whose rank depends on nothing else gets that rank. Any other has reasons of its own
    to stand where it does and is never put below ``at_least``. ``besides``: the instance that is
    being moved, which weighs itself.
    """
    about = {"tenant_id": tenant_id, "business_key": business_key}
    ranks = {}
    for row in list(run(session, RUNNING, {**about, "besides": besides})):
        definitions = releases.definitions(session, row.release_id)
        weight = definitions.processes[row.process_id].properties.get("riskRank")
        rank = _rank(weight, known, row.risk_rank, at_least)
        if rank != row.risk_rank:
            ranks[row.id] = rank
    if ranks:
        run(session, TELL, {"ids": list(ranks), "ranks": list(ranks.values())})
        holding.look_in_time(session, ranks, now)
        instances.forget(session, ranks)
    run(session, TELL_OTHERS, {**about, "at_least": at_least})


def _rank(weight: str | None, known: Mapping[str, Any], present: int, at_least: int) -> int:
    """Return the rank of a process by its ``riskRank``, as far as ``known`` says it."""
    expression = feel.parse(weight) if weight else None
    if expression is None or expression.names - known.keys():
        return max(present, at_least)
    rank = expression.evaluate(dict(known))
    if rank is None:
        return max(present, at_least)
    return int(rank) if expression.names else max(int(rank), at_least)
