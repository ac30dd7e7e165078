"""What was decided in a process, for whoever reads its history: table, version, rule, words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from api.auth import actor
from api.language import gettext
from api.pages.because import words_of
from api.words import plain
from api.work import session
from engine.definitions import Definitions
from engine.models import DecisionRecord, ProcessInstance
from workflows.access.instances import reads_all_history
from workflows.access.reading import may
from workflows.decisions import UNSAID


@dataclass(frozen=True)
class Decided:
    """One decision. ``rules`` are the ids of the rows that matched, as the table has them."""

    at: datetime
    table: str
    decision_id: str
    rules: str
    words: str
    version: str  # the beginning of the hash of the table's file


def between(
    instance: ProcessInstance, definitions: Definitions, since: datetime, until: datetime
) -> list[Decided]:
    """Return what an instance decided between two instants, in order.

    What is never said of a task is for those alone who read the history of everybody.
    """
    if not may(actor(), "read_history"):
        return []
    every = reads_all_history(actor())
    found = (
        select(DecisionRecord)
        .where(
            DecisionRecord.instance_id == instance.id,
            DecisionRecord.decided_at >= since,
            DecisionRecord.decided_at <= until,
        )
        .order_by(DecisionRecord.decided_at, DecisionRecord.id)
    )
    return [
        _row(record, definitions, closed=record.decision_id in UNSAID and not every)
        for record in session().scalars(found)
    ]


def _row(record: DecisionRecord, definitions: Definitions, *, closed: bool) -> Decided:
    return Decided(
        at=record.decided_at,
        table=_name(record, definitions),
        decision_id=record.decision_id,
        rules="" if closed else ", ".join(record.matched_rows) or gettext("none"),
        words="" if closed else words_of(record, definitions),
        version=record.file_sha256[:12],
    )


def _name(record: DecisionRecord, definitions: Definitions) -> str:
    model = definitions.decisions.get(record.decision_id)
    node = model.nodes.get(record.decision_id) if model is not None else None
    return plain(record.decision_id) if node is None else node.label or node.name
