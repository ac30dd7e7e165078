"""Ark with a small release: one process with a form, worked through the policy."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diagrams import diagram, end, process, start, user
from factories import make_case
from form_files import choice, definition, question
from people import Organisation, make_ark
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import history, instances, releases
from engine.clock import TravellingClock
from engine.models import UserTask
from workflows.access.actor import Actor, actor_for
from workflows.tasks import completing

GRADE = definition(
    choice(
        "radio",
        "level",
        "low",
        "high",
        label="How high is the risk?",
        validate={"required": True},
        properties={"class": "C0", "variable": True},
    ),
    question(
        "textarea",
        "danger",
        "What is the danger now?",
        validate={"required": True},
        properties={"class": "C2"},
        hide='=level != "high"',
    ),
    id="grade",
)
ASSESS = user(
    "task_grade",
    name="Grade the risk",
    form="grade",
    potentialOwners="case_worker",
    excludedOwners="if author != null then [author] else []",
    dueAt='"PT4H"',
)
FILES = {
    "p.bpmn": diagram(
        process(
            start("begin"),
            ASSESS,
            user("task_tell", name="Tell the client", potentialOwners="case_worker"),
            end("done"),
            flows="begin > task_grade > task_tell > done",
        )
    ),
    "grade.form": json.dumps(GRADE),
}


@dataclass(frozen=True)
class Office:
    """Ark at work: start the process, act as somebody, look at what there is."""

    org: Organisation
    clock: TravellingClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def __getattr__(self, login_name: str) -> UUID:
        return self.org.staff[login_name]

    @contextmanager
    def as_(self, login_name: str) -> Iterator[tuple[Session, Actor]]:
        """Open a unit of work as a member of staff."""
        with self.org.work() as session:
            yield session, actor_for(session, self.org.staff[login_name], self.now)

    def start(self, service: str = "support", **variables: Any) -> UUID:
        """Start the process about a new case; return the id of its first task."""
        with self.org.work() as session:
            case_id = make_case(session, self.org, service)
            instance_id = instances.start(
                session,
                self.org.tenant_id,
                "p",
                {"author": None} | variables,
                by="system",
                now=self.now,
                service_id=self.org.services[service],
                business_key=case_id,
            )
        return self.open_task(instance_id).id

    def open_task(self, instance_id: UUID) -> UserTask:
        with self.org.work() as session:
            waiting = select(UserTask).where(
                UserTask.instance_id == instance_id, UserTask.completed_at.is_(None)
            )
            return session.scalars(waiting).one()

    def task(self, task_id: UUID) -> UserTask:
        with self.org.work() as session:
            return session.get_one(UserTask, task_id)

    def complete(
        self, login_name: str, task_id: UUID, answers: Mapping[str, Any], **more: Any
    ) -> completing.Completion:
        with self.as_(login_name) as (session, actor):
            return completing.complete(session, task_id, answers, actor=actor, now=self.now, **more)

    def lines(self, instance_id: UUID | None) -> list[dict[str, Any]]:
        with self.org.work() as session:
            entries = history.read(session, f"instance:{instance_id}", limit=1000)
            return [dict(entry.payload) for entry in entries]


def open_office(database: Engine, clock: TravellingClock) -> Office:
    org = make_ark(database, clock.now())
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=clock.now(), files=FILES)
    return Office(org, clock)
