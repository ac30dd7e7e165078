"""What a programme may bring into processes from outside: which, about whom, and in what words.

Processes trust their variables and the messages of their own kind: who approved a lower grade,
whose conflict it is. So nothing that only a process says may be said from outside, and whatever
is named must be visible to the member of staff for whom the programme speaks.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.definitions import Definitions
from engine.errors import Forbidden, NotFound
from workflows.access.actor import Actor
from workflows.access.instances import require_instance, require_subject
from workflows.access.policy import findable_people
from workflows.contact.models import Contact
from workflows.people.models import Person
from workflows.safeguarding.models import SafeguardingConcern

# What outside pools send: domain specification 4.2. Everything else is said inside alone.
FROM_OUTSIDE = frozenset(
    {
        "agency.acknowledged",
        "agency.decided",
        "call.dropped",
        "client.reported_deceased",
        "incident.cancel_requested",
        "incident.contact",
        "incident.logged",
        "local_team.reply",
        "marac.actions",
        "marac.declined",
        "marac.listed",
        "occurrence.advice_answered",
        "occurrence.hate_flagged",
        "occurrences.recorded",
        "owner.absent",
        "owner.returned",
        "pso.confirmed",
        "referral.accepted",
        "referral.more_info",
        "referral.outcome",
        "referral.rejected",
        "referrer.chase",
        "referrer.details",
        "resource.arrived",
        "suspect.status_changed",
        "transfer.accepted",
        "transfer.declined",
    }
)
NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")
WORD = re.compile(r"[A-Za-z0-9_.:+/-]{0,100}")  # ids, instants, machine words; never a sentence
MOST = 100  # values


class SaidInsideAlone(Forbidden):
    """This message is sent by processes and pages of Signpost alone."""


class StartedInsideAlone(Forbidden):
    """This process is started by a message or by another process, never by itself."""


def require_from_outside(name: str) -> None:
    """Refuse a message that only Signpost itself may send."""
    if name not in FROM_OUTSIDE:
        raise SaidInsideAlone


def require_startable(definitions: Definitions, process_id: str) -> None:
    """Refuse to start what waits for its message or is a part of another process.

    What is not there at all is for the engine to refuse.
    """
    process = definitions.processes.get(process_id)
    if process is None:
        return
    if process.starts or process_id in _called(definitions):
        raise StartedInsideAlone


def _called(definitions: Definitions) -> set[str]:
    return {
        activity.get("calledElement", "").rpartition(":")[2]
        for process in definitions.processes.values()
        for activity in process.element.iter("{*}callActivity")
    }


def require_words(field: str, said: Mapping[str, Any]) -> None:
    """Refuse what is more than ids and decision variables: a sentence may speak of a person."""
    wrong = {
        name: ["Send ids, numbers, yes and no, and words of one piece. No text about people."]
        for name, value in said.items()
        if not NAME.fullmatch(name) or not all(_is_word(each) for each in _values(value))
    }
    if len(said) > MOST:
        wrong["_schema"] = [f"At most {MOST} values."]
    if wrong:
        raise ValidationError({field: wrong})


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value[: MOST + 1]
    else:
        yield value


def _is_word(value: Any) -> bool:
    if isinstance(value, str):
        return WORD.fullmatch(value) is not None
    return value is None or isinstance(value, bool | int)


def require_visible(
    session: Session, actor: Actor, said: Mapping[str, Any], now: datetime, *, reason: str
) -> None:
    """Let through what names nobody, or only what the actor may see. Raises ``NotFound``."""
    for value in said.values():
        for each in _values(value):
            if (named := _id(each)) is not None:
                _require_one(session, actor, named, now, reason=reason)


def _id(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _require_one(
    session: Session, actor: Actor, named: UUID, now: datetime, *, reason: str
) -> None:
    contact = session.get(Contact, named)
    if contact is not None and (contact.external_id or "").startswith(f"{actor.by}:"):
        return  # they have handed it in themselves
    if session.get(Person, named) is not None:
        known = select(Person.id).where(Person.id == named, findable_people(actor, now))
        if session.scalar(known) is None:
            raise NotFound
    concern = session.get(SafeguardingConcern, named)
    about = (concern.case_id or concern.contact_id) if concern is not None else named
    if concern is not None and concern.instance_id is not None:
        require_instance(session, actor, concern.instance_id, now, reason=reason)
    require_subject(session, actor, about, now, reason=reason)
