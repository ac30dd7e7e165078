"""Programmes with access tokens over the test application."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from people import Organisation
from programmes import Programme, make_programme
from sqlalchemy import Engine
from story import Story

from engine import releases
from engine.clock import TravellingClock
from workflows.programmes.tokens import Scope

COMPARISON = Path(__file__).parents[3] / "benchmarks" / "definitions"


@pytest.fixture
def programme(client: FlaskClient, ark: Organisation) -> Callable[..., Programme]:
    """Make the programme of somebody, with some scopes."""

    def make(login_name: str, *scopes: Scope) -> Programme:
        return make_programme(client, ark, login_name, *scopes)

    return make


@pytest.fixture
def comparison(ark: Organisation, clock: TravellingClock) -> None:
    """The comparison process as the release in force."""
    files = {path.name: path.read_bytes() for path in sorted(COMPARISON.iterdir())}
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files=files)


@pytest.fixture
def story(
    client: FlaskClient, ark: Organisation, worker_database: Engine, clock: TravellingClock
) -> Story:
    """Ark on the shipped release."""
    return Story(ark, client, worker_database, clock)
