"""An organisation and the services inside it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Tenant(Base):
    """An organisation: security, keys, staff accounts and row-level security end at it."""

    __tablename__ = "tenant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Service(Base):
    """A unit inside a tenant: calendar, queues, teams, settings, reports."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("tenant_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    key: Mapped[str]  # "helpline", "first_contact", ...
    name: Mapped[str]
    calendar: Mapped[str]  # key of a calendar in the release; what `cal_service` means here
    zone: Mapped[str]  # IANA name, "Europe/London"
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # over the release's settings
    created_at: Mapped[datetime]


class BankHoliday(Base):
    """A holiday of a division, from the feed that was loaded last for its year."""

    __tablename__ = "bank_holiday"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    division: Mapped[str] = mapped_column(primary_key=True)  # "england-and-wales"
    day: Mapped[date] = mapped_column(primary_key=True)
    year: Mapped[int]
