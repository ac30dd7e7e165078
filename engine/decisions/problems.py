"""What decisions refuse: a file that cannot be used, and an evaluation that has no answer."""

from collections.abc import Iterable

from lxml import etree

from engine import xml
from engine.errors import Refusal
from engine.findings import Finding, Severity


class DecisionRefused(Refusal):
    """These decisions cannot be carried out as they are drawn."""

    status = 422

    def __init__(self, findings: Iterable[Finding]):
        self.findings = list(findings)
        super().__init__(
            "\n".join(finding.message for finding in self.findings), findings=self.findings
        )


class DecisionError(Exception):
    """A decision has no answer for these inputs. ``rules`` are the ids of the rules concerned."""

    def __init__(self, message: str, rules: Iterable[str] = ()):
        super().__init__(message)
        self.rules = tuple(rules)


class Findings:
    """Collects what is wrong with one file, so that all of it can be said at once."""

    def __init__(self, file: str):
        self.file = file
        self.found: list[Finding] = []

    @staticmethod
    def refuses(found: Iterable[Finding]) -> bool:
        """Say whether something cannot be carried out at all."""
        return any(finding.severity is Severity.CANNOT_EXECUTE for finding in found)

    def add(
        self,
        rule: str,
        message: str,
        remedy: str,
        element: etree._Element | None = None,
        severity: Severity = Severity.CANNOT_EXECUTE,
    ) -> None:
        element_id = owner_id(element) if element is not None else None
        line = xml.line(element) if element is not None else None
        self.found.append(Finding(rule, severity, message, remedy, self.file, element_id, line))


def owner_id(element: etree._Element) -> str | None:
    """Return the id of an element, or of the nearest one around it that has an id."""
    around: etree._Element | None = element
    while around is not None:
        if around.get("id"):
            return around.get("id")
        around = around.getparent()
    return None
