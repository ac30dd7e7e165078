"""Read form-js JSON (schema version 19) into a form, or say everything that is wrong with it."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from forms.components import MOST_COMPONENTS, Place, Reading, read_nodes
from forms.definition import Form, Group, asking
from forms.findings import Finding, FormRefused
from forms.reading import KEY, Reader
from forms.scopes import check_scopes

SCHEMA_VERSION = 19
LARGEST_FILE = 1_000_000  # bytes
MOST_ON_A_PAGE, MANY_ON_A_PAGE = 25, 12
# What the editor writes about itself is known and of no effect.
KNOWN = {"type", "id", "components", "schemaVersion", "exporter", "versionTag"} | {
    "executionPlatform",
    "executionPlatformVersion",
}


def load(source: str | bytes | Mapping[str, Any]) -> Form:
    """Return the form of ``source``. Raises ``FormRefused`` with every finding."""
    form, wrong = _read(source)
    if wrong or form is None:
        raise FormRefused(wrong)
    return form


def findings(source: str | bytes | Mapping[str, Any]) -> list[Finding]:
    """Return every reason for which ``load`` would refuse ``source``."""
    return _read(source)[1]


def warnings(form: Form) -> list[Finding]:
    """Return what is worth a look and stops nothing."""
    return [
        Finding(where, f"asks {count} questions at once. Over {MANY_ON_A_PAGE}, split it in steps")
        for where, count in _sections(form)
        if MANY_ON_A_PAGE < count <= MOST_ON_A_PAGE
    ]


def canonical(source: Mapping[str, Any]) -> bytes:
    """Return ``source`` as JSON that does not depend on spaces or the order of members."""
    return json.dumps(
        source, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain
    ).encode()


def _read(source: str | bytes | Mapping[str, Any]) -> tuple[Form | None, list[Finding]]:
    reading = Reading()
    try:
        raw = source if isinstance(source, Mapping) else _parse(source)
        digest = hashlib.sha256(canonical(raw)).hexdigest()
    except (ValueError, TypeError, RecursionError) as error:
        return None, [Finding("form", _unreadable(error))]
    reader = Reader(raw, "form", reading.findings)
    _check_head(reader)
    nodes = read_nodes(reader.items("components", MOST_COMPONENTS), Place(reading))
    if reading.components > MOST_COMPONENTS:
        reader.refuse(f"has more than {MOST_COMPONENTS} components")
    form = Form(id=reader.text("id", 64), nodes=nodes, sha256=digest, source=raw)
    check_scopes(form, reading.findings)
    _check_pages(form, reader)
    return form, reading.findings


def _parse(source: str | bytes) -> Mapping[str, Any]:
    if len(source) > LARGEST_FILE:
        raise ValueError(f"is larger than {LARGEST_FILE:,} bytes")
    raw = json.loads(
        source if isinstance(source, str) else source.decode("utf-8-sig"),
        parse_float=Decimal,
        parse_constant=_no_constant,
        object_pairs_hook=_without_doubles,
    )
    if not isinstance(raw, dict):
        raise ValueError("is not a JSON object")
    return raw


def _no_constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which is not JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has an object with two members named {double[:80]!r}")
    return members


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"holds a value that is not JSON ({type(value).__name__})")


def _unreadable(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8 text"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error)


def _check_head(reader: Reader) -> None:
    reader.only(KNOWN)
    if reader.raw.get("type", "default") != "default":
        reader.refuse("has a type other than default")
    if reader.raw.get("schemaVersion") != SCHEMA_VERSION:
        reader.refuse(
            f"has schemaVersion {reader.raw.get('schemaVersion')!r}. "
            f"Only {SCHEMA_VERSION} has been tested: save it with that version of the editor"
        )
    form_id = reader.text("id", 64)
    if not KEY.fullmatch(form_id):
        reader.refuse(
            f"has the id “{form_id}”. It is the file's name: a small letter, then small letters, "
            "digits and _"
        )
    if not reader.raw.get("components"):
        reader.refuse("has no components")


def _check_pages(form: Form, reader: Reader) -> None:
    if form.steps:
        for node in form.nodes:
            if not (isinstance(node, Group) and node.step):
                reader.refuse(
                    f"is split in pages, but “{_name(node)}” lies on none. Move it into a group "
                    "with the property step"
                )
        titles = [step.step for step in form.steps]
        for title in {title for title in titles if titles.count(title) > 1}:
            reader.refuse(f"has two pages called “{title}”")
    for where, count in _sections(form):
        if count > MOST_ON_A_PAGE:
            reader.findings.append(
                Finding(
                    where,
                    f"asks {count} questions at once. At most {MOST_ON_A_PAGE} are allowed: "
                    "split it in steps, or in groups",
                )
            )


def _sections(form: Form) -> list[tuple[str, int]]:
    """Return what a person has before them at once, and how many questions that is.

    On a form in steps that is a page; on one long page it is a group, because such a page (the
    live call) is jumped about in by its sections.
    """
    groups = [node for node in form.nodes if isinstance(node, Group)]
    counts = [(group.step or group.label, _count(group)) for group in groups]
    loose = sum(1 for _ in asking(tuple(n for n in form.nodes if not isinstance(n, Group))))
    return [*counts, ("form", loose)]


def _count(group: Group) -> int:
    return sum(1 for _ in asking(group.nodes))


def _name(node: Any) -> str:
    return getattr(node, "label", "") or "a text"
