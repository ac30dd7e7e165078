"""Suspended instances, and instances that move to another release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import protect

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("user_task", sa.Column("suspended_from", sa.String()))
    op.add_column(
        "timer", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        "ix_process_instance_tenant_id_release_id",
        "process_instance",
        ["tenant_id", "release_id", "process_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("suspended_by", sa.String(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("review_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_by", sa.String()),
        sa.Column("resumed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_suspension_instance_id",
        "suspension",
        ["instance_id"],
        unique=True,
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
    protect("suspension", rights="SELECT, INSERT, UPDATE")
    _migrations()


def _migrations() -> None:
    op.create_table(
        "instance_migration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("from_release_id", sa.Uuid(), nullable=False),
        sa.Column("to_release_id", sa.Uuid(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["from_release_id"], ["release.id"]),
        sa.ForeignKeyConstraint(["to_release_id"], ["release.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_instance_migration_tenant_id_created_at",
        "instance_migration",
        ["tenant_id", "created_at"],
    )
    protect("instance_migration", rights="SELECT, INSERT, UPDATE")
    op.create_table(
        "migration_result",
        sa.Column("migration_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("tried_by", sa.String(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["instance_migration.id"]),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.PrimaryKeyConstraint("migration_id", "instance_id"),
    )
    op.create_index("ix_migration_result_instance_id", "migration_result", ["instance_id"])
    protect("migration_result", rights="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
