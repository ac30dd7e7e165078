"""What the forms of attempts, call-backs and the safe-contact card leave behind."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from engine import providers, releases
from engine.errors import Refusal
from engine.models import ProcessInstance, UserTask
from engine.states import UserTaskState
from workflows.cases import facts, notes
from workflows.cases.models import Case
from workflows.follow_up import attempts
from workflows.people import cards, safe_contact
from workflows.people.safe_contact import Card, GivenAsSafe
from workflows.tasks.answers import answers

Answers = Mapping[str, Any]
Variables = dict[str, Any] | None


def case_of(session: Session, task: UserTask) -> Case:
    return session.get_one(Case, task.business_key)


def hours_of(session: Session, task: UserTask) -> attempts.Hours:
    """Return the hours of the service that a task belongs to, by the release it runs on."""
    instance = session.get_one(ProcessInstance, task.instance_id)
    definitions = releases.definitions(session, instance.release_id)
    settings = providers.settings(session, task.tenant_id, task.service_id, definitions)
    calendars = providers.calendars(session, task.tenant_id, definitions, settings)
    return attempts.Hours(calendars, "cal_service")


@answers("contact_attempt")
def attempt(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Record the attempt; what follows from it is decided by the process."""
    case = case_of(session, task)
    made = attempts.record(
        session,
        case,
        given,
        hours=hours_of(session, task),
        task_id=task.id,
        started_at=task.claimed_at or now,
        was_begun=task.state == UserTaskState.IN_PROGRESS,
        by=by,
        now=now,
    )
    return {"attempt_id": str(made.id)}


@answers("urgent_route", "unsafe_number")
def other_way(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Keep what was decided; a time that came of it is one in which to reach her that way."""
    case = case_of(session, task)
    reason = given.get("route_note") or given.get("decision_reason") or ""
    if given.get("window_from") and given.get("window_to"):
        agree(session, case, given, reason, other_way=True, by=by, now=now)
    elif "yes" in (given.get("window_found"), given.get("other_route")):
        raise ValidationError({"window_from": ["Say from when to when it is safe"]})
    notes.add_note(session, case, reason, kind="decision", by=by, now=now)
    return None


@answers("window_agreement")
def agreed(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    agree(session, case_of(session, task), given, given["agreed_by"], by=by, now=now)
    return None


def agree(
    session: Session,
    case: Case,
    given: Answers,
    how: str,
    *,
    other_way: bool = False,
    by: str,
    now: datetime,
) -> None:
    start, end = given["window_from"], given["window_to"]
    attempts.agree_window(session, case, start, end, how, other_way=other_way, by=by, now=now)


@answers("number_source")
def number_source(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Write on the card who says that the client gave the number as safe, and when."""
    case = case_of(session, task)
    card = cards.current(session, case.person_id)
    number = attempts.best_channel(session, case, card)
    if given["source_answered"] != "yes" or card is None or number is None:
        return None
    if given["given_as_safe"] == "yes":
        said = GivenAsSafe(given["given_as_safe_by"], given["given_as_safe_on"])
        known = _with_line(card.card, number.id, given_as_safe=said)
    else:
        known = _with_line(card.card, number.id, safe_call="no")
    cards.record(session, case.person_id, known, proof=cards.Proof.OLD_ROUTE, by=by, now=now)
    return None


def _with_line(card: Card, channel_id: UUID, **said: Any) -> Card:
    lines = (replace(c, **said) if c.id == channel_id else c for c in card.channels)
    return replace(card, channels=tuple(lines))


@answers("safe_contact")
def card(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """Record the card. A change without proof is proposed, and the old card stays."""
    case = case_of(session, task)
    before = cards.current(session, case.person_id)
    proof = None if given["change_proof"] == "none" else cards.Proof(given["change_proof"])
    try:
        said = safe_contact.from_answers(given, before=before.card if before else None)
        cards.record(session, case.person_id, said, proof=proof, by=by, now=now)
    except Refusal as refused:  # a number or word that the card cannot hold
        raise ValidationError({"channels": [str(refused)]}) from refused
    return None


@answers("safe_to_talk")
def words(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """Put the words that were agreed on the line onto the card; she confirms them by the old way.

    Who it is was made sure of in the step before.
    """
    agreed = {name: given[name] for name in ("stop_word", "client_password") if given.get(name)}
    if agreed:
        case = case_of(session, task)
        before = cards.current(session, case.person_id)
        said = replace(before.card if before else Card(), **agreed)
        try:
            cards.record(session, case.person_id, said, proof=cards.Proof.OLD_ROUTE, by=by, now=now)
        except safe_contact.BadCard as refused:
            raise ValidationError({next(iter(agreed)): [str(refused)]}) from refused
    return None


@answers("interpreter_booking", "welfare_visit", "letter", "call_back", "flo_liaison")
def noted(session: Session, task: UserTask, given: Answers, *, by: str, now: datetime) -> Variables:
    """The answers stand by themselves; the record of the case names the form they are in."""
    case = case_of(session, task)
    if given.get("card_confirmed") == "yes" and cards.current(session, case.person_id):
        cards.confirm(session, case.person_id, by=by, now=now)
    return None


@answers("ask_first")
def ask_first(
    session: Session, task: UserTask, given: Answers, *, by: str, now: datetime
) -> Variables:
    """Learn who may be contacted; the process decides again with it."""
    known = {"guardian_linked": given["guardian_linked"]}
    if given.get("age") is not None:
        known["age"] = int(given["age"])
    facts.learn(session, case_of(session, task), **known)
    return None
