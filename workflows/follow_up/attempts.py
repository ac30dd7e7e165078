"""Attempts to reach a person: what must hold before one is recorded, and what counts.

The page helps, but these rules hold here: the card was read, the number is not suspended and not
said to be unsafe, the window is open (or somebody in charge agreed, with a reason), and nobody
is "spoken with" whose identity was not made sure of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Forbidden
from feel.calendars import Calendars
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.follow_up import openings
from workflows.follow_up.models import AgreedWindow, AttemptDecision, ContactAttempt
from workflows.people import cards, suspension
from workflows.people.cards import InForce
from workflows.people.safe_contact import Channel
from workflows.people.windows import Opening
from workflows.staff.models import StaffRole

FORM = "contact_attempt"
DIALLED = frozenset({"phone", "text_relay", "sms"})
IN_CHARGE = ("team_leader", "service_manager")
# After one of these a new round of attempts begins to be counted.
ENDS_A_ROUND = frozenset(
    {"reached", "declined", "later", "manager_welfare", "letter", "tell_referrer", "close"}
)
SENSITIVE = ("domestic_abuse", "sexual_violence", "stalking", "honour_based")


@dataclass(frozen=True, slots=True)
class Hours:
    """When the service may call: its calendar, with the bank holidays, and its zone."""

    calendars: Calendars
    key: str

    @property
    def zone(self) -> ZoneInfo:
        return self.calendars.get(self.key).zone


def is_sensitive(session: Session, case: Case) -> bool:
    """Whether an answer by somebody else may be dangerous: domestic abuse, sexual violence,
    stalking, honour-based abuse, or high risk."""
    known = facts.of(session, case)
    return case.is_high_risk or any(facts.flag(known, name) for name in SENSITIVE)


def agreed_windows(session: Session, person_id: UUID) -> list[Opening]:
    """Return the times that were agreed once."""
    rows = select(AgreedWindow).where(AgreedWindow.person_id == person_id)
    return [opening_of(row) for row in session.scalars(rows) if row.times]


def agreed_ids(session: Session, person_id: UUID) -> frozenset[UUID]:
    """Return the ids of the times that were agreed once."""
    rows = select(AgreedWindow.id).where(AgreedWindow.person_id == person_id)
    return frozenset(session.scalars(rows))


def opening_of(row: AgreedWindow) -> Opening:
    times = row.times or {}
    starts, ends = (datetime.fromisoformat(times[name]) for name in ("from", "to"))
    return Opening(starts, ends, row.id)


def agree_window(
    session: Session,
    case: Case,
    starts_at: datetime,
    ends_at: datetime,
    how: str,
    *,
    other_way: bool = False,
    by: str,
    now: datetime,
) -> AgreedWindow:
    """Write down a time that was agreed by another safe way.

    ``other_way``: she is reached in that time as ``how`` says, and not at a number of hers.
    """
    if not starts_at < ends_at or ends_at <= now:
        raise ValidationError({"window_to": ["Give a time to come that ends after it begins"]})
    agreed = AgreedWindow(
        tenant_id=case.tenant_id, person_id=case.person_id, agreed_at=now, agreed_by=by
    )
    agreed.times = {
        "from": starts_at.isoformat(),
        "to": ends_at.isoformat(),
        "how": how,
        "other_way": other_way,
    }
    session.add(agreed)
    session.flush()
    return agreed


def upcoming(
    session: Session, person_id: UUID, card: InForce | None, hours: Hours, now: datetime
) -> list[Opening]:
    """Return when the person may be rung in the coming four weeks."""
    windows = card.card.windows if card else ()
    agreed = agreed_windows(session, person_id)
    return openings.upcoming(windows, agreed, hours.calendars, hours.key, now)


def by_other_way(session: Session, person_id: UUID, now: datetime) -> list[AgreedWindow]:
    """Return the times to come in which she is reached without ringing her, soonest first."""
    rows = select(AgreedWindow).where(AgreedWindow.person_id == person_id)
    other = [row for row in session.scalars(rows) if (row.times or {}).get("other_way")]
    ahead = [row for row in other if opening_of(row).ends_at > now]
    return sorted(ahead, key=lambda row: opening_of(row).starts_at)


def other_way_now(session: Session, person_id: UUID, now: datetime) -> str | None:
    """Return how she is reached in the time that is open now, if another way was agreed for it."""
    open_now = (r for r in by_other_way(session, person_id, now) if opening_of(r).is_open(now))
    return next((str(row.times["how"]) for row in open_now if row.times), None)


def best_channel(session: Session, case: Case, card: InForce | None) -> Channel | None:
    """Return the line of the card to be rung: not suspended, said to be safe before unknown,
    given as safe before not, mobile before landline."""
    if card is None:
        return None
    phones = [c for c in card.card.channels if c.is_phone and c.safe_call != "no"]
    stopped = suspended(session, case, phones)
    usable = [c for c in phones if c.value not in stopped]
    return min(
        usable,
        key=lambda c: (c.safe_call != "yes", c.given_as_safe is None, c.kind != "mobile"),
        default=None,
    )


def line_of(card: InForce | None, attempt: ContactAttempt) -> Channel | None:
    """Return the line of the card on which an attempt was made, if it still stands there."""
    if card is None or attempt.channel_id is None:
        return None
    return card.card.channel(UUID(attempt.channel_id))


class NumberStopped(Forbidden):
    """This number must not be rung for this client, so it is not shown."""


def require_not_stopped(session: Session, case: Case, channel: Channel) -> None:
    """Refuse to show a number that is suspended for the client, or that she said is not safe."""
    if channel.is_phone and (
        channel.safe_call == "no" or channel.value in suspended(session, case, [channel])
    ):
        raise NumberStopped


def suspended(session: Session, case: Case, channels: Sequence[Channel]) -> frozenset[str]:
    numbers = [channel.value for channel in channels]
    return suspension.suspended(session, case.tenant_id, case.person_id, numbers)


def record(
    session: Session,
    case: Case,
    given: Mapping[str, Any],
    *,
    hours: Hours,
    task_id: UUID | None,
    started_at: datetime,
    was_begun: bool = False,  # the number is shown since then, so the window counts for then
    by: str,
    now: datetime,
) -> ContactAttempt:
    """Record an attempt as it happened, once for one task. Raises ``ValidationError``."""
    card = cards.current(session, case.person_id)
    channel = _channel(session, case, card, given)
    dialled_at = started_at if was_begun else now
    window = _window(session, case, card, given, hours=hours, by=by, at=dialled_at)
    attempt = ContactAttempt(
        tenant_id=case.tenant_id,
        service_id=case.service_id,
        case_id=case.id,
        person_id=case.person_id,
        user_task_id=task_id,
        method=given["method"],
        outcome=given["outcome"],
        daypart=openings.daypart(now, hours.zone),
        card_read_at=now,
        identity_verified=_verified(given),
        started_at=started_at,
        ended_at=now,
        by=by,
        subject_id=case.subject_id,
    )
    _say_by_what(attempt, channel, window, card)
    attempt.note = given.get("note") or given.get("outside_reason")
    session.add(attempt)
    session.flush()
    return attempt


def _say_by_what(
    attempt: ContactAttempt, channel: Channel | None, window: Opening | None, card: InForce | None
) -> None:
    attempt.channel_id = str(channel.id) if channel else None
    attempt.window_id = str(window.window_id) if window and window.window_id else None
    attempt.card_version = card.version if card else None
    attempt.outside_window = window is None


def _verified(given: Mapping[str, Any]) -> bool:
    verified = given.get("identity_verified") == "yes"
    if given["outcome"] == "spoke_client" and not verified:
        raise ValidationError({"identity_verified": ["Make sure first that it is the client"]})
    return verified


def _channel(
    session: Session, case: Case, card: InForce | None, given: Mapping[str, Any]
) -> Channel | None:
    if given["method"] not in DIALLED:
        return None
    chosen = given.get("channel_id")
    if chosen:
        channel = card.card.channel(_uuid(chosen)) if card else None
        if channel is None:
            raise ValidationError({"channel_id": ["This line is not on the card"]})
    else:
        channel = best_channel(session, case, card)
    if channel is None:
        raise ValidationError({"method": ["There is no number that may be rung. Choose another"]})
    if channel.value in suspended(session, case, [channel]):
        raise ValidationError({"channel_id": ["This number must not be rung for this client"]})
    if channel.safe_call == "no":
        raise ValidationError({"channel_id": ["The client said that ringing it is not safe"]})
    return channel


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _window(
    session: Session,
    case: Case,
    card: InForce | None,
    given: Mapping[str, Any],
    *,
    hours: Hours,
    by: str,
    at: datetime,
) -> Opening | None:
    """Return the window that was open; outside of it somebody in charge has to have agreed."""
    for opening in upcoming(session, case.person_id, card, hours, at):
        if opening.is_open(at):
            return opening
    if given.get("outside_window") != "yes" or not given.get("outside_reason"):
        raise ValidationError({"outside_window": ["The safe window is closed now"]})
    if is_sensitive(session, case) and not _is_in_charge(session, by):
        raise ValidationError({"outside_window": ["Here only a team leader may ring outside it"]})
    return None


def _is_in_charge(session: Session, by: str) -> bool:
    held = select(StaffRole.role).where(
        StaffRole.staff_id == UUID(by), StaffRole.role.in_(IN_CHARGE)
    )
    return session.scalar(held.limit(1)) is not None


def last_failed(session: Session, case_id: UUID) -> ContactAttempt | None:
    """Return the last attempt of the round that goes on, if there was one."""
    round_so_far = _round(session, case_id)
    return round_so_far[-1][0] if round_so_far else None


def counted(session: Session, case_id: UUID) -> int:
    """Return how many attempts of the round that goes on count as failed."""
    return sum(decision.counts for _, decision in _round(session, case_id))


def _round(session: Session, case_id: UUID) -> list[tuple[ContactAttempt, AttemptDecision]]:
    rows = session.execute(
        select(ContactAttempt, AttemptDecision)
        .join(AttemptDecision, AttemptDecision.attempt_id == ContactAttempt.id)
        .where(ContactAttempt.case_id == case_id)
        .order_by(ContactAttempt.ended_at.desc(), ContactAttempt.id)
        .limit(50)
    )
    found: list[tuple[ContactAttempt, AttemptDecision]] = []
    for attempt, decision in rows:
        if decision.next_action in ENDS_A_ROUND:
            break
        found.append((attempt, decision))
    return found[::-1]
