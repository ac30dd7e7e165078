"""Tables of the tenants, services, staff, people, keys."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
