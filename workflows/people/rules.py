"""May we ring, and may we leave anything: the tables `first_call` and `leave_message`.

The inputs are pure functions of the card; the tables decide; and whatever a table says, two things
hold in code, because people die of them: nothing is left on a way that is not an explicit yes, and
nobody rings a number that is suspended or said to be unsafe.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.people.safe_contact import Card, Channel, Ynu

# (decision id, inputs) -> outputs: `workflows.decisions.decide` bound to its operation, or a
# release's own tables (`people.tables`).
Decide = Callable[[str, Mapping[str, Any]], Any]

MODES = ("normal", "cold", "ask_first", "never")
FLAG_OF = {
    "voicemail": "safe_voicemail",
    "sms": "safe_sms",
    "email": "safe_email",
    "post": "safe_post",
}


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """Whether something may be left, and who may decide otherwise: "never", "team_leader"."""

    allowed: bool
    overridable: str | None


def may_leave_message(
    decide: Decide,
    channel: Channel | None,
    method: str,
    *,
    confirmed_at: datetime | None,
    now: datetime,
    sender_neutral: bool,
    sv_or_da: bool,
    suspended: bool,
) -> LeaveMessage:
    """Decide by `leave_message` whether a voicemail, text, e-mail or letter may be left.

    Asked when it is planned and again when it is sent. ``sender_neutral``: nothing shows who
    sends it.
    """
    safe = how_safe(channel, method, suspended=suspended)
    outputs = decide(
        "leave_message",
        {
            "channel_safe": safe,
            "confirmed_days_ago": days_since(confirmed_at, now),
            "sender_neutral": sender_neutral,
            "sv_or_da": sv_or_da,
            "explicit_yes": safe == "yes" and channel is not None and bool(channel.given_as_safe),
        },
    )
    allowed = outputs["allowed"] is True and safe == "yes" and confirmed_at is not None
    overridable = outputs["overridable"] if safe == "yes" else "never"
    return LeaveMessage(allowed, None if allowed else overridable)


def first_call(decide: Decide, channel: Channel | None, *, sensitive: bool, suspended: bool) -> str:
    """Decide by `first_call` how a number may be called: normal, cold, ask_first, never."""
    if channel is None or not channel.is_phone:
        return "never"
    mode = decide(
        "first_call",
        {
            "call_safe": channel.safe_call,
            "given_as_safe": channel.given_as_safe is not None,
            "sensitive": sensitive,
            "suspended": suspended,
        },
    )
    if suspended or channel.safe_call == "no":
        return "never"
    if mode == "normal" and channel.safe_call != "yes":
        return "cold"
    return mode if mode in MODES else "ask_first"


def how_safe(channel: Channel | None, method: str, *, suspended: bool) -> Ynu:
    """Return whether a way may be used for leaving something; what nobody knows is unknown."""
    if channel is None or method not in FLAG_OF:
        return "unknown"
    if suspended:
        return "no"
    flag: Ynu = getattr(channel, FLAG_OF[method])
    return flag


def number_shown(card: Card, channel: Channel) -> bool:
    """Whether our number may show on her telephone: only after a yes, and never when withheld."""
    return not card.withhold_number and channel.caller_id_ok == "yes"


def days_since(confirmed_at: datetime | None, now: datetime) -> int:
    """Return whole days since the card was confirmed; never confirmed counts as ages ago."""
    return (now - confirmed_at).days if confirmed_at is not None else 100_000
