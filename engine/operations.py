"""Service operations: what a diagram may call, by the name ``capability.verb``.

    @operation("safeguarding.escalate")
    def escalate(context: OperationContext, *, case_id: str) -> Escalated: ...

The result goes to the task's ``resultVariable`` if it names one, else its entries become
variables. What they are is read from the annotation (`engine/results.py`), or from the table whose
outputs it hands on: ``@operation("risk.score_dash", decision="dash")``.

An operation must be safe to repeat: after an incident somebody may retry the step. It reaches no
network; what must leave goes through `engine/outbox.py`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from engine.checked import Definitions
from engine.results import Results, kind_of, results_of

Result = Mapping[str, Any] | None
R = TypeVar("R", bound=Result)
Function = Callable[..., Result]


class BusinessError(Exception):
    """An outcome that the diagram may catch: it becomes the BPMN error with this code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


class UnknownOperation(Exception):
    """The diagram names an operation that is not registered."""


class WrongParameters(Exception):
    """The diagram gives an operation other parameters than it takes."""


class WrongResult(Exception):
    """An operation has returned something else than it declares; what it wrote is undone."""


@dataclass(frozen=True, slots=True)
class OperationContext:
    """What an operation knows of the unit of work that calls it."""

    session: Session
    now: datetime
    instance_id: UUID
    actor: str | None
    tenant_id: UUID
    service_id: UUID | None
    business_key: UUID | None
    definitions: Definitions
    settings: Mapping[str, Any]  # of the service, over the release's
    calendars: Any  # feel.calendars.Calendars in force: the release's, the loaded holidays


@dataclass(frozen=True, slots=True)
class Parameter:
    """One keyword of an operation. Those with a default may be left out in the diagram.

    ``kind`` is the FEEL type of its annotation, as `feel.functions` writes it, or "any".
    """

    name: str
    required: bool
    kind: str = "any"


@dataclass(frozen=True, slots=True)
class Operation:
    """A registered operation. ``public`` ones need not be used by a shipped diagram.

    It returns ``results``, or the outputs of ``decision``; neither if it does not say.
    """

    name: str
    function: Function
    parameters: tuple[Parameter, ...]
    public: bool = False
    results: Results | None = None
    decision: str | None = None

    def problem_with(self, given: Mapping[str, Any]) -> str | None:
        """Say in words how the names of ``given`` differ from what the operation takes."""
        known = {parameter.name for parameter in self.parameters}
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        unknown = sorted(given.keys() - known)
        if missing:
            return f"Operation '{self.name}' needs {', '.join(missing)}."
        if unknown:
            return f"Operation '{self.name}' does not take {', '.join(unknown)}."
        return None


_operations: dict[str, Operation] = {}


def operation(
    name: str, *, public: bool = False, decision: str | None = None
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Register a function as the operation ``name``; ``decision`` is whose outputs it returns."""
    capability, dot, verb = name.partition(".")
    if not (capability.isidentifier() and dot and verb.isidentifier()):
        raise ValueError(f"{name!r} is not of the form capability.verb")

    def register(function: Callable[..., R]) -> Callable[..., R]:
        if name in _operations:
            raise ValueError(f"operation {name!r} is registered twice")
        results = results_of(inspect.signature(function).return_annotation)
        parameters = parameters_of(name, function)
        _operations[name] = Operation(name, function, parameters, public, results, decision)
        return function

    return register


def parameters_of(name: str, function: Function) -> tuple[Parameter, ...]:
    """Read the keywords of an operation. Raises ``ValueError`` if it does not take its context."""
    context, *rest = inspect.signature(function).parameters.values()
    if context.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
        raise ValueError(f"operation {name!r} must take its context first")
    if any(parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in rest):
        raise ValueError(f"operation {name!r} must take its parameters as keywords")
    return tuple(
        Parameter(
            parameter.name,
            parameter.default is inspect.Parameter.empty,
            kind_of(parameter.annotation),
        )
        for parameter in rest
    )


def registry() -> Mapping[str, Operation]:
    """Return every registered operation by name."""
    return dict(_operations)


def call(context: OperationContext, name: str, parameters: Mapping[str, Any]) -> Result:
    """Call the operation ``name``. Raises `BusinessError`, `WrongResult`, or what went wrong."""
    found = _operations.get(name)
    if found is None:
        raise UnknownOperation(f"There is no operation '{name}'.")
    problem = found.problem_with(parameters)
    if problem:
        raise WrongParameters(problem)
    result = found.function(context, **parameters)
    wrong = found.results.problem_with(result) if found.results is not None else None
    if wrong:
        raise WrongResult(f"The result of operation '{name}' {wrong}.")
    return result
