"""What must hold after everything was broken: nothing acknowledged is lost, nothing is doubled."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from chaos_clients import Ledger
from chaos_town import Town
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import history, selfcheck, verification
from engine.db import snapshot
from engine.models import Incident, MessageInbox, ProcessInstance, Timer, UserTask
from engine.states import IncidentState, MessageState, UserTaskState


def audit(town: Town, ledger: Ledger) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of what is there, and everything that is not as it must be."""
    with snapshot(town.application, town.org.tenant_id) as session:
        said = Told(session)
        chains = verification.verify(session)
        figures = {
            "instances": session.scalar(select(func.count()).select_from(ProcessInstance)),
            "history_entries": chains.entries,
            "history_streams": chains.streams,
            "incidents": session.scalar(select(func.count()).select_from(Incident)),
            "timers_fired": said.of("pause").total(),
            "timers_late_seconds": said.lateness(),
        }
        faults = [
            *(f"the chain is broken: {each}" for each in chains.breaks),
            *(f"rows and states differ: {each}" for each in selfcheck.check(session)),
            *of_completions(session, town, ledger, said),
            *of_starts(session, ledger),
            *of_timers(said),
            *of_messages(session, said),
            *of_ends(session, ledger),
            *(f"a client was surprised: {words}" for words in ledger.surprises),
        ]
    return figures, faults


class Told:
    """What the history says: how often each task was completed, and each element, by instance."""

    def __init__(self, session: Session) -> None:
        self.tasks: Counter[str] = Counter()
        self.elements: dict[str, Counter[UUID]] = {}
        self.at: dict[tuple[str, UUID], datetime] = {}
        for instance_id in session.scalars(select(ProcessInstance.id)).all():
            for entry in history.read(session, f"instance:{instance_id}", limit=500):
                said = entry.payload
                if said["lifecycle_transition"] == "complete" and "element" in said:
                    self.elements.setdefault(said["element"], Counter())[instance_id] += 1
                    self.at[said["element"], instance_id] = entry.at
                    if "task" in said:
                        self.tasks[said["task"]] += 1

    def lateness(self) -> dict[str, float]:
        """Return by how much timers came late: the median, the slowest of twenty, the slowest."""
        late = sorted(
            (at - self.at["tell", instance_id]).total_seconds() - 1.0
            for (element_id, instance_id), at in self.at.items()
            if element_id == "pause"
        )
        places = {"p50": len(late) // 2, "p95": len(late) * 95 // 100, "max": len(late) - 1}
        return {name: round(late[place], 2) for name, place in places.items() if late}

    def of(self, element_id: str) -> Counter[UUID]:
        return self.elements.get(element_id, Counter())


def of_completions(session: Session, town: Town, ledger: Ledger, said: Told) -> Iterator[str]:
    tasks = {task.id: task for task in session.scalars(select(UserTask))}
    names = {str(id): name for name, id in town.org.staff.items()}
    for task_id, clients in ledger.completed.items():
        task = tasks.get(task_id)
        if len(clients) > 1:
            yield f"task {task_id} was acknowledged {len(clients)} times, to {clients}"
        if task is None or task.state != UserTaskState.COMPLETED:
            yield f"task {task_id} was acknowledged to {clients} and is not completed"
        elif names.get(task.completed_by or "") != clients[0]:
            yield f"task {task_id} was acknowledged to {clients} and done by another"
    for task_id, task in tasks.items():
        expected = 1 if task.state == UserTaskState.COMPLETED else 0
        if said.tasks[str(task_id)] != expected:
            yield f"task {task_id} is {task.state}, and history completes it " + (
                f"{said.tasks[str(task_id)]} times"
            )


def of_starts(session: Session, ledger: Ledger) -> Iterator[str]:
    errands = select(ProcessInstance.id).where(ProcessInstance.process_id == "errand")
    there, told = set(session.scalars(errands)), Counter(ledger.started)
    if there != told.keys():
        yield f"{len(there)} errands are there, {len(told)} were acknowledged"
    for instance_id, times in told.items():
        if times > 1:
            yield f"errand {instance_id} was acknowledged as {times} different ones"


def of_timers(said: Told) -> Iterator[str]:
    """Each timer fires once, and everybody who comes behind it has come by it."""
    fired = said.of("pause")
    for instance_id, times in fired.items():
        if times != 1:
            yield f"the timer of {instance_id} has fired {times} times"
    if set(said.of("second")) - set(fired):
        yield "a task behind a timer was done before the timer had fired"


def of_messages(session: Session, said: Told) -> Iterator[str]:
    """Each message has started or resumed exactly one instance."""
    row = MessageInbox
    for name, thrower, catcher in (
        ("errand.handed_over", "tell", "hear"),
        ("errand.checked", "reply", "answer"),
    ):
        rows = session.execute(select(row.state, row.consumed_by).where(row.name == name)).all()
        consumed = Counter(instance_id for _, instance_id in rows)
        if any(state != MessageState.DELIVERED for state, _ in rows):
            yield f"{name}: " + str(Counter(state for state, _ in rows))
        if set(consumed.values()) - {1}:
            yield f"{name}: two went to one instance"
        thrown, caught = said.of(thrower).total(), said.of(catcher).total()
        if not thrown == len(rows) == caught:
            yield f"{name}: {thrown} thrown, {len(rows)} in the inbox, {caught} caught"


def of_ends(session: Session, ledger: Ledger) -> Iterator[str]:
    """Every case has ended, or an incident says why not."""
    failed = select(Incident.instance_id).where(Incident.state == IncidentState.OPEN)
    going_on = select(ProcessInstance.id).where(
        ProcessInstance.ended_at.is_(None), ProcessInstance.id.not_in(failed)
    )
    for instance_id in session.scalars(going_on):
        yield f"instance {instance_id} has neither ended nor an incident"
    incidents = Counter(session.scalars(select(Incident.error)))
    if incidents != Counter(UndecidedCondition=ledger.broken) and (incidents or ledger.broken):
        yield f"{ledger.broken} errands were to fail, but there are {dict(incidents)}"
    if left := session.scalar(select(func.count()).select_from(Timer)):
        yield f"{left} timers are left"


def is_settled(town: Town) -> bool:
    """Say whether nothing is left to be done by anybody."""
    with snapshot(town.application, town.org.tenant_id) as session:
        return not (
            session.scalar(select(func.count()).where(UserTask.completed_at.is_(None)))
            or session.scalar(select(func.count()).select_from(Timer))
            or session.scalar(select(func.count()).where(MessageInbox.state == "pending"))
        )
