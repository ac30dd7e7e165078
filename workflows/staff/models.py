"""Members of staff, what they may do, and when they are there."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Position(StrEnum):
    """A duty that a rota or an appointment gives to somebody, beside the roles."""

    DUTY_WORKER = "duty_worker"  # rota, on `cal_oncall`
    DUTY_MANAGER = "duty_manager"  # rota, on `cal_oncall`
    ON_CALL = "on_call"  # rota: whom to ring when the other two do not answer
    SECOND_REVIEWER = "second_reviewer"  # named: reviews the reviewer's own contacts
    ALTERNATE_RECIPIENT = "alternate_recipient"  # named: has the lead's rights for one matter


class SkillKind(StrEnum):
    LANGUAGE = "language"  # key: ISO 639-3
    NEED = "need"  # key: what is worked with, "stalking"
    TRAINING = "training"  # key: "dbs", "idva"; has an end
    AREA = "area"  # key: a locality
    GENDER = "gender"  # key: as the member of staff puts it, for clients who ask


class Staff(Base):
    """A member of staff. What signs in is `identity.models.Login`."""

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), index=True)
    login_name: Mapped[str] = mapped_column(unique=True)  # lower case, of all tenants
    display_name: Mapped[str]
    initials: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    caseload_cap: Mapped[int] = mapped_column(default=25)
    created_at: Mapped[datetime]


class StaffRole(Base):
    """A role that somebody holds, everywhere or in one service."""

    __tablename__ = "staff_role"
    __table_args__ = (
        UniqueConstraint("staff_id", "role", "service_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("scope IN ('own', 'team', 'service', 'tenant')", name="scope"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str]
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("service.id"))  # None: all of them
    scope: Mapped[str | None]  # narrower than the matrix gives; None: as the matrix gives
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]


class Team(Base):
    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("service_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    name: Mapped[str]


class TeamMember(Base):
    __tablename__ = "team_member"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True, index=True)
    tenant_id: Mapped[UUID]


class StaffSkill(Base):
    __tablename__ = "staff_skill"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    valid_until: Mapped[date | None]  # the last day it counts


class Absence(Base):
    __tablename__ = "absence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]  # None: until somebody says they are back
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


class RotaShift(Base):
    """Somebody holds a rota position from one instant until another."""

    __tablename__ = "rota_shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_rota_shift_at", "tenant_id", "service_id", "position", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    position: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Appointment(Base):
    """Who holds a named position of a service until further notice."""

    __tablename__ = "appointment"

    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    position: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    tenant_id: Mapped[UUID]
    since: Mapped[datetime]
