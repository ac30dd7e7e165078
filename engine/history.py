"""The audit trail: append-only streams, each entry chained to the one before it by its hash.

    payload = canonical JSON: keys sorted, no spaces, UTF-8; it names stream, tenant and format
    hash(n) = SHA-256( hex(hash(n-1)) + "\\n" + {"payload": payload, "seq": n} )
    hash(0) = 64 zeros

The payload is stored as the text that was hashed, so that nothing has to be rebuilt to check it.
Streams are named by their kind: ``instance:<id>``, ``case:<id>``, ``access:<actor>:<day>``,
``admin``. An entry is written in the transaction of what it records. Its keys are those of XES
(``concept_name``, ``lifecycle_transition``, ``org_resource``, ``time_timestamp``).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.db import run
from engine.models import HistoryEvent, HistoryHead, ProcessInstance

FORMAT = 1
GENESIS = bytes(32)
INSTANCE = "instance:"

# The rule of the chain, said once for every statement that adds to one (see also `chained`).
LINK = """sha256(convert_to(encode({prev}, 'hex') || E'\\n' ||
    '{{"payload":' || {payload} || ',"seq":' || {seq} || '}}', 'UTF8'))"""

APPEND = f"""
WITH head AS (
  INSERT INTO history_head AS h (tenant_id, stream, seq, prev_hash, hash)
  VALUES (%(tenant_id)s, %(stream)s, 1, %(genesis)s,
          {LINK.format(prev="%(genesis)s::bytea", payload="%(payload)s", seq="1")})
  ON CONFLICT (tenant_id, stream) DO UPDATE
  SET seq = h.seq + 1, prev_hash = h.hash,
      hash = {LINK.format(prev="h.hash", payload="%(payload)s", seq="(h.seq + 1)")}
  RETURNING seq, prev_hash, hash)
INSERT INTO history_event (tenant_id, stream, seq, at, payload, prev_hash, hash)
SELECT %(tenant_id)s, %(stream)s, seq, %(at)s, %(payload)s, prev_hash, hash FROM head
RETURNING seq
"""

# Links the texts in the JSON list %(payloads)s to the head of an instance whose row lock is held.
# Used as the beginning of a WITH RECURSIVE: `chain` holds the entries, `head` the new head.
CHAIN = f"""
line AS (SELECT l.n, l.payload
  FROM json_array_elements_text(%(payloads)s::json) WITH ORDINALITY AS l(payload, n)),
chain(n, seq, prev_hash, hash, payload) AS (
  SELECT 0::bigint, history_seq, NULL::bytea, history_hash, NULL::text
  FROM process_instance WHERE id = %(instance_id)s
  UNION ALL
  SELECT line.n, chain.seq + 1, chain.hash,
         {LINK.format(prev="chain.hash", payload="line.payload", seq="(chain.seq + 1)")},
         line.payload
  FROM chain JOIN line ON line.n = chain.n + 1),
head AS (SELECT seq, hash FROM chain ORDER BY n DESC LIMIT 1),
entry AS (
  INSERT INTO history_event (tenant_id, stream, seq, at, payload, prev_hash, hash)
  SELECT %(tenant_id)s, %(stream)s, seq, %(at)s, payload, prev_hash, hash
  FROM chain WHERE n > 0)
"""

APPEND_TO_INSTANCE = f"""
WITH RECURSIVE {CHAIN}
UPDATE process_instance SET history_seq = head.seq, history_hash = head.hash
FROM head WHERE id = %(instance_id)s RETURNING seq
"""


def canonical(value: Any) -> str:
    """Return the one JSON text of ``value``. Refuses floats: no two machines write them alike."""
    return orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS).decode()


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


def entry(stream: str, payload: Mapping[str, Any], tenant_id: UUID, at: datetime) -> str:
    """Return the canonical text of one entry."""
    about = {"stream": stream, "tenant": tenant_id, "time_timestamp": at, "v": FORMAT}
    return canonical({**payload, **about})


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
    values = {
        "tenant_id": tenant_id,
        "stream": stream,
        "genesis": GENESIS,
        "payload": entry(stream, payload, tenant_id, at),
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
    return {
        "instance_id": instance_id,
        "tenant_id": tenant_id,
        "stream": stream,
        "at": at,
        "payloads": orjson.dumps(
            [entry(stream, payload, tenant_id, at) for payload in payloads]
        ).decode(),
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as people and exports read it."""

    seq: int
    at: datetime
    payload: Mapping[str, Any]
    hash: bytes


def read(session: Session, stream: str, after: int = 0, limit: int = 50) -> list[Entry]:
    """Return the entries of ``stream`` that follow number ``after``, oldest first."""
    events = (
        select(HistoryEvent)
        .where(HistoryEvent.stream == stream, HistoryEvent.seq > after)
        .order_by(HistoryEvent.seq)
        .limit(limit)
    )
    return [
        Entry(event.seq, event.at, orjson.loads(event.payload), event.hash)
        for event in session.scalars(events)
    ]


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
    for key, events in _by_stream(_events(session, stream)):
        report.streams += 1
        fault, count = _check_stream(key[1], events, heads.pop(key, None))
        report.entries += count
        if fault:
            report.breaks.append(Break(*key, *fault))
    for (tenant_id, name), (seq, _) in heads.items():
        if seq:  # a head whose entries are all gone
            report.breaks.append(Break(tenant_id, name, 1, "missing"))
    return report


def _events(session: Session, stream: str | None) -> Iterator[Row[*tuple[Any, ...]]]:
    columns = select(
        HistoryEvent.tenant_id,
        HistoryEvent.stream,
        HistoryEvent.seq,
        HistoryEvent.at,
        HistoryEvent.payload,
        HistoryEvent.prev_hash,
        HistoryEvent.hash,
    ).order_by(HistoryEvent.tenant_id, HistoryEvent.stream, HistoryEvent.seq)
    if stream is not None:
        columns = columns.where(HistoryEvent.stream == stream)
    yield from session.execute(columns.execution_options(yield_per=1000))


def _by_stream(rows: Iterator[Row[Any]]) -> Iterator[tuple[Key, list[Row[Any]]]]:
    """Group rows that come in order. A stream is a person's day or one instance: it fits."""
    key: Key | None = None
    events: list[Row[Any]] = []
    for row in rows:
        if key is not None and key != (row.tenant_id, row.stream):
            yield key, events
            events = []
        key = (row.tenant_id, row.stream)
        events.append(row)
    if key is not None:
        yield key, events


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


def _check_stream(
    stream: str, events: Sequence[Row[Any]], head: tuple[int, bytes] | None
) -> tuple[tuple[int, str] | None, int]:
    prev_hash = GENESIS
    for expected, event in enumerate(events, 1):
        fault = _check_entry(stream, event, expected, prev_hash)
        if fault:
            return (expected, fault), len(events)
        prev_hash = event.hash
    if head is None:
        return (len(events), "no head"), len(events)
    if head != (len(events), prev_hash):
        # entries behind the last one were deleted, or the last ones were written anew
        return (len(events) + 1, "missing" if head[0] > len(events) else "head differs"), len(
            events
        )
    return None, len(events)


def _check_entry(stream: str, event: Row[Any], expected: int, prev_hash: bytes) -> str | None:
    if event.seq != expected:
        return "missing"
    if event.prev_hash != prev_hash:
        return "not chained"
    if event.hash != chained(prev_hash, event.seq, event.payload):
        return "altered"
    about = orjson.loads(event.payload)
    named = (about.get("stream"), about.get("tenant"), about.get("time_timestamp"))
    if named != (stream, str(event.tenant_id), event.at.isoformat()):
        return "altered"
    return None
