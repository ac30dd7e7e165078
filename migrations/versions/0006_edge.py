"""Tables of the what the HTTP edge keeps."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
