"""Checking that the history is what was written: every chain, row by row, against its head."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Subquery, Text, and_, cast, exists, func, select, union_all
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


def verify(session: Session, stream: str | None = None) -> Verification:
    """Check every chain that the session can see, or one; report the first bad row of each.

    Rows come with the heads of their streams, as of one instant, and are read one by one: what is
    written meanwhile is no break, and a long history needs little memory.
    """
    only = None if stream is None else history.stream_id(stream, tenant_of(session))
    report = Verification()
    for rows in _by_stream(session, only):
        report.streams += 1
        report.entries += rows[-1].seq
        fault = _fault(rows)
        if fault:
            name = rows[0].stream or str(rows[0].stream_id)
            report.breaks.append(Break(rows[0].tenant_id, name, *fault))
    for tenant_id, name in _without_rows(session, only):
        report.breaks.append(Break(tenant_id, name, 1, "missing"))
    return report


def _heads() -> Subquery:
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
    ).subquery("head")


def _by_stream(session: Session, only: UUID | None) -> Iterator[list[Row[Any]]]:
    """Yield the rows of each stream. A stream is a person's day or one instance: it fits."""
    head = _heads()
    is_theirs = and_(
        head.c.stream_id == HistoryEvent.stream_id, head.c.tenant_id == HistoryEvent.tenant_id
    )
    rows = (
        select(*COLUMNS, *head.c[2:])
        .join(head, is_theirs, isouter=True)
        .order_by(HistoryEvent.stream_id, HistoryEvent.seq)
        .execution_options(yield_per=1000)
    )
    if only is not None:
        rows = rows.where(HistoryEvent.stream_id == only)
    for _, group in groupby(session.execute(rows), lambda row: row.stream_id):
        yield list(group)


def _without_rows(session: Session, only: UUID | None) -> Iterable[tuple[UUID, str]]:
    """Return the streams that have a head, and whose rows are all gone."""
    head = _heads()
    gone = select(head.c.tenant_id, head.c.stream).where(
        head.c.head_seq > 0,
        ~exists().where(HistoryEvent.stream_id == head.c.stream_id),
    )
    if only is not None:
        gone = gone.where(head.c.stream_id == only)
    return ((row.tenant_id, row.stream) for row in session.execute(gone))


def _fault(rows: Sequence[Row[Any]]) -> tuple[int, str] | None:
    """Return the number of the first bad entry of a stream and what is wrong with it."""
    prev_hash, last = GENESIS, 0
    if rows[-1].stream is None:
        return rows[-1].seq, "no head"
    for row in rows:
        fault = _fault_of_row(row, last + 1, prev_hash)
        if fault:
            return fault
        prev_hash, last = row.hash, row.seq
    head_seq, head_hash = rows[-1].head_seq, rows[-1].head_hash
    if (head_seq, head_hash) != (last, prev_hash):
        # rows behind the last one were deleted, or the last ones were written anew
        return last + 1, "missing" if head_seq > last else "head differs"
    return None


def _fault_of_row(row: Row[Any], expected: int, prev_hash: bytes) -> tuple[int, str] | None:
    try:
        count = len(orjson.loads(row.entries))
    except (TypeError, ValueError):  # no JSON, or no list
        return expected, "altered"
    if count and row.seq - count + 1 > expected:
        return expected, "missing"
    text = history.text_of(row.entries, row.seq, row.stream, row.tenant_id, row.at)
    fits = row.seq - count + 1 == expected and row.hash == history.chained(prev_hash, text)
    return None if fits else (expected, "altered")
