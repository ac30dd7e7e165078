"""Data that goes into an activity and comes out of it by the standard's associations.

Inputs are local to one instance of the activity, under the name of the data input (else its id);
outputs are local likewise until the activity is done, and then go where their association points.
Source: BPMN 2.0.2 10.4.2 (transformation, assignment).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.variables import checked, visible, write
from engine.expressions import value_of

if TYPE_CHECKING:
    from engine.core.tokens import Token


@dataclass(frozen=True, slots=True)
class Association:
    """``target`` takes the value of the variable ``source``, or of the FEEL in ``text``."""

    target: str
    source: str | None = None
    text: str | None = None

    def value(self, token: "Token") -> Any:
        if self.text is not None:
            return checked(value_of(token, self.text), self.target)
        return visible(token).get(self.source or "")


@dataclass(frozen=True, slots=True)
class DataFlow:
    """The associations of one activity. ``locals`` are the names of its outputs."""

    inputs: tuple[Association, ...] = ()
    outputs: tuple[Association, ...] = ()
    locals: tuple[str, ...] = ()

    def take_in(self, token: "Token") -> None:
        """Set the activity's own inputs; raises `StepFailed` before anything is set."""
        taken = {each.target: each.value(token) for each in self.inputs}
        token.data.update(dict.fromkeys(self.locals))
        token.data.update(taken)

    def give_out(self, token: "Token") -> None:
        """Write the outputs to where they go, outside of the activity."""
        given = {each.target: each.value(token) for each in self.outputs}
        own, token.data = token.data, {}
        try:
            token.run_of.wrote(write(token, given))
        finally:
            token.data = own


NO_DATA_FLOW = DataFlow()
