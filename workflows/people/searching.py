"""Look for somebody: compulsory before a person can be created, recorded, silent about walls.

A search gives a token that says who looked for what and how it went, under the tenant's own key.
`persons.create` takes nobody without it. The token looks the same whether something stood behind
a wall or not.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import messages
from engine.errors import Refusal
from workflows import access, keys
from workflows.access.actor import Actor
from workflows.people.description import Description
from workflows.people.index import password_key
from workflows.people.matching import Candidate, Match, match
from workflows.people.models import Person, PersonIndex, PersonKind
from workflows.people.rules import Decide

LASTS = timedelta(hours=12)  # a shift: a contact may be typed long before it is ended


class SearchFirst(Refusal):
    """Search for this person first. Somebody may have entered them already."""

    status = 422


@dataclass(frozen=True, slots=True)
class Found:
    """What whoever searches is shown."""

    band: str
    candidates: tuple[Candidate, ...]
    token: str


def search(
    session: Session,
    actor: Actor,
    described: Description,
    *,
    decide: Decide,
    purpose: str,
    now: datetime,
) -> Found:
    """Look for somebody by description, record it, and return at most five whom it may be.

    What stands behind a wall shows nothing; the safeguarding lead hears of it.
    """
    if not (actor.permissions("create_contact") or actor.permissions("read_case")):
        raise access.NotAllowed
    found = match(session, actor.tenant_id, described, decide=decide, actor=actor, now=now)
    ids = [candidate.person_id for candidate in found.candidates]
    access.record_read(session, actor, purpose, ids, now, "people.searched")
    if found.walled_hit:
        tell_of_wall(session, actor.tenant_id, found, by=actor.by, now=now)
    token = sign(session, actor.tenant_id, described, found, by=actor.by, now=now)
    return Found(found.band, found.candidates, token)


def find_anonymous(
    session: Session, actor: Actor, client_password: str, *, purpose: str, now: datetime
) -> list[UUID]:
    """Return the anonymous people who gave this password: usually one, who has rung again.

    A person decides whether it is her (service specification S-07); nothing links by itself.
    """
    field = "client_password"
    token = keys.blind_index(session, actor.tenant_id, field, password_key(client_password))
    seen = select(Person.id).where(
        Person.kind == PersonKind.ANONYMOUS,
        access.findable_people(actor, now),
        Person.id.in_(
            select(PersonIndex.person_id).where(
                PersonIndex.tenant_id == actor.tenant_id,
                PersonIndex.field == field,
                PersonIndex.token == token,
            )
        ),
    )
    found = list(session.scalars(seen.order_by(Person.created_at)))
    access.record_read(session, actor, purpose, found, now, "people.searched_by_password")
    return found


def tell_of_wall(
    session: Session, tenant_id: UUID, found: Match, *, by: str, now: datetime
) -> None:
    """Tell the safeguarding lead, once a day for each who searched and whom they hit."""
    for person_id in found.behind_walls:
        messages.send(
            session,
            tenant_id,
            "search.walled",
            {"person_id": str(person_id), "searched_by": by},
            by=by,
            now=now,
            message_id=f"walled:{by}:{person_id}:{now.date().isoformat()}",
        )


def sign(
    session: Session,
    tenant_id: UUID,
    described: Description,
    found: Match,
    *,
    by: str,
    now: datetime,
) -> str:
    """Return the token of a search."""
    said = {"by": by, "what": described.digest(), "band": found.band, "at": now.isoformat()}
    text = base64.urlsafe_b64encode(json.dumps(said, sort_keys=True).encode()).decode()
    return f"{text}.{_seal(session, tenant_id, text)}"


def read_token(
    session: Session,
    tenant_id: UUID,
    token: str,
    described: Description,
    *,
    by: str,
    now: datetime,
) -> str:
    """Return the band that a search for exactly this gave. Raises ``SearchFirst``."""
    text, _, seal = token.partition(".")
    if not hmac.compare_digest(seal, _seal(session, tenant_id, text)):
        raise SearchFirst
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text))
    fresh = now - LASTS <= datetime.fromisoformat(said["at"]) <= now
    if said["by"] != by or said["what"] != described.digest() or not fresh:
        raise SearchFirst("What you entered has changed since the search. Search again.")
    band: str = said["band"]
    return band


def _seal(session: Session, tenant_id: UUID, text: str) -> str:
    return keys.blind_index(session, tenant_id, "search_token", text).hex()
