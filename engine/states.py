"""The states of what the engine keeps. Stored as their text."""

from enum import StrEnum


class ReleaseState(StrEnum):
    """How far a release is. Published ones take effect at `effective_from`."""

    DRAFT = "draft"
    PUBLISHED = "published"
    REJECTED = "rejected"


class InstanceStatus(StrEnum):
    """What has become of a process instance."""

    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class UserTaskState(StrEnum):
    """States of a human task, named as in WS-HumanTask."""

    READY = "ready"  # offered to its potential owners
    RESERVED = "reserved"  # claimed: it has an actual owner
    IN_PROGRESS = "in_progress"  # its owner has begun
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    OBSOLETE = "obsolete"  # the process moved on without it

    @property
    def is_open(self) -> bool:
        return self not in (UserTaskState.COMPLETED, UserTaskState.OBSOLETE)


class TimerKind(StrEnum):
    """A timer event of the diagram, or the due time of a user task."""

    BPMN = "bpmn"
    OVERDUE = "overdue"


class MessageState(StrEnum):
    """Where a message is on its way to the one instance that takes it."""

    PENDING = "pending"  # to be tried
    WAITING = "waiting"  # tried: nobody waits for it yet
    DELIVERED = "delivered"
    AMBIGUOUS = "ambiguous"  # two could take it; an incident says so
    UNCLAIMED = "unclaimed"  # expired: a human task asks what to do
    CLOSED = "closed"  # somebody decided that nothing is to be done


class IncidentState(StrEnum):
    """Whether a failed step still waits for somebody."""

    OPEN = "open"
    RETRIED = "retried"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"  # with its instance, or because the process moved on


class OutboxState(StrEnum):
    """What has become of something that must leave."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"  # given up after the last attempt; shown to operators
