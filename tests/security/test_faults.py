"""What happens when things break: the database restarts, a worker dies, somebody presses twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from browsing import Browser
from desk import Desk
from diagrams import catch, diagram, end, process, start, timer, user
from flask import Flask
from people import Organisation, make_ark
from processes import PATIENCE, Web, start_worker
from sqlalchemy import Engine, select, text
from stories import AMARA
from story import Story

from api.cli import main
from engine import history
from engine.clock import TravellingClock
from engine.models import ProcessInstance, Timer, UserTask
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope
from workflows.tasks.models import FormAnswers

OWNERS = {"potentialOwners": "case_worker"}
ONE = diagram(
    process(start("begin"), user("only", **OWNERS), end("done"), flows="begin > only > done")
)
WAITING = diagram(
    process(
        start("begin"),
        catch("pause", timer("PT1S")),
        user("after", **OWNERS),
        end("done"),
        flows="begin > pause > after > done",
    )
)
TIMERS = 150


@pytest.fixture
def now() -> datetime:
    """A while ago: the processes go by the machine's clock."""
    return datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
def org(database: Engine, now: datetime) -> Organisation:
    return make_ark(database, now)


@pytest.fixture
def desk(database: Engine, org: Organisation, now: datetime) -> Desk:
    return Desk(database, TravellingClock(now), org.tenant_id)


@pytest.fixture
def token(org: Organisation) -> str:
    with org.work() as session:
        return tokens.issue(
            session,
            org.tenant_id,
            org.dana,
            "a programme",
            [Scope.CASEWORK],
            by="system",
            now=datetime.now(UTC),
        )


HANG_UP = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def test_a_server_that_has_lost_every_connection_goes_on(
    desk: Desk, database_url: str, owner_database: Engine, token: str
) -> None:
    """As after a restart of the database under it."""
    desk.publish({"p.bpmn": ONE})
    tasks = [desk.task(desk.start()) for _ in range(6)]
    with Web(database_url) as web:
        statuses = []
        for task_id in tasks:
            with owner_database.connect() as connection:
                connection.execute(text(HANG_UP))
            path = f"/user-tasks/{task_id}/complete"
            answer = web.ask(token, "POST", path)
            if answer.status == 503:  # it was under way: told so, and nothing half done
                answer = web.ask(token, "POST", path)
            statuses.append(answer.status)
        assert web.ask(token, "GET", "/user-tasks").json["items"] == []

    assert statuses == [200] * len(tasks)
    assert desk.is_consistent()


def test_a_worker_that_dies_fires_no_timer_twice_and_forgets_none(
    desk: Desk, database_url: str
) -> None:
    desk.publish({"p.bpmn": WAITING})
    started = [desk.start() for _ in range(TIMERS)]

    first = start_worker(database_url)
    until(lambda: waiting(desk) < TIMERS)
    first.kill()
    first.wait()
    left = waiting(desk)
    second = start_worker(database_url)
    try:
        until(lambda: waiting(desk) == 0)
    finally:
        second.terminate()
        second.wait(timeout=PATIENCE)

    assert left < TIMERS
    assert Counter(task.instance_id for task in desk.open_tasks()) == Counter(started)
    assert fired(desk) == Counter(started)
    assert desk.is_consistent()


def waiting(desk: Desk) -> int:
    with desk.work() as session:
        return len(session.scalars(select(Timer.id)).all())


def fired(desk: Desk) -> Counter[UUID]:
    found: Counter[UUID] = Counter()
    with desk.work() as session:
        for instance_id in session.scalars(select(ProcessInstance.id)):
            for entry in history.read(session, f"instance:{instance_id}"):
                said = entry.payload
                if (said.get("element"), said["lifecycle_transition"]) == ("pause", "complete"):
                    found[instance_id] += 1
    return found


def until(holds: Callable[[], bool]) -> None:
    """Look again and again: what is waited for happens in another process."""
    end_at = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end_at
        pause.wait(0.02)


# -- the chain -----------------------------------------------------------------------------------

FIRST = "WHERE stream_id = :id AND seq = (SELECT min(seq) FROM history_event WHERE stream_id = :id)"
LAST = FIRST.replace("min", "max")
ROW = "stream_id, seq + 100, tenant_id, at, entries, hash"
TAMPERING = {
    "altered": "UPDATE history_event SET entries = replace(entries, 'amina', 'chidi') "
    "WHERE stream_id = :id",
    "at another time": f"UPDATE history_event SET at = at - interval '1 hour' {FIRST}",
    "under another hash": f"UPDATE history_event SET hash = sha256(hash) {FIRST}",
    "taken out": f"DELETE FROM history_event {FIRST}",
    "cut off": f"DELETE FROM history_event {LAST}",
    "put in": f"INSERT INTO history_event SELECT {ROW} FROM history_event {LAST}",
    "moved": f"UPDATE history_event SET stream_id = gen_random_uuid() {FIRST}",
}


@pytest.mark.parametrize("change", TAMPERING)
def test_verify_finds_what_was_changed_behind_its_back(
    change: str,
    desk: Desk,
    database_url: str,
    owner_database: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("SIGNPOST_DEMO", "1")
    desk.publish({"p.bpmn": ONE})
    instance_id = desk.start()
    desk.complete(desk.task(instance_id))
    assert main(["verify"]) == 0
    assert "sound" in capsys.readouterr().out

    with owner_database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(TAMPERING[change]), {"id": instance_id})

    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert f"instance:{instance_id}" in said
    assert "BROKEN" in said


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_event SET entries = 'x'",
        "DELETE FROM history_event",
        "TRUNCATE history_event",
        "UPDATE form_answers SET form_id = 'x'",
        "ALTER TABLE history_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TABLE history_event",
        "UPDATE release SET author = 'x'",
    ],
)
def test_the_application_itself_may_not_rewrite_what_happened(
    statement: str, desk: Desk, database: Engine
) -> None:
    desk.publish({"p.bpmn": ONE})
    desk.complete(desk.task(desk.start()))

    with pytest.raises(Exception, match=r"permission|denied|append-only|must be owner|not allowed"):
        with desk.work() as session:
            session.execute(text(statement))


# -- pressed twice ---------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_at_once_is_carried_out_once(
    app: Flask, story: Story, sign_in: Callable[[str], Browser]
) -> None:
    written = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
    story.refer("ines", written, external_id="1", channel="agency_referral")
    task = story.task("ines", "task_attempt")
    ines = sign_in("ines")
    here = f"/tasks/{task['id']}"
    ines.post(f"{here}/claim")
    form = ines.get(here).text.partition('name="_form" value="')[2].partition('"')[0]
    fields = {"_form": form, "_key": "pressed-twice-01", "card_read": "true", "method": "phone"}
    fields |= {"outcome": "no_answer", "csrf_token": ines.token}
    cookie = "; ".join(
        f"{name}={ines.client.get_cookie(name).value}"  # type: ignore[union-attr]
        for name in ("signpost", "signpost_page")
    )
    barrier, told = threading.Barrier(3), []

    def press() -> None:
        client = app.test_client(use_cookies=False)
        barrier.wait(timeout=60)
        answer = client.post(f"{here}/complete", data=fields, headers={"Cookie": cookie})
        told.append((answer.status_code, answer.headers.get("Location")))

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert told == [(303, f"{here}/done")] * 3
    with story.org.work() as session:
        kept = select(FormAnswers).where(FormAnswers.form_id == "contact_attempt")
        assert len(session.scalars(kept).all()) == 1
        done = session.get_one(UserTask, UUID(task["id"]))
        assert done.completed_by == str(story.org.ines)
