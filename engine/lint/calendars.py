"""Calendars that expressions name."""

from collections.abc import Iterator
from typing import Any

import feel
from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.texts import feel_texts
from engine.lint.words import meant
from feel.opening_hours import BUILT_IN, SERVICE
from feel.syntax import Call, Literal, Name
from feel.walk import descendants

# Functions of `feel.calendars` that take a calendar, by its key.
WORKING_TIME = frozenset(
    {
        "at_next_open",
        "due_same_day",
        "due_working_days",
        "due_working_hours",
        "is_working_time",
        "next_working_day",
        "working_days_before",
        "working_days_between",
    }
)


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    known = {*BUILT_IN, SERVICE, *release.calendars}
    for text in feel_texts(diagram):
        try:
            node = feel.parse(text.text).node
        except feel.FeelSyntaxError:
            continue  # `expressions` says so
        for name in sorted(named_calendars(node) - known):
            yield diagram.unsafe(
                "unknown_calendar",
                text.owner,
                f"{text.what} of {xml.label(text.owner)} runs on the calendar '{name}', which is "
                f"not in this release{meant(name, known)}",
                "Add the calendar to the release, or choose another.",
            )


def named_calendars(node: Any) -> set[str]:
    """Return the calendars that calls within a node name as plain texts."""
    return {
        name
        for part in descendants(node)
        if isinstance(part, Call)
        for name in calendars_of_call(part)
    }


def calendars_of_call(call: Call) -> set[str]:
    if not isinstance(call.function, Name) or call.function.name not in WORKING_TIME:
        return set()
    arguments = [*call.arguments, *(value for _, value in call.named)]
    return {
        argument.value
        for argument in arguments
        if isinstance(argument, Literal) and isinstance(argument.value, str)
    }
