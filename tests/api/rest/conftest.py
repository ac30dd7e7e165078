"""Programmes with access tokens over the test application."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from people import Organisation
from werkzeug.test import TestResponse

from engine import releases
from engine.clock import TravellingClock
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope

COMPARISON = Path(__file__).parents[3] / "benchmarks" / "definitions"


@dataclass(frozen=True)
class Programme:
    """Speaks JSON for one member of staff."""

    client: FlaskClient
    secret: str

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get("/api/v1" + path, headers=self._headers(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.client.post(
            "/api/v1" + path, json={} if body is None else body, headers=self._headers(headers)
        )

    def put(self, path: str, body: Any) -> TestResponse:
        return self.client.put("/api/v1" + path, json=body, headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **named}


@pytest.fixture
def programme(client: FlaskClient, ark: Organisation) -> Callable[..., Programme]:
    """Make the programme of somebody, with some scopes."""

    def make(login_name: str, *scopes: Scope) -> Programme:
        with ark.work() as session:
            secret = tokens.issue(
                session,
                ark.tenant_id,
                ark.staff[login_name],
                f"{login_name}'s programme",
                scopes or tuple(Scope),
                by="system",
                now=datetime.now(UTC),
            )
        return Programme(client, secret)

    return make


@pytest.fixture
def comparison(ark: Organisation, clock: TravellingClock) -> None:
    """The comparison process as the release in force."""
    files = {path.name: path.read_bytes() for path in sorted(COMPARISON.iterdir())}
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files=files)
