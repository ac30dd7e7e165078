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
    SUSPENDED = "suspended"  # nothing moves in it until somebody resumes it
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self in (InstanceStatus.COMPLETED, InstanceStatus.CANCELLED)


RUNNING = (InstanceStatus.ACTIVE, InstanceStatus.SUSPENDED)


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
    """A timer event of the diagram, the due time of a user task, or of a look at a suspension."""

    BPMN = "bpmn"
    OVERDUE = "overdue"
    REVIEW = "review"


class MigrationOutcome(StrEnum):
    """What became of one instance that was to move to another release."""

    MIGRATED = "migrated"
    UNDECIDED = "undecided"  # somebody has to say where a token goes; nothing has changed
    ENDED = "ended"  # it had ended, or moved, before its turn came
    FAILED = "failed"  # nothing has changed


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
