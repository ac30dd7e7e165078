"""The shipped release at work, for pages that show what its processes do."""

import pytest
from house import House
from people import Organisation
from sqlalchemy import Engine

from engine.clock import TravellingClock


@pytest.fixture
def house(ark: Organisation, worker_database: Engine, clock: TravellingClock) -> House:
    return House(ark, worker_database, clock)
