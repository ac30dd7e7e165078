"""What somebody did to a running process by hand, as sentences of its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.language import say
from api.pages.values import result_words
from api.words import plain

PROCESS: Mapping[str, str] = {
    "start": "“%(name)s” began",
    "suspend": "“%(name)s” was suspended",
    "resume": "“%(name)s” goes on",
    "withdraw": "“%(name)s” was ended early",
}


@dataclass(frozen=True)
class Sentence:
    """One line. ``kind`` sorts it for the filters, ``look`` marks it on the line."""

    words: str
    who: str
    kind: str  # "task", "decision", "process", "event", "case", "step", "fault"
    look: str = ""


def sentence(payload: Mapping[str, Any], who: str) -> Sentence:
    """Say an entry of kind repair or migration in words."""
    about = payload.get("data") or {}
    if payload.get("kind") == "migration":
        words = say(
            "%(who)s moved the process from release %(before)s to release %(after)s",
            who=who,
            before=about.get("from"),
            after=about.get("to"),
        )
        return Sentence(words, who, "process", "is-act")
    name = str(payload.get("concept_name", ""))
    words = _words(str(about.get("act", "")), about, who, name)
    changed = _changed(about.get("set") or {})
    return Sentence(f"{words}: {changed}" if changed else words, who, "process", "is-act")


def _words(act: str, about: Mapping[str, Any], who: str, name: str) -> str:
    if act == "move":
        return say(
            "%(who)s moved the process from “%(step)s” to “%(to)s”",
            who=who,
            step=name,
            to=about.get("to_name"),
        )
    if act == "skip":
        return say("%(who)s passed over “%(step)s” by hand", who=who, step=name)
    if act == "prolong":
        return say("%(who)s keeps the process suspended", who=who)
    return say("%(who)s corrected a value", who=who)


def _changed(changed: Mapping[str, Any]) -> str:
    """Say which values became which."""
    return ", ".join(
        say(
            "%(name)s from %(before)s to %(after)s",
            name=plain(name),
            before=_value(before),
            after=_value(after),
        )
        for name, (before, after) in changed.items()
    )


def _value(value: Any) -> str:
    return result_words(value)
