"""Tables of the risk, consent, allocation, safeguarding."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
