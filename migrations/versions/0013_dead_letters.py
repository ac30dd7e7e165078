"""An incident may be about something that could not be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("incident", sa.Column("delivery_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_incident_delivery_id_outbox", "incident", "outbox", ["delivery_id"], ["id"]
    )


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
