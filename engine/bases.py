"""From which release a draft was made, and what publishing it would take back.

A draft holds every file of its release, also those its author never touched. Made from a release
that is no longer the newest, it would put the old bytes of those files in force again, without a
word and undoing what somebody else has published since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Forbidden, Refusal
from engine.models import Release, ReleaseFile
from engine.states import ReleaseState


class ReleaseStale(Refusal):
    """Something else was published since this draft was made; publishing it would undo that."""


class FilesClash(Refusal):
    """The same file was changed in this draft and in what was published since."""


class BaseNotPublished(Refusal):
    """A draft is made from a published release."""

    status = 422


class NotYourDraft(Forbidden):
    """Only its author brings a draft up to date: whoever does so becomes the author of all."""


@dataclass(frozen=True, slots=True)
class Since:
    """A release that was published after the base of a draft, and what it changed."""

    release_id: UUID
    number: int
    author: str
    reviewer: str | None
    published_at: datetime | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a draft stands to what is published.

    ``undone``: files of which publishing would put older bytes in force again. ``clashes``: those
    of them that the draft itself changes. ``own``: all that the draft changes of its base.
    """

    base: Release | None
    newest: Release | None
    since: tuple[Since, ...]
    own: frozenset[str]
    undone: frozenset[str]

    @property
    def is_stale(self) -> bool:
        return bool(self.undone)

    @property
    def clashes(self) -> frozenset[str]:
        return self.own & self.undone


def newest(session: Session, tenant_id: UUID) -> Release | None:
    """Return the published release that holds last, also when it is not in force yet."""
    return session.scalar(
        select(Release)
        .where(Release.tenant_id == tenant_id, Release.state == ReleaseState.PUBLISHED)
        .order_by(Release.effective_from.desc(), Release.number.desc())
        .limit(1)
    )


def published(session: Session, base_id: UUID) -> Release:
    """Return the release that somebody names as the base of a draft."""
    base = session.get(Release, base_id)
    if base is None or base.state != ReleaseState.PUBLISHED:
        raise BaseNotPublished
    return base


def standing(session: Session, draft: Release) -> Standing:
    """Compare a draft with its base and with the newest published release."""
    base, head = _base(session, draft), newest(session, draft.tenant_id)
    before, now_, own = (_files(session, each) for each in (base, head, draft))
    theirs = _changed(before, now_)
    return Standing(
        base=base,
        newest=head,
        since=_since(session, base, head, draft.tenant_id),
        own=_changed(before, own),
        undone=frozenset(name for name in theirs if own.get(name) != now_.get(name)),
    )


def refuse_stale(session: Session, draft: Release) -> None:
    """Refuse what would undo somebody else's release. Raises ``ReleaseStale`` saying what."""
    found = standing(session, draft)
    if not found.is_stale:
        return
    numbers = ", ".join(str(each.number) for each in found.since)
    words = f"It would take back release {numbers}, in: {', '.join(sorted(found.undone))}."
    if found.clashes:
        words += f" Changed in both: {', '.join(sorted(found.clashes))}."
    raise ReleaseStale(
        words,
        base=found.base.number if found.base else None,
        newest=found.newest.number if found.newest else None,
        since=[_said(each) for each in found.since],
        undone=sorted(found.undone),
        clashes=sorted(found.clashes),
    )


def _said(since: Since) -> dict[str, object]:
    return {
        "id": str(since.release_id),
        "number": since.number,
        "author": since.author,
        "reviewer": since.reviewer,
        "published_at": since.published_at.isoformat() if since.published_at else None,
        "files": list(since.files),
    }


def _base(session: Session, draft: Release) -> Release | None:
    """Return the base of a draft; of one made before this was kept, what was newest then."""
    if draft.base_id is not None:
        return session.get_one(Release, draft.base_id)
    return session.scalar(
        select(Release)
        .where(
            Release.tenant_id == draft.tenant_id,
            Release.state == ReleaseState.PUBLISHED,
            Release.published_at <= draft.created_at,
            Release.number < draft.number,
        )
        .order_by(Release.effective_from.desc(), Release.number.desc())
        .limit(1)
    )


def _since(
    session: Session, base: Release | None, head: Release | None, tenant_id: UUID
) -> tuple[Since, ...]:
    """Return what was published after the base, in order, each with what it changed."""
    published = select(Release).where(
        Release.tenant_id == tenant_id, Release.state == ReleaseState.PUBLISHED
    )
    in_order = session.scalars(published.order_by(Release.effective_from, Release.number)).all()
    after = in_order[in_order.index(base) + 1 :] if base in in_order else in_order
    found, before = [], _files(session, base)
    for each in after if head is not None else ():
        files = _files(session, each)
        found.append(
            Since(
                each.id,
                each.number,
                each.author,
                each.reviewer,
                each.published_at,
                tuple(sorted(_changed(before, files))),
            )
        )
        before = files
    return tuple(found)


def _files(session: Session, release: Release | None) -> Mapping[str, str]:
    if release is None:
        return {}
    rows = select(ReleaseFile.name, ReleaseFile.sha256).where(ReleaseFile.release_id == release.id)
    return dict(session.execute(rows).all())


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> frozenset[str]:
    names = before.keys() | after.keys()
    return frozenset(name for name in names if before.get(name) != after.get(name))
