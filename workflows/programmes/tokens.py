"""Make, find and revoke access tokens. Their lives are real time, as those of logins."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from engine.db import Fixed, UtcDateTime, entered, entering, varying
from engine.errors import Refusal
from workflows import audit
from workflows.access.actor import Actor, actor_of, who
from workflows.programmes.models import AccessToken

PREFIX = "sp_"  # so that a scanner for leaked secrets can know one
LONGEST_LIFE = timedelta(days=366)


class Scope(StrEnum):
    """What a token may be used for; what its member of staff may do still decides."""

    REFERRALS = "referrals"  # send contacts, ask how they stand
    MESSAGES = "messages"  # send messages to processes
    CASEWORK = "casework"  # everything that the person may do with tasks, people and cases
    PROCESSES = "processes"  # releases, instances, history


class UnknownScope(Refusal):
    """There is no such scope."""

    status = 422


def issue(
    session: Session,
    tenant_id: UUID,
    staff_id: UUID,
    name: str,
    scopes: Iterable[str],
    *,
    life: timedelta = LONGEST_LIFE,
    by: str,
    now: datetime,
) -> str:
    """Make a token and return it; it cannot be read again."""
    wanted = sorted(set(scopes))
    unknown = set(wanted) - {str(scope) for scope in Scope}
    if unknown or not wanted:
        raise UnknownScope(f"Scopes are: {', '.join(Scope)}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken(
        tenant_id=tenant_id,
        staff_id=staff_id,
        name=name,
        secret_hash=_hash(secret),
        scopes=wanted,
        created_at=now,
        created_by=by,
        expires_at=now + min(life, LONGEST_LIFE),
    )
    session.add(token)
    session.flush()
    audit.of_admin(
        session, tenant_id, "token.issued", by=by, at=now, token_id=token.id, staff_id=staff_id
    )
    return secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """On whose behalf a programme asks, and for what it may."""

    actor: Actor
    scopes: frozenset[str]


def _living() -> Select[Any]:
    """Find a token and the person behind it at once.

    Nobody's row can be seen before the tenant is entered. Lateral and limited, the person is looked
    for once the row of the token is there, and to read that row is to enter; were it ever the
    other way round, nobody would be found.
    """
    token = (
        select(
            AccessToken.staff_id,
            AccessToken.scopes,
            entering(AccessToken.tenant_id).label("tenant_entered"),
        )
        .where(
            AccessToken.secret_hash == varying("secret_hash"),
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > varying("real_now", UtcDateTime()),
        )
        .cte("token")
    )
    person = who(token.c.staff_id).limit(1).lateral("person")
    return select(token.c.tenant_entered, token.c.scopes, person).join_from(token, person, true())


LIVING = Fixed(_living())


def find(session: Session, secret: str, *, now: datetime, real_now: datetime) -> Bearer | None:
    """Return who shows a living token, as they are at ``now``; tokens live by ``real_now``.

    None as well for somebody who has left. The unit of work is inside the tenant afterwards.
    """
    values = {"secret_hash": _hash(secret), "now": now, "real_now": real_now}
    row = LIVING.run(session, **values).one_or_none()
    if row is None:
        return None
    entered(session, row.tenant_id)
    return Bearer(actor_of(row), frozenset(row.scopes))


def revoke(session: Session, token: AccessToken, *, by: str, now: datetime) -> None:
    """End a token: it opens nothing from the next request on."""
    token.revoked_at = now
    audit.of_admin(session, token.tenant_id, "token.revoked", by=by, at=now, token_id=token.id)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
