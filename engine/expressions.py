"""FEEL in SpiffWorkflow's place.

Every workflow is made with a `FeelEngine`, when it starts and when it is restored, so no path
leads to the library's own script engine, which is all of Python (`engine/core/tokens.py` is the
one place that makes workflows; a test looks). Expressions read variables and ``settings``; they
see the instant and the calendars of the unit of work and nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

import feel
from engine.changes import Ports
from engine.core.failures import StepFailed
from engine.core.variables import Visible, checked, maps_of, write

if TYPE_CHECKING:
    from engine.core.tokens import Token


class NoPython(BasePythonScriptEngineEnvironment):
    """What stands where SpiffWorkflow keeps ``eval`` and ``exec``."""

    def evaluate(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StepFailed("NotFeel", "Only FEEL is evaluated, and only by the engine.")

    execute = call_service = evaluate


class FeelEngine(PythonScriptEngine):
    """SpiffWorkflow's script engine, speaking FEEL and nothing else."""

    def __init__(self) -> None:
        super().__init__(environment=NoPython())

    def validate(self, expression: str) -> None:
        feel.parse(expression)

    def evaluate(
        self, task: "Token", expression: str, external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value of ``expression`` as the token sees it; raises `StepFailed`."""
        return value_of(task, expression, external_context)

    def execute(
        self, task: "Token", script: str, external_context: Mapping[str, Any] | None = None
    ) -> bool:
        """Write the entries of the context that ``script`` gives as variables."""
        write(task, context_of(task, script, "The script", external_context))
        return True

    def call_service(self, task: "Token", **kwargs: Any) -> NoReturn:
        raise StepFailed("NotAnOperation", "Operations are called by service tasks only.")


class Settings(Mapping[str, Any]):
    """The one name ``settings``, whose value is read when an expression asks for it."""

    __slots__ = ("_ports",)

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def __getitem__(self, name: str) -> Any:
        if name != "settings":
            raise KeyError(name)
        return self._ports.settings()

    def __contains__(self, name: object) -> bool:
        return name == "settings"

    def __iter__(self) -> Iterator[str]:
        return iter(("settings",))

    def __len__(self) -> int:
        return 1


def value_of(
    token: "Token",
    text: str,
    extra: Mapping[str, Any] | None = None,
    trace: "feel.Trace | None" = None,
) -> Any:
    """Return the value of a FEEL text as ``token`` sees it; ``extra`` hides variables."""
    step = token.run_of.step
    maps: list[Mapping[str, Any]] = [*maps_of(token), Settings(step.ports)]
    if extra:
        maps.insert(0, dict(extra))
    try:
        return feel.parse(text).evaluate(
            Visible(maps), now=step.now, calendars=step.ports.calendars, trace=trace
        )
    except feel.FeelError as error:
        raise StepFailed(type(error).__name__, f"{error}") from error


def context_of(
    token: "Token", text: str, what: str, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Evaluate a text that must give a context; return its entries, checked and copied."""
    value = value_of(token, text, extra)
    if not isinstance(value, dict):
        raise StepFailed("NotAContext", f"{what} gives no context: write {{name: value}}.")
    return {name: checked(item, name) for name, item in value.items()}


def decide(token: "Token", text: str, extra: Mapping[str, Any] | None = None) -> bool:
    """Decide a condition; raises `StepFailed` when a value it needs is missing.

    Null is not "no": a default flow taken because a value was missing could skip a safeguard.
    """
    trace = feel.Trace()
    value = value_of(token, text, extra, trace)
    if trace.missing:
        names = ", ".join(f"'{name}'" for name in trace.missing)
        have = "has" if len(trace.missing) == 1 else "have"
        raise StepFailed(
            "UndecidedCondition",
            f"The condition '{text}' cannot be decided: {names} {have} no value.",
        )
    if not isinstance(value, bool):
        raise StepFailed(
            "UndecidedCondition", f"The condition '{text}' is neither true nor false here."
        )
    return value


def holds(token: "Token", text: str) -> bool:
    """Say whether a condition is exactly true: for conditional events, where null is "not yet"."""
    return value_of(token, text) is True
