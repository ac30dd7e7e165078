"""Lines of history as sentences that people read: who did what, and what followed by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from api.language import gettext, say
from api.pages import repairs
from api.pages.names import name_of
from api.pages.repairs import Sentence
from api.pages.values import result_words
from api.words import plain

Payload = Mapping[str, Any]

BY_PEOPLE = ("userTask", "manualTask")
EVENTS = ("boundaryEvent", "intermediateCatchEvent", "receiveTask")
# What casework says of a case or a person outside of any task.
ACTS: Mapping[str, str] = {
    "window.missed": "A safe window passed without an attempt",
    "case.allocated": "A worker took the case",
    "case.held_by_duty": "The duty worker holds the case until somebody takes it",
    "case.open": "First contact began",
    "case.supported": "Support began",
    "case.closing": "The case is being closed",
    "case.closed": "The case was closed",
    "case.merged": "One of two cases of the same person was closed in favour of the other",
    "referrer.may_hear": "What the referrer may hear was noted; nothing was sent",
    "glass.broken": "Somebody opened the sealed case in an emergency",
    "glass.reviewed": "An emergency opening was looked at",
    "message.left_unsafely": "A message was left where none may be left",
    "outbound.purged": "What was on its way out was stopped",
    "household.linked": "Somebody of the same household was noted",
    "person.erased": "The person was erased",
    "safeguarding.raised": "A safeguarding concern was raised",
    "consent.withdrawn": "Consent was withdrawn",
    "conflict.declared": "A conflict of interest was declared",
    "conflict.lifted": "A conflict of interest was lifted",
    "case.sealed": "The case was sealed",
    "case.unsealed": "The case is no longer sealed",
    "number.suspended": "A number was stopped for the client",
    "number.allowed": "A stopped number was allowed again",
    "card.recorded": "The safe-contact card was recorded",
    "card.proposed": "A change of the safe-contact card waits for proof",
    "card.accepted": "A change of the safe-contact card was accepted",
    "card.rejected": "A change of the safe-contact card was rejected",
    "card.confirmed": "The safe-contact card was confirmed",
    "person.created": "The person was entered",
    "person.amended": "Details of the person were changed",
}
BAD = frozenset({"window.missed", "safeguarding.raised", "glass.broken", "message.left_unsafely"})


def sentence(payload: Payload) -> Sentence:
    """Say one entry of a history in words."""
    kind = str(payload.get("kind", ""))
    if payload.get("lifecycle_transition") == "fail":
        words = say("“%(step)s” could not be done; somebody has to look", step=_name(payload))
        return Sentence(words, _who(payload), "fault", "is-bad")
    if kind in BY_PEOPLE:
        return _of_task(payload)
    if kind in ("repair", "migration"):
        return repairs.sentence(payload, _who(payload))
    if kind == "process":
        words = repairs.PROCESS.get(str(payload.get("lifecycle_transition")), "“%(name)s” ended")
        return Sentence(say(words, name=_name(payload)), _who(payload), "process")
    if kind == "businessRuleTask":
        words = say("Decided: %(name)s%(result)s", name=_name(payload), result=_result(payload))
        return Sentence(words, "", "decision")
    if kind in EVENTS:
        return Sentence(_name(payload), "", "event", "is-bad" if kind == "boundaryEvent" else "")
    if not kind or kind == "person":
        return _of_case(payload)
    return Sentence(f"{_name(payload)}{_result(payload)}", "", "step")


def _of_task(payload: Payload) -> Sentence:
    transition = str(payload.get("lifecycle_transition", ""))
    words, look = TASK[transition](payload)
    return Sentence(words, _who(payload), "task", look)


def _scheduled(payload: Payload) -> tuple[str, str]:
    roles = ", ".join(plain(role) for role in payload.get("org_role") or ())
    words = say("“%(task)s” opened", task=_name(payload))
    return (f"{words} {say('for %(roles)s', roles=roles)}" if roles else words), ""


def _assigned(payload: Payload) -> tuple[str, str]:
    return say("%(who)s claimed “%(task)s”", who=_who(payload), task=_name(payload)), ""


def _reassigned(payload: Payload) -> tuple[str, str]:
    about = {"who": _who(payload), "task": _name(payload)}
    if "reason" in payload:
        return say("%(who)s changed when “%(task)s” is due", **about), ""
    after = payload.get("after")
    if isinstance(after, str):
        return say("%(who)s gave “%(task)s” to %(to)s", **about, to=name_of(after)), ""
    if isinstance(after, list):
        return say("%(who)s offered “%(task)s” to another queue", **about), ""
    return say("%(who)s gave “%(task)s” back", **about), ""


def _completed(payload: Payload) -> tuple[str, str]:
    if "form_id" in payload and "task" not in payload:  # in older histories, a line of its own
        form = plain(payload["form_id"])
        return say("%(who)s answered the form “%(form)s”", who=_who(payload), form=form), ""
    return say("%(who)s completed “%(task)s”", who=_who(payload), task=_name(payload)), "is-act"


def _withdrawn(payload: Payload) -> tuple[str, str]:
    by = (payload.get("data") or {}).get("by")
    words = say("“%(task)s” was no longer needed", task=_name(payload))
    return (f"{words}: {element_words(by)}" if by else words), ""


def _suspended(payload: Payload) -> tuple[str, str]:
    return say("%(who)s put “%(task)s” aside", who=_who(payload), task=_name(payload)), ""


def _skipped(payload: Payload) -> tuple[str, str]:
    return say("%(who)s passed over “%(task)s”", who=_who(payload), task=_name(payload)), "is-bad"


def _begun(payload: Payload) -> tuple[str, str]:
    return say("%(who)s began “%(task)s”", who=_who(payload), task=_name(payload)), ""


TASK: Mapping[str, Callable[[Payload], tuple[str, str]]] = {
    "schedule": _scheduled,
    "assign": _assigned,
    "reassign": _reassigned,
    "start": _begun,
    "complete": _completed,
    "withdraw": _withdrawn,
    "suspend": _suspended,
    "resume": _begun,
    "skip": _skipped,
}


def _of_case(payload: Payload) -> Sentence:
    action = str(payload.get("concept_name", ""))
    words = gettext(ACTS[action]) if action in ACTS else element_words(action.replace(".", " "))
    bad = action in BAD
    return Sentence(words, _who(payload), "case", "is-bad" if bad else "")


def _result(payload: Payload) -> str:
    """Say what a step has set, where that is a single thing."""
    changed = (payload.get("data") or {}).get("set") or {}
    values = [after for _, after in changed.values() if after is not None]
    if len(values) != 1:
        return ""
    words = result_words(values[0])
    return f": {words}" if len(words) <= 80 else ""


def _name(payload: Payload) -> str:
    """Return what the diagram calls it; a step that it gives no name is recorded by its id."""
    name = str(payload.get("concept_name", ""))
    if not name or name != payload.get("element"):
        return name
    is_gateway = str(payload.get("kind", "")).endswith("Gateway")
    return gettext("Decision point") if is_gateway else element_words(name)


def _who(payload: Payload) -> str:
    by = payload.get("org_resource")
    return name_of(str(by)) if by else ""


def element_words(element_id: Any) -> str:
    """Say an element's id as words, without its kind: "timer_window_closed", "window closed"."""
    text = str(element_id)
    kind, _, rest = text.partition("_")
    known = ("task", "timer", "message", "signal", "gateway", "service", "end", "start", "error")
    return plain(rest if kind in known and rest else text)
