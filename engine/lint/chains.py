"""Processes that start one another in a circle in which nothing waits.

A signal reaches everybody and a message that nobody waits for starts a process, so a process that
throws what starts it makes new instances without end. It is the circle of `loops`, drawn across
processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.lint.graph import reachable
from engine.lint.loops import waits
from engine.lint.messages import THROWERS, spoken_of
from engine.lint.model import Diagram, Node, Release, Scope
from engine.lint.words import listing

Spoken = tuple[str, str]  # "message" or "signal", and its name


@dataclass(frozen=True)
class Start:
    """A start event of a process by a message or signal, and what is thrown before it waits."""

    diagram: Diagram
    event: etree._Element
    hears: Spoken
    throws: frozenset[Spoken]


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    starts = starts_of(release)
    reached = [reached_from(start, starts) for start in starts]
    for number, start in enumerate(starts):
        circle = [at for at in sorted(reached[number]) if number in reached[at]]
        if start.diagram is not diagram or not circle or circle[0] != number:
            continue
        labels = [xml.label(starts[at].event) for at in circle]
        yield diagram.unsafe(
            "endless_starts",
            start.event,
            f"{listing(labels)} would start new instances without end: what is thrown behind "
            "it starts it again, and nothing waits in between.",
            "Let something wait, or give what is thrown a name of its own.",
        )


def reached_from(start: Start, starts: tuple[Start, ...]) -> set[int]:
    """Return which starts follow from one, the start itself only if it follows too."""
    found: set[int] = set()
    queue = [start]
    while queue:
        thrown = queue.pop().throws
        for at, other in enumerate(starts):
            if at not in found and other.hears in thrown:
                found.add(at)
                queue.append(other)
    return found


@lru_cache(maxsize=1)
def starts_of(release: Release) -> tuple[Start, ...]:
    found = []
    for diagram in release.diagrams:
        thrown = said_by(diagram, THROWERS)
        heard = said_by(diagram, ("startEvent",))
        for scope in diagram.graphs:
            if scope.is_process:
                found += [
                    Start(diagram, node.element, hears, frozenset(throws_of(scope, node, thrown)))
                    for node in scope.of_kind("startEvent")
                    for hears in heard.get(node.author_id or "", [])
                ]
    return tuple(found)


def said_by(diagram: Diagram, places: tuple[str, ...]) -> dict[str, list[Spoken]]:
    found: dict[str, list[Spoken]] = {}
    for element, kind, name in spoken_of(diagram, places):
        found.setdefault(element.get("id") or "", []).append((kind, name))
    return found


def throws_of(scope: Scope, start: Node, thrown: dict[str, list[Spoken]]) -> Iterator[Spoken]:
    """Yield what is thrown on the way from a start to the first steps that wait."""

    def following(node: Node) -> list[Node]:
        return [] if waits(node) else [flow.target for flow in scope.outgoing[node.id]]

    for node_id in reachable([start], following):
        node = scope.nodes[node_id]
        if not waits(node):
            for element in xml.bpmn_descendants(node.element):
                yield from thrown.get(element.get("id") or "", [])
