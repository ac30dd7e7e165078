"""A checked set of definitions: what the runtime needs of a release, parsed once and shared."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lxml import etree

from engine import xml
from engine.checked import Check, Definitions, MessageStart, Process
from engine.errors import Refusal
from engine.files import DefinitionFile, FileKind, Loaded, load, odd_names
from engine.findings import Finding, Severity
from engine.lint import Diagram, Release, lint
from engine.normalise import normalise
from engine.normalise.flows import definitions_of

__all__ = [
    "Check",
    "DefinitionFile",
    "Definitions",
    "FileKind",
    "MessageStart",
    "Process",
    "ReleaseRefused",
    "check",
    "read",
]


class ReleaseRefused(Refusal):
    """These definitions cannot be carried out as they are drawn."""

    status = 422

    def __init__(self, findings: Iterable[Finding]):
        # what stops it comes first; the order of the files stays within that
        self.findings = sorted(findings, key=lambda finding: list(Severity).index(finding.severity))
        super().__init__(
            "\n".join(finding.message for finding in self.findings), findings=self.findings
        )


def check(files: Mapping[str, str | bytes], *, extra_checks: Iterable[Check] = ()) -> Definitions:
    """Parse, lint and normalise the files of a release together.

    Raises `ReleaseRefused` with every finding when one of them is ``cannot_execute``; unsafe ones
    and warnings stay on ``Definitions.findings``. ``extra_checks`` see the finished definitions,
    so they run when nothing else stands in the way (forms, operations, casework).
    """
    loaded = load(files)
    diagrams = read_diagrams(loaded)
    findings = [*odd_names(files), *loaded.findings, *lint(release_of(loaded, diagrams))]
    refuse(findings)
    definitions = _definitions(loaded, diagrams)
    for extra_check in extra_checks:
        findings += extra_check(definitions)
    refuse(findings)
    return replace(definitions, findings=tuple(findings))


def read(files: Mapping[str, str | bytes]) -> Definitions:
    """Parse and normalise the files of a release that was checked when it was made.

    Nothing is looked for again, so a release goes on even where newer checks would refuse it.
    """
    loaded = load(files)
    refuse(loaded.findings)
    return _definitions(loaded, read_diagrams(loaded))


def _definitions(loaded: Loaded, diagrams: list[Diagram]) -> Definitions:
    processes = (p for diagram in diagrams for p in read_processes(loaded, diagram))
    return definitions_of_files(loaded, {process.id: process for process in processes})


def release_of(loaded: Loaded, diagrams: list[Diagram]) -> Release:
    """Return the files as the linter looks at them."""
    return Release(
        diagrams,
        forms=loaded.forms,
        decisions=loaded.decisions,
        calendars=loaded.calendars,
        role_sets=loaded.role_sets,
        settings=loaded.settings,
    )


def definitions_of_files(loaded: Loaded, processes: Mapping[str, Process]) -> Definitions:
    return Definitions(
        sha256=hash_of(loaded.files),
        files=loaded.files,
        processes=processes,
        decisions=loaded.decisions,
        decision_files=loaded.decision_files,
        forms=loaded.forms,
        calendars=loaded.calendars,
        holidays=loaded.holidays,
        role_sets=loaded.role_sets,
        settings=loaded.settings,
        scenarios=loaded.scenarios,
    )


def refuse(findings: list[Finding]) -> None:
    if any(finding.severity == Severity.CANNOT_EXECUTE for finding in findings):
        raise ReleaseRefused(findings)


def hash_of(files: Mapping[str, DefinitionFile]) -> str:
    """Hash names and contents, in the order of the names."""
    lines = "".join(f"{file.sha256} {name}\n" for name, file in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def read_diagrams(loaded: Loaded) -> list[Diagram]:
    """Normalise every BPMN file; what the release calls is executed whatever it is marked."""
    called = frozenset(
        (activity.get("calledElement") or "").rpartition(":")[2]
        for root in loaded.diagrams.values()
        for activity in xml.bpmn_descendants(root, "callActivity")
    )
    return [
        Diagram(name, root, normalise(root, name, called)) for name, root in loaded.diagrams.items()
    ]


def read_processes(loaded: Loaded, diagram: Diagram) -> list[Process]:
    """Return the processes of a diagram that are executed."""
    normalised = diagram.normalised
    return [
        Process(
            id=element.get("id") or "",
            name=element.get("name") or element.get("id") or "",
            file=diagram.file,
            file_sha256=loaded.files[diagram.file].sha256,
            element=element,
            starts=event_starts(element, normalised.author_ids),
            properties=xml.properties(element),
            author_ids=normalised.author_ids,
            made=normalised.made,
        )
        for element in xml.bpmn_children(normalised.root, "process")
        if not diagram.is_left_out(element)
    ]


def event_starts(
    process: etree._Element, author_ids: Mapping[str, str | None]
) -> tuple[MessageStart, ...]:
    """Return the message and signal start events on the top level of a process."""
    names = {
        element.get("id"): element.get("name") or element.get("id") or ""
        for element in xml.bpmn_descendants(process.getroottree().getroot(), "message", "signal")
    }
    starts = []
    for event in xml.bpmn_children(process, "startEvent"):
        for definition in definitions_of(event):
            kind = xml.local(definition).removesuffix("EventDefinition")
            if kind in ("message", "signal"):
                reference = definition.get(f"{kind}Ref")
                name = names.get(reference) or event.get("name") or ""
                event_id = event.get("id") or ""
                starts.append(MessageStart(kind, name, author_ids.get(event_id) or event_id))
    return tuple(starts)
