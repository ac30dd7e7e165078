"""A checked set of definitions: what the runtime needs of a release, parsed once and shared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lxml import etree

from engine.findings import Finding


class FileKind(StrEnum):
    """What a file of a release is. Decided by its content, never by its name."""

    PROCESS = "process"  # BPMN 2.0 XML
    DECISION = "decision"  # DMN XML
    FORM = "form"  # form-js JSON: has "components"
    CALENDAR = "calendar"  # JSON: has "zone" and "hours"
    HOLIDAYS = "holidays"  # JSON in the shape of the GOV.UK bank-holidays feed
    ROLES = "roles"  # YAML: has "sets"
    SETTINGS = "settings"  # YAML: has "settings"
    SCENARIO = "scenario"  # YAML: has "story"


@dataclass(frozen=True, slots=True)
class DefinitionFile:
    """One file as it was given, and the hash by which it is stored once."""

    name: str
    kind: FileKind
    content: bytes
    sha256: str


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
    (None where the author drew nothing). ``properties`` are the extension properties of the
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


@dataclass(frozen=True)
class Definitions:
    """Files that were checked together. ``sha256`` is over the names and hashes of all files."""

    sha256: str
    files: Mapping[str, DefinitionFile]
    processes: Mapping[str, Process]
    decisions: Mapping[str, Any]  # decision id -> engine.decisions.DecisionModel holding it
    forms: Mapping[str, Mapping[str, Any]]  # form id -> the parsed JSON
    calendars: Mapping[str, Any]  # calendar key -> feel.calendars.Calendar
    holidays: Mapping[str, Any]
    role_sets: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Any]
    scenarios: Mapping[str, Mapping[str, Any]]
    findings: tuple[Finding, ...] = ()  # unsafe ones and warnings; a publisher must look
