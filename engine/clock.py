"""Where the present comes from: read once per unit of work at the edge and passed down."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the instant, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class TravellingClock:
    """A clock that stands still until it is moved: for rehearsals, tests and demonstrations."""

    def __init__(self, at: datetime) -> None:
        self._now = at
        self.travel_to(at)

    def now(self) -> datetime:
        return self._now

    def travel_to(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("naive datetime")
        self._now = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.travel_to(self._now + by)
