"""Tables of what the HTTP edge keeps: the desk of each member of staff, locked screens."""

import sqlalchemy as sa
from alembic import op

from migrations.security import open_table, protect

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "desk",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("density", sa.String(), nullable=False, server_default="comfortable"),
        sa.Column("theme", sa.String(), nullable=False, server_default="system"),
        sa.Column("shortcuts", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("lock_minutes", sa.Integer(), nullable=False, server_default="5"),
        sa.Column("pin_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("staff_id", name="pk_desk"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_desk_staff_id"),
        sa.CheckConstraint("density IN ('comfortable', 'compact')", name="ck_desk_density"),
        sa.CheckConstraint("theme IN ('system', 'light', 'dark')", name="ck_desk_theme"),
        sa.CheckConstraint("lock_minutes BETWEEN 1 AND 15", name="ck_desk_lock_minutes"),
    )
    op.create_table(
        "screen_lock",
        sa.Column("login_session_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("login_session_id", name="pk_screen_lock"),
        sa.ForeignKeyConstraint(
            ["login_session_id"],
            ["login_session.id"],
            name="fk_screen_lock_login_session_id",
            ondelete="CASCADE",
        ),
    )
    protect("desk")
    protect("screen_lock")
    # so that a process can say whether it fits the database before it takes requests
    open_table("alembic_version")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
