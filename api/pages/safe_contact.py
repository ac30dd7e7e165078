"""The safe-contact card on a page: what holds now, in words, with every value masked.

A value is not in the page until somebody presses *Reveal*; one is fetched, and that is recorded.
Unknown means not safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from api.auth import actor
from api.language import gettext, ngettext, say
from api.pages.names import name_of
from api.words import clock_time, lasting, then
from api.work import now, session
from engine import providers, releases
from engine.errors import NotFound
from forms.model import Choice, Field, Item, Page, Section
from workflows.access.reading import Shown, record_read, shown
from workflows.cases.models import Case
from workflows.follow_up import attempts
from workflows.follow_up.attempts import Hours
from workflows.follow_up.reading_card import ON_THE_LINE as ON_THE_LINE
from workflows.keys import DataClass
from workflows.people import cards, numbers, rules
from workflows.people.cards import InForce
from workflows.people.safe_contact import Card, Channel
from workflows.people.tables import deciding

MASK = "•••••"
LINE = "channel_id"  # the question of a form that names a line of the card
DAYS_VALID = 90
WAYS = {
    "mobile": "mobile",
    "landline": "landline",
    "email": "e-mail address",
    "address": "address",
    "webchat": "web chat",
    "third_party": "third party",
}


@dataclass(frozen=True)
class Masked:
    """A value with the words around it. ``key`` asks for it; None: it may not be asked for."""

    before: str
    shown: str
    what: str
    key: str | None
    after: str = ""


@dataclass(frozen=True)
class Rule:
    """A line of the card: do, or do not."""

    words: str
    is_no: bool = False


@dataclass(frozen=True)
class WindowNow:
    """Whether one may call at this moment, and until or from when."""

    words: str
    state: str
    is_open: bool


@dataclass(frozen=True)
class CardView:
    """What the template draws."""

    tone: str  # "strict", "doubt" or "": the colour of the edge, never the only sign
    headline: str
    window: WindowNow | None
    call: Masked | None
    rules: list[Rule] = field(default_factory=list)
    words: list[Masked] = field(default_factory=list)
    confirmed: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)  # id of a way, its words


def card_of(case: Case, *, during_contact: bool) -> CardView | None:
    """Return the card of a case's client as the viewer may see it; None: not at all."""
    how = shown(actor(), DataClass.C3, case=case, during_contact=during_contact)
    if how is Shown.HIDDEN:
        return None
    in_force = cards.current(session(), case.person_id)
    if in_force is None:
        nothing = gettext("Nothing is agreed with her yet, so nothing is safe.")
        return CardView(
            "strict", nothing, None, None, [Rule(gettext("No message of any kind"), True)]
        )
    may_reveal = how is Shown.PLAIN
    hours = hours_of(case)
    channel = attempts.best_channel(session(), case, in_force)
    mode = _mode(case, channel)
    stopped = attempts.suspended(session(), case, [c for c in in_force.card.channels if c.is_phone])
    window = _window(case, in_force, hours)
    fresh = (now() - in_force.confirmed_at).days <= DAYS_VALID
    strict = mode in ("never", "ask_first") or bool(stopped) or not window.is_open
    return CardView(
        tone="strict" if strict else "doubt" if not fresh or mode == "cold" else "",
        headline=_headline(mode, channel),
        window=window,
        call=_call(channel, mode, may_reveal),
        rules=list(_rules(in_force.card, channel, stopped)),
        words=_words(in_force.card, may_reveal),
        confirmed=_confirmed(in_force, fresh),
        lines=[(str(c.id), _way(c)) for c in in_force.card.channels if c.value not in stopped],
    )


def with_lines(page: Page, card: CardView) -> Page:
    """Return a page of a form on which the line of the card is chosen, never typed."""
    return replace(page, items=tuple(_choice(item, card) for item in page.items))


def _choice(item: Item, card: CardView) -> Item:
    if isinstance(item, Section):
        return replace(item, items=tuple(_choice(inner, card) for inner in item.items))
    if not isinstance(item, Field) or item.name != LINE:
        return item
    options = tuple(
        Choice(line, words, item.id if n == 0 else f"{item.id}-{n + 1}", item.value == line)
        for n, (line, words) in enumerate(card.lines)
    )
    return replace(item, kind="radio", options=options, inline=False)


def hours_of(case: Case) -> Hours:
    """Return when the service of a case may call."""
    release = releases.effective(session(), case.tenant_id, now())
    definitions = releases.definitions(session(), release.id)
    settings = providers.settings(session(), case.tenant_id, case.service_id, definitions)
    calendars = providers.calendars(session(), case.tenant_id, definitions, settings)
    return Hours(calendars, "cal_service")


def _mode(case: Case, channel: Channel | None) -> str:
    release = releases.effective(session(), case.tenant_id, now())
    definitions = releases.definitions(session(), release.id)
    settings = providers.settings(session(), case.tenant_id, case.service_id, definitions)
    return rules.first_call(
        deciding(definitions, settings, now=now()),
        channel,
        sensitive=attempts.is_sensitive(session(), case),
        suspended=False,
    )


def _headline(mode: str, channel: Channel | None) -> str:
    if mode == "never":
        return gettext("Do not ring. There is no number that may be rung.")
    if mode == "ask_first":
        return gettext("Ask the referrer first: nobody has said that ringing is safe.")
    way = gettext(WAYS[channel.kind]) if channel else ""
    if mode == "cold":
        return say("Cold call to the %(way)s: number withheld, no message, neutral words.", way=way)
    return say("Call the %(way)s.", way=way)


def _call(channel: Channel | None, mode: str, may_reveal: bool) -> Masked | None:
    if channel is None or mode in ("never", "ask_first"):
        return None
    ending = say("ending %(digits)s", digits=channel.value[-3:])
    key = f"number:{channel.id}" if may_reveal else None
    return Masked(gettext(WAYS[channel.kind]).capitalize(), ending, gettext("the number"), key)


def _window(case: Case, in_force: InForce, hours: Hours) -> WindowNow:
    for opening in attempts.upcoming(session(), case.person_id, in_force, hours, now()):
        if opening.is_open(now()):
            left = lasting(opening.ends_at - now())
            words = say("until %(end)s", end=clock_time(opening.ends_at))
            return WindowNow(words, say("open, %(left)s left", left=left), True)
        return WindowNow("", say("closed, opens %(at)s", at=then(opening.starts_at)), False)
    return WindowNow("", gettext("closed; no window is agreed in the coming four weeks"), False)


def _rules(card: Card, chosen: Channel | None, stopped: frozenset[str]) -> Iterator[Rule]:
    if card.ask_for:
        yield Rule(say("Ask for “%(name)s”", name=card.ask_for))
    if card.preferred_name:
        yield Rule(say("She likes to be called “%(name)s”", name=card.preferred_name))
    for channel in card.channels:
        way = _way(channel)
        if channel.value in stopped:
            yield Rule(say("Never ring the %(way)s: it is stopped for her", way=way), True)
        elif channel.is_phone and channel.safe_call == "no":
            yield Rule(say("Do not ring the %(way)s", way=way), True)
    safe = chosen or next(iter(card.channels), None)
    yield _may(safe, "safe_voicemail", gettext("Voicemail may be left"), gettext("No voicemail"))
    yield _may(safe, "safe_sms", gettext("Texts may be sent"), gettext("No texts"))
    if card.withhold_number or safe is None or safe.caller_id_ok != "yes":
        yield Rule(gettext("Withhold your number"))
    if card.who_hears:
        yield Rule(say("May hear: %(who)s", who=card.who_hears), True)
    if safe is not None and safe.given_as_safe is not None:
        given = safe.given_as_safe
        at = f"{given.when.day} {given.when:%b}"
        yield Rule(
            say("Given as safe by the client to %(who)s on %(at)s", who=given.by_whom, at=at)
        )


def _way(channel: Channel) -> str:
    return say("%(way)s ending %(end)s", way=gettext(WAYS[channel.kind]), end=channel.value[-3:])


def _may(channel: Channel | None, flag: str, yes: str, no: str) -> Rule:
    allowed = channel is not None and getattr(channel, flag) == "yes"
    return Rule(yes if allowed else no, is_no=not allowed)


def _words(card: Card, may_reveal: bool) -> list[Masked]:
    lines = {
        "stop_word": (
            gettext("If they say"),
            gettext("the stop word"),
            gettext("it is not safe: end neutrally."),
        ),
        "client_password": (
            gettext("They prove who they are with"),
            gettext("the client password"),
            "",
        ),
        "worker_password": (
            gettext("You prove who you are with"),
            gettext("the worker password"),
            "",
        ),
    }
    return [
        Masked(before, MASK, what, name if may_reveal else None, after)
        for name, (before, what, after) in lines.items()
        if getattr(card, name)
    ]


def _confirmed(in_force: InForce, fresh: bool) -> str:
    days = (now() - in_force.confirmed_at).days
    ago = ngettext("%(num)s day ago", "%(num)s days ago", days) % {"num": days}
    ago = ago if days else gettext("today")
    if in_force.confirmed_by == "system":
        words = say("Written down %(ago)s, from the contact.", ago=ago)
    else:
        words = say("Confirmed %(ago)s by %(name)s.", ago=ago, name=name_of(in_force.confirmed_by))
    return words if fresh else f"{words} {gettext('Confirm it again first.')}"


def reveal(case: Case, key: str, purpose: str, *, during_contact: bool) -> str:
    """Return one value of the card, and record who asked for which. Raises ``NotFound``."""
    if shown(actor(), DataClass.C3, case=case, during_contact=during_contact) is not Shown.PLAIN:
        raise NotFound
    in_force = cards.current(session(), case.person_id)
    value = _value(case, in_force.card, key) if in_force else None
    if not value:
        raise NotFound
    what = f"safe_contact.revealed.{key.partition(':')[0]}"
    record_read(session(), actor(), purpose, [case.person_id], now(), what)
    return value


def _value(case: Case, card: Card, key: str) -> str | None:
    kind, _, channel_id = key.partition(":")
    if kind in ("stop_word", "client_password", "worker_password"):
        found: str | None = getattr(card, kind)
        return found
    try:
        channel = card.channel(UUID(channel_id))
    except ValueError:
        return None
    if channel is None:
        return None
    attempts.require_not_stopped(session(), case, channel)
    return numbers.spoken(channel.value) if channel.is_phone else channel.value
