"""Bring a draft up to date: its author's changes again, upon what is published by now."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from engine import bases, releases
from engine.definitions import Check
from engine.models import Release


def rebase(
    session: Session,
    release_id: UUID,
    *,
    by: str,
    now: datetime,
    extra_checks: Iterable[Check] = (),
) -> Release:
    """Make a new draft of the newest published release with the changed files of an older draft.

    The older draft is withdrawn. Raises ``NotYourDraft`` for anybody but the author, so that
    nobody can publish what is partly their own; ``FilesClash`` where both changed the same file,
    and ``ReleaseRefused`` where the two do not go together.
    """
    draft = releases.hold_draft(session, release_id)
    if draft.author != by:
        raise bases.NotYourDraft
    found = bases.standing(session, draft)
    if found.clashes:
        names = sorted(found.clashes)
        raise bases.FilesClash(f"Changed in both: {', '.join(names)}.", clashes=names)
    files = releases.export(session, found.newest.id) if found.newest else {}
    own = releases.export(session, draft.id)
    for name in found.own:
        if name in own:
            files[name] = own[name]
        else:
            files.pop(name, None)
    made = releases.import_files(
        session,
        draft.tenant_id,
        files,
        by=by,
        now=now,
        note=draft.note,
        extra_checks=extra_checks,
    )
    reason = f"Brought up to date as draft {made.number}."
    releases.reject(session, release_id, by=by, now=now, reason=reason)
    return made
