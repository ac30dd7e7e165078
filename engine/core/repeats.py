"""Repeated activities: multi-instance, parallel or one after the other, and the standard loop.

The repeated activity has a *body*, which boundary events sit on and which keeps the counters, and
*inner instances*: tokens under the body's with a scope of their own for ``loopCounter`` (from 1),
the element and the output. Counters by the names of BPMN 2.0.2, tables 10.28 and 10.30.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core import propagation
from engine.core.activities import Activity
from engine.core.failures import StepFailed
from engine.core.nodes import Drawn, FlowNode, ScopeSpec
from engine.core.states import STARTED
from engine.core.triggers import Trigger
from engine.core.variables import checked, write
from engine.expressions import decide, value_of

if TYPE_CHECKING:
    from engine.core.tokens import Token

MAX_INSTANCES = 1_000


class Repeated(Activity):
    """The body of a repeated activity; ``inner`` is the activity itself."""

    def __init__(self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, inner: FlowNode):
        super().__init__(wf_spec, name, drawn=drawn)
        self.inner = inner

    def depart(self, token: "Token") -> None:
        """Each inner instance has said for itself that it is done."""
        token.run_of.release(token)
        token.workflow.undo += token.internal_data.pop("undo", [])
        self.go_on(token)

    def inner_done(self, body: "Token", child: "Token") -> None:
        """An inner instance is over; the body looks at what follows in a step of its own."""
        self.count(body, child)
        body.run_of.ready_again(body)

    def count(self, body: "Token", child: "Token") -> None:
        """Keep what the body needs of an inner instance that is over."""

    def open_inner(self, body: "Token", number: int, local: dict[str, Any]) -> None:
        child = body.run_of.spawn(body.workflow, self.inner, parent=body)
        child.triggered = True
        child.data = {"loopCounter": number, **local}

    def wait(self, body: "Token") -> bool:
        body._set_state(STARTED)
        return False


class Loop(Repeated):
    """The standard loop: again while the condition holds, ``maximum`` times at most."""

    def __init__(
        self,
        wf_spec: ScopeSpec,
        name: str,
        *,
        drawn: Drawn,
        inner: FlowNode,
        condition: str | None,
        maximum: int | None,
        test_before: bool,
    ):
        super().__init__(wf_spec, name, drawn=drawn, inner=inner)
        self.condition = condition
        self.maximum = maximum
        self.test_before = test_before

    def begin(self, token: "Token") -> bool:
        token.data = {"loopCounter": 0}
        if self.test_before and not self.goes_on(token):
            return True
        return self.again(token)

    def perform(self, token: "Token") -> bool:
        """A round is over (or there was to be none)."""
        return not self.goes_on(token) or self.again(token)

    def goes_on(self, token: "Token") -> bool:
        if self.maximum is not None and token.data["loopCounter"] >= self.maximum:
            return False
        return self.condition is None or decide(token, self.condition)

    def again(self, token: "Token") -> bool:
        number = token.data["loopCounter"] + 1
        token.data["loopCounter"] = number
        self.open_inner(token, number, {})
        return self.wait(token)


@dataclass(frozen=True, slots=True)
class Repetition:
    """How a multi-instance activity repeats. Texts are FEEL unless they are called names."""

    sequential: bool
    cardinality: str | None = None
    collection: str | None = None
    element_name: str | None = None
    output_collection: str | None = None  # the name of a variable
    output_name: str | None = None  # the variable of one inner instance that is collected
    output_element: str | None = None
    completion: str | None = None
    # what is thrown when an inner instance is over: at each one, at the first, or by condition
    at_each: tuple[Trigger, ...] = ()
    at_first: tuple[Trigger, ...] = ()
    by_condition: tuple[tuple[str, tuple[Trigger, ...]], ...] = ()


class MultiInstance(Repeated):
    """As many inner instances as ``cardinality`` says or ``collection`` has elements."""

    def __init__(
        self, wf_spec: ScopeSpec, name: str, *, drawn: Drawn, inner: FlowNode, how: Repetition
    ):
        super().__init__(wf_spec, name, drawn=drawn, inner=inner)
        self.how = how

    def begin(self, token: "Token") -> bool:
        items = self.items(token)
        token.data = {
            "numberOfInstances": len(items),
            "numberOfActiveInstances": 0,
            "numberOfCompletedInstances": 0,
            "numberOfTerminatedInstances": 0,
        }
        token.internal_data.update(items=items, opened=0, outputs={}, over=0, told=0)
        if not items:
            return True
        self.open_next(token, 1 if self.how.sequential else len(items))
        return self.wait(token)

    def items(self, token: "Token") -> list[Any]:
        if self.how.collection is not None:
            items = value_of(token, self.how.collection)
            if not isinstance(items, list):
                raise StepFailed(
                    "NotACollection", f"'{self.how.collection}' of '{self.drawn.label}' is no list."
                )
        else:
            number = whole_number(value_of(token, self.how.cardinality or "null"))
            if number is None or number < 0:
                raise StepFailed(
                    "NotACardinality",
                    f"'{self.how.cardinality}' of '{self.drawn.label}' is not a number of times.",
                )
            items = range(number)
        if len(items) > MAX_INSTANCES:
            raise StepFailed(
                "TooManyInstances",
                f"'{self.drawn.label}' would have {len(items):,} instances; at most "
                f"{MAX_INSTANCES:,} are allowed.",
            )
        if self.how.collection is None:
            return [None] * len(items)
        return [checked(item, self.how.element_name or "element") for item in items]

    def open_next(self, token: "Token", how_many: int) -> None:
        kept = token.internal_data
        for _ in range(how_many):
            index = kept["opened"]
            local: dict[str, Any] = {}
            if self.how.output_name:
                local[self.how.output_name] = None
            if self.how.element_name and self.how.collection is not None:
                local[self.how.element_name] = kept["items"][index]
            self.open_inner(token, index + 1, local)
            kept["opened"] = index + 1
        token.data["numberOfActiveInstances"] += how_many

    def count(self, body: "Token", child: "Token") -> None:
        body.data["numberOfActiveInstances"] -= 1
        body.data["numberOfCompletedInstances"] += 1
        kept = body.internal_data
        kept["over"] += 1
        if self.how.output_collection:
            local = child.data
            whole = self.how.output_element is not None
            given = dict(local) if whole else local.get(self.how.output_name or "")
            kept["outputs"][str(local["loopCounter"])] = given

    def perform(self, token: "Token") -> bool:
        kept = token.internal_data
        enough = bool(kept["over"] and self.how.completion and decide(token, self.how.completion))
        if not self.tell(token):
            return False
        if not enough and kept["over"] < len(kept["items"]):
            if self.how.sequential and not token.data["numberOfActiveInstances"]:
                self.open_next(token, 1)
            return self.wait(token)
        outputs = self.outputs(token)
        run = token.run_of
        for child in list(token.owned()):
            if child.triggered:
                run.cancel(child, self.drawn.author_id)
        if self.how.output_collection:
            local, token.data = token.data, {}
            changed = write(token, {self.how.output_collection: outputs})
            token.data = local
            run.wrote(changed)
        return True

    def tell(self, token: "Token") -> bool:
        """Throw what is to be thrown for instances that are over; say whether the activity lives.

        Whoever catches sits on its boundary, as a rule. Source: BPMN 2.0.2, table 10.30.
        """
        kept = token.internal_data
        while kept["told"] < kept["over"]:
            thrown = list(self.how.at_each)
            thrown += self.how.at_first if kept["told"] == 0 else ()
            for condition, triggers in self.how.by_condition:
                thrown += triggers if decide(token, condition) else ()
            kept["told"] += 1
            for trigger in thrown:
                propagation.throw(token, self, trigger)
                if not token.is_live:
                    return False
        return True

    def outputs(self, token: "Token") -> list[Any]:
        """What the inner instances that are over have given, in the order of the collection."""
        kept = token.internal_data["outputs"]
        given = [kept[number] for number in sorted(kept, key=int)]
        if self.how.output_element is None:
            return given
        name = self.how.output_collection or "output"
        return [checked(value_of(token, self.how.output_element, local), name) for local in given]


def whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == value else None
