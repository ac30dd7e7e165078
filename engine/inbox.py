"""Rows of messages and of those who wait for them: the lower half of `engine/messages.py`.

A sender and a catcher may not miss each other between two transactions. A catcher that arms takes
a shared lock on the message's name, writes its row and looks into the inbox; whoever finds no
catcher for a message takes the same lock alone and looks again. So one of the two sees the other.
Order of locks: instance, then names in order, then rows of the inbox.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
from sqlalchemy.orm import Session

from engine import correlation, payloads
from engine.changes import ArmedSubscription
from engine.db import run

# A message that a process could take waits this long before somebody is asked about it.
EXPIRES_AFTER = timedelta(hours=4)

POST = """
INSERT INTO message_inbox (id, tenant_id, service_id, kind, name, message_id, payload, correlation,
    sent_by, origin_id, target_id, start_process, state, received_at, expires_at, attempts)
SELECT id, %(tenant_id)s, service_id, kind, name, message_id, payload, correlation,
    %(sent_by)s, origin_id, target_id, start_process, state, %(now)s, expires_at, 0
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id uuid, service_id uuid, kind text, name text,
    message_id text, payload jsonb, correlation jsonb, origin_id uuid, target_id uuid,
    start_process text, state text, expires_at timestamptz)
ON CONFLICT (tenant_id, message_id) DO NOTHING
RETURNING id
"""
FIND = (
    "SELECT id FROM message_inbox WHERE tenant_id = %(tenant_id)s AND message_id = %(message_id)s"
)

LOCK_SHARED = """
SELECT pg_advisory_xact_lock_shared(key) FROM (
  SELECT DISTINCT hashtextextended(%(tenant_id)s::text || name, 0) AS key
  FROM unnest(%(names)s::text[]) AS n(name) ORDER BY key) AS keys
"""
LOCK_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant_id)s::text || %(name)s, 0))"

ARM = """
WITH armed AS (
  INSERT INTO message_subscription (id, tenant_id, instance_id, element_id, kind, name,
      correlation, correlation_key)
  SELECT id, %(tenant_id)s, %(instance_id)s, element_id, kind, name, correlation, correlation_key
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(id uuid, element_id text, kind text, name text,
      correlation jsonb, correlation_key text)
  ON CONFLICT (id) DO UPDATE SET correlation = EXCLUDED.correlation,
      correlation_key = EXCLUDED.correlation_key)
UPDATE message_inbox SET state = 'pending', retry_at = NULL
WHERE id IN (
  SELECT id FROM message_inbox
  WHERE tenant_id = %(tenant_id)s AND kind = 'message' AND state IN ('waiting', 'unclaimed')
    AND name = ANY(%(names)s)
  FOR UPDATE SKIP LOCKED)
RETURNING id
"""
DISARM = "DELETE FROM message_subscription WHERE id = ANY(%(ids)s)"

CATCHERS = """
SELECT id, instance_id, correlation FROM message_subscription
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND name = %(name)s
  AND (%(keys)s::text[] IS NULL OR correlation_key = ANY(%(keys)s))
ORDER BY id
"""

PRODUCED = "engine.produced"


@dataclass(frozen=True, slots=True)
class Message:
    """One row to be posted. ``target_id`` and ``start_process`` are a signal's."""

    name: str
    payload: Mapping[str, Any]
    correlation: Mapping[str, Any] | None = None
    kind: Literal["message", "signal"] = "message"
    message_id: str | None = None
    service_id: UUID | None = None
    origin_id: UUID | None = None
    target_id: UUID | None = None
    start_process: str | None = None
    state: str = "pending"
    expires_after: timedelta = EXPIRES_AFTER


@dataclass(frozen=True, slots=True)
class Catcher:
    """A subscription that a message fits."""

    subscription_id: UUID
    instance_id: UUID


def post(
    session: Session, tenant_id: UUID, given: Iterable[Message], *, by: str, now: datetime
) -> list[UUID]:
    """Write messages and return the ids of those that are new; a known message id is passed over.

    The edge drains what was posted as soon as it has committed (`produced`).
    """
    rows = [_row(message, now) for message in given]
    if not rows:
        return []
    values = {"tenant_id": tenant_id, "sent_by": by, "now": now, "rows": json(rows)}
    ids = list(run(session, POST, values).scalars())
    pending = {str(row["id"]) for row in rows if row["state"] == "pending"}
    produce(session, [id for id in ids if str(id) in pending])
    return ids


def _row(message: Message, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "service_id": message.service_id,
        "kind": message.kind,
        "name": message.name,
        "message_id": message.message_id or str(uuid4()),
        "payload": payloads.to_json(message.payload),
        "correlation": payloads.to_json(message.correlation),
        "origin_id": message.origin_id,
        "target_id": message.target_id,
        "start_process": message.start_process,
        "state": message.state,
        "expires_at": now + message.expires_after,
    }


def known(session: Session, tenant_id: UUID, message_id: str) -> UUID | None:
    """Return the row of a message by the id its sender gave it."""
    values = {"tenant_id": tenant_id, "message_id": message_id}
    return run(session, FIND, values).scalar_one_or_none()


def produce(session: Session, ids: Collection[UUID]) -> None:
    """Note rows that can be delivered once the transaction has been committed."""
    session.info.setdefault(PRODUCED, []).extend(ids)


def produced(session: Session) -> list[UUID]:
    """Return, once, the rows that the session has made deliverable: for `messages.drain`."""
    return list(dict.fromkeys(session.info.pop(PRODUCED, ())))


def arm(
    session: Session, tenant_id: UUID, instance_id: UUID, catchers: Sequence[ArmedSubscription]
) -> None:
    """Let catchers wait, and wake the messages that may have waited for them."""
    names = sorted({catcher.name for catcher in catchers})
    run(session, LOCK_SHARED, {"tenant_id": tenant_id, "names": names})
    rows = [
        {
            "id": catcher.subscription_id,
            "element_id": catcher.element_id,
            "kind": catcher.kind,
            "name": catcher.name,
            "correlation": payloads.to_json(catcher.correlation),
            "correlation_key": correlation.key_text(catcher.correlation),
        }
        for catcher in catchers
    ]
    waited_for = sorted({catcher.name for catcher in catchers if catcher.kind == "message"})
    values = {
        "tenant_id": tenant_id,
        "instance_id": instance_id,
        "rows": json(rows),
        "names": waited_for,
    }
    produce(session, list(run(session, ARM, values).scalars()))


def disarm(session: Session, ids: Sequence[UUID]) -> None:
    run(session, DISARM, {"ids": list(ids)})


def lock_name(session: Session, tenant_id: UUID, name: str) -> None:
    """Wait for catchers that are being armed for ``name``, and let no other one be."""
    run(session, LOCK_ALONE, {"tenant_id": tenant_id, "name": name})


def catchers(
    session: Session,
    tenant_id: UUID,
    kind: str,
    name: str,
    said: Mapping[str, Any] | None,
    payload: Mapping[str, Any],
) -> list[Catcher]:
    """Return every armed catcher that such a message or signal fits."""
    keys = correlation.possible_keys(said, payload)
    values = {"tenant_id": tenant_id, "kind": kind, "name": name, "keys": keys}
    return [
        Catcher(row.id, row.instance_id)
        for row in run(session, CATCHERS, values)
        if correlation.fits(payloads.from_json(row.correlation), said, payload)
    ]


def json(rows: Any) -> str:
    """Return rows as the text that ``jsonb_to_recordset`` takes."""
    return orjson.dumps(rows).decode()
