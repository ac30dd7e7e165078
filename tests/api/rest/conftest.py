"""The comparison process of the benchmarks, for programmes that start it."""

from pathlib import Path

import pytest
from people import Organisation

from engine import releases
from engine.clock import TravellingClock

COMPARISON = Path(__file__).parents[3] / "benchmarks" / "definitions"


@pytest.fixture
def comparison(ark: Organisation, clock: TravellingClock) -> None:
    """The comparison process as the release in force."""
    files = {path.name: path.read_bytes() for path in sorted(COMPARISON.iterdir())}
    with ark.work() as session:
        releases.install_shipped(session, ark.tenant_id, now=clock.now(), files=files)
