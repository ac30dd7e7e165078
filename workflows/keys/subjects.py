"""Subjects and their data keys: make, use, wrap into a case, re-wrap, destroy."""

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Select, Uuid, func, select
from sqlalchemy.orm import Session, aliased

from engine.db import Fixed, memory, varying
from engine.errors import Refusal
from workflows.keys.cipher import Place, Tampered, key_id_of, seal, unseal, unwrap, wrap
from workflows.keys.models import SubjectKey, SubjectKind
from workflows.keys.ring import KEY_BYTES, ring


class Erased(Refusal):
    """This was erased and cannot be read again."""

    status = 410


class SubjectUnknown(LookupError):
    """Nobody made a key for this subject: call `new_subject` when the subject is made."""


class _DataKey(NamedTuple):
    id: UUID
    key: bytes | None  # None: destroyed


class _Stored(NamedTuple):
    """A row of `SubjectKey` as it is read in every request, without the mapper."""

    id: UUID
    tenant_id: UUID
    subject: UUID
    wrapped: bytes | None
    master_key_id: str | None
    case_key_id: UUID | None


def _keys() -> Select[Any]:
    case = aliased(SubjectKey)
    columns = [getattr(row, name) for row in (SubjectKey, case) for name in _Stored._fields]
    return (
        select(*columns)
        .outerjoin(case, SubjectKey.case_key_id == case.id)
        .where(SubjectKey.subject == func.any(varying("subjects", ARRAY(Uuid))))
    )


# What is pending in the session never matters to it: new keys are in the cache, and whoever
# changes a key flushes.
KEYS = Fixed(_keys())


def new_subject(
    session: Session, tenant_id: UUID, subject: UUID, kind: SubjectKind, *, now: datetime
) -> None:
    """Make the data key of a new person, case, contact or member of staff."""
    key_id, data_key, master = uuid4(), os.urandom(KEY_BYTES), ring()
    session.add(
        SubjectKey(
            id=key_id,
            tenant_id=tenant_id,
            subject=subject,
            kind=kind,
            wrapped=wrap(
                master.keys[master.current],
                data_key,
                bound=_bound(tenant_id, subject, key_id, master.current),
            ),
            master_key_id=master.current,
            created_at=now,
        )
    )
    _cache(session)[subject] = _DataKey(key_id, data_key)


def encrypt(
    session: Session,
    subject: UUID,
    tenant_id: UUID,
    table: str,
    row_id: UUID,
    column: str,
    value: Any,
) -> bytes:
    """Encrypt ``value`` (text, bytes or JSON) for one place under the subject's key."""
    data_key = _data_key(session, subject)
    return seal(_living(data_key), data_key.id, Place(tenant_id, table, row_id, column), value)


def decrypt(
    session: Session,
    subject: UUID,
    tenant_id: UUID,
    table: str,
    row_id: UUID,
    column: str,
    stored: bytes,
) -> Any:
    """Decrypt what `encrypt` made for the same subject and place.

    Raises ``Erased`` when the subject's key was destroyed, ``Tampered`` when the value was
    altered or moved.
    """
    data_key = _data_key(session, subject)
    if key_id_of(stored) != data_key.id:
        raise Tampered(f"{table}.{column} of {row_id} is not under its subject's key")
    return unseal(_living(data_key), Place(tenant_id, table, row_id, column), stored)


def load(session: Session, subjects: Iterable[UUID]) -> None:
    """Fetch the keys of many subjects in one statement, before a list is decrypted."""
    cache = _cache(session)
    wanted = {subject for subject in subjects if subject not in cache}
    if not wanted:
        return
    for row in KEYS.read(session, subjects=list(wanted)):
        stored, case = _Stored._make(row[:6]), _Stored._make(row[6:])
        cache[stored.subject] = _DataKey(stored.id, _unwrapped(stored, case))


def living_key(session: Session, subject: UUID) -> bytes:
    """Return the subject's data key itself: only for keys that are derived from it."""
    return _living(_data_key(session, subject))


def is_erased(session: Session, subject: UUID) -> bool:
    """Whether the subject's key was destroyed, by itself or with the case it was wrapped into."""
    return _data_key(session, subject).key is None


def erase(session: Session, subject: UUID, *, now: datetime) -> None:
    """Destroy the subject's data key: what it opened can never be read again.

    Destroying a case's key takes the contacts wrapped into it along.
    """
    row = session.scalar(select(SubjectKey).where(SubjectKey.subject == subject).with_for_update())
    if row is None:
        raise SubjectUnknown(subject)
    row.wrapped = None
    row.destroyed_at = row.destroyed_at or now
    session.flush()
    _cache(session).clear()  # also what was unwrapped by it


def wrap_into(session: Session, contact_id: UUID, case_id: UUID) -> None:
    """Wrap a contact's key into the case it is linked to (moved again when linked again).

    From then on the contact can be read only through the case's key.
    """
    contact, case = (
        session.scalar(select(SubjectKey).where(SubjectKey.subject == subject).with_for_update())
        for subject in (contact_id, case_id)
    )
    if contact is None or case is None:
        raise SubjectUnknown(contact_id if contact is None else case_id)
    if case.kind != SubjectKind.CASE or contact.kind != SubjectKind.CONTACT:
        raise ValueError("a contact is wrapped into a case, nothing else")
    data_key = _living(_data_key(session, contact_id))
    case_key = _living(_data_key(session, case_id))
    contact.wrapped = wrap(
        case_key, data_key, bound=_bound(contact.tenant_id, contact_id, contact.id, str(case.id))
    )
    contact.master_key_id, contact.case_key_id = None, case.id
    session.flush()


def rewrap(session: Session, *, limit: int = 500) -> int:
    """Move up to ``limit`` data keys of this tenant to the current master key; return how many.

    Call until 0: each batch is a transaction of its own, so it can be killed and begun again.
    Ciphertexts stay as they are, because data keys do.
    """
    master = ring()
    rows = session.scalars(
        select(SubjectKey)
        .where(SubjectKey.master_key_id != master.current, SubjectKey.wrapped.is_not(None))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        data_key = _unwrapped(row, None)
        assert data_key is not None
        row.wrapped = wrap(
            master.keys[master.current],
            data_key,
            bound=_bound(row.tenant_id, row.subject, row.id, master.current),
        )
        row.master_key_id = master.current
    session.flush()
    return len(rows)


def rewrap_status(session: Session) -> dict[str, int]:
    """Return how many living data keys each master key wraps; a key at 0 may be removed."""
    counts = session.execute(
        select(SubjectKey.master_key_id, func.count())
        .where(SubjectKey.master_key_id.is_not(None), SubjectKey.wrapped.is_not(None))
        .group_by(SubjectKey.master_key_id)
    )
    return dict.fromkeys(ring().keys, 0) | {str(key): count for key, count in counts}


def _cache(session: Session) -> dict[UUID, _DataKey]:
    # for one transaction: what another has destroyed meanwhile must not be read in the next
    cache: dict[UUID, _DataKey] = memory(session).setdefault("workflows.keys", {})
    return cache


def _data_key(session: Session, subject: UUID) -> _DataKey:
    load(session, [subject])
    found = _cache(session).get(subject)
    if found is None:
        raise SubjectUnknown(subject)
    return found


def _living(data_key: _DataKey) -> bytes:
    if data_key.key is None:
        raise Erased
    return data_key.key


def _unwrapped(row: SubjectKey | _Stored, case_row: SubjectKey | _Stored | None) -> bytes | None:
    if row.wrapped is None:
        return None
    if row.case_key_id is None:
        wrapper_id = row.master_key_id or ""
        wrapper = ring().keys.get(wrapper_id)
        if wrapper is None:
            raise Tampered(f"master key {wrapper_id} is not known to this process")
    else:
        assert case_row is not None  # a foreign key says so
        wrapper, wrapper_id = _unwrapped(case_row, None), str(case_row.id)
        if wrapper is None:
            return None
    return unwrap(
        wrapper, row.wrapped, bound=_bound(row.tenant_id, row.subject, row.id, wrapper_id)
    )


def _bound(tenant_id: UUID, subject: UUID, key_id: UUID, wrapper_id: str) -> str:
    return f"1|key|{tenant_id}|{subject}|{key_id}|{wrapper_id}"
