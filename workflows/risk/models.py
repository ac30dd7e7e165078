"""Tables of risk: what was asked with each tool, and every grade a case has had."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from workflows.keys import JSON, DataClass, Sealed, encrypted


class GradeOrigin(StrEnum):
    """Where a grade comes from."""

    GRADED = "graded"  # with the person, by the tools
    EXTERNAL = "external"  # another agency's, attached
    PROVISIONAL = "provisional"  # nobody could ask yet


class RiskAssessment(Sealed, Base):
    """The answers to one tool at one time. Append-only: a new asking is a new row."""

    __tablename__ = "risk_assessment"
    __table_args__ = (Index(None, "tenant_id", "case_id", "assessed_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]  # the case's key
    instance_id: Mapped[UUID]  # the grading it belongs to
    user_task_id: Mapped[UUID] = mapped_column(unique=True)
    tool: Mapped[str]  # dash, yp_dash, hate, stalking_screen, self_harm_screen, attach_external
    assessed_at: Mapped[datetime]
    assessed_by: Mapped[str]

    answers = encrypted(DataClass.C2, JSON)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class RiskGrade(Sealed, Base):
    """A grade of a case, in force until the next one. Append-only."""

    __tablename__ = "risk_grade"
    __table_args__ = (Index(None, "tenant_id", "case_id", "graded_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]
    instance_id: Mapped[UUID]  # the process that graded
    mode: Mapped[str]  # with_client, on_papers
    level: Mapped[str]
    previous_level: Mapped[str | None]
    table_level: Mapped[str]  # what the decision table gave, before anybody's judgement
    origin: Mapped[str]
    judgement: Mapped[str | None]  # agree, raise, lower
    approved_by: Mapped[str | None]  # the second person, when a level was lowered
    graded_at: Mapped[datetime]
    graded_by: Mapped[str]
    review_due_at: Mapped[datetime | None]

    reason = encrypted(DataClass.C2)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id


class SafetyPlan(Sealed, Base):
    """A safety plan as agreed with the person; the newest is in force. Append-only."""

    __tablename__ = "safety_plan"
    __table_args__ = (Index(None, "tenant_id", "case_id", "agreed_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    subject_id: Mapped[UUID]
    user_task_id: Mapped[UUID] = mapped_column(unique=True)
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[str]

    plan = encrypted(DataClass.C3, JSON)

    @property
    def key_subject(self) -> UUID:
        return self.subject_id
