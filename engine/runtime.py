"""The core of the engine: an instance, a command and an instant in; changes out. No database.

    run, changes = start(definitions, Start("first_contact", {"case_id": "..."}), step)
    changes = run.apply(CompleteTask(task_id, {"risk_level": "high"}), step)
    state = run.state()                       # bytes, to be kept
    run = restore(definitions, state)         # later, anywhere

A `Run` belongs to one thread. When `apply` raises, the run is to be thrown away: the stored state
is still what it was. `engine/instances.py` is the shell on the database, `engine/rehearsal.py`
the one in memory.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine import codec, specs
from engine.changes import Changes, Start, Step
from engine.core import migration
from engine.core.fitting import Fitting
from engine.core.refusals import (
    IncidentNotOpen,
    InstanceEnded,
    InstanceSuspended,
    MigrationUndecided,
    NoSuchProcess,
    NoSuchStart,
    NoSuchTarget,
    NotAVariable,
    StateUnreadable,
    StepNotSkippable,
    SubscriptionNotArmed,
    TaskNotOpen,
    TokenNotMovable,
    TokenNotThere,
)
from engine.core.run import Run
from engine.core.tokens import Instance
from engine.definitions import Definitions

__all__ = [
    "IncidentNotOpen",
    "InstanceEnded",
    "InstanceSuspended",
    "MigrationUndecided",
    "NoSuchProcess",
    "NoSuchStart",
    "NoSuchTarget",
    "NotAVariable",
    "Run",
    "StateUnreadable",
    "StepNotSkippable",
    "SubscriptionNotArmed",
    "TaskNotOpen",
    "TokenNotMovable",
    "TokenNotThere",
    "fit",
    "migrate",
    "restore",
    "start",
]


def start(definitions: Definitions, command: Start, step: Step) -> tuple[Run, Changes]:
    """Start an instance and drive it to its first wait states.

    Raises `NoSuchProcess`, `NoSuchStart`, `NotAVariable`.
    """
    if command.process_id not in definitions.processes:
        raise NoSuchProcess(f"There is no process '{command.process_id}' in this release.")
    instance = Instance(specs.spec_of(definitions, command.process_id))
    run = Run(definitions, instance, partial(specs.spec_of, definitions))
    return run, run.apply(command, step)


def restore(definitions: Definitions, state: bytes) -> Run:
    """Return the run that `Run.state` was called on; raises `StateUnreadable`.

    ``definitions`` must be the release it was started on (or migrated to).
    """
    spec_of = partial(specs.spec_of, definitions)
    run = Run(definitions, codec.unpack(state, definitions.sha256, spec_of), spec_of)
    run.wake()
    return run


def fit(run: Run, definitions: Definitions, mapping: Mapping[str, str]) -> Fitting:
    """Say what would become of every token of ``run`` on other definitions; changes nothing.

    ``mapping``: elements of the old diagram that another element of the new one takes over.
    Raises `NoSuchProcess`.
    """
    process_id = run.instance.spec.process_id
    if process_id not in definitions.processes:
        raise NoSuchProcess(f"There is no process '{process_id}' in the other release.")
    return Fitting(run, definitions, partial(specs.spec_of, definitions), mapping).fit()


def migrate(
    run: Run,
    definitions: Definitions,
    mapping: Mapping[str, str],
    step: Step,
    about: Mapping[str, Any] | None = None,
) -> tuple[Run, Changes]:
    """Carry a run over to other definitions; the old one must not be used any more.

    ``about`` goes into the history. Raises `MigrationUndecided`, `InstanceEnded`.
    """
    spec_of = partial(specs.spec_of, definitions)
    return migration.migrate(
        fit(run, definitions, mapping),
        lambda instance: Run(definitions, instance, spec_of),
        step,
        about or {},
    )
