"""The numbers that people see: per tenant and year, without gaps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflows.cases.models import NumberSeries


def case_number(session: Session, tenant_id: UUID, *, now: datetime) -> str:
    """Return the next number of a case, such as "27-000123"."""
    return f"{now:%y}-{_next(session, tenant_id, 'case', now.year):06}"


def contact_reference(session: Session, tenant_id: UUID, *, now: datetime) -> str:
    """Return the next reference of a contact, such as "R27-000123"."""
    return f"R{now:%y}-{_next(session, tenant_id, 'contact', now.year):06}"


def _next(session: Session, tenant_id: UUID, kind: str, year: int) -> int:
    row = {"tenant_id": tenant_id, "kind": kind, "year": year}
    counted = (
        insert(NumberSeries)
        .values(**row, last=1)
        .on_conflict_do_update(index_elements=list(row), set_={"last": NumberSeries.last + 1})
        .returning(NumberSeries.last)
    )
    return session.execute(counted).scalar_one()
