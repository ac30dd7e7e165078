"""Tables of a cohort file between its dry run and its import."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import protect

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "cohort_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"]),
        sa.ForeignKeyConstraint(["uploaded_by"], ["staff.id"]),
        sa.UniqueConstraint("tenant_id", "uploaded_by", "service_id", "digest"),
    )
    op.create_index("ix_cohort_file_expires_at", "cohort_file", ["expires_at"])
    op.create_table(
        "cohort_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("problems", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["file_id"], ["cohort_file.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("file_id", "number"),
        sa.CheckConstraint("state IN ('taken', 'known', 'excluded', 'broken')", name="state"),
    )
    # the worker finds files of every tenant whose day is over
    protect("cohort_file", worker_reads_all=True)
    protect("cohort_row")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
