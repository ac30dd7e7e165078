"""Kill -9 and immediate restarts of the database under load: nothing is lost, nothing doubled."""

import pytest
from chaos import Report, storm


def held(report: Report) -> bool:
    assert report.faults == []
    assert sum(report.misfortunes.values()) >= 3, report.misfortunes
    assert report.acknowledged_completions > 0
    return True


def test_half_a_minute_of_misfortune_loses_nothing_and_doubles_nothing() -> None:
    assert held(storm(15, seed=1))


@pytest.mark.nightly
def test_ten_minutes_of_misfortune_lose_nothing_and_double_nothing() -> None:
    assert held(storm(600, seed=2))
