"""What the core is asked to do with an instance, and what it says has changed.

`engine/runtime.py` takes a `Command` and a `Step` and returns `Changes`; the shells
(`engine/instances.py` on the database, `engine/rehearsal.py` in memory) turn these into rows.
Element ids are always the author's, never one that the XML pass made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from engine.ids import new_id

# -- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Enter a process at its none start event, or at ``element_id`` (an event start)."""

    process_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    element_id: str | None = None


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """Complete a user task; its variables are set before the token moves on."""

    task_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FireTimers:
    """Fire every armed timer that is due at the step's instant, in order of due time."""


@dataclass(frozen=True, slots=True)
class DeliverMessage:
    """Hand a message to the catcher whose subscription it matched."""

    subscription_id: UUID
    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    """Hand a signal to every catcher armed for it in this instance whose key matches.

    The key of a catcher is the extension property ``correlationKey`` (a list of variable
    names, comma separated) of its event; a catcher without one takes every signal of the name.
    """

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetryIncident:
    """Run the failed step again."""

    incident_id: UUID


@dataclass(frozen=True, slots=True)
class SkipIncident:
    """Leave the failed step undone and go on behind it, with ``variables`` set by hand."""

    incident_id: UUID
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelInstance:
    """End the instance; what is open becomes obsolete."""

    reason: str


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Correct variables of the outermost scope by hand."""

    variables: Mapping[str, Any]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MoveToken:
    """Take a token away from where it stands and put it before another element of its scope.

    ``token_id`` is one of `Run.standing`; what belongs to it (boundary events, what runs inside)
    goes with it. Nothing of the element that it leaves is carried out.
    """

    token_id: UUID
    element_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SkipStep:
    """Leave a step that waits undone and go on behind it, with ``variables`` set by hand."""

    token_id: UUID
    reason: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suspend:
    """Say that nothing moves from now on. Whoever holds the instance keeps to it (`Step.holds`)."""

    reason: str
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on: what fell due meanwhile fires now, each once."""

    reason: str


Command = (
    Start
    | CompleteTask
    | FireTimers
    | DeliverMessage
    | DeliverSignal
    | RetryIncident
    | SkipIncident
    | CancelInstance
    | SetVariables
    | MoveToken
    | SkipStep
    | Suspend
    | Resume
)

Repair = CancelInstance | MoveToken | Resume | SetVariables | SkipStep | Suspend
# What may be done to an instance while it is suspended.
WHILE_SUSPENDED = (CancelInstance, MoveToken, Resume, SetVariables, SkipStep)


class Ports(Protocol):
    """What the core may ask of the shell while it drives."""

    def call_operation(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Run the service operation inside a savepoint of the unit of work.

        Raises ``engine.operations.BusinessError`` for a BPMN error, anything else becomes an
        incident. Whatever it wrote is undone when it raises.
        """

    def settings(self) -> Mapping[str, Any]:
        """Return the settings of the service (its own over the release's)."""

    def calendars(self) -> Any:
        """Return the ``feel.calendars.Calendars`` in force: release calendars, loaded holidays."""


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of work seen from the core: the instant, who acts, and the shell's ports."""

    now: datetime
    actor: str | None
    ports: Ports
    holds: bool = False  # the instance is suspended: carry the command out and drive nothing


# -- changes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """A user task (or manual task) has been reached. ``task_id`` is SpiffWorkflow's task id."""

    task_id: UUID
    element_id: str
    name: str
    process_id: str  # the called process, when the task lies in one
    lane: str | None
    form: str | None
    potential_owners: tuple[str, ...]  # role keys and rota positions; sets are resolved
    excluded_owners: tuple[str, ...] = ()  # ids of people who may not do it
    assignee: str | None = None
    team: str | None = None
    priority: int = 2  # 0 is urgent, 3 can wait
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    safety_critical: bool = False


@dataclass(frozen=True, slots=True)
class ClosedTask:
    """A user task is over. ``reason`` names the element that cancelled it."""

    task_id: UUID
    element_id: str
    state: Literal["completed", "obsolete"]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ArmedTimer:
    """A timer counts. ``timer_id`` is unique for this arming; a cycle keeps it and moves on."""

    timer_id: UUID
    element_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ArmedSubscription:
    """A catcher waits for a message (exactly one takes it) or a signal (all take it).

    ``correlation`` is the catcher's key by name; None: any message of the name matches.
    """

    subscription_id: UUID
    element_id: str
    kind: Literal["message", "signal"]
    name: str
    correlation: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Thrown:
    """A message or signal leaves the instance. ``correlation`` as retrieved from the payload.

    The instance's own catchers of a signal have it already; whoever delivers it leaves them out.
    A message goes through the inbox, also when the instance waits for it itself.
    """

    kind: Literal["message", "signal"]
    name: str
    element_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    correlation: Mapping[str, Any] | None = None

    @property
    def message_id(self) -> str | None:
        """The id that the process gives its message: the entry ``message_id`` of the payload.

        Whoever throws a message of this name and id again, in this instance or in another, has
        sent it once. None: every time it is thrown it is another message.
        """
        given = self.payload.get("message_id")
        return f"{self.name}/{given}" if given is not None else None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision table was evaluated by a business rule task."""

    element_id: str
    decision_id: str
    file_sha256: str  # which version of the table
    inputs: Mapping[str, Any]
    matched_rows: tuple[str, ...]
    outputs: Any
    record_id: UUID = field(default_factory=new_id)  # tells what was decided before what


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed and its token is parked; the rest of the instance goes on."""

    incident_id: UUID
    element_id: str
    error: str  # the class of the fault, e.g. "UndecidedCondition"
    cause: str  # a sentence; never a value of a variable
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of history in the words of XES, in the order in which it happened.

    ``data`` may hold ``set`` (variable -> [before, after]), ``by`` (the element that cancelled),
    ``missed`` (firings of a cycle nobody saw), ``error`` (kind of fault) and ``reason``. Lines of
    kind ``repair`` say what somebody did by hand: ``act``, and ``to`` (the element moved to).
    """

    element_id: str | None  # None: the instance itself
    name: str
    transition: Literal[
        "schedule", "start", "complete", "withdraw", "suspend", "resume", "fail", "skip"
    ]
    kind: str  # the BPMN element type: "userTask", "exclusiveGateway", ..., "process"
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """All that one command changed, for the shell to save in the same transaction."""

    tasks_opened: list[OpenedTask] = field(default_factory=list)
    tasks_closed: list[ClosedTask] = field(default_factory=list)
    timers_armed: list[ArmedTimer] = field(default_factory=list)  # new, or with a new due time
    timers_disarmed: list[UUID] = field(default_factory=list)
    subscriptions_armed: list[ArmedSubscription] = field(default_factory=list)
    subscriptions_disarmed: list[UUID] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    resolved: list[UUID] = field(default_factory=list)  # incident ids that are over
    history: list[Line] = field(default_factory=list)
    risk_rank: int = 0  # higher first; from the process property ``riskRank``
    business_key: UUID | None = None  # from the process property ``businessKey``
    ended: bool = False
