"""Separation of duties that can leave nobody: who may do a step when some may not.

Who holds which role is known above the engine and changes from day to day, so what it is judged by
is given (`held`) and the finding is a warning. What no staffing can mend may not be published.
"""

from collections.abc import Collection, Iterator, Mapping

from lxml import etree

import feel
from engine import xml
from engine.checked import Definitions
from engine.findings import Finding
from engine.lint.extra import ExtraCheck, diagram_of
from engine.lint.model import Diagram
from engine.lint.people import NOBODY, lane_for, lane_of_step
from engine.lint.texts import bare
from engine.lint.words import count, listing
from feel.syntax import Conditional, ListLiteral, Name
from feel.walk import descendants

Held = Mapping[str, Collection[str]]  # role or position -> the people who hold it


def not_for_the_excluded() -> ExtraCheck:
    """Return an extra check: no task is offered to the very person that it excludes."""

    def check(definitions: Definitions) -> Iterator[Finding]:
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            for task in xml.bpmn_descendants(process.element, "userTask"):
                yield from own_work(diagram, task)

    return check


def somebody_is_left(held: Held) -> ExtraCheck:
    """Return an extra check: every user task can be done by somebody who is not excluded."""

    def check(definitions: Definitions) -> Iterator[Finding]:
        for process in definitions.processes.values():
            diagram = diagram_of(process)
            lanes = lane_of_step(diagram)
            for task in xml.bpmn_descendants(process.element, "userTask"):
                roles = roles_of(task, lanes, definitions.role_sets)
                yield from enough(diagram, task, roles, held)

    return check


def own_work(diagram: Diagram, task: etree._Element) -> Iterator[Finding]:
    """A task that is offered to one person and closed to the same person waits for ever."""
    given = xml.properties(task)
    for name in sorted(names_in(given.get("assignee", "")) & excluded(task)):
        yield diagram.unsafe(
            "nobody_eligible",
            task,
            f"{xml.label_of(task, diagram.author_id(task))} is for '{name}' and excludes '{name}', "
            "so nobody could do it.",
            "Offer it to somebody else.",
        )


def names_in(text: str) -> set[str]:
    """Return the variable that an assignee is, whichever way an ``if`` goes."""
    try:
        nodes = [feel.parse(bare(text)).node] if text.strip() else []
    except feel.FeelSyntaxError:
        return set()
    found = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, Name):
            found.add(node.name)
        elif isinstance(node, Conditional):
            nodes += [node.then, node.otherwise]
    return found


def excluded(task: etree._Element) -> set[str]:
    """Return the variables whose holders a task excludes."""
    text = xml.properties(task).get("excludedOwners", "")
    try:
        node = feel.parse(bare(text)).node if text.strip() else None
    except feel.FeelSyntaxError:
        return set()
    if isinstance(node, Name):
        return {node.name}
    if isinstance(node, ListLiteral):
        return {part.name for part in descendants(node) if isinstance(part, Name)}
    return set()


def roles_of(
    task: etree._Element,
    lanes: dict[str, etree._Element],
    role_sets: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """Return the roles and positions that a task is offered to, sets resolved."""
    given = xml.properties(task)
    if given.get("assignee") and not given.get("potentialOwners"):
        return []
    lane = lane_for(task, lanes)
    text = given.get("potentialOwners") or ((lane.get("name") or "") if lane is not None else "")
    named = [name.strip() for name in text.split(",") if name.strip() and name.strip() != NOBODY]
    return [role for name in named for role in role_sets.get(name, (name,))]


def enough(
    diagram: Diagram, task: etree._Element, roles: list[str], held: Held
) -> Iterator[Finding]:
    if not roles:
        return
    label = xml.label_of(task, diagram.author_id(task))
    people = {person for role in roles for person in held.get(role, ())}
    closed = excluded(task)
    if not people:
        yield diagram.warning(
            "nobody_holds",
            task,
            f"{label} is for {listing(roles)}, and nobody is that.",
            "Give somebody the role, or offer the task to another.",
        )
    elif len(people) <= len(closed):
        yield diagram.warning(
            "nobody_eligible",
            task,
            f"{label} excludes {listing(sorted(closed))}, and only {count(len(people), 'person')} "
            f"could do it at all ({listing(roles)}): nobody may be left.",
            "Give the role to one more person, or offer the task to another role as well.",
        )
