"""What SpiffWorkflow's task states mean here."""

from SpiffWorkflow.util.task import TaskState

FUTURE = TaskState.FUTURE  # arrived, not entered yet
WAITING = TaskState.WAITING  # for an event, or at a join
READY = TaskState.READY  # entered; open, when a person does it
STARTED = TaskState.STARTED  # with something inside that runs
COMPLETED = TaskState.COMPLETED
CANCELLED = TaskState.CANCELLED
