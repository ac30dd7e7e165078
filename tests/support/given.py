"""What tests are given: the people, the shipped release at work, the application, a Chromium.

A plugin of pytest. The application and the browser are made once a process: to compile every
address and template again and to start a Chromium took longer than most tests.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from browser import ARGUMENTS, CHROMIUM, Stage, serving
from browsing import PASSWORD, Browser
from flask import Flask
from flask.testing import FlaskClient
from house import House
from people import Organisation, make_ark
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright
from programmes import Programme, make_programme
from sqlalchemy import Engine
from story import Story

from api import logs, work
from api.app import create_app
from api.settings import Settings
from engine.clock import TravellingClock
from workflows.identity import enrolment
from workflows.identity.enrolment import SecondFactor
from workflows.programmes.tokens import Scope


@pytest.fixture
def ark(database: Engine, clock: TravellingClock) -> Organisation:
    return make_ark(database, clock.now())


@pytest.fixture
def house(ark: Organisation, worker_database: Engine, clock: TravellingClock) -> House:
    """The shipped release at work, with Ines at the single point of contact."""
    return House(ark, worker_database, clock)


# -- the application over the test database -------------------------------------------------------


@pytest.fixture
def settings() -> Settings:
    return Settings(secret_key="of-the-tests-" * 4, demo=True)


@pytest.fixture
def lines() -> StringIO:
    """What the application logs."""
    return StringIO()


@pytest.fixture(scope="session")
def applications() -> dict[Settings, Flask]:
    """The applications made so far."""
    return {}


@pytest.fixture
def app(
    settings: Settings,
    database: Engine,
    worker_database: Engine,
    clock: TravellingClock,
    lines: StringIO,
    applications: dict[Settings, Flask],
) -> Flask:
    logs.configure(stream=lines)
    if settings not in applications:
        applications[settings] = create_app(settings, database, clock)
    app = applications[settings]
    app.extensions[work.KEY] = work.Parts(settings, database, worker_database, clock)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def programme(client: FlaskClient, ark: Organisation) -> Callable[..., Programme]:
    """Make the programme of somebody, with some scopes or all."""

    def make(login_name: str, *scopes: Scope) -> Programme:
        return make_programme(client, ark, login_name, *scopes)

    return make


@pytest.fixture
def story(
    client: FlaskClient, ark: Organisation, worker_database: Engine, clock: TravellingClock
) -> Story:
    """Ark on the shipped release, on Thursday 14 January 2027 at 10:05."""
    return Story(ark, client, worker_database, clock)


# -- people who sign in ---------------------------------------------------------------------------


class Factors(dict[str, SecondFactor]):
    """The second factor of everybody by login name: whoever is asked for is given a login."""

    def __init__(self, org: Organisation) -> None:
        super().__init__()
        self._org = org

    def __missing__(self, login_name: str) -> SecondFactor:
        with self._org.work() as session:
            staff_id = self._org.staff[login_name]
            now = datetime.now(UTC)
            self[login_name] = enrolment.enrol(session, staff_id, PASSWORD, by="system", now=now)
        return self[login_name]


@pytest.fixture
def factors(ark: Organisation) -> Factors:
    """All have the password `browsing.PASSWORD`."""
    return Factors(ark)


@pytest.fixture
def sign_in(app: Flask, factors: Factors) -> Callable[[str], Browser]:
    """Sign somebody in by login name and return their browser."""

    def enter(login_name: str) -> Browser:
        browser = Browser(app.test_client())
        browser.sign_in(login_name, factors[login_name].secret)
        return browser

    return enter


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def stage(chromium: Chromium, app: Flask, factors: Factors) -> Iterator[Stage]:
    """The application served, and windows for people."""
    with serving(app) as address:
        stage = Stage(chromium, address, factors, PASSWORD)
        yield stage
        stage.close()
