"""An urgent path reaches somebody in time: whatever it waits for is chased.

A user task is chased by its due time (overdue work is told up a ladder) or by a
timer on its edge; whatever else waits needs a timer on its edge, around it, or beside it behind an
event gateway. How long that can take is found by trying it: each time is worked out for instants
over two stretches with bank holidays, on the calendars of the release. A time that hangs on the
variables of a case is not judged. What urgent means is said above the engine.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

import feel
from engine import xml
from engine.checked import Definitions
from engine.core import timing
from engine.core.failures import StepFailed
from engine.findings import Finding
from engine.lint.extra import ExtraCheck, diagram_of
from engine.lint.model import Diagram, Node, Scope
from engine.lint.texts import TIMERS, bare
from engine.lint.urgency import covers, is_critical, urgent_places
from engine.normalise.flows import is_event_subprocess
from feel.calendars import Calendars
from feel.expressions import Expression
from feel.syntax import Conditional
from feel.walk import free_names

# Easter and Christmas, with what is before and after: the longest times that offices are closed.
STRETCHES = (datetime(2027, 3, 24, 12, tzinfo=UTC), datetime(2026, 12, 23, 12, tzinfo=UTC))
STEP, STEPS = timedelta(hours=7), 28  # 8 days, at another hour of each day
ZONE = ZoneInfo("Europe/London")

WAITS = ("userTask", "manualTask", "receiveTask", "eventBasedGateway", "intermediateCatchEvent")


@dataclass(frozen=True)
class Wait:
    """How long something urgent can wait before somebody is told; None if that is not known."""

    longest: timedelta | None
    since: datetime | None = None


def reached_in_time(*, urgent: Collection[str], within: timedelta) -> ExtraCheck:
    """Return an extra check over every step that only urgent paths reach, or is safety critical."""

    def check(definitions: Definitions) -> Iterator[Finding]:
        closed = definitions.settings.get("calendar")
        calendars = Calendars(definitions.calendars, definitions.holidays, service=closed)
        places = urgent_places(definitions, urgent)
        known: dict[str, Wait] = {}  # by the text: many steps have the same time
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            judge = Judge(diagram, urgent, within, calendars, definitions.settings, known)
            on_path = places[process.id]
            for scope in diagram.executed:
                if process.element not in (scope.element, *scope.element.iterancestors()):
                    continue
                for node in scope.of_kind(*WAITS):
                    path = on_path.get(node.id)
                    if path or is_critical(node.element):
                        yield from judge.step(scope, node, path or ())

    return check


class Judge:
    """Judges the steps of one process, on the calendars and settings of its release."""

    def __init__(
        self,
        diagram: Diagram,
        urgent: Collection[str],
        within: timedelta,
        calendars: Calendars,
        settings: Mapping[str, Any],
        known: dict[str, Wait],
    ):
        self.diagram = diagram
        self.urgent = urgent
        self.within = within
        self.calendars = calendars
        self.settings = settings
        self.known = known

    def step(self, scope: Scope, node: Node, path: tuple[str, ...]) -> Iterator[Finding]:
        if node.kind == "intermediateCatchEvent" and has_timer(node.element):
            return  # it waits for the time itself
        waits = [self.longest(text) for text in chasers(scope, node)]
        if not waits and node.kind in ("userTask", "manualTask") and is_critical(node.element):
            return  # `urgency` asks for its due time
        if not waits:
            yield self.diagram.unsafe(
                "urgent_wait_unchased",
                node.element,
                f"{node.label} is reached when the case is urgent and can wait for ever: nobody "
                "is told.",
                "Give it a due time, or put a timer on it that tells somebody.",
                path,
            )
            return
        known = [wait for wait in waits if wait.longest is not None]
        if len(known) < len(waits):
            return  # one of them hangs on the case
        soonest = min(known, key=lambda wait: wait.longest or timedelta())
        if soonest.longest is not None and soonest.longest > self.within:
            yield self.too_late(node, soonest, path)

    def too_late(self, node: Node, wait: Wait, path: tuple[str, ...]) -> Finding:
        hours = round((wait.longest or timedelta()) / timedelta(hours=1))
        allowed = round(self.within / timedelta(hours=1))
        since = wait.since.astimezone(ZONE) if wait.since else None
        example = f" (from {since:%A} {since.day} {since:%B %Y, %H:%M})" if since else ""
        critical = is_critical(node.element)
        why = "is safety critical" if critical else "is done when the case is urgent"
        return self.diagram.unsafe(
            "urgent_told_too_late",
            node.element,
            f"{node.label} {why}, and nobody is told for up to {hours} hours that it is late"
            f"{example}; {allowed} are allowed.",
            "Give it an earlier time, on a calendar that is always open.",
            path,
        )

    def longest(self, text: str) -> Wait:
        if text not in self.known:
            self.known[text] = self.tried(text)
        return self.known[text]

    def tried(self, text: str) -> Wait:
        """Return the longest that a time can be away, over the instants that are tried."""
        read = self.reader(text)
        if read is None:
            return Wait(None)
        found = Wait(timedelta())
        for start in STRETCHES:
            for number in range(STEPS):
                now = start + STEP * number
                try:
                    due = timing.due_at(self.value(read, now), now, ZONE, "The time")
                except (feel.FeelError, StepFailed):
                    return Wait(None)  # the runtime makes an incident of it, which is told at once
                if found.longest is None or due - now > found.longest:
                    found = Wait(due - now, now)
        return found

    def reader(self, text: str) -> str | Expression | None:
        """Return a time that needs no variable of a case: a literal, or its urgent way."""
        if timing.is_literal(text):
            return None if timing.CYCLE.fullmatch(text) else text
        try:
            node = urgent_way(feel.parse(text).node, self.urgent)
        except feel.FeelSyntaxError:
            return None
        if any(name.name != "settings" for name in free_names(node)):
            return None
        return Expression(text, node)

    def value(self, read: str | Expression, now: datetime) -> Any:
        if isinstance(read, str):
            return read
        settings: Mapping[str, Any] = {"settings": self.settings}
        return read.evaluate(settings, now=now, calendars=self.calendars)


def urgent_way(node: Any, urgent: Collection[str]) -> Any:
    """Return what is left of an expression when the case is urgent."""
    while isinstance(node, Conditional):
        if not covers(node.condition, urgent):
            return node
        node = node.then
    return node


def chasers(scope: Scope, node: Node) -> Iterator[str]:
    """Yield the texts of the times after which somebody hears of a step."""
    due = xml.properties(node.element).get("dueAt") if node.kind == "userTask" else None
    if due:
        yield bare(due)
    for event in scope.boundaries[node.id]:
        yield from timers_of(event.element)
    if node.kind == "eventBasedGateway":
        for flow in scope.outgoing[node.id]:
            yield from timers_of(flow.target.element)
    yield from around(scope.element)


def around(scope: etree._Element) -> Iterator[str]:
    """Yield the times of timers in the scope and on the edges of the subprocesses around it."""
    at: etree._Element | None = scope
    while at is not None and not xml.is_bpmn(at, "definitions"):
        for child in xml.bpmn_children(at, "subProcess"):
            if is_event_subprocess(child):
                for start in xml.bpmn_children(child, "startEvent"):
                    yield from timers_of(start)
        parent = at.getparent()
        for event in xml.bpmn_children(parent, "boundaryEvent") if parent is not None else ():
            if event.get("attachedToRef") == at.get("id"):
                yield from timers_of(event)
        at = parent


def has_timer(event: etree._Element) -> bool:
    return any(True for _ in xml.bpmn_children(event, "timerEventDefinition"))


def timers_of(event: etree._Element) -> Iterator[str]:
    for definition in xml.bpmn_children(event, "timerEventDefinition"):
        for timer in xml.bpmn_children(definition, *TIMERS):
            yield bare(xml.text_of(timer))
