"""The database is gone for a while: everybody is told, nobody dies, and all goes on by itself."""

import http.client
import json
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from chaos import CHECK, ERRAND
from chaos_audit import Told
from chaos_town import Town, town, until
from desk import Desk
from diagrams import diagram
from sqlalchemy import select

from engine.clock import TravellingClock
from engine.db import snapshot
from engine.models import Timer

ERRANDS = 20
BACK_WITHIN = 60.0  # seconds, on a busy machine


def ask(place: Town, node: int, method: str, path: str) -> tuple[int, dict[str, str], Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", place.ports[node], timeout=30)) as line:
        headers = {
            "Authorization": f"Bearer {place.tokens['dana']}",
            "Content-Type": "application/json",
        }
        line.request(method, path, "{}" if method == "POST" else None, headers)
        answer = line.getresponse()
        body = answer.read()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, dict(answer.headers), json.loads(body) if is_json else body


def begun(place: Town) -> tuple[Desk, list[UUID]]:
    """Start errands whose timers fall due two seconds from now; return their instances."""
    clock = TravellingClock(datetime.now(UTC) + timedelta(seconds=1))
    desk = Desk(place.application, clock, place.org.tenant_id)
    desk.publish({"errand.bpmn": diagram(ERRAND, CHECK)})
    ids = []
    for number in range(ERRANDS):
        variables = {"errand": f"errand-{number}", "goes_well": True}
        instance_id = desk.start("errand", variables)
        if number:  # the first one waits for somebody to do it over HTTP
            desk.complete(desk.task(instance_id), by=str(place.org.dana))
        ids.append(instance_id)
    return desk, ids


def timers_left(place: Town) -> int:
    with snapshot(place.application, place.org.tenant_id) as session:
        return len(session.scalars(select(Timer.id)).all())


@pytest.mark.parametrize("seconds", [4, pytest.param(30, marks=pytest.mark.nightly)])
def test_the_database_is_gone_and_comes_back(seconds: int) -> None:
    with town() as place:
        desk, ids = begun(place)
        path = f"/api/v1/user-tasks/{desk.task(ids[0])}/complete"
        starts = [daemon.starts for daemon in place.daemons]
        place.database.crash()
        gone_at = time.monotonic()
        for node in (0, 1):
            assert ask(place, node, "GET", "/health")[0] == 200
            assert ask(place, node, "GET", "/ready")[0] == 503
            status, headers, problem = ask(place, node, "POST", path)
            assert (status, headers.get("Retry-After")) == (503, "5")
            assert problem["title"] == "Signpost cannot answer just now"
        threading.Event().wait(max(0.0, seconds - (time.monotonic() - gone_at)))

        place.database.recover()
        until(lambda: ask(place, 0, "POST", path)[0] in (200, 409), BACK_WITHIN)
        until(lambda: ask(place, 1, "GET", "/ready")[0] == 200, BACK_WITHIN)
        assert ask(place, 1, "POST", path)[0] == 409  # done, once, on whichever node
        until(lambda: timers_left(place) <= 1, BACK_WITHIN)  # the first one's came later
        assert [daemon.starts for daemon in place.daemons] == starts, "nobody had to be restarted"

        until(lambda: timers_left(place) == 0, BACK_WITHIN)
        with snapshot(place.application, place.org.tenant_id) as session:
            said = Told(session)
        assert set(said.of("pause")) == set(ids)
        assert set(said.of("pause").values()) == {1}
        assert desk.is_consistent()
