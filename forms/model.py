"""What the templates draw: plain data, no logic left to decide.

Every item has a ``box`` (the id of what is shown or hidden), ``visible`` (whether it is asked
now), ``show`` (the condition as JSON for ``data-show``: the box is hidden while the tree is
exactly true; "" for what is always asked) and ``visible_if`` (the same in words).

A tree is made as `forms.conditions.Condition.tree` says. Its leaves that read an answer are
``["key", name, kind]``, where ``name`` is the name of the input on this page (that of the boxes of
a date without their ending) and ``kind`` a `Kind`. An input inside a hidden box counts as
untouched. Untouched is null, but false for a tick box and an empty list for a checklist. Numbers
lose their spaces and thousands commas first; what is no number, date or time then is null.
Comparing with null gives null, but for = and !=; "and", "or" and "not" have three values.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Common to everything on the page."""

    box: str
    visible: bool = True
    visible_if: str = ""
    show: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice, and whether it is chosen. ``id`` is that of its input."""

    value: str
    label: str
    id: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One box of a date: "Day", "Month", "Year", or the time beside it."""

    name: str
    id: str
    label: str
    value: str
    width: int  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Shown):
    """One question. ``id`` is that of its first input: error links lead there."""

    name: str
    id: str
    kind: str  # a `Kind`; "typed" for a choice from a long list, typed with suggestions
    label: str
    hint: str
    required: bool
    value: Any  # a text as typed; True or False; a list of texts
    options: tuple[Choice, ...] = ()
    parts: tuple[Part, ...] = ()
    errors: tuple[str, ...] = ()
    described_by: str = ""  # ids: hint, then error
    controls: str = ""  # ids of the boxes that its answer shows and hides
    inline: bool = False  # two or three short options, side by side
    data_class: str = "C4"
    reveal: bool = False
    prefix: str = ""
    suffix: str = ""
    autocomplete: str = "off"
    inputmode: str = ""
    longest: int = 0  # 0: no limit to show
    multiple: bool = False
    accept: str = ""

    @property
    def hint_id(self) -> str:
        return f"{self.id}-hint"

    @property
    def error_id(self) -> str:
        return f"{self.id}-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Shown):
    """Questions under one legend."""

    label: str
    items: "tuple[Item, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of several: ``name`` is "children-2", ``legend`` is "Child 2"."""

    name: str
    id: str
    legend: str
    items: "tuple[Item, ...]"
    remove: str = ""  # the words of the button; "" where it must stay


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup(Shown):
    """A repeated group. ``add`` is the words of the button; "" when there is room for no more."""

    name: str
    id: str
    label: str
    rows: tuple[Row, ...]
    add: str
    errors: tuple[str, ...] = ()
    described_by: str = ""

    @property
    def error_id(self) -> str:
        return f"{self.id}-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Shown):
    """Prose between questions, as blocks of `forms.prose`; without any, a line."""

    blocks: tuple[Any, ...] = ()


Item = Field | Section | RowGroup | Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the form; a form without steps has one, without a title.

    ``visible``: whether anything on it is asked; a page that is not is passed over.
    """

    number: int
    title: str
    visible: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """A line of the summary at the top. ``page`` is where the field is."""

    text: str
    target: str  # the id of the input
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderModel:
    """A whole form, ready to draw. ``errors`` are the first ten; ``more_errors``: how many more."""

    form_id: str
    form_sha256: str
    pages: tuple[Page, ...]
    errors: tuple[ErrorLink, ...] = ()
    more_errors: int = 0
    dropped: tuple[str, ...] = field(default=())  # answered, and no longer asked
