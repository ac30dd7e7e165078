"""Tables of the answers and drafts."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
