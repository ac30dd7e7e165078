"""Play one contact from its arrival until a horizon: staff work, timers fire, the clock travels.

Everything goes through the doors that people and the worker use, so that what is seen afterwards
really happened; nothing is inserted behind the processes' backs.
"""

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import Engine, Select, or_, select
from sqlalchemy.orm import Session

from engine import messages, timers
from engine.db import unit_of_work
from engine.errors import Refusal
from engine.models import MessageSubscription, ProcessInstance, Timer, UserTask
from engine.states import TimerKind
from engine.timers import Due
from workflows.access.actor import Actor, actor_for
from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.contact.said import LIVE_CHANNELS
from workflows.demonstration.callers import Caller
from workflows.demonstration.organisation import Organisation
from workflows.demonstration.replies import Replier
from workflows.safeguarding import concerns
from workflows.safeguarding.models import SafeguardingConcern
from workflows.tasks import completing, worklist
from workflows.tasks.asked import asked_by

logger = logging.getLogger(__name__)

SYSTEM = "system"
# How tasks go: in time, late, or not at all yet.
IN_TIME, LATE = 0.86, 0.09
WITHOUT_DUE = timedelta(hours=20)
MOST_STEPS = 400  # of one story; a circle in a diagram ends here


AGENCY_ANSWERS = 0.8
CLAIMED = 0.45


@dataclass(frozen=True, slots=True)
class Work:
    """Somebody does a task."""

    task_id: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """An agency answers what a process waits for."""

    subscription_id: UUID


Step = Due | Work | Answer


@dataclass
class Story:
    """What has happened to one contact so far."""

    now: datetime
    keys: set[UUID]  # the contact, and its case once there is one
    planned: dict[UUID, datetime | None] = field(default_factory=dict)
    answering: dict[UUID, datetime | None] = field(default_factory=dict)  # agencies, by what waits
    steps: int = 0


class Player:
    """The staff of an organisation at work on invented contacts."""

    def __init__(self, database: Engine, organisation: Organisation, chance: random.Random) -> None:
        self.database = database
        self.organisation = organisation
        self.chance = chance
        self.replier = Replier(chance)

    def play(self, caller: Caller, arrives_at: datetime, horizon: datetime) -> Story:
        """Let ``caller`` get in touch and everything follow that follows until ``horizon``."""
        contact_id = self._arrive(caller, arrives_at)
        story = Story(arrives_at, {contact_id})
        while story.steps < MOST_STEPS:
            self._look(story, contact_id)
            step = self._next(story)
            if step is None or step[0] > horizon:
                break
            story.now = max(story.now, step[0])
            story.steps += 1
            self._do(step[1], story)
        self._claim_some(story, horizon)
        return story

    # -- arriving ----------------------------------------------------------------------------

    def _arrive(self, caller: Caller, now: datetime) -> UUID:
        tenant_id = self.organisation.tenant_id
        service_id = self.organisation.services[caller.service]
        with self._work_at(now) as session:
            if caller.channel in LIVE_CHANNELS:
                handler = self._somebody("contact_handler", "helpline_operator", "spoc_admin")
                contact = intake.begin(
                    session,
                    tenant_id,
                    service_id,
                    channel=caller.channel,
                    source=caller.source,
                    handler_id=handler,
                    now=now,
                )
                intake.end(
                    session,
                    contact.id,
                    {**caller.answers, "safe_now": caller.answers.get("safe_now", "yes")},
                    by=str(handler),
                    now=now,
                )
            else:
                contact = intake.receive(
                    session,
                    tenant_id,
                    service_id,
                    channel=caller.channel,
                    source=caller.source,
                    answers=caller.answers,
                    by=SYSTEM,
                    now=now,
                )
            session.flush()
            return contact.id

    def _somebody(self, *roles: str) -> UUID:
        people = [p for p in self.organisation.plan.people if p.role in roles]
        return self.organisation.staff[self.chance.choice(people).login]

    # -- what comes next ---------------------------------------------------------------------

    def _look(self, story: Story, contact_id: UUID) -> None:
        """Plan when each new task will be done; find the case of the contact."""
        with unit_of_work(self.database, self.organisation.tenant_id) as session:
            case_id = session.scalar(select(Contact.case_id).where(Contact.id == contact_id))
            if case_id is not None:
                story.keys.add(case_id)
            found = session.execute(
                select(UserTask.id, UserTask.created_at, UserTask.due_at).where(
                    UserTask.business_key.in_(story.keys), UserTask.completed_at.is_(None)
                )
            ).all()
            for waiting in session.scalars(_silent_agencies(story.keys)):
                if waiting not in story.answering:
                    story.answering[waiting] = self._answers(story.now)
        fresh = {row.id for row in found} - story.planned.keys()
        story.planned = {id: at for id, at in story.planned.items() if id in {r.id for r in found}}
        for row in sorted(found, key=lambda row: (row.created_at, str(row.id))):
            if row.id in fresh:
                story.planned[row.id] = self._when(row.created_at, row.due_at)

    def _when(self, opened: datetime, due: datetime | None) -> datetime | None:
        """Draw when a task is done: mostly in time, sometimes late, seldom left lying."""
        window = max((due or opened + WITHOUT_DUE) - opened, timedelta(minutes=2))
        drawn = self.chance.random()
        if drawn < IN_TIME:
            return opened + window * self.chance.uniform(0.05, 0.8)
        if drawn < IN_TIME + LATE:
            return opened + window * self.chance.uniform(1.1, 2.5)
        return None

    def _answers(self, now: datetime) -> datetime | None:
        """Draw when an agency answers, if it does."""
        hours = self.chance.uniform(2, 90)
        return now + timedelta(hours=hours) if self.chance.random() < AGENCY_ANSWERS else None

    def _next(self, story: Story) -> tuple[datetime, Step] | None:
        steps: list[tuple[datetime, Step]] = [
            (at, Work(id)) for id, at in story.planned.items() if at is not None
        ]
        steps += [(at, Answer(id)) for id, at in story.answering.items() if at is not None]
        with unit_of_work(self.database, self.organisation.tenant_id) as session:
            timer = session.execute(_timers(story.keys).limit(1)).first()
        if timer is not None:
            kind = TimerKind(timer.kind)
            target = timer.instance_id if kind is TimerKind.BPMN else timer.id
            due = Due(self.organisation.tenant_id, kind, target, [timer.id])
            steps.append((timer.retry_at or timer.due_at, due))
        return min(steps, key=lambda step: (step[0], str(step[1])), default=None)

    # -- doing it ----------------------------------------------------------------------------

    def _do(self, step: "Step", story: Story) -> None:
        match step:
            case Due():
                with self._work_at(story.now) as session:
                    timers.FIRE[TimerKind(step.kind)](session, step, story.now)
            case Answer(subscription_id):
                self._answer(subscription_id, story)
            case Work(task_id):
                self._work(task_id, story)

    def _answer(self, subscription_id: UUID, story: Story) -> None:
        """Let the agency that is waited for answer."""
        story.answering[subscription_id] = None
        with self._work_at(story.now) as session:
            waiting = session.get(MessageSubscription, subscription_id)
            if waiting is None or waiting.correlation is None:
                return
            key = waiting.correlation
            concern = session.get_one(SafeguardingConcern, UUID(key["concern_id"]))
            concerns.agency_answered(session, concern, key["route"], by=SYSTEM, now=story.now)

    def _work(self, task_id: UUID, story: Story) -> None:
        """Let somebody who may do the task do it; what is refused stays open."""
        story.planned[task_id] = None
        try:
            with self._work_at(story.now) as session:
                task = session.get_one(UserTask, task_id)
                actor = self._actor_for(session, task, story.now)
                if actor is None or not task.is_open:
                    return
                asked = asked_by(session, task, now=story.now)
                answers = (
                    self.replier.answer(asked.form, now=story.now, lists=asked.lists, known={})
                    if asked
                    else {}
                )
                completing.complete(session, task_id, answers, actor=actor, now=story.now)
        except (Refusal, ValidationError) as refused:
            logger.info("%s was left open: %s", task_id, type(refused).__name__)

    def _claim_some(self, story: Story, now: datetime) -> None:
        """Leave some of the open tasks claimed, as they are in the middle of a day."""
        for task_id in sorted(story.planned, key=str):
            if self.chance.random() > CLAIMED:
                continue
            with self._work_at(now) as session:
                task = session.get_one(UserTask, task_id)
                actor = self._actor_for(session, task, now)
                if actor is not None and task.is_open and task.actual_owner is None:
                    worklist.claim(session, task_id, actor=actor, now=now)

    def _actor_for(self, session: Session, task: UserTask, now: datetime) -> Actor | None:
        """Return somebody to whom the task is offered, or whoever has it."""
        if task.actual_owner is not None:
            return actor_for(session, UUID(task.actual_owner), now)
        people = list(self.organisation.staff.values())
        self.chance.shuffle(people)
        for staff_id in people:
            actor = actor_for(session, staff_id, now)
            offered = actor.role_keys(task.service_id) & set(task.potential_owners)
            if offered and actor.by not in task.excluded_owners:
                return actor
        return None

    @contextmanager
    def _work_at(self, now: datetime) -> Iterator[Session]:
        """Open a unit of work, then bring home the messages that it sent."""
        tenant_id = self.organisation.tenant_id
        with unit_of_work(self.database, tenant_id) as session:
            yield session
            sent = messages.produced(session)
        messages.drain(self.database, tenant_id, now=now, ids=sent)


def _silent_agencies(keys: set[UUID]) -> Select[UUID]:
    instances = select(ProcessInstance.id).where(ProcessInstance.business_key.in_(keys))
    return select(MessageSubscription.id).where(
        MessageSubscription.name == "agency.acknowledged",
        MessageSubscription.instance_id.in_(instances),
    )


def _timers(keys: set[UUID]) -> Select[*tuple[Any, ...]]:
    instances = select(ProcessInstance.id).where(ProcessInstance.business_key.in_(keys))
    tasks = select(UserTask.id).where(UserTask.business_key.in_(keys))
    return (
        select(Timer.id, Timer.kind, Timer.instance_id, Timer.due_at, Timer.retry_at)
        .where(
            or_(Timer.instance_id.in_(instances), Timer.user_task_id.in_(tasks)),
            Timer.held.is_(False),
        )
        .order_by(Timer.due_at, Timer.risk_rank.desc(), Timer.id)
    )
