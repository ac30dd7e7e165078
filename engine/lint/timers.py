"""Timers: an ISO 8601 text or FEEL, exactly one of date, duration and cycle, within reason.

The texts are read by the parser that reads them at run time (`engine/core/timing.py`).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from engine import xml
from engine.core import timing
from engine.core.failures import StepFailed
from engine.findings import Finding
from engine.lint.model import Diagram, Release

FORMS = ("timeDate", "timeDuration", "timeCycle")
SHORTEST_PERIOD = timedelta(minutes=1)
MONTH = timedelta(days=30)
ZONE = ZoneInfo("UTC")
ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # literals are only measured from here
LOOKS_ISO = re.compile(r"[-+]?(P[0-9T]|R\d*/|\d{4}-\d)[-+0-9A-Z:.,/]*", re.IGNORECASE)


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    for definition in xml.bpmn_descendants(diagram.root, "timerEventDefinition"):
        event = definition.getparent()
        if event is None or diagram.is_left_out(event):
            continue
        subject = definition if xml.is_bpmn(event, "definitions") else event
        yield from one_form(diagram, subject, definition)


def one_form(
    diagram: Diagram, event: etree._Element, definition: etree._Element
) -> Iterator[Finding]:
    given = [(form, xml.child_text(definition, form)) for form in FORMS]
    said = [(form, text) for form, text in given if text]
    if not said:
        yield diagram.refused(
            "no_time",
            event,
            f"Timer {xml.label(event)} does not say when.",
            "Give it a duration, a date or a cycle.",
        )
    elif len(said) > 1:
        yield diagram.refused(
            "several_times",
            event,
            f"Timer {xml.label(event)} has {len(said)} times; only one would count.",
            "Keep a duration, a date or a cycle.",
        )
    else:
        form, text = said[0]
        text = text.removeprefix("=").strip()
        if LOOKS_ISO.fullmatch(text):
            yield from literal(diagram, event, form, text)
        if form == "timeCycle":
            yield from interrupting_cycle(diagram, event)


def interrupting_cycle(diagram: Diagram, event: etree._Element) -> Iterator[Finding]:
    """An interrupting event can happen once; what should repeat does not interrupt."""
    if not xml.is_bpmn(event, "boundaryEvent") or event.get("cancelActivity") in ("false", "0"):
        return
    yield diagram.unsafe(
        "interrupting_cycle",
        event,
        f"Boundary timer {xml.label(event)} repeats, but it ends its step the first time.",
        "Make it non-interrupting, or give it a duration.",
    )


def literal(diagram: Diagram, event: etree._Element, form: str, text: str) -> Iterator[Finding]:
    readers = {"timeDate": date, "timeDuration": duration, "timeCycle": cycle}
    yield from readers[form](diagram, event, text)


def wrong(
    diagram: Diagram, event: etree._Element, text: str, what: str, suggestion: str | None
) -> Finding:
    meant = f"; did you mean {suggestion}?" if suggestion else "."
    return diagram.refused(
        "wrong_time",
        event,
        f"'{text}' of timer {xml.label(event)} is not {what}{meant}",
        "Durations are written PT4H or P2D, dates 2026-03-29T09:00:00, cycles R3/PT1H; anything "
        "else is FEEL.",
    )


def date(diagram: Diagram, event: etree._Element, text: str) -> Iterator[Finding]:
    if timing.parse_instant(text, ZONE) is None and timing.parse_duration(text) is None:
        yield wrong(diagram, event, text, "a date and time", None)


def duration(diagram: Diagram, event: etree._Element, text: str) -> Iterator[Finding]:
    read = timing.parse_duration(text)
    if read is None:
        if timing.parse_instant(text, ZONE) is None:
            yield wrong(diagram, event, text, "a duration", near_duration(text))
        return
    if is_too_long(read):
        yield too_long(diagram, event, text)


def cycle(diagram: Diagram, event: etree._Element, text: str) -> Iterator[Finding]:
    try:
        read = timing.parse_cycle(text, ANY_DAY, ZONE)
    except StepFailed:  # beyond the calendar
        yield too_long(diagram, event, text)
        return
    if read is None:
        yield wrong(diagram, event, text, "a cycle", near_cycle(text))
    elif is_too_long(read.period):
        yield too_long(diagram, event, text)
    elif not read.period.months and read.period.rest < SHORTEST_PERIOD:
        yield diagram.unsafe(
            "short_period",
            event,
            f"Timer {xml.label(event)} would fire every {read.period.rest.total_seconds():g} "
            "seconds; a minute is the least.",
            "Give it a longer period.",
        )


def is_too_long(duration: timing.Duration) -> bool:
    return MONTH * duration.months + duration.rest > timing.LONGEST


def too_long(diagram: Diagram, event: etree._Element, text: str) -> Finding:
    return diagram.refused(
        "long_time",
        event,
        f"Timer {xml.label(event)} would wait for more than ten years ('{text}').",
        "Correct the time.",
    )


def near_duration(text: str) -> str | None:
    """Return a duration that was probably meant, if it can be read."""
    upper = text.upper().lstrip("+-")
    tries = [upper]
    if upper[-1].isdigit():
        tries += [f"{upper}M", f"{upper}D"] if "T" in upper else [f"{upper}D"]
    if "T" not in upper:
        tries.append(upper.replace("P", "PT", 1))
    return next((tried for tried in tries if timing.parse_duration(tried)), None)


def near_cycle(text: str) -> str | None:
    """Return a cycle that was probably meant: a period alone, or with a slip in it."""
    repeat, slash, period = text.upper().partition("/")
    if not slash:
        repeat, period = "R", repeat
    fixed = period if timing.parse_duration(period) else near_duration(period or "P")
    tried = f"{repeat}/{fixed}"
    return tried if fixed and timing.parse_cycle(tried, ANY_DAY, ZONE) else None
