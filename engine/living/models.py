"""Suspensions of instances, and their moves to another release.

A suspension is never deleted: `resumed_at` ends it. Reasons are ciphertext where they may speak of
a person; `workflows` alone can open them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from engine.models import ProcessInstance, Release


class Suspension(Base):
    """An instance that somebody has stopped for a while, and when that is to be looked at."""

    __tablename__ = "suspension"
    __table_args__ = (
        Index(None, "instance_id", unique=True, postgresql_where=text("resumed_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    instance_id: Mapped[UUID] = mapped_column(ForeignKey(ProcessInstance.id))
    suspended_by: Mapped[str]
    suspended_at: Mapped[datetime]
    reason: Mapped[str]
    review_at: Mapped[datetime]  # then an incident asks whether it is still right
    resumed_by: Mapped[str | None]  # or who ended the instance meanwhile
    resumed_at: Mapped[datetime | None]


class InstanceMigration(Base):
    """A plan: the running instances of one process go from one release to another."""

    __tablename__ = "instance_migration"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    process_id: Mapped[str]
    from_release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id))
    to_release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id))
    mapping: Mapped[dict[str, Any]]  # element of the old diagram -> of the new, where they differ
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class MigrationResult(Base):
    """What became of one instance at the last attempt to move it."""

    __tablename__ = "migration_result"
    __table_args__ = (Index(None, "instance_id"),)

    migration_id: Mapped[UUID] = mapped_column(ForeignKey(InstanceMigration.id), primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey(ProcessInstance.id), primary_key=True)
    tenant_id: Mapped[UUID]
    outcome: Mapped[str]  # engine.states.MigrationOutcome
    findings: Mapped[list[Any]]  # engine.core.migration.Finding as objects
    tried_by: Mapped[str]
    tried_at: Mapped[datetime]
