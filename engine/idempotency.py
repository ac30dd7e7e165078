"""The same key, the same answer: a request that is repeated is not carried out twice.

A key is bound to who asks, the route and the body. The first request writes its row at once and
holds it until it commits: a second one that arrives meanwhile waits and then gets the answer of
the first. If the first fails, its row is gone with it and the second is carried out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from engine.db import run, tenant_of, unit_of_work
from engine.errors import Refusal
from engine.models import IdempotencyKey

KEPT_FOR = timedelta(days=7)

TAKE = """
INSERT INTO idempotency_key (tenant_id, actor, route, key, body_sha256, created_at)
VALUES (%(tenant_id)s, %(actor)s, %(route)s, %(key)s, %(body_sha256)s, %(now)s)
ON CONFLICT DO NOTHING RETURNING 1
"""
GIVEN = """
SELECT body_sha256, status, headers, body FROM idempotency_key
WHERE tenant_id = %(tenant_id)s AND actor = %(actor)s AND route = %(route)s AND key = %(key)s
"""
STORE = """
UPDATE idempotency_key SET status = %(status)s, headers = %(headers)s::jsonb, body = %(body)s
WHERE tenant_id = %(tenant_id)s AND actor = %(actor)s AND route = %(route)s AND key = %(key)s
"""


class KeyReused(Refusal):
    """This idempotency key was used for another request."""

    status = 422


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that was given to the first request."""

    status: int
    headers: Mapping[str, Any]
    body: bytes


def replay(
    session: Session, key: str, *, actor: str, route: str, body_sha256: str, now: datetime
) -> Answer | None:
    """Return the answer already given; None: this is the first request, carry it out.

    Waits while the first request is under way elsewhere. Raises `KeyReused` for another body.
    """
    values = _name(session, key, actor, route) | {"body_sha256": body_sha256, "now": now}
    if run(session, TAKE, values).scalar_one_or_none():
        return None
    given = run(session, GIVEN, values).one()
    if given.body_sha256 != body_sha256:
        raise KeyReused
    if given.status is None:
        return None  # taken by this very transaction
    return Answer(given.status, given.headers or {}, bytes(given.body))


def store(
    session: Session,
    key: str,
    *,
    actor: str,
    route: str,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Keep the answer, in the transaction of what was done."""
    values = _name(session, key, actor, route) | {
        "status": status,
        "body": body,
        "headers": orjson.dumps(dict(headers or {})).decode(),
    }
    run(session, STORE, values)


def _name(session: Session, key: str, actor: str, route: str) -> dict[str, Any]:
    return {
        "tenant_id": tenant_of(session),
        "actor": actor,
        "route": route,
        "key": key,
    }


def forget_old(database: Engine, now: datetime) -> None:
    """Delete keys whose requests nobody repeats any more. For the worker."""
    old = IdempotencyKey.created_at < now - KEPT_FOR
    with unit_of_work(database) as session:
        tenants: list[UUID] = list(
            session.scalars(select(IdempotencyKey.tenant_id).where(old).distinct())
        )
    for tenant_id in tenants:
        with unit_of_work(database, tenant_id) as session:
            session.execute(delete(IdempotencyKey).where(old))
