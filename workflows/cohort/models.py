"""A cohort file between its dry run and its import: row by row, sealed, for a day at most.

What is said about people lies under a key of the file's own. A row that was brought in loses its
content in the same transaction; a row that needs none (known, excluded) never has any. When the
file goes, its key is destroyed with it.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class CohortFile(Base):
    """One uploaded file. Only who uploaded it sees it."""

    __tablename__ = "cohort_file"
    __table_args__ = (
        # a second press on the button while the first is under way makes no second file
        UniqueConstraint("tenant_id", "uploaded_by", "service_id", "digest"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)  # its key's subject, too
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    uploaded_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    digest: Mapped[bytes | None]  # blind index of the content; None: brought in
    finished_at: Mapped[datetime | None]  # every good row has been brought in


class CohortRow(Base):
    """A row of a file and what would become of it or, once done, what has."""

    __tablename__ = "cohort_row"
    __table_args__ = (
        UniqueConstraint("file_id", "number"),
        CheckConstraint("state IN ('taken', 'known', 'excluded', 'broken')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    file_id: Mapped[UUID] = mapped_column(ForeignKey(CohortFile.id, ondelete="CASCADE"))
    number: Mapped[int]  # as a spreadsheet numbers it (the head is 1)
    state: Mapped[str]  # `importing.State`
    priority: Mapped[str | None]
    reason: Mapped[str | None]  # why it is excluded
    problems: Mapped[list[str]]  # of a broken one, in sentences that repeat no value
    is_done: Mapped[bool] = mapped_column(default=False)
    content: Mapped[bytes | None]  # the cells, sealed; None where nobody needs them any more
