"""The shipped release at work in an organisation of the tests: contacts in, tasks done, time on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from people import Organisation
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import messages, releases, timers
from engine.clock import TravellingClock
from engine.models import Incident, MessageInbox, UserTask
from workflows import registry
from workflows.access.actor import actor_for
from workflows.cases.models import Case
from workflows.contact import intake
from workflows.contact.models import Contact
from workflows.staff.models import Position
from workflows.staff.rota import put_on_rota
from workflows.tasks import completing
from workflows.tasks.asked import asked_by


class House:
    """An organisation whose processes run. Every deed is a unit of work, drained after it."""

    def __init__(self, org: Organisation, worker: Engine, clock: TravellingClock) -> None:
        self.org, self.worker, self.clock = org, worker, clock
        registry.load()
        with org.work() as session:
            releases.install_shipped(session, org.tenant_id, now=clock.now())
            self._rota(session)

    def _rota(self, session: Session) -> None:
        """Dana is on duty in the support service for a year, and Femi if she cannot decide."""
        for position, who in ((Position.DUTY_WORKER, "dana"), (Position.DUTY_MANAGER, "femi")):
            put_on_rota(
                session,
                self.org.services["support"],
                position,
                self.org.staff[who],
                self.now,
                self.now + timedelta(days=365),
                by="system",
                now=self.now,
            )

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def drain(self) -> None:
        messages.drain(self.org.database, self.org.tenant_id, now=self.now)

    def receive(self, service: str = "support", **about: Any) -> UUID:
        """Take in a written contact; return its id."""
        given = {"channel": "email", "source": "mash", "by": "system"} | about
        with self.org.work() as session:
            contact = intake.receive(
                session, self.org.tenant_id, self.org.services[service], now=self.now, **given
            )
            contact_id = contact.id
        self.drain()
        return contact_id

    def call(self, who: str = "ines", service: str = "support", channel: str = "phone") -> UUID:
        """Let somebody answer a live contact; return its id."""
        with self.org.work() as session:
            contact = intake.begin(
                session,
                self.org.tenant_id,
                self.org.services[service],
                channel=channel,
                handler_id=self.org.staff[who],
                now=self.now,
            )
            return contact.id

    def danger_now(self, contact_id: UUID, who: str = "ines") -> None:
        with self.org.work() as session:
            intake.danger_now(session, contact_id, by=str(self.org.staff[who]), now=self.now)
        self.drain()

    def hang_up(
        self, contact_id: UUID, answers: Mapping[str, Any], who: str = "ines", **about: Any
    ) -> None:
        """End a live contact with its answers."""
        with self.org.work() as session:
            by = str(self.org.staff[who])
            intake.end(session, contact_id, answers, by=by, now=self.now, **about)
        self.drain()

    def send(self, name: str, payload: Mapping[str, Any], service: str = "support") -> None:
        """Send a message, as another process or a partner does."""
        with self.org.work() as session:
            messages.send(
                session,
                self.org.tenant_id,
                name,
                payload,
                by="system",
                now=self.now,
                service_id=self.org.services[service],
            )
        self.drain()

    def open_tasks(self) -> list[UserTask]:
        with self.org.work() as session:
            open_ones = select(UserTask).where(UserTask.completed_at.is_(None))
            return list(session.scalars(open_ones.order_by(UserTask.created_at, UserTask.name)))

    def open_elements(self) -> list[str]:
        return sorted(task.element_id for task in self.open_tasks())

    def task(self, element_id: str) -> UserTask:
        """Return the one open task of an element."""
        found = [task for task in self.open_tasks() if task.element_id == element_id]
        assert len(found) == 1, (element_id, self.open_elements(), self.incidents())
        return found[0]

    def options(self, element_id: str, name: str) -> list[str]:
        """Return the values of a named list on the form of the one open task of an element."""
        task = self.task(element_id)
        with self.org.work() as session:
            asked = asked_by(session, task, now=self.now)
            return [option.value for option in asked.lists[name]] if asked else []

    def do(self, who: str, element_id: str, answers: Mapping[str, Any] | None = None) -> None:
        """Let somebody complete the open task of an element with raw answers."""
        self._complete(who, self.task(element_id), answers)

    def do_first(self, who: str, element_id: str, answers: Mapping[str, Any] | None = None) -> None:
        """The same where several tasks of the element are open: the oldest of them."""
        found = next(task for task in self.open_tasks() if task.element_id == element_id)
        self._complete(who, found, answers)

    def _complete(self, who: str, task: UserTask, answers: Mapping[str, Any] | None) -> None:
        with self.org.work() as session:
            actor = actor_for(session, self.org.staff[who], self.now)
            completing.complete(session, task.id, answers or {}, actor=actor, now=self.now)
        self.drain()

    def travel(self, to: datetime | timedelta) -> None:
        """Move the clock, stopping at every timer that falls due on the way."""
        until = self.now + to if isinstance(to, timedelta) else to
        while (due := self._next_due(until)) is not None:
            self.clock.travel_to(max(due, self.now))
            timers.fire_due(self.worker, self.now)
            self.drain()
        self.clock.travel_to(until)

    def _next_due(self, until: datetime) -> datetime | None:
        with self.org.work() as session:
            return session.scalar(
                select(timers.Timer.due_at)
                .where(timers.Timer.due_at <= until, timers.Timer.held.is_(False))
                .order_by(timers.Timer.due_at)
                .limit(1)
            )

    def incidents(self) -> list[str]:
        with self.org.work() as session:
            return [
                f"{i.element_id}: {i.error}: {i.cause}" for i in session.scalars(select(Incident))
            ]

    def messages(self, name: str) -> list[MessageInbox]:
        with self.org.work() as session:
            found = select(MessageInbox).where(MessageInbox.name == name)
            return list(session.scalars(found.order_by(MessageInbox.received_at)))

    def case(self) -> Case:
        with self.org.work() as session:
            return session.scalars(select(Case)).one()

    def contact(self, contact_id: UUID) -> Contact:
        with self.org.work() as session:
            return session.get_one(Contact, contact_id)

    def look(self) -> Session:
        """A session to look with; use it as a context."""
        return self.org.work()  # type: ignore[return-value]  # a context that gives one
