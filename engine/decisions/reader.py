"""Reading DMN elements: children by name, references, expressions compiled once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

import feel
from engine import xml
from engine.decisions.item_types import Types
from engine.decisions.problems import Findings
from feel.compile import Closure
from feel.lexer import is_plain, normal_name
from feel.scope import Frame, Run, Trace
from feel.syntax import Type
from feel.values import Value

FEEL_LANGUAGES = ("feel", "s-feel", "sfeel")
EXPRESSIONS = (
    "literalExpression",
    "decisionTable",
    "context",
    "invocation",
    "list",
    "relation",
    "functionDefinition",
    "conditional",
    "for",
    "some",
    "every",
    "filter",
)
NAMED = frozenset(
    "variable inputData decision businessKnowledgeModel decisionService formalParameter parameter"
    " itemComponent column output import".split()
)


@dataclass
class Reader:
    """What is needed while a file is read. ``names`` are those a lexer has to be told of."""

    root: etree._Element
    findings: Findings
    types: Types
    names: tuple[str, ...] = ()

    def children(self, element: etree._Element, *names: str) -> Iterator[etree._Element]:
        """Yield the children of DMN's own namespace, of these names if any are given."""
        space = xml.namespace(self.root)
        for child in element:
            if xml.namespace(child) == space and (not names or xml.local(child) in names):
                yield child

    def child(self, element: etree._Element, *names: str) -> etree._Element | None:
        return next(self.children(element, *names), None)

    def expression_of(self, element: etree._Element) -> etree._Element | None:
        """Return the boxed expression that an element holds."""
        return self.child(element, *EXPRESSIONS)

    def text(self, element: etree._Element) -> str:
        """Return the text of an element's ``text`` child, or of an older file's element itself."""
        holder = self.child(element, "text")
        return xml.text_of(element if holder is None else holder)

    def references(self, element: etree._Element, requirement: str, kind: str) -> list[str]:
        """Return what requirements of a kind refer to (``href``), in order."""
        found = []
        for holder in self.children(element, requirement):
            for reference in self.children(holder, kind):
                found.append(reference.get("href") or "")
        return found

    def expression(self, text: str, element: etree._Element, what: str) -> feel.Expression | None:
        """Parse an expression; one that cannot be parsed is a finding."""
        if not self.is_feel(element):
            return None
        try:
            return feel.parse(text, self.names)
        except feel.FeelSyntaxError as error:
            self.syntax(error, text, element, what)
            return None

    def tests(self, text: str, element: etree._Element, what: str) -> feel.UnaryTests | None:
        if not self.is_feel(element):
            return None
        try:
            return feel.parse_unary(text, self.names)
        except feel.FeelSyntaxError as error:
            self.syntax(error, text, element, what)
            return None

    def syntax(
        self, error: feel.FeelSyntaxError, text: str, element: etree._Element, what: str
    ) -> None:
        short = " ".join(text.split())
        short = short if len(short) <= 60 else short[:57] + "..."
        self.findings.add(
            "feel_syntax",
            f"{what} is not FEEL: {error.message} (character {error.column} of '{short}').",
            "Correct the expression.",
            element,
        )

    def is_feel(self, element: etree._Element) -> bool:
        language = element.get("expressionLanguage") or self.root.get("expressionLanguage") or ""
        name = language.rstrip("/").rpartition("/")[2].lower()
        if not language or name in FEEL_LANGUAGES or "feel" in language.lower():
            return True
        self.findings.add(
            "expression_language",
            f"An expression is written in '{language}'; only FEEL is carried out.",
            "Write it in FEEL.",
            element,
        )
        return False


def closure_of(expression: feel.Expression | None) -> Closure:
    """Return the closure of a parsed expression; of one that could not be parsed, null."""
    if expression is None:
        return null
    return expression.within


def null(frame: Frame) -> Value:
    return None


def inner(names: dict[str, Any], frame: Frame) -> Frame:
    return Frame(names, frame, frame.run)


class DecisionRun(Run):
    """One evaluation of a decision: collects which rules of which tables matched, in order."""

    __slots__ = ("declared", "matched")

    def __init__(self, now: datetime | None, calendars: Any, types: Types):
        super().__init__(now, calendars, Trace())
        self.types = types.checks
        self.declared = types
        self.matched: list[tuple[Any, list[str]]] = []

    def convert(self, value: Value, type_: Type) -> Value:
        """Return an argument as a type takes it; one of the model with the values it allows."""
        if type_ == Type(type_.name) and self.declared.find(type_.name) is not None:
            return self.declared.convert(type_.name, value, self)
        return super().convert(value, type_)


def odd_names(root: etree._Element, types: Types) -> tuple[str, ...]:
    """Return every declared name that holds operators, keywords or digits that stand alone."""
    found = set(types.component_names()) | set(types.declared)
    for element in root.iter(f"{{{xml.namespace(root)}}}*"):
        name = element.get("name")
        if name and xml.local(element) in NAMED:
            found.add(name)
    return tuple(sorted({normal_name(name) for name in found if not is_plain(normal_name(name))}))
