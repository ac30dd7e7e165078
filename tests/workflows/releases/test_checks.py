"""The shipped release passes everything that a release must pass, and a worse one does not."""

import pytest

from engine.definitions import ReleaseRefused, check
from engine.findings import Finding, Severity
from engine.releases import shipped_files
from workflows import registry
from workflows.releases.checks import casework_checks

registry.load()


def findings(files: dict[str, str | bytes]) -> list[Finding]:
    try:
        return list(check(files, extra_checks=casework_checks()).findings)
    except ReleaseRefused as refused:
        return refused.findings


def changed(name: str, old: str, new: str) -> dict[str, str | bytes]:
    """Return the shipped files with one text of one diagram replaced."""
    files = shipped_files()
    path = next(path for path in files if path.endswith(name))
    text = files[path]
    text = text.decode() if isinstance(text, bytes) else text
    assert old in text
    return {**files, path: text.replace(old, new)}


def rules(files: dict[str, str | bytes]) -> set[str]:
    return {finding.rule for finding in findings(files) if finding.severity != Severity.WARNING}


def test_the_shipped_release_may_be_published():
    found = [finding for finding in findings(shipped_files()) if finding.severity != "warning"]
    assert [(finding.file, finding.message) for finding in found] == []


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("consent.bpmn", 'id="sharing.find_basis"', 'id="sharing.find_bases"', "unknown_operation"),
        ("consent.bpmn", '<bpmn:lane id="lane_worker" name="worker">',
         '<bpmn:lane id="lane_worker" name="worcker">', "unknown_role"),
        ("first_contact.bpmn", 'calledElement="consent"', 'calledElement="missing_information"',
         "shared_without_basis"),
        ("risk_grading.bpmn", 'name="form" value="risk_checklist"', 'name="form" value="risk_list"',
         "unknown_form"),
    ],
)  # fmt: skip
def test_a_worse_release_may_not(name, old, new, rule):
    assert rule in rules(changed(name, old, new))


def test_what_is_wrong_with_a_form_says_what_to_do():
    found = findings(changed("accept_case.form", '"class"', '"clazz"'))
    wrong = [finding for finding in found if finding.rule == "form"]
    assert wrong and all(finding.remedy for finding in wrong)
    assert any(finding.remedy.startswith("Say how sensitive the answer is") for finding in wrong)
