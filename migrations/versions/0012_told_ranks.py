"""The rank of a running instance as it was told from outside, until it comes to another itself."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("process_instance", sa.Column("told_rank", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
