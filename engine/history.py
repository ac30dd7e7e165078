"""The audit trail: append-only streams, each entry chained to the one before it by its hash.

    payload = canonical JSON: keys sorted, no spaces, UTF-8; it names stream, tenant and format
    hash(n) = SHA-256( hex(hash(n-1)) + "\\n" + {"payload": payload, "seq": n} )
    hash(0) = 64 zeros

A row of `history_event` holds what one transaction said in a stream: the entries as canonical text,
without the stream, tenant, time and format that all of them share and that stand in the columns,
and the hash of each. Put together they are the text that was hashed, word for word.

Streams are named by their kind: ``instance:<id>``, ``case:<id>``, ``access:<actor>:<day>``,
``admin``. An entry is written in the transaction of what it records. Its keys are those of XES
(``concept_name``, ``lifecycle_transition``, ``org_resource``, ``time_timestamp``).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import JSON, Integer, Row, Subquery, Text, cast, func, select, true
from sqlalchemy.orm import Session

from engine.db import run
from engine.models import HistoryEvent, HistoryHead, ProcessInstance

FORMAT = 1
HASH = 32  # bytes
GENESIS = bytes(HASH)
INSTANCE = "instance:"

# The rule of the chain, said once for every statement that adds to one (see also `chained`).
LINK = """sha256(convert_to(encode({prev}, 'hex') || E'\\n' ||
    '{{"payload":' || {payload} || ',"seq":' || {seq} || '}}', 'UTF8'))"""

APPEND = f"""
WITH head AS (
  INSERT INTO history_head AS h (tenant_id, stream, seq, hash)
  VALUES (%(tenant_id)s, %(stream)s, 1,
          {LINK.format(prev="%(genesis)s::bytea", payload="%(payload)s", seq="1")})
  ON CONFLICT (tenant_id, stream) DO UPDATE
  SET seq = h.seq + 1,
      hash = {LINK.format(prev="h.hash", payload="%(payload)s", seq="(h.seq + 1)")}
  RETURNING seq, hash)
INSERT INTO history_event (tenant_id, stream, seq, at, entries, hashes)
SELECT %(tenant_id)s, %(stream)s, seq, %(at)s, %(entries)s, hash FROM head
RETURNING seq
"""

# Links the texts in the JSON list %(payloads)s to the head of an instance whose row lock is held.
# Used as the beginning of a WITH RECURSIVE: `chain` holds the entries, `head` the new head.
CHAIN = f"""
line AS (SELECT l.n, l.payload
  FROM json_array_elements_text(%(payloads)s::json) WITH ORDINALITY AS l(payload, n)),
chain(n, seq, hash) AS (
  SELECT 0::bigint, history_seq, history_hash FROM process_instance WHERE id = %(instance_id)s
  UNION ALL
  SELECT line.n, chain.seq + 1,
         {LINK.format(prev="chain.hash", payload="line.payload", seq="(chain.seq + 1)")}
  FROM chain JOIN line ON line.n = chain.n + 1),
head AS (SELECT n, seq, hash FROM chain ORDER BY n DESC LIMIT 1),
entry AS (
  INSERT INTO history_event (tenant_id, stream, seq, at, entries, hashes)
  SELECT %(tenant_id)s, %(stream)s, head.seq, %(at)s, %(entries)s,
         (SELECT string_agg(hash, ''::bytea ORDER BY n) FROM chain WHERE n > 0)
  FROM head WHERE n > 0)
"""

APPEND_TO_INSTANCE = f"""
WITH RECURSIVE {CHAIN}
UPDATE process_instance SET history_seq = head.seq, history_hash = head.hash
FROM head WHERE id = %(instance_id)s RETURNING seq
"""


def canonical(value: Any) -> str:
    """Return the one JSON text of ``value``. Refuses floats: no two machines write them alike."""
    return _text(plain(value))


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: instants in UTC, numbers that are not whole as text."""
    if value is None or isinstance(value, str | bool | int):
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


def chained(prev_hash: bytes, seq: int, payload: str) -> bytes:
    """Return the hash of entry ``seq``. The same rule as `LINK`, which the database computes."""
    text = f'{prev_hash.hex()}\n{{"payload":{payload},"seq":{seq}}}'
    return hashlib.sha256(text.encode()).digest()


def shared(stream: str, tenant_id: UUID, at: datetime) -> dict[str, Any]:
    """Return what every entry of a row says alike; it stands in the columns."""
    return {"stream": stream, "tenant": tenant_id, "time_timestamp": at, "v": FORMAT}


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
    payloads, own = _texts([payload], shared(stream, tenant_id, at))
    values = {
        "tenant_id": tenant_id,
        "stream": stream,
        "genesis": GENESIS,
        "payload": payloads[0],
        "entries": own,
        "at": at,
    }
    return run(session, APPEND, values).scalar_one()


def append_to_instance(
    session: Session,
    instance_id: UUID,
    payloads: Iterable[Mapping[str, Any]],
    *,
    tenant_id: UUID,
    at: datetime,
) -> int:
    """Add entries to an instance whose row the transaction has locked; return the last number."""
    values = instance_entries(instance_id, payloads, tenant_id=tenant_id, at=at)
    return run(session, APPEND_TO_INSTANCE, values).scalar_one()


def instance_entries(
    instance_id: UUID, payloads: Iterable[Mapping[str, Any]], *, tenant_id: UUID, at: datetime
) -> dict[str, Any]:
    """Return the values that `CHAIN` takes."""
    stream = f"{INSTANCE}{instance_id}"
    texts, own = _texts(payloads, shared(stream, tenant_id, at))
    return {
        "instance_id": instance_id,
        "tenant_id": tenant_id,
        "stream": stream,
        "at": at,
        "payloads": orjson.dumps(texts).decode(),
        "entries": own,
    }


def _texts(
    payloads: Iterable[Mapping[str, Any]], alike: Mapping[str, Any]
) -> tuple[list[str], str]:
    """Return the text to be hashed of each entry, and that of all to be stored in one row."""
    about = plain(alike)
    own = [
        {key: value for key, value in plain(payload).items() if key not in about}
        for payload in payloads
    ]
    return [_text({**each, **about}) for each in own], _text(own)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as people and exports read it."""

    seq: int
    at: datetime
    payload: Mapping[str, Any]
    hash: bytes


def read(session: Session, stream: str, after: int = 0, limit: int = 50) -> list[Entry]:
    """Return the entries of ``stream`` that follow number ``after``, oldest first."""
    rows = (
        select(*COLUMNS)
        .where(HistoryEvent.stream == stream, HistoryEvent.seq > after)
        .order_by(HistoryEvent.seq)
        .limit(limit)
    )
    found = (entry for row in session.execute(rows) for entry in _entries(row))
    return [entry for entry in found if entry.seq > after][:limit]


COLUMNS: tuple[Any, ...] = (
    HistoryEvent.tenant_id,
    HistoryEvent.stream,
    HistoryEvent.seq,
    HistoryEvent.at,
    HistoryEvent.entries,
    HistoryEvent.hashes,
)


def _entries(row: Row[Any]) -> Iterator[Entry]:
    """Yield what stands in a row, as it was hashed. ``seq`` of a row is that of its last entry."""
    about = plain(shared(row.stream, row.tenant_id, row.at))
    own = orjson.loads(row.entries)
    hashes = _hashes(row)
    first = row.seq - len(hashes) + 1
    for number, (each, digest) in enumerate(zip(own, hashes, strict=True), first):
        yield Entry(number, row.at, {**each, **about}, digest)


def _hashes(row: Row[Any]) -> list[bytes]:
    return [row.hashes[at : at + HASH] for at in range(0, len(row.hashes), HASH)]


def entries() -> Subquery:
    """Return every entry as a row, for queries: ``stream``, ``seq``, ``at`` and its ``text``."""
    each = (
        func.json_array_elements(cast(HistoryEvent.entries, JSON))
        .table_valued("value", with_ordinality="n", joins_implicitly=True)
        .render_derived()
    )
    before = HistoryEvent.seq - func.octet_length(HistoryEvent.hashes, type_=Integer) // HASH
    return select(
        HistoryEvent.stream,
        (before + each.c.n).label("seq"),
        HistoryEvent.at,
        cast(each.c.value, Text).label("text"),
    ).subquery()


# -- verifying -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Break:
    """Where a stream does not hold: the first bad entry, and what is wrong with it."""

    tenant_id: UUID
    stream: str
    seq: int
    fault: str


@dataclass(slots=True)
class Verification:
    """What a check of the chains found. Sound when there are no breaks."""

    streams: int = 0
    entries: int = 0
    breaks: list[Break] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.breaks


Key = tuple[UUID, str]


def verify(session: Session, stream: str | None = None) -> Verification:
    """Check every chain that the session can see, or one; report the first bad entry of each.

    Reads row by row, so that a long history needs little memory.
    """
    report = Verification()
    heads = dict(_heads(session, stream))
    for key, rows in _by_stream(_rows(session, stream)):
        report.streams += 1
        fault, count = _check_stream(rows, heads.pop(key, None))
        report.entries += count
        if fault and (fault := _look_again(session, key)):
            report.breaks.append(Break(*key, *fault))
    for (tenant_id, name), (seq, _) in heads.items():
        if seq:  # a head whose entries are all gone
            report.breaks.append(Break(tenant_id, name, 1, "missing"))
    return report


def _rows(session: Session, stream: str | None) -> Iterator[Row[Any]]:
    rows = select(*COLUMNS).order_by(*COLUMNS[:3])
    if stream is not None:
        rows = rows.where(HistoryEvent.stream == stream)
    yield from session.execute(rows.execution_options(yield_per=1000))


def _by_stream(rows: Iterator[Row[Any]]) -> Iterator[tuple[Key, list[Row[Any]]]]:
    """Group rows that come in order. A stream is a person's day or one instance: it fits."""
    for key, group in groupby(rows, lambda row: (row.tenant_id, row.stream)):
        yield key, list(group)


def _heads(session: Session, stream: str | None) -> Iterator[tuple[Key, tuple[int, bytes]]]:
    """Yield the last number and hash of each stream, as the heads say them."""
    instances = select(
        ProcessInstance.tenant_id,
        ProcessInstance.id,
        ProcessInstance.history_seq,
        ProcessInstance.history_hash,
    )
    others = select(HistoryHead.tenant_id, HistoryHead.stream, HistoryHead.seq, HistoryHead.hash)
    if stream is not None and stream.startswith(INSTANCE):
        instances = instances.where(ProcessInstance.id == UUID(stream.removeprefix(INSTANCE)))
    if stream is not None:
        others = others.where(HistoryHead.stream == stream)
    for tenant_id, name, seq, digest in session.execute(others):
        yield (tenant_id, name), (seq, digest)
    if stream is None or stream.startswith(INSTANCE):
        for tenant_id, instance_id, seq, digest in session.execute(instances):
            yield (tenant_id, f"{INSTANCE}{instance_id}"), (seq, digest)


def _look_again(session: Session, key: Key) -> tuple[int, str] | None:
    """Check one stream with its head and its rows as of one instant, in one statement.

    Heads are read before rows: what was added in between looks like a break and is none.
    """
    tenant_id, stream = key
    if stream.startswith(INSTANCE):
        name = func.concat(INSTANCE, cast(ProcessInstance.id, Text))
        head = select(ProcessInstance.history_seq, ProcessInstance.history_hash).where(
            ProcessInstance.tenant_id == tenant_id, name == stream
        )
    else:
        head = select(HistoryHead.seq, HistoryHead.hash).where(
            HistoryHead.tenant_id == tenant_id, HistoryHead.stream == stream
        )
    known = head.subquery("known")
    joined = (
        select(*COLUMNS, *known.c)
        .join(known, true(), isouter=True)
        .where(HistoryEvent.tenant_id == tenant_id, HistoryEvent.stream == stream)
        .order_by(HistoryEvent.seq)
    )
    rows = session.execute(joined).all()
    seq, digest = rows[0][-2:]
    return _check_stream(rows, None if seq is None else (seq, bytes(digest)))[0]


def _check_stream(
    rows: Sequence[Row[Any]], head: tuple[int, bytes] | None
) -> tuple[tuple[int, str] | None, int]:
    """Return the first bad entry with its fault, and how many entries there are."""
    prev_hash, last, count = GENESIS, 0, sum(len(_hashes(row)) for row in rows)
    for row in rows:
        fault = _check_row(row, last + 1, prev_hash)
        if fault:
            return fault, count
        prev_hash, last = row.hashes[-HASH:], row.seq
    if head is None:
        return (last, "no head"), count
    if head != (last, prev_hash):
        # entries behind the last one were deleted, or the last ones were written anew
        return (last + 1, "missing" if head[0] > last else "head differs"), count
    return None, count


def _check_row(row: Row[Any], expected: int, prev_hash: bytes) -> tuple[int, str] | None:
    first = row.seq - len(_hashes(row)) + 1
    if first != expected:
        return expected, "missing"
    try:
        own = orjson.loads(row.entries)
        found = list(_entries(row))
    except (TypeError, ValueError):  # no JSON, or not as many entries as hashes
        return first, "altered"
    for entry in found:
        if entry.hash != chained(prev_hash, entry.seq, _text(entry.payload)):
            return entry.seq, "altered"
        prev_hash = entry.hash
    return None if row.entries == _text(own) else (first, "altered")
