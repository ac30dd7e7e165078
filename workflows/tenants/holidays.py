"""Bank holidays as loaded from the published feed: never computed, and refused where unknown.

Source: domain specification 4.0. A release carries the holidays known when it was made; what an
organisation loads later stands over them, year by year.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from feel.opening_hours import CalendarRefused, Division, load_holidays
from workflows import audit
from workflows.tenants.models import BankHoliday


class FeedRefused(Refusal):
    """This is not a feed of bank holidays."""

    status = 422


def load(
    session: Session, tenant_id: UUID, feed: str | bytes, *, by: str, now: datetime
) -> Mapping[str, Division]:
    """Load a feed in the format of GOV.UK; the years it covers are replaced, others stay."""
    try:
        divisions = load_holidays(feed)
    except CalendarRefused as refused:
        raise FeedRefused(str(refused)) from refused
    if not any(division.days for division in divisions.values()):
        raise FeedRefused("It names no holiday.")
    for name, division in divisions.items():
        session.execute(
            delete(BankHoliday).where(
                BankHoliday.tenant_id == tenant_id,
                BankHoliday.division == name,
                BankHoliday.year.in_(division.years),
            )
        )
        session.add_all(
            BankHoliday(tenant_id=tenant_id, division=name, day=day, year=day.year)
            for day in division.days
        )
    covered = {name: sorted(division.years) for name, division in divisions.items()}
    audit.of_admin(session, tenant_id, "holidays.loaded", by=by, at=now, covered=covered)
    session.flush()
    return divisions


def loaded(session: Session, tenant_id: UUID) -> dict[str, Division]:
    """Return what an organisation has loaded, by division."""
    rows = session.execute(
        select(BankHoliday.division, BankHoliday.day).where(BankHoliday.tenant_id == tenant_id)
    )
    days: dict[str, set[date]] = {}
    for division, day in rows:
        days.setdefault(division, set()).add(day)
    return {
        name: Division(name, frozenset(found), frozenset(day.year for day in found))
        for name, found in days.items()
    }
