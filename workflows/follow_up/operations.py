"""What the diagrams of first contact, attempts and call-backs may call."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from engine.models import Outbox, UserTask
from engine.operations import OperationContext, operation
from engine.states import OutboxState, UserTaskState
from workflows import audit
from workflows.cases import alerts, facts
from workflows.cases.models import Case
from workflows.decisions import decide
from workflows.follow_up import attempts, openings
from workflows.follow_up.models import AttemptDecision, ContactAttempt
from workflows.people import cards, rules, suspension
from workflows.people.windows import Opening

# What leaves to a person; the outbox names whom it is for by id alone.
OUTBOUND = ("sms", "mail", "letter")
# After one of these the question is whether a message may be left.
UNANSWERED = frozenset({"no_answer", "busy", "voicemail_left"})


def case_of(context: OperationContext, case_id: str) -> Case:
    return context.session.get_one(Case, UUID(case_id))


def hours_of(context: OperationContext) -> attempts.Hours:
    return attempts.Hours(context.calendars, "cal_service")


@operation("contact.choose_method", decision="contact_method")
def choose_method(context: OperationContext, *, case_id: str) -> dict[str, Any]:
    """Choose how the person is contacted: decision `contact_method`."""
    case = case_of(context, case_id)
    known = facts.of(context.session, case)
    card = cards.current(context.session, case.person_id)
    inputs = {
        "offence_kind": known.get("offence_kind"),
        "victim_kind": known.get("victim_kind") or "person",
        "communication_need": known.get("communication_need"),
        "phone_known": card is not None and any(c.is_phone for c in card.card.channels),
        "post_safe": post_safe(card),
    }
    chosen: dict[str, Any] = decide(context, "contact_method", inputs, subject_id=case.subject_id)
    return chosen


class Recipient(TypedDict):
    contact_recipient: str | None


@operation("contact.choose_recipient")
def choose_recipient(context: OperationContext, *, case_id: str) -> Recipient:
    """Choose who is contacted: decision `contact_recipient`."""
    case = case_of(context, case_id)
    known = facts.of(context.session, case)
    inputs = {
        "person_role": known.get("person_role"),
        "age": known.get("age"),
        "guardian_linked": known.get("guardian_linked") or "unknown",
    }
    recipient = decide(context, "contact_recipient", inputs, subject_id=case.subject_id)
    return {"contact_recipient": recipient}


class Window(TypedDict):
    opens_at: datetime | None
    closes_at: datetime | None
    window_id: str | None
    in_time: bool
    within_limit: bool


@operation("contact.next_window")
def next_window(
    context: OperationContext,
    *,
    case_id: str,
    person_id: str,
    first_due: datetime | None = None,
    all_due: datetime | None = None,
    not_before: datetime | None = None,
) -> Window:
    """Find when the next attempt may be made.

    Returns ``opens_at`` and ``closes_at`` (UTC; None when nothing is open in four weeks),
    ``window_id``, ``in_time`` (it opens before the attempt is due) and ``within_limit``.
    ``first_due`` binds the first attempt, ``all_due`` the later ones.
    """
    case, now = case_of(context, case_id), context.now
    limit = timedelta(days=int(context.settings["window_limit_days"]))
    card, hours = cards.current(context.session, case.person_id), hours_of(context)
    last = attempts.last_failed(context.session, case.id)
    found = openings.choose(
        _possible(context, case, card, hours),
        hours.zone,
        now=now,
        last=last.ended_at if last else None,
        not_before=not_before,
        agreed=attempts.agreed_ids(context.session, case.person_id),
        within=limit,
    )
    due = all_due if last else first_due
    return {
        "opens_at": found.starts_at if found else None,
        "closes_at": found.ends_at if found else None,
        "window_id": str(found.window_id) if found and found.window_id else None,
        "in_time": found is not None and (due is None or found.starts_at <= max(due, now)),
        "within_limit": found is not None and found.starts_at <= now + limit,
    }


def _possible(
    context: OperationContext, case: Case, card: cards.InForce | None, hours: attempts.Hours
) -> list[Opening]:
    """Return when an attempt can be made. Without a number to ring only another way counts, where
    one was agreed."""
    session, now = context.session, context.now
    if attempts.best_channel(session, case, card) is None:
        other = [
            attempts.opening_of(w) for w in attempts.by_other_way(session, case.person_id, now)
        ]
        if other:
            return openings.upcoming(None, other, hours.calendars, hours.key, now)
    return attempts.upcoming(session, case.person_id, card, hours, now)


class FirstCall(TypedDict):
    first_call: str


@operation("contact.first_call")
def first_call(context: OperationContext, *, case_id: str, person_id: str) -> FirstCall:
    """Say how the number may be rung: decision `first_call` (normal, cold, ask_first, never).

    Where no number may be rung and another way was agreed for this time: other_way.
    """
    case = case_of(context, case_id)
    card = cards.current(context.session, case.person_id)
    channel = attempts.best_channel(context.session, case, card)
    if channel is None and attempts.other_way_now(context.session, case.person_id, context.now):
        return {"first_call": "other_way"}
    return {
        "first_call": rules.first_call(
            decides(context, case),
            channel,
            sensitive=attempts.is_sensitive(context.session, case),
            suspended=False,
        )
    }


def decides(context: OperationContext, case: Case) -> rules.Decide:
    """Return `decide` of this operation, its inputs closed under the case's key."""

    def ask(decision_id: str, inputs: Mapping[str, Any]) -> Any:
        return decide(context, decision_id, inputs, subject_id=case.subject_id)

    return ask


class NextAction(TypedDict):
    next_action: str
    counts: bool
    risk_changed: bool


@operation("contact.decide_next")
def decide_next(
    context: OperationContext, *, case_id: str, person_id: str, attempt_id: str
) -> NextAction:
    """Say what follows from an attempt: decision `attempt_outcome`. Once for one attempt."""
    session = context.session
    case, attempt = case_of(context, case_id), session.get_one(ContactAttempt, UUID(attempt_id))
    made = session.get(AttemptDecision, attempt.id)
    if made is None:
        made = _decide_next(context, case, attempt)
        session.add(made)
        session.flush()
    return {
        "next_action": made.next_action,
        "counts": made.counts,
        "risk_changed": made.risk_changed,
    }


def _decide_next(context: OperationContext, case: Case, attempt: ContactAttempt) -> AttemptDecision:
    session = context.session
    if attempt.outcome in UNANSWERED:
        _judge_voicemail(context, case, attempt)
    known = facts.of(session, case)
    inputs = {
        "outcome": attempt.outcome,
        "counted_attempts": attempts.counted(session, case.id) + 1,
        "high": case.is_high_risk,
        "sensitive": attempts.is_sensitive(session, case),
        "post_safe": post_safe(cards.current(session, case.person_id)),
        "referrer_verified": facts.flag(known, "referrer_verified"),
    }
    outputs = decide(context, "attempt_outcome", inputs, subject_id=case.subject_id)
    return AttemptDecision(
        attempt_id=attempt.id,
        tenant_id=case.tenant_id,
        case_id=case.id,
        next_action=outputs["next_action"],
        counts=outputs["counts"],
        risk_changed=outputs["risk_changed"],
        at=context.now,
    )


def _judge_voicemail(context: OperationContext, case: Case, attempt: ContactAttempt) -> None:
    """Ask whether a message might have been left: decision `leave_message`.

    What happened is written down as it was. A message that should not have been left is a breach:
    it shows in the record, and the team leader is alerted at once.
    """
    session = context.session
    card = cards.current(session, case.person_id)
    known = facts.of(session, case)
    allowed = rules.may_leave_message(
        decides(context, case),
        attempts.line_of(card, attempt),
        "voicemail",
        confirmed_at=card.confirmed_at if card else None,
        now=context.now,
        sender_neutral=True,
        sv_or_da=any(facts.flag(known, name) for name in ("domestic_abuse", "sexual_violence")),
        suspended=False,  # a number that is suspended is never rung
    ).allowed
    if attempt.outcome != "voicemail_left" or allowed:
        return
    audit.of_case(
        session,
        case.tenant_id,
        case.id,
        "message.left_unsafely",
        by=attempt.by,
        at=context.now,
        attempt_id=attempt.id,
    )
    alerts.alert(
        session,
        case.tenant_id,
        case.service_id,
        task_id=attempt.user_task_id,
        about=case.id,
        rule="message_left_unsafely",
        by=attempt.by,
        now=context.now,
    )


def post_safe(card: cards.InForce | None) -> str:
    """Return whether a letter is safe: yes and no are said of an address, else it is unknown."""
    said = [c.safe_post for c in card.card.channels if c.kind == "address"] if card else []
    return "yes" if "yes" in said else "no" if "no" in said else "unknown"


@operation("contact.suspend_number")
def suspend_number(
    context: OperationContext, *, case_id: str, person_id: str, attempt_id: str
) -> None:
    """Suspend the number of an attempt for this person, and purge what waits to be sent to them.

    It holds at once and in every service: each call and each sending reads it. Another client on
    the same line is not touched.
    """
    session = context.session
    case, attempt = case_of(context, case_id), session.get_one(ContactAttempt, UUID(attempt_id))
    card = cards.current(session, case.person_id)
    channel = attempts.line_of(card, attempt)
    if channel is not None and channel.is_phone:
        suspension.suspend(
            session,
            case.person_id,
            channel.value,
            attempt.outcome,
            attempt_id=attempt.id,
            by=attempt.by,
            now=context.now,
        )
    purged = purge_outbox(session, case, now=context.now)
    about = {"attempt_id": attempt.id, "purged": purged}
    audit.of_case(
        session, case.tenant_id, case.id, "outbound.purged", by="system", at=context.now, **about
    )


def purge_outbox(session: Session, case: Case, *, now: datetime) -> int:
    """Give up whatever waits to be sent to the person of ``case``; return how much that was."""
    person = Outbox.payload["person_id"].astext == str(case.person_id)
    waiting = (Outbox.tenant_id == case.tenant_id, Outbox.state == OutboxState.PENDING)
    gone = session.execute(
        update(Outbox)
        .where(*waiting, Outbox.kind.in_(OUTBOUND), person)
        .values(state=OutboxState.DEAD, finished_at=now, error="NumberSuspended")
        .returning(Outbox.id)
    )
    return len(gone.all())


class WindowMissed(TypedDict):
    window_missed: bool


@operation("contact.window_closed")
def window_closed(context: OperationContext, *, case_id: str) -> WindowMissed:
    """Say whether the window passed without an attempt. One that has begun goes on to its end."""
    begun = exists().where(
        UserTask.instance_id == context.instance_id,
        UserTask.form_id == attempts.FORM,
        UserTask.completed_at.is_(None),
        UserTask.state == UserTaskState.IN_PROGRESS,
    )
    return {"window_missed": not context.session.scalar(select(begun))}


@operation("contact.window_missed")
def window_missed(
    context: OperationContext, *, case_id: str, person_id: str, window_id: str | None = None
) -> WindowMissed:
    """Note that a safe window passed without an attempt: a breach that shows in the record."""
    case = case_of(context, case_id)
    about = {"window_id": window_id}
    audit.of_case(
        context.session,
        case.tenant_id,
        case.id,
        "window.missed",
        by="system",
        at=context.now,
        **about,
    )
    return {"window_missed": False}  # until the next one


@operation("contact.cancel_pending")
def cancel_pending(context: OperationContext, *, case_id: str) -> None:
    """Give up what waits to be sent to the client: she has rung herself."""
    case = case_of(context, case_id)
    purge_outbox(context.session, case, now=context.now)
