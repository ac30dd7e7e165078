"""The files of a release: what kind each is, and what is in it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

import yaml
from lxml import etree

from engine import xml
from engine.decisions import DecisionModel, DecisionRefused
from engine.decisions import load as load_decisions
from engine.findings import Finding, Severity
from feel.opening_hours import Calendar, CalendarRefused, load_holidays


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


@dataclass
class Loaded:
    """Everything that could be read, and what could not. ``diagrams`` are the author's trees."""

    files: dict[str, DefinitionFile] = field(default_factory=dict)
    diagrams: dict[str, etree._Element] = field(default_factory=dict)
    decisions: dict[str, DecisionModel] = field(default_factory=dict)
    decision_files: dict[str, str] = field(default_factory=dict)  # decision id -> sha256
    forms: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calendars: dict[str, Any] = field(default_factory=dict)
    holidays: dict[str, Any] = field(default_factory=dict)
    role_sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    scenarios: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


LONGEST_NAME = 200
PLAIN_NAME = re.compile(r"[\w][\w .()-]*(/[\w][\w .()-]*)*")


class FileRefused(ValueError):
    """A file cannot be read; ``finding`` says why."""

    def __init__(self, file: str, rule: str, message: str, remedy: str, line: int | None = None):
        super().__init__(message)
        self.finding = Finding(rule, Severity.CANNOT_EXECUTE, message, remedy, file, None, line)


def load(files: Mapping[str, str | bytes]) -> Loaded:
    """Read every file; one that cannot be read becomes a finding and the others go on."""
    loaded = Loaded()
    for name, given in files.items():
        content = given.encode("utf-8") if isinstance(given, str) else given
        try:
            kind, body = recognise(name, content)
            loaded.files[name] = DefinitionFile(
                name, kind, content, hashlib.sha256(content).hexdigest()
            )
            TAKE[kind](loaded, name, body)
        except (xml.XmlRefused, FileRefused) as refused:
            loaded.findings.append(refused.finding)
    return loaded


def odd_names(files: Iterable[str]) -> Iterator[Finding]:
    """Find names that are no path of plain words below the release's own folder."""
    for name in files:
        if len(name) <= LONGEST_NAME and PLAIN_NAME.fullmatch(name) and ".." not in name.split("/"):
            continue
        shown = "".join(c if c.isprintable() else "?" for c in name[:LONGEST_NAME])
        yield FileRefused(
            shown,
            "file_name",
            f"The file '{shown}' has a name that a release cannot have.",
            "Letters, digits, spaces, full stops, hyphens, underscores and brackets, in folders.",
        ).finding


def recognise(name: str, content: bytes) -> tuple[FileKind, Any]:
    """Return the kind of a file and its parsed content; raises `FileRefused`, `XmlRefused`."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start:
        raise FileRefused(name, "empty_file", f"The file '{name}' is empty.", "Remove it.")
    if start == b"<" or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return recognise_xml(name, xml.parse(content, name))
    if len(content) > xml.MAX_BYTES:
        raise FileRefused(
            name,
            "file_too_large",
            f"The file '{name}' has {len(content):,} bytes; a file may have {xml.MAX_BYTES:,}.",
            "Make it smaller.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(
            name, "encoding", f"The file '{name}' is not text in UTF-8.", "Save it as UTF-8."
        ) from error
    if start in b"{[":
        return recognise_json(name, text)
    return recognise_yaml(name, text)


def unknown_kind(name: str) -> FileRefused:
    return FileRefused(
        name,
        "unknown_file",
        f"The file '{name}' is none of the kinds that a release has.",
        "A release has BPMN and DMN diagrams, form-js forms, calendars, bank holidays, roles, "
        "settings and scenarios.",
    )


def recognise_xml(name: str, root: etree._Element) -> tuple[FileKind, Any]:
    if xml.is_bpmn(root, "definitions"):
        return FileKind.PROCESS, root
    if xml.local(root) == "definitions" and xml.namespace(root).startswith(xml.DMN_PREFIXES):
        return FileKind.DECISION, root
    raise FileRefused(
        name,
        "unknown_xml",
        f"The file '{name}' is XML, but neither a BPMN 2.0 nor a DMN diagram: its root is "
        f"'{xml.local(root)}' in the namespace '{xml.namespace(root)[:100]}'.",
        "Export it as BPMN 2.0 XML or DMN XML.",
        xml.line(root),
    )


def recognise_json(name: str, text: str) -> tuple[FileKind, Any]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileRefused(
            name,
            "not_json",
            f"The file '{name}' is not JSON: {error.msg}.",
            f"Correct line {error.lineno}.",
            error.lineno,
        ) from error
    except RecursionError as error:
        raise FileRefused(
            name, "file_too_complex", f"The file '{name}' is nested too deeply.", "Flatten it."
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise FileRefused(
            name, "not_json", f"The file '{name}' holds a number that is too long.", "Shorten it."
        ) from error
    if isinstance(body, dict):
        if "components" in body:
            return FileKind.FORM, body
        if "zone" in body and "hours" in body:
            return FileKind.CALENDAR, body
        if body and all(isinstance(part, dict) and "events" in part for part in body.values()):
            return FileKind.HOLIDAYS, body
    raise unknown_kind(name)


class PlainYaml(yaml.SafeLoader):
    """YAML without anchors: nine lines of aliases can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        return super().compose_node(parent, index)


def recognise_yaml(name: str, text: str) -> tuple[FileKind, Any]:
    try:
        body = yaml.load(text, PlainYaml)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise FileRefused(
            name,
            "not_yaml",
            f"The file '{name}' is neither XML nor JSON nor YAML that can be read: "
            f"{getattr(error, 'problem', None) or 'it holds no text'}.",
            "Export it as text: BPMN XML, DMN XML, form-js JSON or YAML.",
            mark.line + 1 if mark else None,
        ) from error
    if isinstance(body, dict):
        for key, kind in (
            ("story", FileKind.SCENARIO),
            ("sets", FileKind.ROLES),
            ("settings", FileKind.SETTINGS),
        ):
            if key in body:
                return kind, body
    raise unknown_kind(name)


# -- taking in --------------------------------------------------------------------------------


def take_diagram(loaded: Loaded, name: str, root: etree._Element) -> None:
    loaded.diagrams[name] = root


def take_decision(loaded: Loaded, name: str, root: etree._Element) -> None:
    try:
        model = load_decisions(loaded.files[name].content, file=name)
    except DecisionRefused as refused:
        loaded.findings += refused.findings
        return
    for decision_id in model.decisions:
        if decision_id in loaded.decisions:
            raise FileRefused(
                name,
                "duplicate_decision",
                f"The files '{loaded.decisions[decision_id].file}' and '{name}' both have a "
                f"decision with the id '{decision_id}'.",
                "Rename one of the two.",
            )
        loaded.decisions[decision_id] = model
        loaded.decision_files[decision_id] = model.sha256


def take_form(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    form_id = body.get("id")
    if not isinstance(form_id, str) or not form_id:
        raise FileRefused(
            name, "form_id", f"The form '{name}' has no id.", "Give it one: the name of the file."
        )
    if form_id in loaded.forms:
        raise FileRefused(
            name, "duplicate_form", f"Two forms have the id '{form_id}'.", "Rename one of them."
        )
    loaded.forms[form_id] = body


def take_calendar(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    stem = PurePosixPath(name).stem
    try:
        calendar = Calendar.load(body, key=stem)
    except CalendarRefused as refused:
        raise not_a_calendar(name, refused) from refused
    if calendar.key in loaded.calendars:
        raise FileRefused(
            name,
            "duplicate_calendar",
            f"Two calendars have the key '{calendar.key}'.",
            "Rename one of them.",
        )
    loaded.calendars[calendar.key] = calendar


def take_holidays(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    try:
        loaded.holidays.update(load_holidays(body))
    except CalendarRefused as refused:
        raise not_a_calendar(name, refused) from refused


def not_a_calendar(name: str, refused: CalendarRefused) -> FileRefused:
    return FileRefused(
        name,
        "calendar",
        f"The file '{name}' cannot be used: {'; '.join(refused.problems)}.",
        "Correct the file.",
    )


def take_roles(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    sets = body["sets"]
    if not isinstance(sets, dict) or not all(
        isinstance(roles, list) and all(isinstance(role, str) for role in roles)
        for roles in sets.values()
    ):
        raise FileRefused(
            name,
            "roles",
            f"The file '{name}' must list the roles of each set under 'sets'.",
            "Write 'sets:', then one line per set, as in 'handler: [contact_handler]'.",
        )
    loaded.role_sets.update({str(key): tuple(roles) for key, roles in sets.items()})


def take_settings(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    if not isinstance(body["settings"], dict):
        raise FileRefused(
            name, "settings", f"The file '{name}' has no names under 'settings'.", "Add them."
        )
    loaded.settings.update(body["settings"])


def take_scenario(loaded: Loaded, name: str, body: Mapping[str, Any]) -> None:
    loaded.scenarios[name] = body


TAKE: dict[FileKind, Callable[[Loaded, str, Any], None]] = {
    FileKind.PROCESS: take_diagram,
    FileKind.DECISION: take_decision,
    FileKind.FORM: take_form,
    FileKind.CALENDAR: take_calendar,
    FileKind.HOLIDAYS: take_holidays,
    FileKind.ROLES: take_roles,
    FileKind.SETTINGS: take_settings,
    FileKind.SCENARIO: take_scenario,
}
