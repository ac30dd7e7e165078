"""What the forms of the intake leave behind: they join the answers of the contact."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

import forms
from engine.models import UserTask
from workflows.contact import closing, intake
from workflows.contact.models import Contact
from workflows.tasks.answers import answers

Answers = Mapping[str, Any]
Variables = dict[str, Any] | None

# What the decision `conduct_action` said ends the contact when it has been carried out.
ENDED_BY_CONDUCT = {"warn_end": "misuse_closed", "silent_close": "silent_closed"}
OUTCOMES = {
    "information_given": "information_given",
    "transfer_check": "transferred",
    "safe_close": "withdrawn",
    "conduct_review": "misuse_closed",
}


def contact_of(session: Session, task: UserTask) -> Contact:
    """Return the contact that a task of the intake is about."""
    return session.get_one(Contact, task.business_key, with_for_update=True)


def join(contact: Contact, given: Answers) -> None:
    """Add answers to those that the contact has."""
    contact.answers = {**(contact.answers or {}), **forms.to_json(dict(given))}


@answers("contact_screening", "contact_reading")
def screening(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Take over the first screen; whoever answers it handles the contact."""
    contact = contact_of(session, task)
    join(contact, given)
    contact.source = given.get("source") or contact.source
    contact.handler_id = contact.handler_id or UUID(by)
    if given["immediate_danger"] == "yes":
        contact.danger_sent_at = contact.danger_sent_at or now
    return None


@answers("contact_route")
def route(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """Take over the route; a case that it names has to be there and open."""
    contact = contact_of(session, task)
    join(contact, given)
    if given["route"] == "existing_case":
        contact.case_id = _case_named(session, contact, given, by=by, now=now).id
    if given["route"] == "police_incident":
        closing.close(contact, "transferred", now=now)
    return {"urn": given.get("urn")}


def _case_named(
    session: Session, contact: Contact, given: Answers, *, by: str, now: datetime
) -> Any:
    number = given.get("case_number")
    try:
        return intake.case_by_number(session, contact.tenant_id, number, by=by, now=now)
    except intake.NoSuchCase as refused:
        raise ValidationError({"case_number": [str(refused)]}) from refused


@answers("identity_match")
def identity(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Take over who it is. Nobody is ever merged by it; a household link copies nothing."""
    contact = contact_of(session, task)
    decision, found = given["match_decision"], contact.matches or []
    join(contact, given)
    if decision in ("same", "same_household"):
        person_id = _chosen(found, given.get("chosen") or "")
        if decision == "same":
            contact.person_id = UUID(person_id)
        else:
            join(contact, {"household_of": person_id})
    elif found and found[0]["band"] == "likely" and not given.get("match_reason"):
        raise ValidationError({"match_reason": ["Say why this is somebody new"]})
    return None


def _chosen(found: list[dict[str, Any]], chosen: str) -> str:
    """Return the id of the possible match that was named, by its number on the page or its id."""
    ids = [str(candidate["person_id"]) for candidate in found]
    by_number = {str(number): person_id for number, person_id in enumerate(ids, 1)}
    person_id = by_number.get(chosen.strip(), chosen.strip())
    if person_id not in ids:
        raise ValidationError({"chosen": ["Choose one of the possible matches"]})
    return person_id


@answers("warm_transfer")
def transfer(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    contact = contact_of(session, task)
    join(contact, given)
    if given["transfer_outcome"] == "answered":
        closing.close(contact, "transferred", now=now)
    return None


@answers("dropped_call")
def dropped(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    contact = contact_of(session, task)
    join(contact, given)
    if given["back_on_line"] != "yes":
        closing.close(contact, "withdrawn", now=now)
    return None


@answers("conduct")
def conduct(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Refuse a label before somebody has made sure that nobody is in danger."""
    if given["danger_checked"] != "yes":
        raise ValidationError({"danger_checked": ["Make sure first that nobody is in danger"]})
    contact = contact_of(session, task)
    join(contact, given)
    ended = ENDED_BY_CONDUCT.get((contact.answers or {}).get("conduct_action", ""))
    if ended:
        closing.close(contact, ended, now=now)
    return None


@answers(*OUTCOMES)
def closed(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Take over the last answers of a contact and close it with its outcome."""
    contact = contact_of(session, task)
    join(contact, given)
    closing.close(contact, OUTCOMES[task.form_id or ""], now=now)
    return None


@answers("incomplete_decision")
def incomplete(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    contact = contact_of(session, task)
    join(contact, given)
    ends = {"return": "returned_to_referrer", "close": "details_missing"}
    if given["incomplete_decision"] in ends:
        closing.close(contact, ends[given["incomplete_decision"]], now=now)
    return None


@answers("missing_details", "client_details", "referrer_chase", "walled_match")
def noted(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    join(contact_of(session, task), given)
    return None
