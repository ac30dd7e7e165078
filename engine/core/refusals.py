"""Commands that do not fit the instance they are for."""

from engine.errors import NotFound, Refusal


class TaskNotOpen(Refusal):
    """The task is already completed, or was withdrawn."""


class SubscriptionNotArmed(Refusal):
    """Nobody waits for this message any more."""


class IncidentNotOpen(Refusal):
    """The incident is already settled."""


class InstanceEnded(Refusal):
    """The process has ended."""


class NoSuchProcess(NotFound):
    """There is no such process in this release."""


class NoSuchStart(Refusal):
    """The process cannot be started in this way."""

    status = 422


class NotAVariable(Refusal):
    """A value cannot be kept as a variable of a process."""

    status = 422


class InstanceSuspended(Refusal):
    """This is suspended: nothing moves in it until somebody resumes it."""


class TokenNotThere(Refusal):
    """Nothing waits there any more. Look again."""


class TokenNotMovable(Refusal):
    """This belongs to another step and goes where that goes: move the step itself."""

    status = 422


class StepNotSkippable(Refusal):
    """This cannot be passed over: take one of the events it waits for, or move it."""

    status = 422


class NoSuchTarget(Refusal):
    """There is no such step in the same part of the process."""

    status = 422


class MigrationUndecided(Refusal):
    """It stands at a step that the other diagram does not have: say where it goes."""


class StateUnreadable(Exception):
    """The stored state of an instance is damaged, or of another version or release."""


class StateTooNew(Refusal, StateUnreadable):
    """A newer Signpost has moved this on, and this one cannot read it. Try again in a moment."""

    status = 503  # while one node after the other is brought up to date
