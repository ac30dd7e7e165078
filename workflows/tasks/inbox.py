"""The inbox: what somebody has to do, in the order in which it matters.

Two statements a page, whatever there is to do: the walls before the reader, and the page with the
counts of every view, made from the same scopes as the lists (`inbox_sql.py`). Nothing in it is
personal: names of tasks, numbers of cases, times.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

import forms
from engine.db import run
from workflows.access.actor import Actor
from workflows.tasks.filters import NO_FILTERS, Filters
from workflows.tasks.inbox_sql import (
    CALLS,
    COUNTED,
    DEEPEST_PAGE,
    PAGE,
    Shape,
    View,
    queue_scopes,
    statement,
)
from workflows.tasks.standing import parameters, standing_of
from workflows.tasks.wording import why


class Group(IntEnum):
    """The parts of a list, in order."""

    OVERDUE = 0
    CALLABLE = 1  # the window is open now
    TODAY = 2
    LATER = 3

    @property
    def title(self) -> str:
        return {0: "Overdue", 1: "Now callable", 2: "Today", 3: "Later"}[self]


@dataclass(frozen=True, slots=True)
class Row:
    """One task of a list. ``why`` says why it stands where it stands."""

    id: UUID
    name: str
    process_id: str
    element_id: str
    form_id: str | None
    service_id: UUID | None
    service_name: str | None
    business_key: UUID | None
    reference: str | None  # of the case or contact
    actual_owner: str | None
    owner_name: str | None
    state: str
    team: str | None
    priority: int
    risk_rank: int
    safety_critical: bool
    due_at: datetime | None
    follow_up_at: datetime | None
    created_at: datetime
    completed_at: datetime | None
    group: Group
    why: str

    @property
    def is_call(self) -> bool:
        return self.form_id in CALLS


@dataclass(frozen=True, slots=True)
class Queue:
    """The open tasks of a service, whoever has them."""

    service_id: UUID
    name: str
    count: "Count"


class Count(int):
    """How many there are; said as 99+ beyond."""

    def __str__(self) -> str:
        return "99+" if self >= COUNTED else int.__repr__(self)


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of a view, with the counts of all of them."""

    view: View
    rows: tuple[Row, ...]
    counts: dict[View, Count]
    queues: tuple[Queue, ...]
    page: int
    has_more: bool
    filters: Filters = field(default=NO_FILTERS)

    def grouped(self) -> list[tuple[Group, list[Row]]]:
        """Return the rows under the groups that have any."""
        found = [(group, [row for row in self.rows if row.group is group]) for group in Group]
        return [(group, rows) for group, rows in found if rows]


def inbox(
    session: Session,
    actor: Actor,
    view: View = View.MINE,
    filters: Filters = NO_FILTERS,
    page: int = 1,
    *,
    now: datetime,
    queue: UUID | None = None,
    zone: ZoneInfo = forms.UNITED_KINGDOM,
) -> Inbox:
    """Return page ``page`` (from 1, of 50) of a view.

    ``queue`` is the service whose queue `View.QUEUE` shows. ``zone`` says when today ends.
    """
    if view is View.QUEUE and queue is None:
        raise ValueError("a queue is that of a service")
    page = min(max(page, 1), DEEPEST_PAGE)
    standing = standing_of(actor)
    here = standing.within(queue) if queue else standing.elsewhere
    shape = Shape(len(standing.offers), bool(standing.many), bool(standing.few))
    shown = queue_scopes(shape, here.reach, is_own=here is not standing.elsewhere) if queue else ()
    text = _statement(view, shape, shown, filters.conditions())
    values = parameters(session, actor, standing, now) | _page(page, now, zone)
    values |= filters.values(now) | {"queue": queue, "queue_roles": list(here.roles)}
    found = run(session, text, values)
    rows = [_row(record, now, zone) for record in found if record.id is not None]
    return Inbox(
        view=view,
        rows=tuple(rows[:PAGE]),
        counts={View(name): Count(n) for name, n in found[0].counts.items()},
        queues=tuple(Queue(UUID(i), name, Count(n)) for i, name, n in found[0].queues),
        page=page,
        has_more=len(rows) > PAGE,
        filters=filters,
    )


def _page(page: int, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "now": now,
        "today": midnight,
        "tomorrow": midnight + timedelta(days=1),
        "calls": list(CALLS),
        "skip": (page - 1) * PAGE,
        "depth": page * PAGE + 1,
    }


_statement = lru_cache(maxsize=256)(statement)


def _row(record: Any, now: datetime, zone: ZoneInfo) -> Row:
    names = set(Row.__slots__) - {"group", "why"}
    given = {name: getattr(record, name) for name in names}
    group = Group(record.grp)
    return Row(**given, group=group, why=why(record, group.title, now, zone))
