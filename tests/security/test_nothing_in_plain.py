"""What is said about people is nowhere in plain: not in a row, not in a state, not in a log."""

import base64
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import zstandard
from leaks import leaks
from people import make_ark
from sqlalchemy import Engine, select, text

from api import logs
from engine import releases
from engine.db import unit_of_work
from engine.models import UserTask
from forms import Kind
from workflows import registry
from workflows.demonstration.callers import Caller, invent
from workflows.demonstration.organisation import HALLAM, Organisation
from workflows.demonstration.playing import Player
from workflows.demonstration.replies import Replier
from workflows.releases.checks import casework_checks
from workflows.staff.models import Position
from workflows.staff.rota import put_on_rota
from workflows.tasks.models import FormAnswers

BEGAN = datetime(2027, 1, 4, 9, 5, tzinfo=UTC)  # a Monday
NOW = BEGAN + timedelta(days=18)
MARK = "zqxmark"
NUMBER = "7700900777"
ENOUGH, MOST_TURNS = 15, 12  # forms, contacts
MARKED = [MARK, NUMBER, "900 777"]


class MarkedReplier(Replier):
    """Answers every question in words, and leaves the mark in each."""

    def _appetite(self, asked: Any) -> float:
        is_text = asked.kind in (Kind.TEXT, Kind.LONG_TEXT)
        return 1.0 if is_text else super()._appetite(asked)

    def _instant(self, asked: Any, now: datetime) -> datetime:
        if asked.key.startswith("window_"):
            return now + timedelta(hours=1 if asked.key == "window_from" else 6)
        return super()._instant(asked, now)

    def _words(self, asked: Any) -> str:
        if asked.shape == "phone":
            return "07700 900777"
        if asked.shape == "email":
            return f"{MARK}@example.org"
        said = f"{MARK.title()} of {asked.key} "
        while len(said) < asked.shortest:
            said += said
        return said[: asked.longest]


class Insisting(Player):
    """Does everything, and tries other answers when the first ones do not go together."""

    def _when(self, opened: datetime, due: datetime | None) -> datetime | None:
        return super()._when(opened, due) or opened + timedelta(minutes=10)

    def _work(self, task_id: UUID, story: Any) -> None:
        for _ in range(8):
            super()._work(task_id, story)
            with unit_of_work(self.database, self.organisation.tenant_id) as session:
                if not session.get_one(UserTask, task_id).is_open:
                    return


def marked(caller: Caller) -> Caller:
    """Return a caller all of whose words and numbers carry the mark."""
    given = dict(caller.answers)
    for name in ("given_name", "family_name", "known_as"):
        if name in given or name != "known_as":
            given[name] = f"{MARK.title()}{name[:3]}"
    given |= {
        "what_happened": f"{MARK} was followed home",
        "address_line": f"7 {MARK} Street",
        "client_password": MARK,
        "referrer_name": f"{MARK} Lee",
        "referrer_organisation": f"{MARK} council",
    }
    given["channels"] = [{**given["channels"][0], "value": "07700 900777"}]
    given.pop("no_name", None)
    known = {"given_name", "family_name", "what_happened", "channels", "referrer_name"}
    kept = {n: v for n, v in given.items() if n in caller.answers or n in known}
    return Caller(caller.service, caller.channel, caller.source, kept)


@pytest.fixture
def lines() -> Iterator[StringIO]:
    found = StringIO()
    logs.configure("DEBUG", found)
    yield found


@pytest.fixture
def hallam(database: Engine) -> Organisation:
    """The people of the tests in the place of the demonstration's, with a rota."""
    registry.load()
    org = make_ark(database, BEGAN)
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=BEGAN, extra_checks=casework_checks())
        for position, who in ((Position.DUTY_WORKER, "dana"), (Position.DUTY_MANAGER, "femi")):
            shift = (position, org.staff[who], BEGAN, NOW + timedelta(days=9))
            put_on_rota(session, org.services["support"], *shift, by="system", now=BEGAN)
    staff = {p.login: org.staff[p.login] for p in HALLAM.people if p.login in org.staff}
    present = tuple(p for p in HALLAM.people if p.login in staff)
    plan = type(HALLAM)(HALLAM.slug, HALLAM.name, HALLAM.services, present)
    return Organisation(plan, org.tenant_id, org.services, staff)


def test_stories_leave_nothing_in_plain(
    hallam: Organisation, database: Engine, owner_database: Engine, lines: StringIO
) -> None:
    answered: set[str] = set()
    services = itertools.cycle(("support", "helpline", "support", "hate_crime", "victim_care"))
    for turn, service in enumerate(itertools.islice(services, MOST_TURNS)):
        chance = random.Random(f"marked {service} {turn}")
        player = Insisting(database, hallam, chance)
        player.replier = MarkedReplier(chance)
        caller = marked(invent(chance, service, BEGAN.date()))
        player.play(caller, BEGAN + timedelta(hours=1), NOW)
        with unit_of_work(database, hallam.tenant_id) as session:
            kept = session.scalars(select(FormAnswers)).all()
            answered = {each.form_id for each in kept if MARK in str(each.answers).casefold()}
        if len(answered) >= ENOUGH:
            break

    assert len(answered) >= ENOUGH  # the mark has been typed into so many different forms
    assert leaks(owner_database, MARKED) == []
    logged = lines.getvalue().casefold()
    assert [word for word in MARKED if word in logged] == []


def test_the_scan_finds_what_is_there(hallam: Organisation, owner_database: Engine) -> None:
    def places() -> list[str]:
        return [found.partition(":")[0] for found in leaks(owner_database, ["Amina Yusuf"])]

    assert places() == ["staff.display_name"]
    words = b"of amina yusuf, who"
    hidden = [
        b"1" + zstandard.compress(b"x" * 9 + words),
        base64.b64encode(b"??" + words),
        words.hex().encode(),
    ]
    with owner_database.begin() as connection:
        for content in hidden:
            insert = "INSERT INTO file_content VALUES (encode(sha256(:content), 'hex'), :content)"
            connection.execute(text(insert), {"content": content})
    assert places() == ["file_content.content"] * 3 + ["staff.display_name"]
