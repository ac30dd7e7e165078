"""The shipped release at work, for pages that show what its processes do."""

from collections.abc import Iterator

import pytest
from browser import Stage
from flask import Flask
from house import House
from people import Organisation
from screens import staged
from sqlalchemy import Engine

from engine.clock import TravellingClock
from workflows.identity.enrolment import SecondFactor


@pytest.fixture
def house(ark: Organisation, worker_database: Engine, clock: TravellingClock) -> House:
    return House(ark, worker_database, clock)


@pytest.fixture
def stage(app: Flask, factors: dict[str, SecondFactor], house: House) -> Iterator[Stage]:
    with staged(app, factors) as stage:
        yield stage
