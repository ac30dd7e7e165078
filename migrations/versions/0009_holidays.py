"""Tables of the loaded bank holidays."""

import sqlalchemy as sa
from alembic import op

from migrations.security import protect

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "bank_holiday",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "division", "day"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    )
    protect("bank_holiday", rights="SELECT, INSERT, DELETE")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
