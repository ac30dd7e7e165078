"""The shipped release at work, with Ines at the single point of contact."""

import pytest
from house import House
from people import make_ark
from sqlalchemy import Engine

from engine.clock import TravellingClock


@pytest.fixture
def house(database: Engine, worker_database: Engine, clock: TravellingClock) -> House:
    return House(make_ark(database, clock.now()), worker_database, clock)
