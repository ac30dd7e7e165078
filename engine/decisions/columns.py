"""The columns and rows of a decision table, as they are read."""

from dataclasses import dataclass, field

from lxml import etree

import feel
from feel.compile import Closure
from feel.values import Value


@dataclass
class Input:
    """A condition column. ``allowed`` are its declared values, if it has any."""

    label: str
    text: str
    element: etree._Element
    closure: Closure
    type: str | None = None
    allowed: feel.UnaryTests | None = None
    expression: feel.Expression | None = None


@dataclass
class Output:
    """A result column. ``values`` are its declared values in order, most preferred first.

    ``label`` is what people call it, if the author wrote that down.
    """

    name: str
    element: etree._Element
    type: str | None = None
    values: list[Value] = field(default_factory=list)
    allowed: feel.UnaryTests | None = None
    default: feel.Expression | None = None
    label: str = ""


@dataclass
class Rule:
    """A row. ``id`` is the author's, else its number from 1; ``words`` are for people."""

    id: str
    element: etree._Element
    cells: list[feel.UnaryTests]
    results: list[feel.Expression | None]
    words: str = ""
    types: list[str | None] = field(default_factory=list)  # of single results, if declared
