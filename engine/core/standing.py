"""Where an instance stands, for people who repair it, and where a token may be put instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from engine.core.activities import Activity, ReceiveTask
from engine.core.events import BoundaryEvent, CatchEvent, StartEvent
from engine.core.gateways import Joining
from engine.core.moves import is_open_task
from engine.core.nodes import FlowNode, ScopeSpec
from engine.core.states import FUTURE, STARTED, WAITING
from engine.core.subprocesses import EventSubprocess
from engine.core.tokens import Instance, Scope, Token, live
from engine.core.triggers import arms_of

if TYPE_CHECKING:
    from engine.core.run import Run

Waits = Literal["task", "event", "join", "inside", "incident", "held"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One token: at which element, and what it waits for.

    ``waits``: a person (task), a message, signal, time or condition (event), other tokens (join),
    what runs in it (inside), somebody who settles its failure (incident), or the end of a
    suspension (held). ``within`` are the steps around it, from the outside in.
    """

    token_id: UUID
    element_id: str
    name: str
    kind: str
    waits: Waits
    within: tuple[str, ...]
    due_at: datetime | None
    may_move: bool
    may_skip: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An element before which a token may be put."""

    element_id: str
    name: str
    kind: str


def standing(run: "Run") -> list[Standing]:
    """Return every token that somebody may want to see, by age."""
    found = [token for scope in run.instance.scopes() for token in shown(scope)]
    return [described(token) for token in sorted(found, key=lambda token: token.seq)]


def shown(scope: Instance | Scope) -> Iterator[Token]:
    """Yield what stands in a scope by itself: boundary events go with their activity."""
    for token in live(scope):
        is_boundary = isinstance(token.task_spec, BoundaryEvent)
        if not (token.is_armed_start or is_boundary or token.task_spec.drawn.is_made):
            yield token
        elif token.incident is not None and not token.task_spec.drawn.is_made:
            yield token


def described(token: Token) -> Standing:
    drawn = token.task_spec.drawn
    due = [arm["due"] for arm in arms_of(token) if arm["kind"] == "timer" and not arm.get("hit")]
    if is_open_task(token) and token.internal_data["task"]["due"] is not None:
        due.append(token.internal_data["task"]["due"])
    return Standing(
        token_id=token.id,
        element_id=drawn.author_id,
        name=drawn.label,
        kind=drawn.kind,
        waits=waits(token),
        within=within(token),
        due_at=min(due, default=None),
        may_move=may_move(token),
        may_skip=may_skip(token),
    )


def waits(token: Token) -> Waits:
    if token.incident is not None:
        return "incident"
    if is_open_task(token):
        return "task"
    if token._state == STARTED:
        return "inside"
    if token._state == WAITING:
        is_join = isinstance(token.task_spec, Joining) or "gathering" in token.internal_data
        return "join" if is_join else "event"
    return "held"


def within(token: Token) -> tuple[str, ...]:
    names: list[str] = []
    scope = token.workflow
    while isinstance(scope, Scope):
        names.insert(0, scope.host.task_spec.drawn.label)
        scope = scope.host.workflow
    return tuple(names)


def may_move(token: Token) -> bool:
    """Whether a token stands for itself: what belongs to another one goes with that."""
    is_own = token._parent == token.workflow.task_tree.id
    return is_own and not (token.is_armed_start or token.task_spec.drawn.is_made)


def may_skip(token: Token) -> bool:
    """Whether it makes sense to go on behind the element at which a token stands."""
    node = token.task_spec
    if node.drawn.is_made or token._state == FUTURE and token.incident is None:
        return False
    if token.incident is not None:
        return True
    if isinstance(node, BoundaryEvent) or token.is_armed_start:
        return False
    if isinstance(node, Joining):
        return "reset_for" not in token.internal_data
    if isinstance(node, CatchEvent | ReceiveTask):
        return True
    return isinstance(node, Activity) and (token._state == STARTED or is_open_task(token))


def targets(spec: ScopeSpec) -> Iterator[FlowNode]:
    """Yield the elements of a scope that a token can be put before."""
    for node in spec.drawn_nodes:
        if node.drawn.is_made or isinstance(node, BoundaryEvent | EventSubprocess):
            continue
        if isinstance(node, StartEvent) and node.triggers:
            continue
        if not getattr(node, "undoes", False):
            yield node


def targets_of(token: Token) -> list[Target]:
    """Return where a token may be moved to: elements of its own scope, as drawn."""
    if not may_move(token):
        return []
    return [
        Target(node.drawn.author_id, node.drawn.label, node.drawn.kind)
        for node in targets(token.workflow.spec)
    ]
