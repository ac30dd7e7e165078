"""What a migration means for one token, in a form that pages turn into words."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from engine.core import standing
from engine.core.moves import is_open_task
from engine.core.nodes import FlowNode
from engine.core.recorder import resolved
from engine.core.subprocesses import EventSubprocess
from engine.core.tokens import Token
from engine.core.triggers import MessageTrigger, Trigger, arms_of

if TYPE_CHECKING:
    from engine.definitions import Definitions

What = Literal["keeps", "restarts", "falls_away", "new", "undecided"]
KINDS = {"timer": "time", "message": "message", "signal": "message", "condition": "condition"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One token and what becomes of it.

    ``what``: it keeps what it has, starts anew at ``to``, falls away, begins to wait, or needs a
    decision; then ``why`` says: gone, other_kind, repeats_otherwise, calls_other, path_gone,
    events_gone. ``waits``: task, time, message, condition, join, inside, incident, held. ``to`` is
    the element of the new diagram where that is another one. ``changed`` names what differs all
    the same: name, form, people, message.
    """

    what: What
    element_id: str
    name: str
    waits: str
    to: str | None = None
    to_name: str | None = None
    due_at: datetime | None = None
    why: str | None = None
    changed: tuple[str, ...] = ()


def of_token(
    token: Token, what: What, *, to: FlowNode | None = None, why: str | None = None
) -> Remark:
    """Say of a token what becomes of it."""
    described = standing.described(token)
    here = waiting_at(token.task_spec) if token.is_armed_start else token.task_spec
    drawn = here.drawn
    there = waiting_at(to) if to is not None and token.is_armed_start else to
    same = there is None or there.drawn.author_id == drawn.author_id
    return Remark(
        what=what,
        element_id=drawn.author_id,
        name=drawn.label,
        waits=waits_for(token),
        to=None if same or there is None else there.drawn.author_id,
        to_name=None if same or there is None else there.drawn.label,
        due_at=described.due_at,
        why=why,
    )


def of_new(node: FlowNode) -> Remark:
    """Say that an event of the new diagram begins to wait."""
    triggers: tuple[Trigger, ...] = getattr(node, "triggers", ())
    kinds = [KINDS[trigger.kind] for trigger in triggers if trigger.kind in KINDS]
    drawn = waiting_at(node).drawn
    return Remark("new", drawn.author_id, drawn.label, kinds[0] if kinds else "message")


def waits_for(token: Token) -> str:
    waits = standing.waits(token)
    if waits != "event":
        return waits
    kinds = [KINDS.get(arm["kind"], "message") for arm in arms_of(token)]
    return kinds[0] if kinds else "message"


def waiting_at(node: FlowNode) -> FlowNode:
    """Return the element that waits: of a handler it is its start event."""
    return node.armed_by if isinstance(node, EventSubprocess) else node


def changes(
    token: Token, node: FlowNode, old: "Definitions", new: "Definitions"
) -> tuple[str, ...]:
    """Name what is different about a step that a token keeps standing at."""
    before, after = token.task_spec.drawn, node.drawn
    found = ["name"] if before.label != after.label else []
    if is_open_task(token):
        forms = [d.properties.get("form") for d in (before, after)]
        contents = [
            definitions.forms.get(form or "")
            for definitions, form in zip((old, new), forms, strict=True)
        ]
        if forms[0] != forms[1] or contents[0] != contents[1]:
            found.append("form")
        people = [d.properties.get("potentialOwners") or d.lane or "" for d in (before, after)]
        if resolved(people[0], old.role_sets) != resolved(people[1], new.role_sets):
            found.append("people")
    if any(differs for _, _, differs in messages(token, node)):
        found.append("message")
    return tuple(found)


def armed(node: FlowNode) -> list[tuple[int, Trigger]]:
    """Return the triggers of a node for which something waits, with their places."""
    triggers: tuple[Trigger, ...] = getattr(node, "triggers", ())
    return [(place, trigger) for place, trigger in enumerate(triggers) if trigger.is_armed]


def messages(token: Token, node: FlowNode) -> list[tuple[int, int, bool]]:
    """Return old and new place of each trigger, and whether another message is waited for."""
    pairs = zip(armed(token.task_spec), armed(node), strict=True)
    return [(place, new_place, other_message(old, new)) for (place, old), (new_place, new) in pairs]


def other_message(old: Trigger, new: Trigger) -> bool:
    if not (isinstance(old, MessageTrigger) and isinstance(new, MessageTrigger)):
        return False
    keys = (old.keys.names, dict(old.keys.retrievals)), (new.keys.names, dict(new.keys.retrievals))
    return old.name != new.name or keys[0] != keys[1]
