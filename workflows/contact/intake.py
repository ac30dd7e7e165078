"""How a contact comes in: typed while somebody is on the line, or written and queued.

A live contact is drafted by the page; *Danger now* is sent at once, *End contact* stores the
answers and starts the process. What is written, sent by a partner or read from a feed is stored
and starts the process at once, which gives it its queue and its first deadline.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

import forms
from engine import messages
from engine.errors import NotFound, Refusal
from workflows import keys
from workflows.access.actor import actor_for
from workflows.access.policy import NOT_BY_LIST
from workflows.access.walls import open_to
from workflows.cases import numbers
from workflows.cases.models import Case
from workflows.contact.models import Contact, ContactStatus
from workflows.contact.said import LIVE_CHANNELS
from workflows.keys import SubjectKind
from workflows.safeguarding import concerns
from workflows.safeguarding.models import SafeguardingConcern

Answers = Mapping[str, Any]
SYSTEM = "system"


class ContactNotLive(Refusal):
    """This contact has ended already."""


class NotALiveChannel(Refusal):
    """Nobody is on the line of this channel."""

    status = 422


class NoSuchCase(Refusal):
    """There is no open case with this number."""

    status = 422


def begin(
    session: Session,
    tenant_id: UUID,
    service_id: UUID,
    *,
    channel: str,
    handler_id: UUID,
    now: datetime,
    source: str = "self",
) -> Contact:
    """Open a live contact: somebody is on the line and ``handler_id`` has answered."""
    if channel not in LIVE_CHANNELS:
        raise NotALiveChannel
    contact = _new(session, tenant_id, service_id, channel, source, now=now)
    contact.status, contact.handler_id = ContactStatus.LIVE, handler_id
    session.flush()
    return contact


def danger_now(
    session: Session, contact_id: UUID, *, by: str, now: datetime
) -> SafeguardingConcern | None:
    """Raise safeguarding at once, without waiting for the form; once for one contact.

    Returns the concern, or nothing when it was raised before.
    """
    contact = _live(session, contact_id)
    if contact.danger_sent_at is not None:
        return None
    contact.danger_sent_at = now
    return concerns.raise_concern(
        session, contact_id=contact.id, given={"danger_now": "yes"}, by=by, now=now
    )


def end(
    session: Session,
    contact_id: UUID,
    answers: Answers,
    *,
    by: str,
    now: datetime,
    person_id: UUID | None = None,
) -> UUID:
    """Store the checked answers of a live contact and start its process.

    ``person_id``: whom the handler has recognised during the call. Returns the id of the
    message, which the edge drains after the commit.
    """
    contact = _live(session, contact_id)
    contact.answers = forms.to_json(dict(answers))
    contact.source = answers.get("source") or contact.source
    contact.person_id = person_id or contact.person_id
    contact.status, contact.ended_at = ContactStatus.RECEIVED, now
    if answers.get("route") == "existing_case":
        contact.case_id = _named(session, contact, answers, by=by, now=now)
    return _announce(session, contact, by=by, now=now)


def receive(
    session: Session,
    tenant_id: UUID,
    service_id: UUID,
    *,
    channel: str,
    source: str,
    answers: Answers,
    by: str,
    now: datetime,
    external_id: str | None = None,
    received_at: datetime | None = None,
) -> Contact:
    """Store a written contact with its checked answers and start its process.

    ``external_id`` is the sender's own id of it: sent again, the first one is returned and
    nothing else happens. ``received_at``: when it reached us, if that was before now.
    """
    if external_id is not None:
        known = select(Contact).where(
            Contact.tenant_id == tenant_id, Contact.external_id == external_id
        )
        if (first := session.scalar(known)) is not None:
            return first
    contact = _new(session, tenant_id, service_id, channel, source, now=now)
    contact.external_id = external_id
    contact.received_at = received_at or now
    contact.answers = forms.to_json(dict(answers))
    if answers.get("route") == "existing_case":
        contact.case_id = _named(session, contact, answers, by=by, now=now)
    _announce(session, contact, by=by, now=now)
    return contact


def add_details(
    session: Session, contact_id: UUID, answers: Answers, *, by: str, now: datetime
) -> UUID:
    """Take in what a referrer has sent later: it joins the answers and the process goes on."""
    contact = session.get(Contact, contact_id, with_for_update=True)
    if contact is None:
        raise NotFound
    contact.answers = {**(contact.answers or {}), **forms.to_json(dict(answers))}
    session.flush()
    return messages.send(
        session,
        contact.tenant_id,
        "referrer.details",
        {"referral_in_id": str(contact.id)},
        correlation={"referral_in_id": str(contact.id)},
        by=by,
        now=now,
        service_id=contact.service_id,
    )


def _named(session: Session, contact: Contact, answers: Answers, *, by: str, now: datetime) -> UUID:
    number = answers.get("case_number")
    return case_by_number(session, contact.tenant_id, number, by=by, now=now).id


def case_by_number(
    session: Session, tenant_id: UUID, number: str | None, *, by: str, now: datetime
) -> Case:
    """Return the open case that people know by ``number``, as far as ``by`` may know of it.

    Raises ``NoSuchCase``: what is closed to them by a conflict or a seal is not there, and who
    hands in referrals from outside knows the cases that came of their own.
    """
    found = session.scalar(
        select(Case).where(
            Case.tenant_id == tenant_id,
            Case.case_number == (number or "").strip(),
            Case.closed_at.is_(None),
            *_known_to(session, by, now),
        )
    )
    if found is None:
        raise NoSuchCase
    return found


def _known_to(session: Session, by: str, now: datetime) -> Iterator[ColumnElement[bool]]:
    if by == SYSTEM:
        return
    actor = actor_for(session, UUID(by), now)
    yield open_to(actor, Case.id, now)
    if not any(not given.limits & NOT_BY_LIST for _, given in actor.permissions("read_case")):
        yield exists().where(Contact.case_id == Case.id, Contact.external_id.startswith(f"{by}:"))


def _new(
    session: Session, tenant_id: UUID, service_id: UUID, channel: str, source: str, *, now: datetime
) -> Contact:
    contact_id = uuid4()
    keys.new_subject(session, tenant_id, contact_id, SubjectKind.CONTACT, now=now)
    contact = Contact(
        id=contact_id,
        tenant_id=tenant_id,
        service_id=service_id,
        reference=numbers.contact_reference(session, tenant_id, now=now),
        channel=channel,
        source=source,
        status=ContactStatus.RECEIVED,
        received_at=now,
        subject_id=contact_id,
    )
    session.add(contact)
    return contact


def _live(session: Session, contact_id: UUID) -> Contact:
    contact = session.get(Contact, contact_id, with_for_update=True, populate_existing=True)
    if contact is None:
        raise NotFound
    if not contact.is_live:
        raise ContactNotLive
    return contact


def _announce(session: Session, contact: Contact, *, by: str, now: datetime) -> UUID:
    session.flush()
    return messages.send(
        session,
        contact.tenant_id,
        "contact.received",
        {"contact_id": str(contact.id), "channel": contact.channel},
        by=by,
        now=now,
        message_id=f"contact.received/{contact.id}",
        service_id=contact.service_id,
    )
