"""The linter: what is wrong with a release, all of it at once, in the words of its authors.

One module per kind of mistake. Each has ``check(diagram, release)``; modules that see the whole
release at once (messages between processes) look at it from each diagram. A rule never raises
over a broken diagram: the mistake is another rule's finding. Gaps and overlaps of decision tables
are found by `engine.decisions`.
"""

from engine.decisions import analyse
from engine.findings import Finding
from engine.lint import (
    adhoc,
    calendars,
    chains,
    data,
    dialects,
    documents,
    events,
    expressions,
    gateways,
    global_tasks,
    joins,
    loops,
    messages,
    names,
    people,
    pools,
    reachability,
    references,
    repetition,
    schema,
    services,
    shapes,
    structure,
    tables,
    timers,
    undoing,
    unsupported,
    variables,
    vocabulary,
)
from engine.lint.model import Diagram, Release, Rule

RULES: tuple[Rule, ...] = (
    documents.check,
    schema.check,
    references.check,
    structure.check,
    events.check,
    unsupported.check,
    dialects.check,
    undoing.check,
    adhoc.check,
    pools.check,
    gateways.check,
    reachability.check,
    joins.check,
    loops.check,
    repetition.check,
    timers.check,
    data.check,
    expressions.check,
    calendars.check,
    services.check,
    people.check,
    global_tasks.check,
    names.check,
    variables.check,
    vocabulary.check,
    shapes.check,
    messages.check,
    chains.check,
)


def lint(release: Release) -> list[Finding]:
    """Return every finding, those of the XML pass included, by file and line."""
    found = [finding for diagram in release.diagrams for finding in diagram.normalised.findings]
    for diagram in release.diagrams:
        for rule in RULES:
            found += rule(diagram, release)
    for model in {id(model): model for model in release.decisions.values()}.values():
        found += analyse(model)
        found += tables.check(model)
    found = list(dict.fromkeys(found))
    return sorted(found, key=lambda finding: (finding.file or "", finding.line or 0))


__all__ = ["Diagram", "Release", "lint"]
