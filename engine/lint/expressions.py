"""Every expression is FEEL, calls functions that exist, and can give what it is asked for."""

import re
from collections.abc import Iterator
from decimal import Decimal

import feel
from engine import xml
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.texts import EXPRESSIONS, FeelText, feel_texts, visible_owner
from engine.lint.words import meant
from feel.syntax import (
    Between,
    Comparison,
    Contained,
    ContextLiteral,
    FunctionLiteral,
    ListLiteral,
    Literal,
    Logic,
    Quantified,
    RangeLiteral,
)
from feel.walk import descendants

# What other languages write, and what FEEL writes instead.
HABITS = {
    "!==": "Compare with '!='.",
    "===": "Compare with a single '='.",
    "==": "Compare with a single '='.",
    "!=": "",  # FEEL writes it too
    "&&": "Write 'and'.",
    "||": "Write 'or'.",
    "${": "Write the expression without '${' and '}'.",
    "#{": "Write the expression without '#{' and '}'.",
    "'": "Texts stand in double quotes.",
    "!": "Write 'not(...)'.",
}
FEEL_NAMES = ("feel", "dmn")
LANGUAGES = ("scriptFormat", "scriptLanguage", "language")  # of tasks, global tasks, expressions


def check(diagram: Diagram, release: Release) -> Iterator[Finding]:
    yield from other_languages(diagram)
    for text in feel_texts(diagram):
        yield from one_text(diagram, text)


def other_languages(diagram: Diagram) -> Iterator[Finding]:
    """A script or condition that says it is written in another language is not guessed at."""
    for element in xml.bpmn_descendants(diagram.root):
        language = next((value for name in LANGUAGES if (value := element.get(name))), "")
        if not language or is_feel(language) or diagram.is_left_out(element):
            continue
        if not (xml.child_text(element, "script") or xml.text_of(element)):
            continue  # tools write empty conditions with a language; they say nothing
        owner = visible_owner(element)
        yield diagram.refused(
            "other_language",
            owner,
            f"{xml.label(owner)} is written in '{language}'; only FEEL is carried out.",
            "Write it in FEEL, or call an operation with a service task.",
        )
    yield from language_of_file(diagram)


def language_of_file(diagram: Diagram) -> Iterator[Finding]:
    """The language of the file counts where an expression names none (BPMN 2.0.2, table 8.1).

    Modellers write XPath there whatever their authors write, so it is told and refuses nothing.
    """
    language = diagram.root.get("expressionLanguage") or ""
    if not language or is_feel(language):
        return
    for text in feel_texts(diagram):
        if xml.is_bpmn(text.element, *EXPRESSIONS) and not text.element.get("language"):
            yield diagram.warning(
                "file_language",
                text.owner,
                f"The file says that its expressions are written in '{language}'; "
                f"{text.what.lower()} of {xml.label(text.owner)} and all others are read as FEEL.",
                'Look through them, and write expressionLanguage="FEEL".',
            )
            return


def is_feel(language: str) -> bool:
    return any(name in language.lower() for name in FEEL_NAMES)


def one_text(diagram: Diagram, text: FeelText) -> Iterator[Finding]:
    try:
        expression = feel.parse(text.text)
    except feel.FeelSyntaxError as error:
        yield diagram.refused(
            "not_feel",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} is not FEEL: {error.message.rstrip('.')} "
            f"(character {error.column}{f' of line {error.line}' if error.line > 1 else ''}).",
            habit(text.text) or "Correct the expression.",
        )
        return
    yield from unknown_functions(diagram, text, expression)
    if text.is_test and never_a_test(expression.node):
        yield diagram.refused(
            "not_a_test",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} can be neither true nor false: {text.text}",
            "Compare with something, as in 'risk_level = \"high\"'.",
        )
    if text.is_number and never_a_number(expression.node):
        yield diagram.refused(
            "not_a_number",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} is no number: {text.text[:60]}",
            "Write a number, or a name that has one.",
        )
    if text.is_context and never_a_context(expression.node):
        yield diagram.refused(
            "not_a_context",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} gives no names: {text.text[:60]}",
            "Write a context, as in '{attempts: attempts + 1}'.",
        )


def habit(text: str) -> str:
    """Return every remedy that fits what is written outside of texts."""
    rest = re.sub(r'"[^"]*"', "", text)
    found = []
    for sign, remedy in HABITS.items():
        if sign in rest:
            found.append(remedy)
            rest = rest.replace(sign, " ")
    return " ".join(filter(None, found))


def unknown_functions(
    diagram: Diagram, text: FeelText, expression: feel.Expression
) -> Iterator[Finding]:
    for name in sorted(expression.calls - set(feel.functions) - bound_names(expression)):
        yield diagram.refused(
            "unknown_function",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} calls '{name}', which is no function of FEEL"
            f"{meant(name, feel.functions)}",
            "Use a function that exists, or call an operation with a service task.",
        )


def bound_names(expression: feel.Expression) -> set[str]:
    """Return the names that the text itself gives to functions."""
    found: set[str] = set()
    for node in descendants(expression.node):
        if isinstance(node, ContextLiteral):
            found.update(key for key, _ in node.entries)
        elif isinstance(node, FunctionLiteral):
            found.update(name for name, _ in node.parameters)
    return found


def never_a_test(node: object) -> bool:
    if isinstance(node, Literal):
        return not isinstance(node.value, bool)
    return isinstance(node, ContextLiteral | ListLiteral | RangeLiteral | FunctionLiteral)


def never_a_number(node: object) -> bool:
    if isinstance(node, Literal):
        return isinstance(node.value, bool) or not isinstance(node.value, Decimal)
    return isinstance(node, ContextLiteral) or never_a_context(node)


def never_a_context(node: object) -> bool:
    return isinstance(
        node,
        Literal
        | ListLiteral
        | RangeLiteral
        | FunctionLiteral
        | Comparison
        | Logic
        | Between
        | Contained
        | Quantified,
    )
