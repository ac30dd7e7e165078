"""What a person at an edge does with the engine, for tests that drive processes on the database."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import history, instances, messages, releases, selfcheck, user_tasks, verification
from engine.changes import Changes
from engine.clock import TravellingClock
from engine.db import snapshot, unit_of_work
from engine.models import Incident, MessageInbox, ProcessInstance, UserTask
from engine.states import IncidentState


@dataclass(frozen=True)
class Desk:
    """One tenant, seen by an edge: every verb is a unit of work of its own, then drained."""

    database: Engine
    clock: TravellingClock
    tenant_id: UUID

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def work(self) -> AbstractContextManager[Session]:
        return unit_of_work(self.database, self.tenant_id)

    def publish(self, files: Mapping[str, str]) -> UUID:
        with self.work() as session:
            made = releases.install_shipped(session, self.tenant_id, now=self.now, files=files)
            return made.id

    def start(
        self, process_id: str = "p", variables: Mapping[str, Any] | None = None, **options: Any
    ) -> UUID:
        with self.work() as session:
            instance_id = instances.start(
                session,
                self.tenant_id,
                process_id,
                variables or {},
                by="amina",
                now=self.now,
                **options,
            )
            produced = messages.produced(session)
        self.drain(produced)
        return instance_id

    def complete(
        self, task_id: UUID, variables: Mapping[str, Any] | None = None, *, by: str = "amina"
    ) -> Changes:
        with self.work() as session:
            changes = user_tasks.complete(session, task_id, variables or {}, by=by, now=self.now)
            produced = messages.produced(session)
        self.drain(produced)
        return changes

    def send(self, name: str, payload: Mapping[str, Any], **options: Any) -> UUID:
        """Send and drain; return the id of the row."""
        with self.work() as session:
            row_id = messages.send(
                session, self.tenant_id, name, payload, by="amina", now=self.now, **options
            )
            produced = messages.produced(session)
        self.drain(produced)
        return row_id

    def drain(self, ids: list[UUID] | None = None) -> messages.Drained:
        return messages.drain(self.database, self.tenant_id, now=self.now, ids=ids)

    def open_tasks(self, instance_id: UUID | None = None) -> list[UserTask]:
        """Open tasks in the order of their reaching, read afresh."""
        waiting = select(UserTask).where(UserTask.completed_at.is_(None))
        if instance_id is not None:
            waiting = waiting.where(UserTask.instance_id == instance_id)
        with self.work() as session:
            return list(session.scalars(waiting.order_by(UserTask.created_at, UserTask.name)))

    def task(self, instance_id: UUID) -> UUID:
        """Return the id of the one open task of an instance."""
        [task] = self.open_tasks(instance_id)
        return task.id

    def instance(self, instance_id: UUID) -> ProcessInstance:
        with self.work() as session:
            return session.get_one(ProcessInstance, instance_id)

    def lines(self, instance_id: UUID) -> list[tuple[str, str, str | None]]:
        """Return what the history says: name, transition, by whom."""
        with self.work() as session:
            entries = history.read(session, f"instance:{instance_id}", limit=1000)
        return [
            (
                e.payload["concept_name"],
                e.payload["lifecycle_transition"],
                e.payload.get("org_resource"),
            )
            for e in entries
        ]

    def is_consistent(self) -> bool:
        """Say whether the chains verify and rows and states say the same."""
        with snapshot(self.database, self.tenant_id) as session:
            differences = list(selfcheck.check(session))
            breaks = verification.verify(session).breaks
        assert differences == []
        assert breaks == []
        return True

    def incidents(self) -> list[Incident]:
        with self.work() as session:
            waiting = select(Incident).where(Incident.state == IncidentState.OPEN)
            return list(session.scalars(waiting))

    def message(self, row_id: UUID) -> MessageInbox:
        with self.work() as session:
            return session.get_one(MessageInbox, row_id)
