"""Restored instances between two steps, per process, within a bound of memory.

An object is taken out while it is used and comes back only when the transaction has been
committed: whatever raises, and whatever is rolled back, drops it. The version read under the row
lock tells whether it is still the newest.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from engine.db import after_commit, memory
from engine.deeds import Held
from engine.runtime import Run

MOST = 512  # instances
# Of what their states unpack to. An object takes some ten times as much: 40 MB at the most.
MOST_BYTES = 4 * 1024 * 1024
LARGEST_BYTES = MOST_BYTES // 16  # one that is larger would drive too many others out


@dataclass(frozen=True, slots=True)
class Kept:
    """One instance as it stood after a step, and how large it is."""

    version: int
    run: Run
    size: int


class Cache:
    """The instances that this process has moved last."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._runs: OrderedDict[UUID, Kept] = OrderedDict()
        self._bytes = 0

    def __contains__(self, instance_id: UUID) -> bool:
        return instance_id in self._runs

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def bytes(self) -> int:
        """What the states of all that is kept unpack to."""
        return self._bytes

    def take(self, session: Session, held: Held) -> Run | None:
        """Return the object of exactly this version, from this transaction or from before."""
        moved = _moved(session).pop(held.id, None)
        with self._lock:
            kept = self._drop(held.id)
        found = moved or kept
        return found.run if found is not None and found.version == held.version else None

    def keep(self, session: Session, held: Held, run: Run, size: int) -> None:
        """Keep an object for this transaction and, once that is committed, for later ones.

        What a return to a savepoint has undone is no longer in `_moved` then.
        """
        run.rest()
        _moved(session)[held.id] = Kept(held.version, run, size)
        after_commit(session, lambda: self._put_all(_moved(session)))

    def _put_all(self, moved: dict[UUID, Kept]) -> None:
        with self._lock:
            for instance_id, kept in moved.items():
                self._drop(instance_id)
                if kept.size <= LARGEST_BYTES:
                    self._runs[instance_id] = kept
                    self._bytes += kept.size
            while len(self._runs) > self._most or self._bytes > self._most_bytes:
                self._drop(next(iter(self._runs)))

    def _drop(self, instance_id: UUID) -> Kept | None:
        kept = self._runs.pop(instance_id, None)
        if kept is not None:
            self._bytes -= kept.size
        return kept


def _moved(session: Session) -> dict[UUID, Kept]:
    moved: dict[UUID, Kept] = memory(session).setdefault("moved", {})
    return moved
