"""Every shipped story goes as it says."""

import pytest

from engine import definitions, releases, scenarios
from engine.definitions import Definitions

FILES = releases.shipped_files()
STORIES = sorted(name for name in FILES if "/scenarios/" in name)


@pytest.fixture(scope="module")
def shipped() -> Definitions:
    return definitions.check(FILES)


@pytest.mark.parametrize("name", STORIES)
def test_the_story_goes_as_it_says(shipped: Definitions, name: str) -> None:
    assert scenarios.play(shipped, shipped.scenarios[name]) == []
