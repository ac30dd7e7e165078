"""Keep a cohort file between its dry run and its import: sealed, row by row, for a day at most.

A browser sends the file once. What would become of each row is worked out then; whoever uploaded
it looks, and brings the good rows in, some at a time. A row's content goes in the transaction that
brings it in; the broken ones stay until they have been fetched or the day is over.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from engine.errors import NotFound
from workflows import audit, keys
from workflows.access.actor import Actor
from workflows.cohort import importing
from workflows.cohort.importing import BATCH, Outcome, State
from workflows.cohort.models import CohortFile, CohortRow
from workflows.cohort.reading import CohortRefused, Row, again, read, returned_csv
from workflows.keys import SubjectKind
from workflows.staff.matrix import Scope

KEPT_FOR = timedelta(days=1)
MOST_ROWS = 5_000  # of a file that comes through a page; larger ones are imported by command
MOST_FILES = 5  # of one member of staff; the oldest makes room


class FileGone(NotFound):
    """This file is no longer kept. Choose it again."""


def may_bring_in(actor: Actor, service_id: UUID | None = None) -> bool:
    """Whether the actor may bring in a file, for a service or at all.

    A file is work by the hundred: whoever takes contacts in and also shares the work out brings it
    in, such as coordinators and team leaders. Who takes in one contact at a time does not, nor who
    may only do so beside somebody who signs.
    """
    return any(
        grant.reach(given) in (Scope.SERVICE, Scope.TENANT)
        and "co_sign" not in given.limits
        and actor.permissions("allocate", service_id or grant.service_id)
        for grant, given in actor.permissions("create_contact", service_id)
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """A kept file: how many rows would be, and how many have been, brought in, and the others."""

    file: CohortFile
    waiting: int
    done: int  # good ones that have been looked at again, whatever became of them
    states: Mapping[State, int]

    @property
    def rows(self) -> int:
        return sum(self.states.values())


def keep(
    session: Session,
    tenant_id: UUID,
    service_id: UUID,
    content: bytes,
    *,
    staff_id: UUID,
    now: datetime,
) -> UUID:
    """Work out what would become of each row, keep the file and return its id.

    The same file of the same person again takes the place of the first, so that what is shown is
    so now; when the first is under way in another transaction, its id is returned. Raises
    ``CohortRefused``.
    """
    rows = _rows_of(content, now)
    digest = keys.blind_index(session, tenant_id, "cohort_file", _sha256(content))
    same = select(CohortFile).where(
        CohortFile.uploaded_by == staff_id,
        CohortFile.service_id == service_id,
        CohortFile.digest == digest,
    )
    _drop(session, session.scalars(same.with_for_update()), now=now)
    file_id = uuid4()
    made = insert(CohortFile).values(
        id=file_id,
        tenant_id=tenant_id,
        service_id=service_id,
        uploaded_by=staff_id,
        uploaded_at=now,
        expires_at=now + KEPT_FOR,
        digest=digest,
    )
    if session.scalar(made.on_conflict_do_nothing().returning(CohortFile.id)) is None:
        return session.scalars(same).one().id
    keys.new_subject(session, tenant_id, file_id, SubjectKind.COHORT, now=now)
    session.flush()
    _keep_rows(session, session.get_one(CohortFile, file_id), rows, now=now)
    _make_room(session, staff_id, now=now)
    return file_id


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keep_rows(session: Session, file: CohortFile, rows: list[Row], *, now: datetime) -> None:
    about, by = (file.tenant_id, file.service_id), str(file.uploaded_by)
    for batch in importing.batches(rows):
        seen = importing.preview(session, *about, batch, by=by, now=now)
        session.execute(insert(CohortRow), [_kept(session, file, outcome) for outcome in seen])


def _make_room(session: Session, staff_id: UUID, *, now: datetime) -> None:
    mine = select(CohortFile).where(CohortFile.uploaded_by == staff_id)
    newest_first = mine.order_by(CohortFile.uploaded_at.desc(), CohortFile.id)
    _drop(session, session.scalars(newest_first.offset(MOST_FILES)), now=now)


def _rows_of(content: bytes, now: datetime) -> list[Row]:
    rows = list(islice(read(io.BytesIO(content), now=now), MOST_ROWS + 1))
    if not rows:
        raise CohortRefused("The file has a first line and no rows below it.")
    if len(rows) > MOST_ROWS:
        raise CohortRefused(
            f"The file has more than {MOST_ROWS:,} rows. Split it, or ask whoever runs Signpost "
            "to import it by command."
        )
    return rows


def _kept(session: Session, file: CohortFile, outcome: Outcome) -> dict[str, Any]:
    """Return the columns of a row; only what is still needed later has content."""
    row, row_id = outcome.row, uuid4()
    needed = outcome.state in (State.TAKEN, State.BROKEN)
    place = (file.tenant_id, CohortRow.__tablename__, row_id, "content")
    return {
        "id": row_id,
        "tenant_id": file.tenant_id,
        "file_id": file.id,
        "number": row.number,
        "state": outcome.state,
        "priority": outcome.priority,
        "reason": outcome.reason if outcome.state is State.EXCLUDED else None,
        "problems": [problem.sentence for problem in row.problems],
        "is_done": False,
        "content": keys.encrypt(session, file.id, *place, dict(row.raw)) if needed else None,
    }


def summaries(session: Session, staff_id: UUID, *, now: datetime) -> list[Summary]:
    """Return the files that are kept for a member of staff, newest first."""
    mine = _living(staff_id, now).order_by(CohortFile.uploaded_at.desc())
    files = list(session.scalars(mine))
    counted = session.execute(
        select(CohortRow.file_id, CohortRow.state, CohortRow.is_done, func.count())
        .where(CohortRow.file_id.in_([file.id for file in files]))
        .group_by(CohortRow.file_id, CohortRow.state, CohortRow.is_done)
    )
    counts = [(file_id, State(state), is_done, n) for file_id, state, is_done, n in counted]
    return [_summary(file, [row[1:] for row in counts if row[0] == file.id]) for file in files]


def summary(session: Session, file_id: UUID, staff_id: UUID, *, now: datetime) -> Summary:
    """Return a kept file of one's own. Raises ``FileGone``."""
    found = next((s for s in summaries(session, staff_id, now=now) if s.file.id == file_id), None)
    if found is None:
        raise FileGone
    return found


def _summary(file: CohortFile, counts: Iterable[tuple[State, bool, int]]) -> Summary:
    states: Counter[State] = Counter()
    waiting = done = 0
    for state, is_done, number in counts:
        states[state] += number
        done += number if is_done else 0
        waiting += number if state is State.TAKEN and not is_done else 0
    return Summary(file, waiting, done, states)


def rows(
    session: Session, file: CohortFile, state: State | None, *, offset: int, limit: int
) -> list[CohortRow]:
    """Return rows of a file in its order, all or those of one state."""
    wanted = select(CohortRow).where(CohortRow.file_id == file.id)
    if state is not None:
        wanted = wanted.where(CohortRow.state == state)
    return list(session.scalars(wanted.order_by(CohortRow.number).offset(offset).limit(limit)))


def take_next(session: Session, file_id: UUID, *, staff_id: UUID, now: datetime) -> None:
    """Bring in the next rows of a file, or do nothing when all have been. Raises ``FileGone``.

    Two windows take turns, and each finds the rows that the other has left.
    """
    file = _locked(session, file_id, staff_id, now)
    good = _waiting(file.id).order_by(CohortRow.number).limit(BATCH)
    kept = list(session.scalars(good))
    read_again = [again(row.number, _content(session, row), now=now) for row in kept]
    outcomes = importing.take(
        session, file.tenant_id, file.service_id, read_again, by=str(staff_id), now=now
    )
    for row, outcome in zip(kept, outcomes, strict=True):
        row.state, row.priority, row.is_done = outcome.state, outcome.priority, True
        row.reason = outcome.reason if outcome.state is State.EXCLUDED else None
        row.problems = [problem.sentence for problem in outcome.row.problems]
        if outcome.state is not State.BROKEN:
            row.content = None
    session.flush()
    if file.finished_at is None and session.scalar(_waiting(file.id).limit(1)) is None:
        _finish(session, file, by=str(staff_id), now=now)


def _finish(session: Session, file: CohortFile, *, by: str, now: datetime) -> None:
    """Say in the record what a file brought; its key goes where no row is left to be returned."""
    file.finished_at, file.digest = now, None
    counted = session.execute(
        select(CohortRow.state, func.count())
        .where(CohortRow.file_id == file.id)
        .group_by(CohortRow.state)
    )
    counts = {str(state): number for state, number in counted}
    audit.of_admin(
        session,
        file.tenant_id,
        "cohort.taken_in",
        by=by,
        at=now,
        file_id=str(file.id),
        service_id=str(file.service_id),
        rows=counts,
    )
    if not counts.get(State.BROKEN):
        keys.erase(session, file.id, now=now)


def broken_csv(session: Session, file: CohortFile) -> str:
    """Return the broken rows of a file with their reasons, to be mended and sent again."""
    broken = rows(session, file, State.BROKEN, offset=0, limit=MOST_ROWS)
    return returned_csv((row.number, _content(session, row), row.problems) for row in broken)


def drop(session: Session, file_id: UUID, *, staff_id: UUID, now: datetime) -> None:
    """Let go of a file at once. Raises ``FileGone``."""
    _drop(session, [_locked(session, file_id, staff_id, now)], now=now)


def forget_old(database: Engine, now: datetime) -> None:
    """Delete the files whose day is over, in every organisation. For the worker."""
    with unit_of_work(database) as session:
        over = select(CohortFile.tenant_id).where(CohortFile.expires_at <= now).distinct()
        tenants: list[UUID] = list(session.scalars(over))
    for tenant_id in tenants:
        with unit_of_work(database, tenant_id) as session:
            old = select(CohortFile).where(CohortFile.expires_at <= now)
            _drop(session, session.scalars(old.with_for_update(skip_locked=True)), now=now)


def _drop(session: Session, files: Iterable[CohortFile], *, now: datetime) -> None:
    for file in list(files):
        keys.erase(session, file.id, now=now)
        session.execute(delete(CohortFile).where(CohortFile.id == file.id))


def _living(staff_id: UUID, now: datetime) -> Select[CohortFile]:
    return select(CohortFile).where(CohortFile.uploaded_by == staff_id, CohortFile.expires_at > now)


def _locked(session: Session, file_id: UUID, staff_id: UUID, now: datetime) -> CohortFile:
    mine = _living(staff_id, now).where(CohortFile.id == file_id).with_for_update()
    file = session.scalar(mine.execution_options(populate_existing=True))
    if file is None:
        raise FileGone
    return file


def _waiting(file_id: UUID) -> Select[CohortRow]:
    return select(CohortRow).where(
        CohortRow.file_id == file_id, CohortRow.state == State.TAKEN, ~CohortRow.is_done
    )


def _content(session: Session, row: CohortRow) -> Mapping[str, str]:
    if row.content is None:
        return {}
    place = (row.tenant_id, CohortRow.__tablename__, row.id, "content")
    found: Mapping[str, str] = keys.decrypt(session, row.file_id, *place, row.content)
    return found
