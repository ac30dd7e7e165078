"""The audit trail: append-only streams, in which each row is chained to the one before it.

    text(n) = canonical JSON: keys sorted, no spaces, UTF-8, of
              {"entries": [...], "seq": n, "stream", "tenant", "time_timestamp", "v"}
    hash(n) = SHA-256( hex(hash of the row before) + "\\n" + text(n) )
    hash(0) = 64 zeros

A row of `history_event` is what one transaction said in a stream: one entry or several. Entries
are numbered from 1 without gaps; ``n`` is the number of the last one in the row. The entries are
stored as the text that was hashed; what they share stands in columns of its own.

Streams are named by their kind: ``instance:<id>``, ``case:<id>``, ``access:<actor>:<day>``,
``admin``. An entry is written in the transaction of what it records. Its keys are those of XES
(``concept_name``, ``lifecycle_transition``, ``org_resource``, ``time_timestamp``), of which the
commonest are stored under `SHORT` names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import JSON, Row, Subquery, Text, cast, func, select
from sqlalchemy.orm import Session

from engine.db import run, tenant_of
from engine.models import HistoryEvent

FORMAT = 1
GENESIS = bytes(32)
INSTANCE = "instance:"
# How keys of nearly every entry are stored; no key of ours begins with this sign.
SHORT = {
    "concept_name": "@name",
    "lifecycle_transition": "@step",
    "org_resource": "@by",
    "org_role": "@role",
}
LONG = {short: key for key, short in SHORT.items()}

# The rule of the chain, said once for every statement that adds to one (see also `chained`).
LINK = """sha256(convert_to(encode({prev}, 'hex') || E'\\n' ||
    '{{"entries":' || %(entries)s || ',"seq":' || {seq} || %(shared)s, 'UTF8'))"""

APPEND = f"""
WITH head AS (
  INSERT INTO history_head AS h (stream_id, tenant_id, stream, seq, hash)
  VALUES (%(stream_id)s, %(tenant_id)s, %(stream)s, 1,
          {LINK.format(prev="%(genesis)s::bytea", seq="1")})
  ON CONFLICT (stream_id) DO UPDATE
  SET seq = h.seq + 1, hash = {LINK.format(prev="h.hash", seq="(h.seq + 1)")}
  RETURNING seq, hash)
INSERT INTO history_event (tenant_id, stream_id, seq, at, entries, hash)
SELECT %(tenant_id)s, %(stream_id)s, seq, %(at)s, %(entries)s, hash FROM head
RETURNING seq
"""

# What an UPDATE of an instance, whose row lock is held, sets to add %(count)s entries. Another
# part of the same statement writes the row: `ROW`, from what the update returns.
NEXT = f"""history_seq = i.history_seq + %(count)s,
      history_hash = CASE WHEN %(count)s = 0 THEN i.history_hash ELSE
      {LINK.format(prev="i.history_hash", seq="(i.history_seq + %(count)s)")} END"""
ROW = """INSERT INTO history_event (tenant_id, stream_id, seq, at, entries, hash)
  SELECT %(tenant_id)s, %(stream_id)s, history_seq, %(at)s, %(entries)s, history_hash
  FROM {moved} WHERE %(count)s > 0"""

APPEND_TO_INSTANCE = f"""
WITH moved AS (
  UPDATE process_instance i SET {NEXT} WHERE i.id = %(stream_id)s
  RETURNING history_seq, history_hash)
{ROW.format(moved="moved")} RETURNING seq
"""


def canonical(value: Any) -> str:
    """Return the one JSON text of ``value``. Refuses floats: no two machines write them alike."""
    return written(plain(value))


def written(value: Any) -> str:
    """Return the one JSON text of what `plain` has returned."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: instants in UTC, numbers that are not whole as text."""
    if type(value) is str or value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else format(value.normalize(), "f")
    if isinstance(value, float):
        raise TypeError("history holds no floats")
    return str(value)


def chained(prev_hash: bytes, text: str) -> bytes:
    """Return the hash of a row with this text. The same rule as `LINK`, which the database has."""
    return sha256(f"{prev_hash.hex()}\n{text}".encode()).digest()


def text_of(entries: str, seq: int, stream: str, tenant_id: UUID, at: datetime) -> str:
    """Return the text of a row as it was hashed."""
    return f'{{"entries":{entries},"seq":{seq}{_ending(shared(stream, tenant_id, at))}'


def shared(stream: str, tenant_id: UUID, at: datetime) -> dict[str, Any]:
    """Return what all entries of a row say alike; it stands in columns, or is known by them."""
    return {"stream": stream, "tenant": tenant_id, "time_timestamp": at, "v": FORMAT}


def _ending(alike: Mapping[str, Any]) -> str:
    return "," + canonical(alike)[1:]


def stream_id(stream: str, tenant_id: UUID) -> UUID:
    """Return under which id a stream is stored.

    That of the instance, case, person or message that it tells of; a stream of another kind has an
    id made from its name.
    """
    about = ABOUT_ONE.fullmatch(stream)
    return UUID(about[1]) if about else uuid5(tenant_id, stream)


ABOUT_ONE = re.compile(r"[a-z]+:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def append(
    session: Session, stream: str, payload: Mapping[str, Any], *, tenant_id: UUID, at: datetime
) -> int:
    """Add one entry to ``stream`` and return its number.

    One statement; the head of the stream stays locked until the transaction ends. Lock order:
    instance, case, then streams by name. Personal values arrive as ciphertext.
    """
    if stream.startswith(INSTANCE):
        instance_id = UUID(stream.removeprefix(INSTANCE))
        return append_to_instance(session, instance_id, [payload], tenant_id=tenant_id, at=at)
    values = row_of(stream, [payload], tenant_id=tenant_id, at=at)
    return run(session, APPEND, values | {"stream": stream, "genesis": GENESIS}).scalar_one()


def append_to_instance(
    session: Session,
    instance_id: UUID,
    payloads: Iterable[Mapping[str, Any]],
    *,
    tenant_id: UUID,
    at: datetime,
) -> int:
    """Add entries to an instance whose row the transaction has locked; return the last number."""
    values = row_of(f"{INSTANCE}{instance_id}", payloads, tenant_id=tenant_id, at=at)
    return run(session, APPEND_TO_INSTANCE, values).scalar_one()


def row_of(
    stream: str, payloads: Iterable[Mapping[str, Any]], *, tenant_id: UUID, at: datetime
) -> dict[str, Any]:
    """Return the values that `NEXT` and `ROW` take."""
    about = shared(stream, tenant_id, at)
    entries = [_stored(payload, about) for payload in payloads]
    return {
        "stream_id": stream_id(stream, tenant_id),
        "tenant_id": tenant_id,
        "at": at,
        "count": len(entries),
        "entries": written(entries),
        "shared": _ending(about),
    }


def _stored(payload: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    return {SHORT.get(key, key): plain(value) for key, value in payload.items() if key not in about}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as people and exports read it. ``hash`` is that of the row it stands in."""

    seq: int
    at: datetime
    payload: Mapping[str, Any]
    hash: bytes


def read(session: Session, stream: str, after: int = 0, limit: int = 50) -> list[Entry]:
    """Return the entries of ``stream`` that follow number ``after``, oldest first."""
    tenant_id = tenant_of(session)
    rows = (
        select(*COLUMNS)
        .where(HistoryEvent.stream_id == stream_id(stream, tenant_id), HistoryEvent.seq > after)
        .order_by(HistoryEvent.seq)
        .limit(limit)
    )
    found = (entry for row in session.execute(rows) for entry in entries_of(row, stream))
    return [entry for entry in found if entry.seq > after][:limit]


COLUMNS: tuple[Any, ...] = (
    HistoryEvent.tenant_id,
    HistoryEvent.stream_id,
    HistoryEvent.seq,
    HistoryEvent.at,
    HistoryEvent.entries,
    HistoryEvent.hash,
)


def entries_of(row: Row[Any], stream: str) -> Iterator[Entry]:
    """Yield the entries of a row of `COLUMNS`."""
    about = plain(shared(stream, row.tenant_id, row.at))
    own = orjson.loads(row.entries)
    for number, each in enumerate(own, row.seq - len(own) + 1):
        yield Entry(number, row.at, {**spelt_out(each), **about}, row.hash)


def spelt_out(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored entry under its full keys."""
    return {LONG.get(key, key): value for key, value in stored.items()}


def entries() -> Subquery:
    """Return every entry as a row, for queries: ``stream_id``, ``seq``, ``at``, stored ``text``."""
    listed = cast(HistoryEvent.entries, JSON)
    each = (
        func.json_array_elements(listed)
        .table_valued("value", with_ordinality="n", joins_implicitly=True)
        .render_derived()
    )
    return select(
        HistoryEvent.stream_id,
        (HistoryEvent.seq - func.json_array_length(listed) + each.c.n).label("seq"),
        HistoryEvent.at,
        cast(each.c.value, Text).label("text"),
    ).subquery()
