"""What the process library shows. It counts instances and never says which they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import releases
from engine.definitions import Definitions, FileKind
from engine.errors import NotFound
from engine.models import FileContent, ProcessInstance, Release, ReleaseFile


@dataclass(frozen=True)
class Version:
    """One release in which a file was changed."""

    release_id: UUID
    number: int
    state: str
    author: str
    reviewer: str | None
    note: str
    sha256: str
    created_at: datetime
    effective_from: datetime | None
    live: int  # instances that run on a release with this version


@dataclass(frozen=True)
class ChangedFile:
    """How a file of one release differs from the one before it."""

    name: str
    kind: str
    change: str  # "added", "changed" or "removed"


def releases_of(session: Session, tenant_id: UUID, limit: int = 50) -> list[Release]:
    """Return the releases of a tenant, the newest first."""
    newest = (
        select(Release)
        .where(Release.tenant_id == tenant_id)
        .order_by(Release.number.desc())
        .limit(limit)
    )
    return list(session.scalars(newest))


def live_by_process(session: Session, tenant_id: UUID) -> dict[str, int]:
    """Return how many instances of each process run now."""
    counted = (
        select(ProcessInstance.process_id, func.count())
        .where(
            ProcessInstance.tenant_id == tenant_id,
            ProcessInstance.ended_at.is_(None),
        )
        .group_by(ProcessInstance.process_id)
    )
    return dict(session.execute(counted).all())


def versions(
    session: Session, tenant_id: UUID, file_name: str, process_id: str | None = None
) -> list[Version]:
    """Return the releases that changed ``file_name``, the newest first.

    Drafts and rejected releases are among them. ``live`` counts the instances of ``process_id``
    on any release that holds the same bytes.
    """
    rows = session.execute(
        select(Release, ReleaseFile.sha256)
        .join(ReleaseFile, ReleaseFile.release_id == Release.id)
        .where(Release.tenant_id == tenant_id, ReleaseFile.name == file_name)
        .order_by(Release.number)
    ).all()
    live = _live_by_release(session, tenant_id, process_id) if process_id else {}
    total: dict[str, int] = {}
    for release, sha256 in rows:
        total[sha256] = total.get(sha256, 0) + live.get(release.id, 0)
    found, seen = [], set()
    for release, sha256 in rows:
        if sha256 not in seen:
            seen.add(sha256)
            found.append(_version(release, sha256, total[sha256]))
    return found[::-1]


def _version(release: Release, sha256: str, live: int) -> Version:
    return Version(
        release_id=release.id,
        number=release.number,
        state=release.state,
        author=release.author,
        reviewer=release.reviewer,
        note=release.note,
        sha256=sha256,
        created_at=release.created_at,
        effective_from=release.effective_from,
        live=live,
    )


def _live_by_release(session: Session, tenant_id: UUID, process_id: str) -> dict[UUID, int]:
    counted = (
        select(ProcessInstance.release_id, func.count())
        .where(
            ProcessInstance.tenant_id == tenant_id,
            ProcessInstance.process_id == process_id,
            ProcessInstance.ended_at.is_(None),
        )
        .group_by(ProcessInstance.release_id)
    )
    return dict(session.execute(counted).all())


def content(session: Session, release_id: UUID, file_name: str) -> bytes:
    """Return one file of a release, byte for byte. Raises ``NotFound``."""
    found = session.scalar(
        select(FileContent.content)
        .join(ReleaseFile, ReleaseFile.sha256 == FileContent.sha256)
        .where(ReleaseFile.release_id == release_id, ReleaseFile.name == file_name)
    )
    if found is None:
        raise NotFound
    return found


def changes(session: Session, release: Release, before: Release | None) -> list[ChangedFile]:
    """Return the files in which ``release`` differs from ``before``, by name."""
    new, old = _files(session, release), _files(session, before) if before else {}
    return list(_changes(new, old))


def _files(session: Session, release: Release) -> dict[str, tuple[str, str]]:
    rows = select(ReleaseFile.name, ReleaseFile.kind, ReleaseFile.sha256).where(
        ReleaseFile.release_id == release.id
    )
    return {name: (kind, sha256) for name, kind, sha256 in session.execute(rows)}


def _changes(
    new: dict[str, tuple[str, str]], old: dict[str, tuple[str, str]]
) -> Iterator[ChangedFile]:
    for name in sorted(new.keys() | old.keys()):
        if name not in old:
            yield ChangedFile(name, new[name][0], "added")
        elif name not in new:
            yield ChangedFile(name, old[name][0], "removed")
        elif new[name][1] != old[name][1]:
            yield ChangedFile(name, new[name][0], "changed")


def before(session: Session, release: Release) -> Release | None:
    """Return the published release that ``release`` is compared with: the newest older one."""
    older = (
        select(Release)
        .where(
            Release.tenant_id == release.tenant_id,
            Release.number < release.number,
            Release.effective_from.is_not(None),
        )
        .order_by(Release.number.desc())
        .limit(1)
    )
    return session.scalar(older)


def replaced(
    session: Session, release_id: UUID, uploaded: dict[str, bytes]
) -> dict[str, str | bytes]:
    """Return the files of a release with ``uploaded`` (by bare file name) in their places.

    A file keeps the folder of the one it replaces; a new one goes where its kind belongs.
    """
    files: dict[str, str | bytes] = dict(releases.export(session, release_id))
    for name, given in uploaded.items():
        bare = name.replace("\\", "/").rsplit("/", 1)[-1]
        same = [known for known in files if known.rsplit("/", 1)[-1] == bare]
        files[same[0] if same else f"{_folder(bare)}/{bare}"] = given
    return files


def _folder(name: str) -> str:
    folders = {
        ".bpmn": "bpmn/processes",
        ".dmn": "bpmn/decisions",
        ".form": "forms/definitions",
        ".yaml": "bpmn/scenarios",
        ".yml": "bpmn/scenarios",
    }
    return next((f for ending, f in folders.items() if name.endswith(ending)), "bpmn/calendars")


def names_of(definitions: Definitions, kind: FileKind) -> list[str]:
    """Return the files of one kind, by name."""
    return sorted(name for name, file in definitions.files.items() if file.kind == kind)
