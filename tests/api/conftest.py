"""The application over the test database, with people who can sign in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from browsing import PASSWORD, Browser
from flask import Flask
from flask.testing import FlaskClient
from people import Organisation, make_ark
from sqlalchemy import Engine

from api import logs
from api.app import create_app
from api.settings import Settings
from engine.clock import TravellingClock
from workflows.identity import enrolment
from workflows.identity.enrolment import SecondFactor


@pytest.fixture
def settings() -> Settings:
    return Settings(secret_key="of-the-tests-" * 4, demo=True)


@pytest.fixture
def lines() -> StringIO:
    """What the application logs."""
    return StringIO()


@pytest.fixture
def app(
    settings: Settings,
    database: Engine,
    worker_database: Engine,
    clock: TravellingClock,
    lines: StringIO,
) -> Flask:
    logs.configure(stream=lines)
    app = create_app(settings, database, clock, worker_database=worker_database)
    app.testing = False  # faults become pages, as for people
    return app


@pytest.fixture
def ark(database: Engine, clock: TravellingClock) -> Organisation:
    return make_ark(database, clock.now())


@pytest.fixture
def factors(ark: Organisation) -> dict[str, SecondFactor]:
    """Everybody's second factor by login name. All have the password `web.PASSWORD`."""
    found = {}
    with ark.work() as session:
        for name, staff_id in ark.staff.items():
            found[name] = enrolment.enrol(
                session, staff_id, PASSWORD, by="system", now=datetime.now(UTC)
            )
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, factors: dict[str, SecondFactor]) -> Iterator[Callable[[str], Browser]]:
    """Sign somebody in by login name and return their browser."""

    def enter(login_name: str) -> Browser:
        browser = Browser(app.test_client())
        browser.sign_in(login_name, factors[login_name].secret)
        return browser

    yield enter
