"""The safe-contact card: how somebody may be reached without harm. Unknown means not safe.

Source: service specification 2.5 and form F-SAFE. The words: the client says the *stop word* when
it is not safe to go on; she proves who she is with the *client password*; the worker proves who
is calling with the *worker password*. All three differ, and none is her name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, time
from typing import Any, Literal
from uuid import UUID, uuid4

from engine.errors import Refusal
from workflows.people import numbers
from workflows.people.names import parts, plain
from workflows.people.windows import Window

Ynu = Literal["yes", "no", "unknown"]
PHONES = ("mobile", "landline")
KINDS = (*PHONES, "email", "address", "webchat", "third_party")
FLAGS = ("safe_call", "safe_voicemail", "safe_sms", "safe_email", "safe_post", "caller_id_ok")
WORDS = ("stop_word", "client_password", "worker_password")
SHORTEST_WORD, LONGEST_WORD = 3, 30
DROPPED_CALL = ("ring_back", "do_not_ring", "text_neutral")


class BadCard(Refusal):
    """The safe-contact card cannot be kept like this."""

    status = 422


@dataclass(frozen=True, slots=True)
class GivenAsSafe:
    """The client gave this number as safe: told by whom, and when."""

    by_whom: str
    when: date


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach somebody. Every flag is unknown until she says otherwise."""

    kind: str
    value: str  # E.164, an e-mail address, an address or UPRN
    id: UUID = field(default_factory=uuid4)
    safe_call: Ynu = "unknown"
    safe_voicemail: Ynu = "unknown"
    safe_sms: Ynu = "unknown"
    safe_email: Ynu = "unknown"
    safe_post: Ynu = "unknown"
    caller_id_ok: Ynu = "unknown"
    given_as_safe: GivenAsSafe | None = None

    @property
    def is_phone(self) -> bool:
        return self.kind in PHONES


@dataclass(frozen=True, slots=True)
class Card:
    """What one version of a card says."""

    channels: tuple[Channel, ...] = ()
    windows: tuple[Window, ...] = ()
    ask_for: str | None = None
    preferred_name: str | None = None
    who_hears: str | None = None
    stop_word: str | None = None
    client_password: str | None = None
    worker_password: str | None = None
    withhold_number: bool = True
    dropped_call: str = "do_not_ring"

    def channel(self, channel_id: UUID | None) -> Channel | None:
        return next((c for c in self.channels if c.id == channel_id), None)

    def with_number(self, number: str) -> Channel | None:
        return next((c for c in self.channels if c.is_phone and c.value == number), None)

    def to_json(self) -> dict[str, Any]:
        return _plain(asdict(self))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Card":
        """Read a card as it is stored, or as `from_answers` has prepared it."""
        known = {**stored}
        known["channels"] = tuple(_channel(c) for c in stored.get("channels") or ())
        known["windows"] = tuple(_window(w) for w in stored.get("windows") or ())
        return cls(**known)


def from_answers(answers: Mapping[str, Any], *, before: Card | None = None) -> Card:
    """Make a card of the answers to form `safe_contact`, or of the same part of `contact`.

    A way to reach her that was on the card ``before`` keeps its id. Numbers and e-mail addresses
    are brought into one form. Raises ``BadNumber``, ``BadEmail``.
    """
    old = {(c.kind, c.value): c.id for c in before.channels} if before else {}
    channels = []
    for line in answers.get("channels") or ():
        value = in_one_form(line["kind"], line["value"])
        flags = {flag: line.get(flag) or "unknown" for flag in FLAGS}
        given = {"by_whom": line.get("given_as_safe_by"), "when": line.get("given_as_safe_on")}
        channels.append(
            {
                "id": old.get((line["kind"], value)) or uuid4(),
                "kind": line["kind"],
                "value": value,
                "given_as_safe": given if all(given.values()) else None,
                **flags,
            }
        )
    windows = [{"id": uuid4(), **window} for window in answers.get("windows") or ()]
    said = {
        name: answers[name]
        for name in ("ask_for", "preferred_name", "who_hears", *WORDS)
        if answers.get(name)
    }
    withhold = answers.get("withhold_number") not in ("no", False)
    dropped = answers.get("dropped_call") or answers.get("dropped_call_wish") or "do_not_ring"
    return Card.from_json(
        {
            **said,
            "channels": channels,
            "windows": windows,
            "withhold_number": withhold,
            "dropped_call": dropped,
        }
    )


def in_one_form(kind: str, value: str) -> str:
    """Return the value of a channel as it is stored and compared."""
    if kind in PHONES:
        return numbers.e164(value)
    return numbers.email(value) if kind == "email" else " ".join(value.split())


def check(card: Card, *, names: Iterable[str | None] = ()) -> None:
    """Refuse a card that could not protect her: ``names`` are what she is called.

    Raises ``BadCard`` with every problem in ``errors``.
    """
    problems = [*_channel_problems(card), *_window_problems(card), *_word_problems(card, names)]
    if problems:
        raise BadCard(problems[0], errors=problems)


def _channel_problems(card: Card) -> Iterable[str]:
    for channel in card.channels:
        if channel.kind not in KINDS:
            yield f"“{channel.kind}” is no way to reach somebody."
        if any(getattr(channel, flag) not in ("yes", "no", "unknown") for flag in FLAGS):
            yield "Whether a way is safe is yes, no or unknown."
    if len({(c.kind, c.value) for c in card.channels}) < len(card.channels):
        yield "The same way to reach her stands there twice."
    if card.dropped_call not in DROPPED_CALL:
        yield "Say what to do when the call is cut off."


def _window_problems(card: Card) -> Iterable[str]:
    for window in card.windows:
        if window.to_time <= window.from_time and window.to_time != time(0):
            yield "A window begins before it ends. One over midnight is two windows."
        if not window.days:
            yield "A window needs a day of the week."


def _word_problems(card: Card, names: Iterable[str | None]) -> Iterable[str]:
    words = {name: getattr(card, name) for name in WORDS if getattr(card, name)}
    said = [" ".join(plain(word).split()) for word in words.values()]
    if len(set(said)) < len(said):
        yield "The stop word and the two passwords have to differ from each other."
    called = {part for name in (*names, card.preferred_name) for part in parts(name)}
    for label, word in words.items():
        if not SHORTEST_WORD <= len(word.strip()) <= LONGEST_WORD:
            yield f"A word has {SHORTEST_WORD} to {LONGEST_WORD} characters: {label}."
        if called & set(parts(word)) or plain(word).replace(" ", "") in called:
            yield f"A word must not be her name: {label}."


def _channel(stored: Mapping[str, Any]) -> Channel:
    given = stored.get("given_as_safe")
    safe = GivenAsSafe(given["by_whom"], _date(given["when"])) if given else None
    return Channel(**{**stored, "id": _uuid(stored["id"]), "given_as_safe": safe})


def _window(stored: Mapping[str, Any]) -> Window:
    until = stored.get("valid_until")
    return Window(
        id=_uuid(stored["id"]),
        days=tuple(stored["days"]),
        from_time=_time(stored["from_time"]),
        to_time=_time(stored["to_time"]),
        zone=stored.get("zone") or "Europe/London",
        valid_until=_date(until) if until else None,
    )


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    return time(0) if value == "24:00" else time.fromisoformat(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
