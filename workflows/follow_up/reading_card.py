"""The safe-contact card in front of whoever is about to reach somebody: masked until asked for.

What holds now is computed here, by the same rules as the attempt itself; a value (a number, a
word) leaves one at a time, for a task that one holds, and every look and every value is recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from engine import providers, releases
from engine.errors import NotFound
from engine.models import UserTask
from workflows.access.actor import Actor
from workflows.access.reading import Shown, record_read, shown
from workflows.cases import facts
from workflows.cases.models import Case
from workflows.follow_up import attempts
from workflows.follow_up.attempts import Hours
from workflows.keys import DataClass
from workflows.people import cards, rules
from workflows.people.cards import InForce
from workflows.people.rules import Decide
from workflows.people.safe_contact import WORDS, Channel
from workflows.people.tables import deciding
from workflows.people.windows import Opening
from workflows.tasks import worklist

# On these tasks somebody is about to reach the client, or has her on the line.
ON_THE_LINE = frozenset(
    {
        "contact_attempt",
        "call_back",
        "identity_check",
        "safe_to_talk",
        "immediate_needs",
        "risk_before_asking",
        "risk_checklist",
        "hate_items",
        "stalking_screen",
        "self_harm_screen",
        "risk_judgement",
        "safety_plan",
        "support_wish",
        "options_discussed",
        "consent",
        "capacity",
        "needs_assessment",
        "support_plan",
        "withdrawal_check",
        "service_continues",
        "inform_client",
        "told_before_event",
        "window_agreement",
        "number_source",
        "urgent_route",
        "unsafe_number",
        "letter",
        "interpreter_booking",
        "safe_contact",
    }
)
METHODS = ("voicemail", "sms", "email", "post")  # ways of leaving something


class NoCard(NotFound):
    """There is no safe-contact card for this task, or you may not see it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One way to reach her, as it stands now. ``mode`` is for telephones alone."""

    channel: Channel
    mode: str | None  # of the decision `first_call`: normal, cold, ask_first, never
    may_leave: tuple[str, ...]  # what may be left on it, by the decision `leave_message`
    is_suspended: bool
    is_best: bool  # the one that an attempt takes by itself


@dataclass(frozen=True, slots=True)
class Seen:
    """A card as somebody is shown it. ``may_reveal``: its values one by one."""

    card: InForce
    lines: tuple[Line, ...]
    opening: Opening | None  # open now, else the next one
    other_way: bool  # a way that needs no number was agreed for this time
    is_open: bool
    may_reveal: bool


def look(
    session: Session,
    actor: Actor,
    task: UserTask,
    *,
    now: datetime,
) -> Seen:
    """Show the card of the client of ``task``, which the actor may see; the look is recorded.

    Raises ``NoCard`` also where the task is none in which she is reached.
    """
    case, how = _allowed(session, actor, task)
    card = cards.current(session, case.person_id)
    if card is None:
        raise NoCard
    record_read(session, actor, f"task {task.id}", [case.person_id], now, "safe_contact.shown")
    decide, hours = _tables(session, case, now)
    openings = attempts.upcoming(session, case.person_id, card, hours, now)
    return Seen(
        card,
        tuple(_lines(session, case, card, decide, now)),
        openings[0] if openings else None,
        attempts.other_way_now(session, case.person_id, now) is not None,
        bool(openings) and openings[0].is_open(now),
        how is Shown.PLAIN,
    )


def reveal(
    session: Session,
    actor: Actor,
    task: UserTask,
    what: str,
    channel_id: UUID | None,
    *,
    now: datetime,
) -> str:
    """Return one value: the "number" of a line, one of the words, or the "other_way" that was
    agreed for this time. Recorded by its kind.

    Raises ``NoCard`` for what is not on it and for whoever is shown it masked, alike, and
    ``NumberStopped`` for what nobody rings.
    """
    case, how = _allowed(session, actor, task)
    card = cards.current(session, case.person_id)
    if card is None or how is not Shown.PLAIN:
        raise NoCard
    value = _value(session, case, card, what, channel_id, now)
    if not value:
        raise NoCard
    if what not in WORDS:
        begin(session, actor, task, now=now)
    about = f"safe_contact.revealed.{what}"
    record_read(session, actor, f"task {task.id}", [case.person_id], now, about)
    return value


def begin(session: Session, actor: Actor, task: UserTask, *, now: datetime) -> None:
    """Say that whoever has the number before them is on the line: the attempt is theirs.

    Nobody else dials meanwhile, and the end of the window does not take the task away.
    """
    if task.form_id == attempts.FORM and task.actual_owner in (None, actor.by):
        worklist.start(session, task.id, actor=actor, now=now)


def _value(
    session: Session,
    case: Case,
    card: InForce,
    what: str,
    channel_id: UUID | None,
    now: datetime,
) -> str | None:
    if what == "other_way":
        return attempts.other_way_now(session, case.person_id, now)
    if what in WORDS:
        word: str | None = getattr(card.card, what)
        return word
    channel = card.card.channel(channel_id)
    if channel is not None:
        attempts.require_not_stopped(session, case, channel)
    return channel.value if channel else None


def _allowed(session: Session, actor: Actor, task: UserTask) -> tuple[Case, Shown]:
    if not task.is_open or task.form_id not in ON_THE_LINE or task.business_key is None:
        raise NoCard
    case = session.get(Case, task.business_key)
    if case is None:
        raise NoCard
    how = shown(actor, DataClass.C3, case=case, during_contact=task.actual_owner == actor.by)
    if how is Shown.HIDDEN:
        raise NoCard
    return case, how


def _tables(session: Session, case: Case, now: datetime) -> tuple[Decide, Hours]:
    release = releases.effective(session, case.tenant_id, now)
    definitions = releases.definitions(session, release.id)
    settings = providers.settings(session, case.tenant_id, case.service_id, definitions)
    calendars = providers.calendars(session, case.tenant_id, definitions, settings)
    return deciding(definitions, settings, now=now), Hours(calendars, "cal_service")


def _lines(
    session: Session, case: Case, card: InForce, decide: Decide, now: datetime
) -> Iterator[Line]:
    channels = card.card.channels
    stopped = attempts.suspended(session, case, [c for c in channels if c.is_phone])
    best = attempts.best_channel(session, case, card)
    sensitive = attempts.is_sensitive(session, case)
    known = facts.of(session, case)
    sv_or_da = any(facts.flag(known, name) for name in ("domestic_abuse", "sexual_violence"))
    for channel in channels:
        is_suspended = channel.value in stopped
        mode = None
        if channel.is_phone:
            mode = rules.first_call(decide, channel, sensitive=sensitive, suspended=is_suspended)
        may_leave = tuple(
            method
            for method in METHODS
            if rules.may_leave_message(
                decide,
                channel,
                method,
                confirmed_at=card.confirmed_at,
                now=now,
                sender_neutral=True,
                sv_or_da=sv_or_da,
                suspended=is_suspended,
            ).allowed
        )
        yield Line(channel, mode, may_leave, is_suspended, channel is best)
