"""An instance under its lock, and who moves it: what the parts of the shell hand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.states import IncidentState, InstanceStatus


@dataclass(frozen=True, slots=True)
class Held:
    """An instance as it was read under its row lock."""

    id: UUID
    tenant_id: UUID
    service_id: UUID | None
    business_key: UUID | None
    release_id: UUID
    process_id: str
    status: str
    version: int
    risk_rank: int
    told_rank: int | None = None
    # as it was when the lock was taken; none for one that this transaction has moved since
    state: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who moves the instance and when, and what is to be said of it beside the core's lines."""

    by: str
    now: datetime
    lines: Sequence[Mapping[str, Any]] = ()  # history before the core's own
    completed: Mapping[str, Any] | None = None  # the line of the user task that it completes
    resolution: IncidentState = IncidentState.CANCELLED  # of incidents that are over
    reason: str | None = None
    is_cancelled: bool = False
    rank_before: int | None = None  # as the instance had weighed itself until now
    status: InstanceStatus | None = None  # of the instance from now on, unless it ends
