"""Tables of the answers and drafts."""

import sqlalchemy as sa
from alembic import op

from migrations.security import protect

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "form_answers",
        sa.Column("user_task_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("form_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_task_id"], ["user_task.id"]),
        sa.PrimaryKeyConstraint("user_task_id"),
    )
    op.create_index(
        "ix_form_answers_tenant_id_subject_id", "form_answers", ["tenant_id", "subject_id"]
    )
    # what was answered is never rewritten; erasing it is destroying the key
    protect("form_answers", rights="SELECT, INSERT")
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_task_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.String(), nullable=False),
        sa.Column("form_sha256", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(user_task_id, contact_id) = 1", name="one_subject"),
        sa.ForeignKeyConstraint(["user_task_id"], ["user_task.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_task_id"),
        sa.UniqueConstraint("tenant_id", "contact_id"),
    )
    op.create_index("ix_draft_staff_id", "draft", ["staff_id"])
    protect("draft")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
