"""A story told over HTTP: several members of staff, each with a token of their own, and a clock.

    story.does("ines", "task_read_written", READ)     # completes the one open task of that element
    story.travel(at(14, 30))                          # fires what falls due on the way
    story.record("ines", case_id, "decisions")        # what the JSON interface says of it

Everything that staff and partners do goes through the JSON interface. The clock, the worker's
timers and the rota, which no interface sets, are the test's own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from people import Organisation
from programmes import Programme, make_programme
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import messages, releases, timers
from engine.clock import TravellingClock
from engine.models import Timer
from workflows.releases.checks import casework_checks
from workflows.staff.models import Position
from workflows.staff.rota import put_on_rota

Json = dict[str, Any]
PURPOSE = "story"


class Story:
    """The organisation Ark at work on the shipped release, seen by its JSON clients."""

    def __init__(
        self, org: Organisation, client: FlaskClient, worker: Engine, clock: TravellingClock
    ) -> None:
        self.org, self.client, self.worker, self.clock = org, client, worker, clock
        self._programmes: dict[str, Programme] = {}
        with org.work() as session:
            releases.install_shipped(
                session, org.tenant_id, now=clock.now(), extra_checks=casework_checks()
            )
            self._rota(session)

    def _rota(self, session: Session) -> None:
        """In the support service Dana is on duty, and Femi manages, day and night for a year."""
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

    def __getitem__(self, login_name: str) -> Programme:
        """Return the programme of somebody, with a token of their own."""
        if login_name not in self._programmes:
            made = make_programme(self.client, self.org, login_name)
            self._programmes[login_name] = made
        return self._programmes[login_name]

    def gets(self, who: str, path: str) -> Json:
        answer = self[who].get(path)
        assert answer.status_code == 200, (path, answer.get_data(as_text=True))
        return answer.json

    def posts(self, who: str, path: str, body: Any = None) -> Json:
        answer = self[who].post(path, body)
        assert answer.status_code < 300, (path, answer.get_data(as_text=True))
        return answer.json

    def refer(self, who: str, answers: Mapping[str, Any], **about: Any) -> Json:
        """Hand in a written contact, as a mailbox or a partner's programme does."""
        given = {"service": "support", "channel": "email", "source": "mash", **about}
        return self.posts(who, "/contacts", {"answers": dict(answers), **given})

    def tasks(self, who: str) -> list[Json]:
        """Everything that somebody sees as open."""
        found: list[Json] = []
        for page in range(1, 100):
            answer = self.gets(who, f"/user-tasks?per_page=200&page={page}")
            found += answer["items"]
            if not answer["has_more"]:
                break
        return found

    def elements(self, who: str) -> list[str]:
        return sorted(task["element_id"] for task in self.tasks(who))

    def task(self, who: str, element_id: str, **about: Any) -> Json:
        """Return the one open task of an element that somebody sees."""
        found = [
            task
            for task in self.tasks(who)
            if task["element_id"] == element_id
            and all(task[name] == value for name, value in about.items())
        ]
        assert len(found) == 1, (element_id, len(found), self.elements(who), self.faults())
        return found[0]

    def does(
        self, who: str, element_id: str, answers: Mapping[str, Any] | None = None, **about: Any
    ) -> Json:
        """Let somebody complete the one open task of an element."""
        task = self.task(who, element_id, **about)
        return self.posts(
            who, f"/user-tasks/{task['id']}/complete", {"answers": dict(answers or {})}
        )

    def tries(self, who: str, task_id: str, answers: Mapping[str, Any] | None = None) -> Any:
        """Let somebody try to complete a task; return the answer, whatever it is."""
        return self[who].post(f"/user-tasks/{task_id}/complete", {"answers": dict(answers or {})})

    def record(self, who: str, case_id: str, what: str) -> list[Json]:
        """Return a list of the record of a case."""
        path = f"/cases/{case_id}/{what}?purpose={PURPOSE}&reason={PURPOSE}&per_page=200"
        items: list[Json] = self.gets(who, path)["items"]
        return items

    def case(self, who: str, case_id: str) -> Json:
        return self.gets(who, f"/cases/{case_id}?purpose={PURPOSE}&reason={PURPOSE}")

    def rows(self, who: str, case_id: str) -> dict[str, list[list[str]]]:
        """Return which rows fired, by decision, in the order in which they were asked."""
        found: dict[str, list[list[str]]] = {}
        for decision in self.record(who, case_id, "decisions"):
            found.setdefault(decision["decision_id"], []).append(decision["matched_rows"])
        return found

    def travel(self, to: datetime | timedelta) -> None:
        """Move the clock, stopping at everything that falls due on the way."""
        until = self.now + to if isinstance(to, timedelta) else to
        while (due := self._next_due(until)) is not None:
            self.clock.travel_to(max(due, self.now))
            timers.fire_due(self.worker, self.now)
            messages.sweep(self.worker, self.now)
        self.clock.travel_to(until)

    def _next_due(self, until: datetime) -> datetime | None:
        soonest = select(Timer.due_at).where(Timer.due_at <= until).order_by(Timer.due_at).limit(1)
        with self.org.work() as session:
            return session.scalar(soonest)

    def faults(self) -> list[str]:
        """Return the incidents that anybody could see."""
        found = self.gets("dsl", "/incidents?per_page=200")["items"]
        return [f"{i['element_id']}: {i['error']}: {i['cause']}" for i in found]
