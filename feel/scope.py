"""What an evaluation knows: names, the instant, the calendars, its budget, and what it missed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from feel.errors import BudgetExceeded
from feel.syntax import Type
from feel.types import convert
from feel.values import MAX_DEPTH, MAX_ITEMS, MAX_TEXT, PLAIN, Value, from_python

MAX_STEPS = 20_000  # a step is a round of a loop or a call, or as much work as that
MAX_CALLS = 20  # functions of the author, one within the other
PARTS_PER_STEP = 10  # small pieces of work, such as comparing two items of lists

_CHEAP = frozenset((Decimal, int, float))


@dataclass(slots=True)
class Trace:
    """Collects what an evaluation missed.

    ``missing`` holds the names and paths that were absent or null when they were read, other
    than in ``= null`` and ``!= null``; a gateway must not take these for "no".
    """

    missing: list[str] = field(default_factory=list)

    def miss(self, path: str) -> None:
        if path not in self.missing:
            self.missing.append(path)


class Run:
    """One evaluation: its budget and its surroundings.

    ``calendars`` may be a function that returns them: most evaluations need none.
    """

    __slots__ = ("_calendars", "adopted", "calls", "now", "parts", "steps", "trace", "types")

    def __init__(
        self,
        now: datetime | None = None,
        calendars: Any = None,
        trace: Trace | None = None,
    ):
        self.now = now
        self._calendars = calendars
        self.trace = trace
        self.steps = MAX_STEPS
        self.parts = 0
        self.calls = 0
        self.types: Mapping[str, Any] = {}
        self.adopted: dict[int, tuple[Any, Value]] = {}

    def convert(self, value: Value, type_: Type) -> Value:
        """Return an argument as the declared type of its parameter takes it."""
        return convert(value, type_, self.types)

    @property
    def calendars(self) -> Any:
        """The calendars of this evaluation, or None."""
        if callable(self._calendars):
            self._calendars = self._calendars()
        return self._calendars

    def spend(self, steps: int = 1) -> None:
        """Take ``steps`` from the budget. Raises ``BudgetExceeded`` when it is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded(f"The computation takes more than {MAX_STEPS:,} steps")

    def spend_part(self, parts: int = 1) -> None:
        """Take a fraction of a step, for work done item by item."""
        self.parts += parts
        if self.parts >= PARTS_PER_STEP:
            self.spend(self.parts // PARTS_PER_STEP)
            self.parts %= PARTS_PER_STEP

    def text(self, value: str) -> str:
        """Let a text that was made pass, if it is not too long, and charge for its length."""
        if len(value) > MAX_TEXT:
            self.too_long()
        if len(value) > 1_000:
            self.spend(len(value) // 1_000)
        return value

    def items(self, value: list) -> list:
        """Let a list that was made pass, if it is not too long, and charge for its length."""
        if len(value) > MAX_ITEMS:
            self.too_many()
        if len(value) > 100:
            self.spend(len(value) // 100)
        return value

    def result(self, value: Value) -> Value:
        """Let a result leave, if it is not too deep or too large once it is written out.

        Lists that share their items are small in here and can be enormous outside.
        """
        if type(value) is list or type(value) is dict:
            self._measure(value, 0)
        return value

    def _measure(self, value: Value, depth: int) -> None:
        if depth > MAX_DEPTH:
            self.too_deep()
        for item in value.values() if type(value) is dict else value:
            self.spend_part()
            if type(item) is list or type(item) is dict:
                self._measure(item, depth + 1)

    def adopt(self, value: Value) -> Value:
        """Return a value that came from outside as a FEEL value, converted once."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind in _CHEAP:
            return from_python(value)
        known = self.adopted.get(id(value))
        if known is None:
            # the original is kept beside its conversion, so that its id is not used again
            known = self.adopted[id(value)] = (value, from_python(value))
        return known[1]

    @staticmethod
    def too_long() -> NoReturn:
        raise BudgetExceeded(f"A text has more than {MAX_TEXT:,} characters")

    @staticmethod
    def too_many() -> NoReturn:
        raise BudgetExceeded(f"A list has more than {MAX_ITEMS:,} items")

    @staticmethod
    def too_deep() -> NoReturn:
        raise BudgetExceeded(f"A value is nested deeper than {MAX_DEPTH}")


class Frame:
    """Names in scope: those of this frame, then those of the frames around it.

    The outermost frame holds what the caller gave, in Python's own types; it is the only one
    without a parent, and what is read from it is converted.
    """

    __slots__ = ("names", "parent", "run")

    def __init__(self, names: Mapping[str, Any], parent: "Frame | None", run: Run):
        self.names = names
        self.parent = parent
        self.run = run
