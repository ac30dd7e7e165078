"""What a checked set of definitions is made of. It is made in `engine.definitions`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.files import DefinitionFile
from engine.findings import Finding


@dataclass(frozen=True, slots=True)
class MessageStart:
    """A way into a process: a message (or signal) start event that is not in a subprocess."""

    kind: str  # "message" or "signal"
    name: str
    element_id: str


@dataclass(frozen=True)
class Process:
    """One executable process, normalised: only what the parser of the runtime understands.

    ``author_ids`` maps every id that the XML pass made or renamed to the author's element
    (None where the author drew nothing); ``made`` are those that the author did not draw, so that
    histories and traces leave them out. ``properties`` are the extension properties of the
    process (``riskRank``, ``businessKey``: FEEL).
    """

    id: str
    name: str
    file: str
    file_sha256: str
    element: etree._Element
    starts: tuple[MessageStart, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    author_ids: Mapping[str, str | None] = field(default_factory=dict)
    made: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Definitions:
    """Files that were checked together. ``sha256`` is over the names and hashes of all files."""

    sha256: str
    files: Mapping[str, DefinitionFile]
    processes: Mapping[str, Process]
    decisions: Mapping[str, Any]  # decision id -> engine.decisions.DecisionModel holding it
    decision_files: Mapping[str, str]  # decision id -> sha256 of its file
    forms: Mapping[str, Mapping[str, Any]]  # form id -> the parsed JSON
    calendars: Mapping[str, Any]  # calendar key -> feel.calendars.Calendar
    holidays: Mapping[str, Any]
    role_sets: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Any]
    scenarios: Mapping[str, Mapping[str, Any]]
    findings: tuple[Finding, ...] = ()  # unsafe ones and warnings; a publisher must look


Check = Callable[[Definitions], Iterable[Finding]]
