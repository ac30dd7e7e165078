"""What somebody does to an instance by hand: move a token, skip a step, correct a value.

Each leaves a line of kind ``repair`` that says what, from where to where, and why. Nothing is
taken out of the history; what was done stays done.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.changes import Line, MoveToken, Resume, SetVariables, SkipStep, Suspend
from engine.core import standing
from engine.core.activities import ReceiveTask
from engine.core.failures import StepFailed
from engine.core.moves import is_open_task
from engine.core.nodes import Flow, FlowNode
from engine.core.refusals import NoSuchTarget, StepNotSkippable, TokenNotMovable, TokenNotThere
from engine.core.tokens import Instance, Scope, Token, live
from engine.core.variables import write

if TYPE_CHECKING:
    from engine.core.run import Run

REPAIR = "repair"


def suspend(run: "Run", command: Suspend) -> None:
    about: dict[str, Any] = {"reason": command.reason}
    if command.review_at is not None:
        about["review_at"] = command.review_at.isoformat()
    run.recorder.process(run.process_name(), "suspend", about)


def resume(run: "Run", command: Resume) -> None:
    run.recorder.process(run.process_name(), "resume", {"reason": command.reason})


def move_token(run: "Run", command: MoveToken) -> None:
    token = token_of(run, command.token_id)
    if not standing.may_move(token):
        raise TokenNotMovable
    scope = token.workflow
    node = target_of(scope, command.element_id)
    about = {
        "act": "move",
        "to": node.drawn.author_id,
        "to_name": node.drawn.label,
        "reason": command.reason,
    }
    record(run, token, "withdraw", about)
    run.cancel(token, None)
    run.spawn(scope, node, free_flow(scope, node))


def target_of(scope: "Instance | Scope", element_id: str) -> FlowNode:
    for node in standing.targets(scope.spec):
        if element_id == node.drawn.author_id:
            return node
    raise NoSuchTarget(f"There is no step '{element_id}' where the token could go.")


def free_flow(scope: "Instance | Scope", node: FlowNode) -> Flow | None:
    """By which flow a token comes that nobody sent: at a join, one on which none has come yet."""
    taken = {t.internal_data.get("via") for t in live(scope) if t.task_spec is node}
    free = (flow for flow in node.incoming if flow.id not in taken)
    return next(free, node.incoming[0] if node.incoming else None)


def skip_step(run: "Run", command: SkipStep, values: Mapping[str, Any]) -> None:
    """``values`` are the command's variables, checked."""
    token = token_of(run, command.token_id)
    if not standing.may_skip(token):
        raise StepNotSkippable
    run.wrote(write(token, values))
    record(run, token, "skip", {"act": "skip", "reason": command.reason} | taken(run))
    if is_open_task(token):
        run.recorder.closed(token, "obsolete", "skipped")
    inside = run.instance.subprocesses.get(token.id)
    for inner in live(inside) if inside is not None else ():
        run.cancel(inner, None)
    run.unpark(token)
    try:
        if isinstance(token.task_spec, ReceiveTask):
            run.note(token, "skip")
            token.task_spec.fire(token, None)
        else:
            token.task_spec.skip(token)
    except StepFailed as failure:
        run.park(token, failure)


def set_variables(run: "Run", command: SetVariables, values: Mapping[str, Any]) -> None:
    """``values`` are the command's variables, checked."""
    run.wrote(write(run.instance.task_tree, values))
    about = {"act": "set", **taken(run)} | ({"reason": command.reason} if command.reason else {})
    line = Line(None, run.process_name(), "complete", REPAIR, about)
    run.changes.history.append(line)


def taken(run: "Run") -> dict[str, Any]:
    """Take what has been written, for the line of the repair itself."""
    written, run.written = run.written, {}
    return {"set": written} if written else {}


def token_of(run: "Run", token_id: UUID) -> Token:
    token = run.instance.find(token_id)
    if token is None or not token.is_live:
        raise TokenNotThere
    return token


def record(run: "Run", token: Token, transition: Any, about: Mapping[str, Any]) -> None:
    drawn = token.task_spec.drawn
    line = Line(drawn.author_id, drawn.label, transition, REPAIR, about)
    run.changes.history.append(line)
