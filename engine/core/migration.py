"""Carry an instance over to another version of its diagram, token by token.

Ids stay, and with them the rows of tasks, timers and subscriptions, drafts and claims. A timer
keeps its due time, one that has fired is never armed again, and what the new diagram adds begins
to wait at the instant of the migration. `fitting` has said before what goes where.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.changes import Changes, Line, Step
from engine.core import remarks
from engine.core.failures import StepFailed
from engine.core.fitting import Fitting
from engine.core.gateways import ParallelGateway
from engine.core.nodes import FlowNode, ScopeSpec
from engine.core.recorder import Recorder, subscription
from engine.core.refusals import InstanceEnded, MigrationUndecided
from engine.core.repairs import free_flow
from engine.core.states import WAITING
from engine.core.subprocesses import AdHocSubprocess, EventSubprocess
from engine.core.tokens import Instance, Scope, Token, live
from engine.core.triggers import arms_of
from engine.core.undo import inside_of

if TYPE_CHECKING:
    from engine.core.run import Run

MakeRun = Callable[[Instance], "Run"]


def migrate(
    fitting: Fitting, make: MakeRun, step: Step, about: Mapping[str, Any]
) -> "tuple[Run, Changes]":
    """Return the run on its new definitions and what that changed; the old one is used up.

    ``make`` gives the run of an instance on the new definitions. ``about`` goes into the line of
    history. Raises `MigrationUndecided` and `InstanceEnded`; then nothing has happened.
    """
    old = fitting.run
    if old.ended:
        raise InstanceEnded
    if fitting.undecided:
        raise MigrationUndecided
    begin(old, step)
    for token in fitting.doomed:
        old.cancel(token, None)
    carrying = Carrying(fitting)
    run = make(carrying.carried())
    run.recorder = old.recorder
    run.step = step
    run.timers_due = run.conditions_due = True
    run.wake()
    run.changes.history.append(Line(None, run.process_name(), "complete", "migration", about))
    carrying.go_on(run)
    return run, run.conclude()


def begin(run: "Run", step: Step) -> None:
    run.step = step
    run.recorder = Recorder()
    run.recorder.remember(list(run.waiting()))
    run.written = {}


class Carrying:
    """Old tokens and scopes, and the new ones that stand for them."""

    def __init__(self, fitting: Fitting):
        self.fitting = fitting
        self.old = fitting.run.instance
        self.tokens: dict[Token, Token] = {}
        self.scopes: dict[Instance | Scope, Instance | Scope] = {}

    def carried(self) -> Instance:
        old = self.old
        new = Instance(self.fitting.spec_of(old.spec.process_id))
        for scope in list(old.scopes()):  # a host comes before its inside
            if not isinstance(scope, Scope):
                self.carry_scope(scope, new)
            elif scope.host in self.tokens:
                spec = self.fitting.scopes[scope.host]
                self.carry_scope(scope, Scope(spec, self.tokens[scope.host]))
        new.seq, new.risk_rank, new.business_key = old.seq, old.risk_rank, old.business_key
        new.incidents = old.incidents
        return new

    def carry_scope(self, old: Instance | Scope, new: Instance | Scope) -> None:
        self.scopes[old] = new
        new.data = dict.fromkeys(new.spec.data_objects_drawn) | old.data
        new.interrupted = old.interrupted
        new.undo = self.records(old.undo, old.spec, new.spec)
        kept = [token for token in live(old) if token in self.fitting.kept]
        for token in kept:
            self.tokens[token] = self.token(token, new)
        for token in kept:
            parent = old.tasks.get(token._parent) if token._parent else None
            over = self.tokens.get(parent, new.task_tree) if parent else new.task_tree
            self.tokens[token]._parent = over.id
            over._children.append(token.id)

    def token(self, old: Token, scope: Instance | Scope) -> Token:
        node = self.fitting.kept[old]
        new = Token(scope, node, state=old._state, id=old.id)
        new.seq, new.triggered, new.data = old.seq, old.triggered, old.data
        new.internal_data = self.internal(old, node, scope.spec)
        return new

    def internal(self, old: Token, node: FlowNode, spec: ScopeSpec) -> dict[str, Any]:
        """Return what a token keeps about itself, in the words of the new diagram."""
        kept, flows = dict(old.internal_data), self.fitting.flows[old]
        kept.pop("take", None)  # chosen again when it leaves
        if kept.get("via"):
            kept["via"] = flows[kept["via"]]
        if "reset_for" in kept:
            kept["reset_for"] = sorted(flows[id] for id in kept["reset_for"])
        if "arms" in kept:
            places = {place: new for place, new, _ in remarks.messages(old, node)}
            kept["arms"] = [{**arm, "trigger": places[arm["trigger"]]} for arm in kept["arms"]]
        for name in ("undo", "plan"):
            if name in kept:
                kept[name] = self.records(kept[name], old.workflow.spec, spec)
        if "todo" in kept and isinstance(node, AdHocSubprocess):
            kept["todo"] = self.todo(old, node)
        return kept

    def todo(self, old: Token, node: AdHocSubprocess) -> list[str]:
        """Steps of an ad hoc subprocess that are still to begin, and those that are new in it."""
        before: AdHocSubprocess = old.task_spec
        begun = {each.name for each in before.entries()} - set(old.internal_data["todo"])
        counterpart = self.fitting.counterpart
        over = {id(counterpart(before.inner.task_specs[name], node.inner)) for name in begun}
        return [each.name for each in node.entries() if id(each) not in over]

    def records(self, records: list[Any], old: ScopeSpec, new: ScopeSpec) -> list[Any]:
        """What could be undone can be undone by what stands for it; else there is nothing to do."""
        found = []
        for record in records:
            before = old.task_specs[record["node"]]
            after = self.fitting.counterpart(before, new)
            if after is None or type(after) is not type(before):
                continue
            inside = record["inside"]
            if inside is not None:
                undo = self.records(inside["undo"], inside_of(before), inside_of(after))
                inside = {"data": inside["data"], "undo": undo}
            found.append({"node": after.name, "data": record["data"], "inside": inside})
        return found

    # -- what begins ----------------------------------------------------------------------------

    def go_on(self, run: "Run") -> None:
        """Put in place what the new diagram adds or has otherwise."""
        for old, node in self.fitting.kept.items():
            new = self.tokens[old]
            if any(differs for *_, differs in remarks.messages(old, node)):
                self.listen(run, new)
        for host, owner, node in self.fitting.begins:
            self.begin(run, host, owner, node)
        for old, node in self.fitting.restarts:
            scope = self.scopes[old.workflow]
            run.spawn(scope, node, free_flow(scope, node))
        for token in list(run.instance.tokens()):
            if isinstance(token.task_spec, ParallelGateway) and token._state == WAITING:
                if token.incident is None and token.task_spec.try_to_join(token):
                    run.push(token)

    def begin(self, run: "Run", host: Token | None, owner: Token | None, node: FlowNode) -> None:
        if owner is not None:
            new = self.tokens[owner]
            new.internal_data["guarded"] = True
            run.arm_at(new, node)
        elif isinstance(node, EventSubprocess):
            scope = run.instance if host is None else run.instance.subprocesses[host.id]
            token = Token(scope, node, scope.task_tree)
            token.internal_data["armed_start"] = True
            run.attempt(token)

    def listen(self, run: "Run", token: Token) -> None:
        """Wait for another message, or under another key, in the same place."""
        for arm in arms_of(token):
            trigger = token.task_spec.triggers[arm["trigger"]]
            if arm["kind"] not in ("message", "signal") or arm.get("hit"):
                continue
            try:
                arm |= {**trigger.arm(token), "id": arm["id"]}
            except StepFailed as failure:
                run.park(token, failure)
                return
            run.recorder.subscriptions[arm["id"]] = subscription(token, arm)
