"""What a form is once it has been read: questions, groups, repeated rows and prose.

Everything here is immutable, compared by identity and safe to share between threads.
`forms.loading` makes it, and nothing else in this package looks at the JSON again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from forms.conditions import Condition
from forms.prose import Block


class Kind(StrEnum):
    """How a question is asked and what its answer is."""

    TEXT = "text"
    LONG_TEXT = "textarea"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    RADIO = "radio"
    SELECT = "select"
    CHECKBOX = "checkbox"
    CHECKLIST = "checklist"
    FILES = "files"

    @property
    def is_choice(self) -> bool:
        return self in (Kind.RADIO, Kind.SELECT, Kind.CHECKLIST)

    @property
    def is_moment(self) -> bool:
        return self in (Kind.DATE, Kind.TIME, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer a person may choose: ``value`` is stored, ``label`` is read."""

    value: str
    label: str


# Over this many, a `select` is typed with suggestions and checked against the list.
LONGEST_SELECT = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """One component with a key. ``data_class`` is C0 to C4 (what may be done with the answer)."""

    key: str
    kind: Kind
    label: str
    data_class: str
    hint: str = ""
    required: bool = False
    hide: Condition | None = None
    default: Any = None
    variable: bool = False  # copied to the engine under its key
    reveal: bool = False  # masked until pressed, and the press is logged
    error_required: str = ""
    error_format: str = ""
    autocomplete: str = "off"
    inputmode: str = ""
    prefix: str = ""
    suffix: str = ""
    time_label: str = ""
    shortest: int = 0
    longest: int = 500
    pattern: str = ""
    shape: str = ""  # "email" or "phone"
    lowest: Decimal | None = None
    highest: Decimal | None = None
    digits: int | None = None  # behind the point; None: as many as are typed
    dates: str = ""  # "past" or "future", both counting today
    options: tuple[Option, ...] = ()
    list_name: str = ""  # options come from a named list of the catalogue instead
    multiple: bool = False
    accept: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Questions that belong together; with ``step``, a page of their own of that title."""

    label: str
    nodes: "tuple[Node, ...]"
    id: str = ""
    step: str = ""
    hide: Condition | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Questions asked once for each of several things. ``label`` is one of them: "Child"."""

    key: str
    label: str
    nodes: "tuple[Node, ...]"
    fewest: int = 0
    most: int = 20
    shown_first: int = 1
    hide: Condition | None = None

    @cached_property
    def questions(self) -> "dict[str, Question | Rows]":
        return {node.key: node for node in asking(self.nodes)}

    @cached_property
    def order(self) -> "tuple[Conditioned, ...]":
        return evaluation_order(self.nodes)[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class Prose:
    """Words between questions. No blocks: a line across the page."""

    blocks: tuple[Block, ...] = ()
    hide: Condition | None = None


Node = Question | Group | Rows | Prose
# What has a key, with every condition that hides it or something around it.
Conditioned = tuple[Question | Rows, tuple[Condition, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """A form that was accepted. ``sha256`` is over its canonical JSON."""

    id: str
    nodes: tuple[Node, ...]
    sha256: str
    source: Mapping[str, Any] = field(repr=False)

    @cached_property
    def steps(self) -> tuple[Group, ...]:
        """Its pages; empty for a form on one page."""
        return tuple(node for node in self.nodes if isinstance(node, Group) and node.step)

    @cached_property
    def questions(self) -> dict[str, Question | Rows]:
        """What is asked outside of rows, by key, in order."""
        return {node.key: node for node in asking(self.nodes)}

    @cached_property
    def order(self) -> tuple[Conditioned, ...]:
        """What is asked outside of rows, each after what its conditions read."""
        return evaluation_order(self.nodes)[0]

    @cached_property
    def lists(self) -> frozenset[str]:
        """The named lists whose options must be given to check, render or read it."""
        return frozenset(q.list_name for q in every_question(self.nodes) if q.list_name)

    @cached_property
    def needs_today(self) -> bool:
        """Whether an answer is compared with the present day."""
        return any(question.dates for question in every_question(self.nodes))

    @cached_property
    def needs_zone(self) -> bool:
        """Whether an answer depends on the clock of the place where it is given."""
        questions = every_question(self.nodes)
        return any(q.dates or q.kind is Kind.DATETIME for q in questions)

    @cached_property
    def variables(self) -> tuple[Question, ...]:
        """The questions whose answers the engine may know."""
        return tuple(q for q in every_question(self.nodes) if q.variable)


def asking(nodes: tuple[Node, ...]) -> Iterator[Question | Rows]:
    """Yield what has a key in this scope, looking through groups but not into rows."""
    for node in nodes:
        if isinstance(node, Group):
            yield from asking(node.nodes)
        elif isinstance(node, Question | Rows):
            yield node


def every_question(nodes: tuple[Node, ...]) -> Iterator[Question]:
    """Yield every question, those in rows included."""
    for node in asking(nodes):
        if isinstance(node, Rows):
            yield from every_question(node.nodes)
        else:
            yield node


def evaluation_order(
    nodes: tuple[Node, ...],
) -> tuple[tuple[Conditioned, ...], tuple[Question | Rows, ...]]:
    """Return what has a key in this scope, each after what its conditions read, and the rest.

    The rest hang on each other in a circle; a form that was accepted has none.
    """
    waiting = list(_conditioned(nodes, ()))
    keys = {node.key for node, _ in waiting}
    ordered: list[Conditioned] = []
    settled: set[str] = set()
    while waiting:
        ready = [
            (node, hides)
            for node, hides in waiting
            if all(hide.names & keys <= settled for hide in hides)
        ]
        if not ready:
            break
        ordered += ready
        settled |= {node.key for node, _ in ready}
        waiting = [entry for entry in waiting if entry[0].key not in settled]
    return tuple(ordered), tuple(node for node, _ in waiting)


def _conditioned(nodes: tuple[Node, ...], around: tuple[Condition, ...]) -> Iterator[Conditioned]:
    for node in nodes:
        hides = around if isinstance(node, Prose) or node.hide is None else (*around, node.hide)
        if isinstance(node, Group):
            yield from _conditioned(node.nodes, hides)
        elif isinstance(node, Question | Rows):
            yield node, hides
