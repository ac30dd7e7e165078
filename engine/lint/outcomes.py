"""What operations return is read by the right name, compared with its own type, and set at all.

With operations and their results known, everything that writes a variable is known but for what a
process is started with, what a message of another programme carries, and what a task hands in
besides its form. So a name that nothing sets is a hint; an entry that no result has is a mistake.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import feel
from engine import xml
from engine.decisions.shapes import given_by
from engine.findings import Finding
from engine.lint.model import Diagram, Release
from engine.lint.shapes import clashes_of, said, shapes_of
from engine.lint.texts import FeelText, feel_texts
from engine.lint.vocabulary import names_of, nearest
from engine.operations import Operation
from feel.shapes import ANYTHING, Names, Shape


def of_operations(
    known: Mapping[str, Operation], decisions: Mapping[str, Any]
) -> Mapping[str, Shape]:
    """Return what each operation returns; of one that does not say, anything."""
    return {name: _outcome(operation, decisions) for name, operation in known.items()}


def _outcome(operation: Operation, decisions: Mapping[str, Any]) -> Shape:
    if operation.decision is not None:
        model = decisions.get(operation.decision)
        return ANYTHING if model is None else given_by(model, operation.decision)
    return ANYTHING if operation.results is None else operation.results.shape


def check(
    release: Release, returned: Mapping[str, Shape], names: Names, handed_in: frozenset[str]
) -> Iterator[Finding]:
    """Yield what `shapes` could not see without the results of operations; ``names`` hold them.

    ``handed_in`` are names that come with messages and tasks from above the engine.
    """
    without = shapes_of(release)
    drawn, read = names_of(release)
    written = handed_in | drawn | set(names)
    is_told = all(shape.types is not None for shape in _called(release, returned))
    for diagram in release.diagrams:
        for text in feel_texts(diagram):
            before = clashes_of(text, without)
            yield from (
                said(diagram, text, clash)
                for clash in clashes_of(text, names)
                if clash not in before
            )
            if is_told:
                yield from never_set(diagram, text, written, read)


def _called(release: Release, returned: Mapping[str, Shape]) -> Iterator[Shape]:
    """Yield what the operations return whose entries become variables."""
    for diagram in release.diagrams:
        for step in xml.bpmn_descendants(diagram.root, "serviceTask"):
            operator = xml.extension(step, "serviceTaskOperator")
            if operator is not None and not operator.get("resultVariable"):
                yield returned.get(operator.get("id") or "", ANYTHING)


def never_set(
    diagram: Diagram, text: FeelText, written: frozenset[str], read: Mapping[str, int]
) -> Iterator[Finding]:
    if xml.is_bpmn(text.owner, "process"):
        return  # read when it starts, of what it is started with
    try:
        unknown = feel.parse(text.text).names - written
    except feel.FeelSyntaxError:
        return  # `expressions` says so
    for name in sorted(unknown):
        near = nearest(name, written)
        if " " in name or (near and read[name] == 1):
            continue  # `vocabulary` says that it is prose, or which name was meant
        meant = f" Did you mean '{near}'?" if near else ""
        yield diagram.warning(
            "never_set",
            text.owner,
            f"{text.what} of {xml.label(text.owner)} reads '{name}', which no step, form, decision "
            f"or operation sets.{meant}",
            "Set it before, or leave it if it comes with what starts the process.",
        )
