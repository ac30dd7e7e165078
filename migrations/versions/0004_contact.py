"""Tables of the cases, contacts, follow-up."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
