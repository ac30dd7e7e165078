"""Tables of the engine."""

from migrations.security import create_roles

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_roles()


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
