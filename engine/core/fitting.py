"""How the tokens of an instance fit another version of its diagram: nothing is changed here.

Elements keep their ids from one release to the next, or the author says which one takes the place
of which. A token goes over when its element is still there and of the same kind: with its id, its
claim, its due time and what it has gathered. What only belonged to an element that is gone (a
reminder on its boundary, an event to choose from) falls away. A token that stands on an element
that is gone is for a person to decide; nobody guesses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.core import remarks, standing
from engine.core.activities import Activity
from engine.core.events import BoundaryEvent
from engine.core.gateways import EventGateway
from engine.core.nodes import Flow, FlowNode, ScopeSpec
from engine.core.remarks import Remark
from engine.core.repeats import MultiInstance, Repeated
from engine.core.states import FUTURE, STARTED
from engine.core.subprocesses import CallActivity
from engine.core.tokens import Instance, Scope, Token, live

if TYPE_CHECKING:
    from engine.core.run import Run
    from engine.definitions import Definitions

CHILD = " [child]"  # of the activity inside a repeated one


class Misfit(Exception):
    """A token cannot stand on what the new diagram has in its place; ``why`` as in `Remark`."""

    def __init__(self, why: str):
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Fitting:
    """What becomes of every token of one run."""

    run: "Run"
    definitions: "Definitions"  # the new ones
    spec_of: Callable[[str], ScopeSpec]  # of the new ones
    mapping: Mapping[str, str]  # element of the old diagram -> of the new one
    kept: dict[Token, FlowNode] = field(default_factory=dict)
    flows: dict[Token, dict[str, str]] = field(default_factory=dict)  # old flow id -> new
    scopes: dict[Token, ScopeSpec] = field(default_factory=dict)  # what runs inside a kept token
    doomed: list[Token] = field(default_factory=list)
    restarts: list[tuple[Token, FlowNode]] = field(default_factory=list)
    begins: list[tuple[Token | None, Token | None, FlowNode]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def undecided(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.what == "undecided"]

    # -- walking ------------------------------------------------------------------------------

    def fit(self) -> "Fitting":
        instance = self.run.instance
        self.fit_scope(instance, self.spec_of(instance.spec.process_id))
        return self

    def fit_scope(self, scope: Instance | Scope, spec: ScopeSpec) -> None:
        root = scope.task_tree.id
        for token in live(scope):
            if token._parent == root:
                self.fit_token(token, None, spec)
        if not scope.interrupted:
            host = scope.host if isinstance(scope, Scope) else None
            armed = (h for h in spec.event_subprocesses if any(t.is_armed for t in h.triggers))
            self.announce(host, None, armed, scope.spec.event_subprocesses, spec)

    def fit_token(self, token: Token, parent: FlowNode | None, spec: ScopeSpec) -> None:
        try:
            node = self.place_of(token, parent, spec)
            if node is None:
                self.doomed.append(token)
                self.remarks.append(remarks.of_token(token, "falls_away"))
                return
            self.flows[token] = self.flows_of(token, node, spec)
            self.keep(token, node, spec)
        except Misfit as misfit:
            self.decide(token, spec, misfit.why)

    def keep(self, token: Token, node: FlowNode, spec: ScopeSpec) -> None:
        """Let a token stand on ``node``, with all that belongs to it."""
        inside = self.run.instance.subprocesses.get(token.id)
        if inside is not None:
            self.scopes[token] = inner_of(node, token, self.spec_of)
        self.kept[token] = node
        self.say(token, node)
        for owned in list(token.owned()):
            self.fit_token(owned, node, spec)
        self.announce_events(token, node, spec)
        if inside is not None:
            self.fit_scope(inside, self.scopes[token])

    def say(self, token: Token, node: FlowNode) -> None:
        said = remarks.of_token(token, "keeps", to=node)
        changed = remarks.changes(token, node, self.run.definitions, self.definitions)
        stays = said.waits in ("join", "inside") and said.to is None and not changed
        if stays or token.task_spec.drawn.is_made or isinstance(node, EventGateway):
            return
        self.remarks.append(replace(said, changed=changed))

    def decide(self, token: Token, spec: ScopeSpec, why: str) -> None:
        """Start anew where the author says, if they do; else a person has to say."""
        self.kept.pop(token, None)
        wanted = self.mapping.get(token.task_spec.drawn.author_id)
        for node in standing.targets(spec) if standing.may_move(token) else ():
            if node.drawn.author_id == wanted:
                self.doomed.append(token)
                self.restarts.append((token, node))
                self.remarks.append(remarks.of_token(token, "restarts", to=node))
                return
        self.remarks.append(remarks.of_token(token, "undecided", why=why))

    # -- where a token goes -------------------------------------------------------------------

    def place_of(self, token: Token, parent: FlowNode | None, spec: ScopeSpec) -> FlowNode | None:
        """Return the element for a token; None: it falls away. Raises `Misfit`."""
        if token.triggered and isinstance(parent, Repeated):
            require_fit(token, parent.inner)
            return parent.inner
        found = self.counterpart(token.task_spec, spec)
        if isinstance(token.task_spec, BoundaryEvent):
            return found if getattr(found, "host", None) is parent and fits(token, found) else None
        if token.is_armed_start:
            return found if fits(token, found) else None
        if isinstance(parent, EventGateway):
            is_behind = any(flow.target is found for flow in parent.outgoing)
            return found if is_behind and fits(token, found) else None
        if found is None:
            raise Misfit("gone")
        require_fit(token, found)
        return found

    def counterpart(self, old: FlowNode, spec: ScopeSpec) -> FlowNode | None:
        """Return what stands in the new scope for an element of the old one."""
        if old.drawn.is_made:
            same = spec.task_specs.get(old.name)
            return same if isinstance(same, FlowNode) else None
        wanted = self.mapping.get(old.drawn.author_id, old.drawn.author_id)
        for node in spec.task_specs.values():
            if (
                isinstance(node, FlowNode)
                and not node.drawn.is_made
                and node.drawn.author_id == wanted
                and node.name.endswith(CHILD) == old.name.endswith(CHILD)
            ):
                return node
        return None

    def flows_of(self, token: Token, node: FlowNode, spec: ScopeSpec) -> dict[str, str]:
        """Say by which flow of the new diagram a token at a join has come. Raises `Misfit`."""
        kept = token.internal_data
        wanted = [*([kept["via"]] if kept.get("via") else []), *kept.get("reset_for", ())]
        incoming: dict[str, Flow] = {flow.id: flow for flow in token.task_spec.incoming}
        found = {}
        for id in wanted:
            same = [flow for flow in node.incoming if flow.id == id]
            source = self.counterpart(incoming[id].source, spec) if id in incoming else None
            alike = same or [flow for flow in node.incoming if flow.source is source]
            if len(alike) != 1:
                raise Misfit("path_gone")
            found[id] = alike[0].id
        return found

    # -- what begins to wait ------------------------------------------------------------------

    def announce_events(self, token: Token, node: FlowNode, spec: ScopeSpec) -> None:
        """New events on the boundary of a step that has begun, or behind a gateway that waits."""
        old = token.task_spec
        begun = token._state != FUTURE or "guarded" in token.internal_data
        if isinstance(node, Activity) and begun:
            waiting = (event for event in node.boundary if event.waits)
            self.announce(None, token, waiting, old.boundary, spec)
        elif isinstance(node, EventGateway) and begun:
            before = [flow.target for flow in old.outgoing]
            self.announce(None, token, (f.target for f in node.outgoing), before, spec)
            if not any(owned in self.kept for owned in token.owned()) and not any(
                owner is token for _, owner, _ in self.begins
            ):
                raise Misfit("events_gone")

    def announce(
        self,
        host: Token | None,
        owner: Token | None,
        new: Iterable[FlowNode],
        old: Iterable[FlowNode],
        spec: ScopeSpec,
    ) -> None:
        """Note events that wait from now on. One that was there before waits already, or has
        fired and is never armed again."""
        before = {
            id(found)
            for each in old
            if (found := self.counterpart(each, spec)) is not None and alike(each, found)
        }
        for node in new:
            if id(node) not in before:
                self.begins.append((host, owner, node))
                self.remarks.append(remarks.of_new(node))


def fits(token: Token, node: FlowNode | None) -> bool:
    return node is not None and alike(token.task_spec, node)


def alike(old: FlowNode, new: FlowNode) -> bool:
    """Whether two elements are of one kind and wait for the same kinds of things."""
    kinds = [[trigger.kind for _, trigger in remarks.armed(node)] for node in (old, new)]
    needed = [getattr(node, "all_needed", False) for node in (old, new)]
    return type(old) is type(new) and kinds[0] == kinds[1] and needed[0] == needed[1]


def require_fit(token: Token, new: FlowNode) -> None:
    """Refuse an element on which what the token has gathered would mean something else."""
    old = token.task_spec
    if isinstance(old, Repeated) != isinstance(new, Repeated):
        raise Misfit("repeats_otherwise")
    if not alike(old, new):
        raise Misfit("other_kind")
    if isinstance(old, MultiInstance) and isinstance(new, MultiInstance):
        if old.how.sequential != new.how.sequential:
            raise Misfit("repeats_otherwise")
    if isinstance(old, CallActivity) and isinstance(new, CallActivity):
        if token._state == STARTED and old.called != new.called:
            raise Misfit("calls_other")
    if isinstance(old, Activity) and isinstance(new, Activity):
        if "gathering" in token.internal_data and old.start_quantity != new.start_quantity:
            raise Misfit("repeats_otherwise")


def inner_of(node: FlowNode, token: Token, spec_of: Callable[[str], ScopeSpec]) -> ScopeSpec:
    """Return what runs inside ``node`` for a token that had something inside. Raises `Misfit`."""
    try:
        if hasattr(node, "inner_spec"):
            return node.inner_spec(token)
        if isinstance(node, CallActivity):
            return spec_of(node.called)
    except KeyError as missing:
        raise Misfit("gone") from missing
    inner: ScopeSpec = node.inner  # type: ignore[attr-defined]  # of the same kind as before
    return inner
