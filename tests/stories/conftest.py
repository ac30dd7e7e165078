"""Stories of the specification, told over HTTP with the clock travelling."""

from io import StringIO

import pytest
from people import make_ark
from sqlalchemy import Engine
from story import Story

from api import logs
from api.app import create_app
from api.settings import Settings
from engine.clock import TravellingClock


@pytest.fixture
def story(database: Engine, worker_database: Engine, clock: TravellingClock) -> Story:
    """Ark on the shipped release, on Thursday 14 January 2027 at 10:05."""
    logs.configure(stream=StringIO())
    settings = Settings(secret_key="of-the-stories-" * 4, demo=True)
    app = create_app(settings, database, clock, worker_database=worker_database)
    org = make_ark(database, clock.now())
    return Story(org, app.test_client(), worker_database, clock)
