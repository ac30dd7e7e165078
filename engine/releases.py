"""Versioned definitions: check, store, publish, export, import a release.

A release belongs to a tenant and is immutable. It is made as a draft by one person and published
by another; from `effective_from` on, new instances start on it, while running ones stay on theirs.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import bases, history, scenarios
from engine import definitions as checking
from engine.definitions import Check, DefinitionFile, Definitions
from engine.errors import Forbidden, NotFound, Refusal
from engine.findings import Finding, Severity
from engine.models import FileContent, Release, ReleaseFile
from engine.states import ReleaseState

ADMIN = "admin"  # the stream of what is done to the system itself
SYSTEM = "system"
SHIPPED_NOTE = "As shipped"
SHIPPED = (("bpmn", "bpmn"), ("forms", "forms/definitions"))  # package, folder in the release
SUFFIXES = (".bpmn", ".dmn", ".form", ".json", ".yaml", ".yml")


class ReleaseNotFound(NotFound):
    """There is no such release."""


class NoReleaseInForce(Refusal):
    """No release is in force yet: publish one first."""


class ReleaseNotDraft(Refusal):
    """Only a draft can be published or rejected."""


class OwnRelease(Forbidden):
    """A second person must publish a release: you are its author."""


class ReleaseUnsafe(Refusal):
    """This release has findings that must be mended before it is published."""


class NothingDiffers(Refusal):
    """Nothing differs from the release that this was made from. No draft was made."""


class ScenariosFailed(Refusal):
    """A story that this release has to pass goes otherwise. Nothing was published."""


def import_files(
    session: Session,
    tenant_id: UUID,
    files: Mapping[str, str | bytes],
    *,
    by: str,
    now: datetime,
    note: str = "",
    base_id: UUID | None = None,
    extra_checks: Iterable[Check] = (),
) -> Release:
    """Check ``files`` together and store them as a draft, with what the checks found.

    ``base_id``: the published release that ``files`` were made from (default: the newest); what
    was published since is never undone by publishing the draft (`engine/bases.py`). Raises
    `definitions.ReleaseRefused` with every finding when something cannot be carried out; then
    nothing is stored. So it is where not a byte differs (``NothingDiffers``).
    """
    base = base_of(session, tenant_id, base_id)
    checked = checking.check(files, extra_checks=extra_checks)
    if base is not None and base.sha256 == checked.sha256:
        raise NothingDiffers
    made_from = base.id if base else None
    return _store(session, tenant_id, checked, by=by, now=now, note=note, base_id=made_from)


def base_of(session: Session, tenant_id: UUID, base_id: UUID | None) -> Release | None:
    """Return the published release that a draft is made from: the one named, else the newest."""
    if base_id is None:
        return bases.newest(session, tenant_id)
    return bases.published(session, base_id)


def required(base: Release | None) -> Release:
    """Return the release of which a draft changes some files. Raises ``NoReleaseInForce``."""
    if base is None:
        raise NoReleaseInForce
    return base


def _one_at_a_time(session: Session, tenant_id: UUID) -> None:
    """Let nobody else number or publish a release of this tenant until the transaction ends."""
    lock = {"about": f"release {tenant_id}"}
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:about, 0))"), lock)


def _store(
    session: Session,
    tenant_id: UUID,
    checked: Definitions,
    *,
    by: str,
    now: datetime,
    note: str,
    base_id: UUID | None = None,
) -> Release:
    _one_at_a_time(session, tenant_id)
    last = select(func.coalesce(func.max(Release.number), 0)).where(Release.tenant_id == tenant_id)
    release = Release(
        id=uuid4(),
        tenant_id=tenant_id,
        number=session.scalars(last).one() + 1,
        sha256=checked.sha256,
        base_id=base_id,
        note=note,
        author=by,
        findings=[asdict(finding) for finding in checked.findings],
        created_at=now,
    )
    session.add(release)
    session.flush()
    _store_files(session, release, checked.files.values())
    _record(session, release, "schedule", by=by, now=now)
    _cache.put(release.id, checked)
    return release


def _store_files(session: Session, release: Release, files: Iterable[DefinitionFile]) -> None:
    """Write names first: only bytes that a release of the tenant names can be seen.

    Of a draft most files are stored already, and nearly all of a tenant's first release.
    """
    given = list(files)
    rows = [
        {
            "release_id": release.id,
            "tenant_id": release.tenant_id,
            "name": file.name,
            "kind": file.kind.value,
            "sha256": file.sha256,
        }
        for file in given
    ]
    if rows:
        session.execute(insert(ReleaseFile), rows)
        named = select(FileContent.sha256).where(FileContent.sha256.in_(f.sha256 for f in given))
        stored = set(session.scalars(named))
        contents = [
            {"sha256": file.sha256, "content": file.content}
            for file in given
            if file.sha256 not in stored
        ]
        if contents:
            session.execute(upsert(FileContent).on_conflict_do_nothing(), contents)


def get(session: Session, release_id: UUID) -> Release:
    release = session.get(Release, release_id)
    if release is None:
        raise ReleaseNotFound
    return release


def publish(
    session: Session,
    release_id: UUID,
    *,
    by: str,
    now: datetime,
    effective_from: datetime | None = None,
) -> Release:
    """Put a draft in force from ``effective_from`` (default: now). Not by its author.

    Refused while a finding is unsafe (``ReleaseUnsafe``), a story of the release goes otherwise
    than it says (``ScenariosFailed``), or it would undo what was published since it was made
    (``ReleaseStale``). It never takes effect before the release it follows.
    """
    release = hold_draft(session, release_id)
    if release.author == by:
        raise OwnRelease
    bases.refuse_stale(session, release)
    unsafe = [f for f in findings(release) if f.severity != Severity.WARNING]
    if unsafe:
        raise ReleaseUnsafe("\n".join(f.message for f in unsafe), findings=unsafe)
    failures = scenarios.play_all(definitions(session, release_id))
    if failures:
        words = [f"{f.story}, step {f.step}: {f.message}" for f in failures]
        raise ScenariosFailed("\n".join(words), failures=[asdict(f) for f in failures])
    _one_at_a_time(session, release.tenant_id)
    bases.refuse_stale(session, release)  # the stories took their time, and somebody was faster
    newest = bases.newest(session, release.tenant_id)
    starts = effective_from or now
    if newest is not None and newest.effective_from is not None:
        starts = max(starts, newest.effective_from)
    return _put_in_force(session, release, by=by, now=now, effective_from=starts)


def reject(session: Session, release_id: UUID, *, by: str, now: datetime, reason: str) -> Release:
    """Send a draft back for good, saying why."""
    release = hold_draft(session, release_id)
    release.state, release.reviewer = ReleaseState.REJECTED, by
    session.flush()
    _record(session, release, "withdraw", by=by, now=now, reason=reason)
    return release


def install_shipped(
    session: Session,
    tenant_id: UUID,
    *,
    now: datetime,
    extra_checks: Iterable[Check] = (),
    files: Mapping[str, str | bytes] | None = None,
) -> Release:
    """Give a fresh tenant the shipped definitions as its first release, in force at once."""
    given = shipped_files() if files is None else files
    checked = _check_once(tuple(given.items()), tuple(extra_checks))
    release = _store(session, tenant_id, checked, by=SYSTEM, now=now, note=SHIPPED_NOTE)
    return _put_in_force(session, release, by=SYSTEM, now=now, effective_from=now)


@lru_cache(maxsize=4)
def _check_once(
    files: tuple[tuple[str, str | bytes], ...], extra_checks: tuple[Check, ...]
) -> Definitions:
    """Check shipped files for the first tenant: for the next one nothing has changed."""
    return checking.check(dict(files), extra_checks=extra_checks)


def hold_draft(session: Session, release_id: UUID) -> Release:
    """Lock a draft for this transaction. Raises ``ReleaseNotDraft`` when it is decided."""
    release = session.get(Release, release_id, with_for_update=True, populate_existing=True)
    if release is None:
        raise ReleaseNotFound
    if release.state != ReleaseState.DRAFT:
        raise ReleaseNotDraft(state=release.state, by=release.reviewer)
    return release


def _put_in_force(
    session: Session, release: Release, *, by: str, now: datetime, effective_from: datetime
) -> Release:
    release.state, release.reviewer = ReleaseState.PUBLISHED, by
    release.published_at, release.effective_from = now, effective_from
    session.flush()
    _record(session, release, "complete", by=by, now=now, effective_from=effective_from)
    return release


def _record(
    session: Session, release: Release, transition: str, *, by: str, now: datetime, **more: object
) -> None:
    payload = {
        "concept_name": "release",
        "lifecycle_transition": transition,
        "org_resource": by,
        "release": release.id,
        "number": release.number,
        "sha256": release.sha256,
        **more,
    }
    history.append(session, ADMIN, payload, tenant_id=release.tenant_id, at=now)


def findings(release: Release) -> list[Finding]:
    """Return what the checks found when the release was made."""
    return [
        Finding(
            **{**stored, "severity": Severity(stored["severity"]), "path": tuple(stored["path"])}
        )
        for stored in release.findings
    ]


def effective(session: Session, tenant_id: UUID, at: datetime) -> Release:
    """Return the release on which an instance of ``tenant_id`` starts at ``at``."""
    newest = (
        select(Release)
        .where(
            Release.tenant_id == tenant_id,
            Release.state == ReleaseState.PUBLISHED,
            Release.effective_from <= at,
        )
        .order_by(Release.effective_from.desc(), Release.number.desc())
        .limit(1)
    )
    release = session.scalar(newest)
    if release is None:
        raise NoReleaseInForce
    return release


def in_force(session: Session, tenant_id: UUID, at: datetime) -> Definitions | None:
    """Return the definitions on which an instance would start; None before the first release."""
    try:
        return definitions(session, effective(session, tenant_id, at).id)
    except NoReleaseInForce:
        return None


def export(session: Session, release_id: UUID) -> dict[str, bytes]:
    """Return the files of a release, byte for byte as they were imported."""
    stored = (
        select(ReleaseFile.name, FileContent.content)
        .join(FileContent, FileContent.sha256 == ReleaseFile.sha256)
        .where(ReleaseFile.release_id == release_id)
        .order_by(ReleaseFile.name)
    )
    found = {row.name: row.content for row in session.execute(stored)}
    if not found:
        raise ReleaseNotFound
    return found


def definitions(session: Session, release_id: UUID) -> Definitions:
    """Return the parsed release; shared by all instances and threads of this process."""
    known = _cache.get(release_id) or _cache.like(release_id, get(session, release_id).sha256)
    return known or _cache.put(release_id, checking.read(export(session, release_id)))


class _Cache:
    """Parsed releases. Tenants with the same files share one object, however many they are."""

    def __init__(self, size: int = 32, names: int = 10_000) -> None:
        self._size, self._names = size, names
        self._lock = threading.Lock()
        self._by_hash: OrderedDict[str, Definitions] = OrderedDict()
        self._hashes: OrderedDict[UUID, str] = OrderedDict()

    def get(self, release_id: UUID) -> Definitions | None:
        with self._lock:
            return self._found(self._hashes.get(release_id, ""))

    def like(self, release_id: UUID, sha256: str) -> Definitions | None:
        """Return the same files as another release had, and know them by this one too."""
        with self._lock:
            found = self._found(sha256)
            if found is not None:
                self._name(release_id, sha256)
            return found

    def put(self, release_id: UUID, definitions: Definitions) -> Definitions:
        with self._lock:
            shared = self._by_hash.setdefault(definitions.sha256, definitions)
            self._name(release_id, definitions.sha256)
            if len(self._by_hash) > self._size:
                self._by_hash.popitem(last=False)
            return shared

    def _found(self, sha256: str) -> Definitions | None:
        if sha256 not in self._by_hash:
            return None
        self._by_hash.move_to_end(sha256)
        return self._by_hash[sha256]

    def _name(self, release_id: UUID, sha256: str) -> None:
        self._hashes[release_id] = sha256
        if len(self._hashes) > self._names:
            self._hashes.popitem(last=False)


_cache = _Cache()


def shipped_files() -> dict[str, str | bytes]:
    """Return the diagrams, decisions, calendars, roles, settings, scenarios and forms we ship."""
    found: dict[str, str | bytes] = {}
    for package, folder in SHIPPED:
        inside = folder.partition("/")[2]
        root = resources(package)
        found.update(_files_in(root / inside if inside else root, folder))
    return found


def _files_in(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _files_in(item, f"{name}/{item.name}")
        elif item.name.endswith(SUFFIXES):
            yield f"{name}/{item.name}", item.read_bytes()
