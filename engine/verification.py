"""Checking that the history is what was written: every chain, row by row, against its head."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Subquery, Text, cast, func, select, true, union_all
from sqlalchemy.orm import Session

from engine import history
from engine.db import tenant_of
from engine.history import COLUMNS, GENESIS, INSTANCE
from engine.models import HistoryEvent, HistoryHead, ProcessInstance


@dataclass(frozen=True, slots=True)
class Break:
    """Where a stream does not hold: the first entry of the first bad row, and what is wrong."""

    tenant_id: UUID
    stream: str  # its id, when nothing says its name any more
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


@dataclass(frozen=True, slots=True)
class Head:
    """What is kept beside a stream: its name, and the number and hash of its last row."""

    stream: str
    seq: int
    hash: bytes


Key = tuple[UUID, UUID]  # tenant, stream


def verify(session: Session, stream: str | None = None) -> Verification:
    """Check every chain that the session can see, or one; report the first bad row of each.

    Reads row by row, so that a long history needs little memory.
    """
    report = Verification()
    only = None if stream is None else history.stream_id(stream, tenant_of(session))
    heads = _heads(session, only)
    for key, rows in _by_stream(_rows(session, only)):
        report.streams += 1
        head = heads.pop(key, None)
        report.entries += rows[-1].seq
        if _fault(rows, head) and (found := _look_again(session, key)):
            report.breaks.append(found)
    for (tenant_id, _), head in heads.items():
        if head.seq:  # a head whose rows are all gone
            report.breaks.append(Break(tenant_id, head.stream, 1, "missing"))
    return report


def _known_heads() -> Subquery:
    """Return the heads of all streams; those of instances stand on the instances' own rows."""
    return union_all(
        select(
            ProcessInstance.tenant_id,
            ProcessInstance.id.label("stream_id"),
            func.concat(INSTANCE, cast(ProcessInstance.id, Text)).label("stream"),
            ProcessInstance.history_seq.label("head_seq"),
            ProcessInstance.history_hash.label("head_hash"),
        ),
        select(
            HistoryHead.tenant_id,
            HistoryHead.stream_id,
            HistoryHead.stream,
            HistoryHead.seq,
            HistoryHead.hash,
        ),
    ).subquery("known")


def _heads(session: Session, only: UUID | None) -> dict[Key, Head]:
    known = _known_heads()
    wanted = select(known)
    if only is not None:
        wanted = wanted.where(known.c.stream_id == only)
    return {(row.tenant_id, row.stream_id): _head(row) for row in session.execute(wanted)}


def _head(row: Row[Any]) -> Head:
    return Head(row.stream, row.head_seq, bytes(row.head_hash))


def _rows(session: Session, only: UUID | None) -> Iterator[Row[Any]]:
    rows = select(*COLUMNS).order_by(HistoryEvent.stream_id, HistoryEvent.seq)
    if only is not None:
        rows = rows.where(HistoryEvent.stream_id == only)
    yield from session.execute(rows.execution_options(yield_per=1000))


def _by_stream(rows: Iterator[Row[Any]]) -> Iterator[tuple[Key, list[Row[Any]]]]:
    """Group rows that come in order. A stream is a person's day or one instance: it fits."""
    for key, group in groupby(rows, lambda row: (row.tenant_id, row.stream_id)):
        yield key, list(group)


def _look_again(session: Session, key: Key) -> Break | None:
    """Check one stream with its head and its rows as of one instant, in one statement.

    Heads are read before rows: what was added in between looks like a break and is none.
    """
    tenant_id, stream_id = key
    known = _known_heads()
    head = select(*known.c[2:]).where(known.c.stream_id == stream_id).subquery("head")
    joined = (
        select(*COLUMNS, *head.c)
        .join(head, true(), isouter=True)
        .where(HistoryEvent.tenant_id == tenant_id, HistoryEvent.stream_id == stream_id)
        .order_by(HistoryEvent.seq)
    )
    rows = session.execute(joined).all()
    found = None if rows[0].stream is None else _head(rows[0])
    fault = _fault(rows, found)
    return Break(tenant_id, found.stream if found else str(stream_id), *fault) if fault else None


def _fault(rows: Sequence[Row[Any]], head: Head | None) -> tuple[int, str] | None:
    """Return the number of the first bad entry and what is wrong with it."""
    prev_hash, last = GENESIS, 0
    if head is None:
        return rows[-1].seq, "no head"
    for row in rows:
        fault = _fault_of_row(row, head.stream, last + 1, prev_hash)
        if fault:
            return fault
        prev_hash, last = row.hash, row.seq
    if (head.seq, head.hash) != (last, prev_hash):
        # rows behind the last one were deleted, or the last ones were written anew
        return last + 1, "missing" if head.seq > last else "head differs"
    return None


def _fault_of_row(
    row: Row[Any], stream: str, expected: int, prev_hash: bytes
) -> tuple[int, str] | None:
    try:
        count = len(orjson.loads(row.entries))
    except (TypeError, ValueError):  # no JSON, or no list
        return expected, "altered"
    if count and row.seq - count + 1 > expected:
        return expected, "missing"
    text = history.text_of(row.entries, row.seq, stream, row.tenant_id, row.at)
    fits = row.seq - count + 1 == expected and row.hash == history.chained(prev_hash, text)
    return None if fits else (expected, "altered")
