"""Which release an entry of a history was made under, when its instance has moved since."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import history

MOVED = '"kind":"migration"'


def release_at(session: Session, instance_id: UUID, current: int) -> Callable[[int], int]:
    """Return a function from the number of an entry to the number of its release.

    ``current`` is the release on which the instance runs now.
    """
    entry = history.entries()
    stream = f"{history.INSTANCE}{instance_id}"
    moves = (
        select(entry.c.seq)
        .where(entry.c.stream_id == instance_id, entry.c.text.contains(MOVED))
        .order_by(entry.c.seq)
    )
    steps = [
        (seq, history.read(session, stream, seq - 1, 1)[0].payload["data"]["from"])
        for seq in session.scalars(moves)
    ]

    def at(seq: int) -> int:
        return next((int(before) for moved, before in steps if seq < moved), current)

    return at
