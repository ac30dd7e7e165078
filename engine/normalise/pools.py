"""Which processes of a file are meant to run, and which only show what others do."""

from lxml import etree

from engine import xml
from engine.findings import Finding, Severity
from engine.normalise.flows import nodes_of


def documentation_only(
    root: etree._Element, file: str, called: frozenset[str]
) -> tuple[frozenset[str], list[Finding]]:
    """Return the ids of processes that are not executed, with a warning for each that has steps.

    ``isExecutable`` may be absent, and some modellers write "false" whatever was meant. So a
    process stays out only if it is marked "false" while another one of the file is marked
    "true", and nothing in the release calls it; or if it has no steps at all.
    """
    processes = list(xml.bpmn_children(root, "process"))
    drawn = [process for process in processes if nodes_of(process)]
    some_marked = any(is_marked(process) for process in drawn)
    runs = [
        process
        for process in drawn
        if not some_marked
        or process.get("isExecutable") not in ("false", "0")
        or process.get("id") in called
    ]
    left_out = [process for process in processes if process not in runs]
    findings = [left_out_warning(process, file) for process in left_out if process in drawn]
    findings += [not_marked(process, file) for process in runs if not is_marked(process)]
    if not runs:
        left_out = []  # a file without any steps is refused by the linter, not ignored
    return frozenset(process.get("id") or "" for process in left_out), findings


def is_marked(process: etree._Element) -> bool:
    return process.get("isExecutable") in ("true", "1")


def left_out_warning(process: etree._Element, file: str) -> Finding:
    return Finding(
        "not_executable",
        Severity.WARNING,
        f"The process {xml.label(process)} is not marked as executable, so it is kept as "
        "documentation and never runs.",
        "Mark it as executable if it should run.",
        file,
        process.get("id"),
        xml.line(process),
    )


def not_marked(process: etree._Element, file: str) -> Finding:
    forbidden = process.get("isExecutable") is not None
    return Finding(
        "not_executable",
        Severity.UNSAFE if forbidden else Severity.WARNING,
        f"The process {xml.label(process)} is "
        + ("marked as not executable." if forbidden else "not marked as executable."),
        "Set isExecutable to true.",
        file,
        process.get("id"),
        xml.line(process),
    )
