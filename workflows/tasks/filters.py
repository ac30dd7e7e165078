"""What narrows a list of tasks. All of it may stand in a URL: nothing here is personal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.errors import Refusal

NOBODY = "nobody"
DUE = {
    "overdue": "t.due_at <= %(now)s",
    "today": "t.due_at < %(tomorrow)s",
    "week": "t.due_at < %(week)s",
    "none": "t.due_at IS NULL",
}
# filter -> the condition it adds
CONDITIONS: Mapping[str, str] = {
    "service_id": "t.service_id = %(f_service_id)s",
    "least_risk": "t.risk_rank >= %(f_least_risk)s",
    "process_id": "t.process_id = %(f_process_id)s",
    "element_id": "t.element_id = %(f_element_id)s",
    "form_id": "t.form_id = %(f_form_id)s",
    "team": "t.team = %(f_team)s",
    "waiting_days": "t.created_at <= %(f_since)s",
}


class UnknownFilter(Refusal):
    """This list cannot be narrowed in that way."""

    status = 422


@dataclass(frozen=True, slots=True)
class Filters:
    """Each one that is given must hold. ``owner`` is a staff id as text, or ``nobody``."""

    service_id: UUID | None = None
    least_risk: int | None = None  # 2 medium and above, 3 high and above
    due: str | None = None  # a key of `DUE`
    process_id: str | None = None
    element_id: str | None = None
    form_id: str | None = None
    owner: str | None = None
    team: str | None = None
    waiting_days: int | None = None  # waits at least so long

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Filters":
        """Read filters as they stand in a URL; blank ones are none. Raises ``UnknownFilter``."""
        known = {each.name for each in fields(cls)}
        try:
            read = {
                name: PARSERS.get(name, str)(value.strip())
                for name, value in given.items()
                if name in known and value.strip()
            }
        except ValueError as error:
            raise UnknownFilter from error
        texts = [value for value in read.values() if isinstance(value, str)]
        if any(len(value) > 100 or "\0" in value for value in texts):
            raise UnknownFilter
        if read.get("due", "none") not in DUE:
            raise UnknownFilter
        return cls(**read)

    @property
    def count(self) -> int:
        """How many filters are in force."""
        return sum(getattr(self, each.name) is not None for each in fields(self))

    def conditions(self) -> tuple[str, ...]:
        """Return the conditions on ``t``."""
        found = [text for name, text in CONDITIONS.items() if getattr(self, name) is not None]
        if self.due is not None:
            found.append(DUE[self.due])
        if self.owner is not None:
            is_nobody = self.owner == NOBODY
            found.append("t.actual_owner IS NULL" if is_nobody else "t.actual_owner = %(f_owner)s")
        return tuple(found)

    def values(self, now: datetime) -> dict[str, Any]:
        """Return the values that the conditions name."""
        given = {f"f_{each.name}": getattr(self, each.name) for each in fields(self)}
        since = now - timedelta(days=self.waiting_days or 0)
        return {**given, "f_since": since, "week": now + timedelta(days=7)}


def _small(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise ValueError(text)
    return int(text)


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "service_id": UUID,
    "least_risk": _small,
    "waiting_days": _small,
}
NO_FILTERS = Filters()
