"""The application over the test database, on the shipped release, with people who can sign in."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
from browsing import PASSWORD, Browser
from flask import Flask
from flask.testing import FlaskClient
from people import Organisation, make_ark
from programmes import Programme, make_programme
from sqlalchemy import Engine
from story import Story

from api import logs
from api.app import create_app
from api.settings import Settings
from engine.clock import TravellingClock
from workflows.identity import enrolment
from workflows.programmes.tokens import Scope


@pytest.fixture
def lines() -> StringIO:
    """What the application logs."""
    return StringIO()


@pytest.fixture
def app(
    database: Engine, worker_database: Engine, clock: TravellingClock, lines: StringIO
) -> Flask:
    logs.configure(stream=lines)
    settings = Settings(secret_key="of-the-tests-" * 4, demo=True)
    app = create_app(settings, database, clock, worker_database=worker_database)
    app.testing = False  # faults become pages, as for people
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ark(database: Engine, clock: TravellingClock) -> Organisation:
    return make_ark(database, clock.now())


@pytest.fixture
def story(
    client: FlaskClient, ark: Organisation, worker_database: Engine, clock: TravellingClock
) -> Story:
    """Ark on the shipped release."""
    return Story(ark, client, worker_database, clock)


@pytest.fixture
def programme(client: FlaskClient, ark: Organisation) -> Callable[..., Programme]:
    """Make the programme of somebody, with some scopes or all."""

    def make(login_name: str, *scopes: Scope) -> Programme:
        return make_programme(client, ark, login_name, *scopes)

    return make


@pytest.fixture
def sign_in(app: Flask, ark: Organisation) -> Callable[[str], Browser]:
    """Sign somebody in by login name and return their browser."""

    def enter(login_name: str) -> Browser:
        with ark.work() as session:
            factor = enrolment.enrol(
                session, ark.staff[login_name], PASSWORD, by="system", now=datetime.now(UTC)
            )
        browser = Browser(app.test_client())
        browser.sign_in(login_name, factor.secret)
        return browser

    return enter
