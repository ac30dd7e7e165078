"""From which release a draft was made; who asked a team leader for help, and why."""

import sqlalchemy as sa
from alembic import op

from migrations.security import protect

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("release", sa.Column("base_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(None, "release", "release", ["base_id"], ["id"])
    op.create_table(
        "manager_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_task_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    protect("manager_alert", rights="SELECT, INSERT")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
