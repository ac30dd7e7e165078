"""Programmes that speak the JSON interface for a member of staff."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from people import Organisation
from werkzeug.test import TestResponse

from workflows.programmes import tokens
from workflows.programmes.tokens import Scope


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


def make_programme(
    client: FlaskClient, org: Organisation, login_name: str, *scopes: Scope
) -> Programme:
    """Make the programme of somebody, with some scopes or all."""
    with org.work() as session:
        secret = tokens.issue(
            session,
            org.tenant_id,
            org.staff[login_name],
            f"{login_name}'s programme",
            scopes or tuple(Scope),
            by="system",
            now=datetime.now(UTC),
        )
    return Programme(client, secret)
