"""Findings for the page: by how far they go, then by rule, so that a long list stays readable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.words import plain
from engine.findings import Finding, Severity

SEVERITIES = (Severity.CANNOT_EXECUTE, Severity.UNSAFE, Severity.WARNING)
SHORT = {"feel": "FEEL", "dmn": "DMN", "xml": "XML", "bpmn": "BPMN"}


@dataclass(frozen=True)
class OfRule:
    """What one rule has found. ``remedy`` is what to do, where it is the same for all of it."""

    rule: str
    title: str
    remedy: str
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Group:
    """What goes equally far. What stops a release lies open; hints are opened by who wants them."""

    severity: Severity
    count: int
    is_open: bool
    rules: Sequence[OfRule]


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Return findings by severity, the worst first, and by rule in the order of first finding."""
    found = list(findings)
    groups = []
    for severity in SEVERITIES:
        rules: dict[str, list[Finding]] = {}
        for finding in found:
            if finding.severity == severity:
                rules.setdefault(finding.rule, []).append(finding)
        if rules:
            groups.append(
                Group(
                    severity,
                    sum(map(len, rules.values())),
                    severity != Severity.WARNING,
                    [_of_rule(rule, of_it) for rule, of_it in rules.items()],
                )
            )
    return groups


def _of_rule(rule: str, findings: list[Finding]) -> OfRule:
    remedies = {finding.remedy for finding in findings}
    shared = remedies.pop() if len(remedies) == 1 and len(findings) > 1 else ""
    return OfRule(rule, title_of(rule), shared, findings)


def title_of(rule: str) -> str:
    """Say the name of a rule: "feel_syntax" is "FEEL syntax"."""
    words = " ".join(SHORT.get(word, word) for word in plain(rule).split())
    return words[:1].upper() + words[1:]
