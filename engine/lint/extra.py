"""Checks that are put together above the engine and look at finished definitions.

``engine.definitions.check(files, extra_checks=[...])`` runs them (decisions.md 21).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from engine.findings import Finding
from engine.lint.model import Diagram, Scope
from engine.normalise import Normalised

if TYPE_CHECKING:
    from engine.definitions import Definitions, Process

ExtraCheck: TypeAlias = "Callable[[Definitions], Iterable[Finding]]"


def diagram_of(process: "Process") -> Diagram:
    """Return a checked process as the rules look at it: what is drawn is what is executed."""
    root = process.element.getroottree().getroot()
    normalised = Normalised(root, dict(process.author_ids), process.made)
    return Diagram(process.file, root, normalised)


def scopes_of(definitions: "Definitions") -> Iterator[tuple[Diagram, Scope]]:
    """Yield every scope of every process once."""
    for process in definitions.processes.values():
        diagram = diagram_of(process)
        for scope in diagram.executed:
            if process.element in (scope.element, *scope.element.iterancestors()):
                yield diagram, scope
