"""Checks that are put together above the engine and look at finished definitions.

``engine.definitions.check(files, extra_checks=[...])`` runs them.
"""

from collections.abc import Iterator

from engine.checked import Check, Definitions, Process
from engine.lint.model import Diagram, Release, Scope
from engine.normalise import Normalised

ExtraCheck = Check


def diagram_of(process: Process) -> Diagram:
    """Return a checked process as the rules look at it: what is drawn is what is executed."""
    root = process.element.getroottree().getroot()
    normalised = Normalised(root, dict(process.author_ids), process.made)
    return Diagram(process.file, root, normalised)


def diagrams_of(definitions: Definitions) -> list[Diagram]:
    """Return each file once as the rules look at it, with all the processes in it."""
    # by the file: what lxml returns as the root passes, and the id of another may be the same
    by_file = {process.file: process for process in definitions.processes.values()}
    return [diagram_of(process) for process in by_file.values()]


def release_of(definitions: Definitions) -> Release:
    """Return checked definitions as the linter looks at a release."""
    return Release(
        diagrams_of(definitions),
        forms=definitions.forms,
        decisions=definitions.decisions,
        calendars=definitions.calendars,
        role_sets=definitions.role_sets,
        settings=definitions.settings,
    )


def scopes_of(definitions: Definitions) -> Iterator[tuple[Diagram, Scope]]:
    """Yield every scope of every process once."""
    for process in definitions.processes.values():
        diagram = diagram_of(process)
        for scope in diagram.executed:
            if process.element in (scope.element, *scope.element.iterancestors()):
                yield diagram, scope
