"""Decision tables say in words why a rule is there: whoever gets the task that follows reads it."""

from collections.abc import Iterator

from engine import xml
from engine.decisions import DecisionModel
from engine.findings import Finding, Severity
from engine.lint.words import listing


def check(model: DecisionModel) -> Iterator[Finding]:
    """Yield one hint for each decision whose table has rules without words."""
    for node in model.nodes.values():
        table = node.table
        if node.kind != "decision" or node.space or table is None:
            continue
        silent = [rule.id for rule in table.rules if not rule.words]
        if silent:
            yield Finding(
                "rule_without_words",
                Severity.WARNING,
                f"{table.label}: {len(silent)} of {len(table.rules)} rules have no words for "
                f"people ({listing(silent, 3)}), so a task that follows shows the bare result.",
                "Write a sentence beside each rule, in the column of annotations; '-' where "
                "nothing is to be said.",
                model.file,
                node.id,
                xml.line(table.element),
            )
