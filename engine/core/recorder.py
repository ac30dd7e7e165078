"""What a command has changed, gathered while the run drives."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.changes import (
    ArmedSubscription,
    ArmedTimer,
    Changes,
    ClosedTask,
    Line,
    OpenedTask,
)
from engine.core.triggers import Arm, arms_of

if TYPE_CHECKING:
    from engine.core.tokens import Token
    from engine.definitions import Definitions


def opened_task(token: "Token", definitions: "Definitions") -> OpenedTask:
    """Describe an open user task from its spec and from what was evaluated when it was reached."""
    drawn = token.task_spec.drawn
    kept = token.internal_data["task"]
    owners = drawn.properties.get("potentialOwners") or drawn.lane or ""
    return OpenedTask(
        task_id=token.id,
        element_id=drawn.author_id,
        name=drawn.label,
        process_id=token.workflow.spec.process_id,
        lane=drawn.lane,
        form=drawn.properties.get("form"),
        potential_owners=resolved(owners, definitions.role_sets),
        excluded_owners=tuple(kept["excluded"]),
        assignee=kept["assignee"],
        team=kept["team"],
        priority=kept["priority"],
        due_at=kept["due"],
        follow_up_at=kept["follow_up"],
        safety_critical=drawn.properties.get("safetyCritical") == "true",
    )


def resolved(owners: str, role_sets: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the roles of a comma list of roles and sets, each once, in order."""
    names = [name.strip() for name in owners.split(",") if name.strip()]
    roles = [role for name in names for role in role_sets.get(name, (name,))]
    return tuple(dict.fromkeys(roles))


def subscription(token: "Token", arm: Arm) -> ArmedSubscription:
    return ArmedSubscription(
        subscription_id=arm["id"],
        element_id=element_of(token),
        kind=arm["kind"],
        name=arm["name"],
        correlation=arm["key"],
    )


def timer(token: "Token", arm: Arm) -> ArmedTimer:
    return ArmedTimer(timer_id=arm["id"], element_id=element_of(token), due_at=arm["due"])


def element_of(token: "Token") -> str:
    """The author's id of the element that waits."""
    node = token.task_spec
    waiting = getattr(node, "armed_by", node) if token.is_armed_start else node
    return waiting.drawn.author_id


class Recorder:
    """Collects changes; timers and subscriptions that come and go within one command cancel out."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.timers: dict[UUID, ArmedTimer] = {}
        self.subscriptions: dict[UUID, ArmedSubscription] = {}
        self.known: set[UUID] = set()  # armed before this command

    def remember(self, tokens: "list[Token]") -> None:
        """Note what the shell has rows for already."""
        self.known = {arm["id"] for token in tokens for arm in arms_of(token) if not arm.get("hit")}

    def armed(self, token: "Token") -> None:
        for arm in arms_of(token):
            if arm.get("hit"):
                continue
            if arm["kind"] == "timer":
                self.timers[arm["id"]] = timer(token, arm)
            elif arm["kind"] in ("message", "signal") and arm["id"] not in self.known:
                self.subscriptions[arm["id"]] = subscription(token, arm)

    def disarmed(self, arm: Arm) -> None:
        id = arm["id"]
        if arm["kind"] == "timer":
            self.timers.pop(id, None)
            if id in self.known:
                self.changes.timers_disarmed.append(id)
        elif arm["kind"] in ("message", "signal"):
            self.subscriptions.pop(id, None)
            if id in self.known:
                self.changes.subscriptions_disarmed.append(id)
        self.known.discard(id)

    def closed(self, token: "Token", state: Any, reason: str | None = None) -> None:
        element_id = token.task_spec.drawn.author_id
        self.changes.tasks_closed.append(ClosedTask(token.id, element_id, state, reason))

    def process(self, name: str, transition: Any, data: Mapping[str, Any] | None = None) -> None:
        """Write a line about the instance itself."""
        self.changes.history.append(Line(None, name, transition, "process", data or {}))

    def line(self, node: Any, transition: Any, data: Mapping[str, Any] | None = None) -> None:
        """Write a line of history; what the XML pass drew has none."""
        drawn = node.drawn
        if not drawn.is_made:
            line = Line(drawn.author_id, drawn.label, transition, drawn.kind, data or {})
            self.changes.history.append(line)

    def finished(self) -> Changes:
        self.changes.timers_armed = list(self.timers.values())
        self.changes.subscriptions_armed = list(self.subscriptions.values())
        return self.changes
