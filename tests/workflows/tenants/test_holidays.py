"""Bank holidays are loaded, never computed; what is loaded stands over what a release carries."""

import json
from datetime import UTC, datetime

import pytest
from people import make_ark
from sqlalchemy import Engine

from engine import history, providers, releases
from engine.db import unit_of_work
from feel.calendars import CalendarTooShort
from workflows import registry
from workflows.tenants import holidays
from workflows.tenants.holidays import FeedRefused

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)


def feed(*days: str) -> str:
    events = [{"title": "A holiday", "date": day} for day in days]
    return json.dumps({"england-and-wales": {"division": "england-and-wales", "events": events}})


@pytest.fixture
def ark(database: Engine):
    registry.load()
    org = make_ark(database, NOW)
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=NOW)
    return org


def due(org, now: datetime) -> datetime:
    """Two working days from ``now``, as an instance of a process would be told."""
    with org.work() as session:
        release = releases.effective(session, org.tenant_id, NOW)
        definitions = releases.definitions(session, release.id)
        settings = providers.settings(session, org.tenant_id, None, definitions)
        calendars = providers.calendars(session, org.tenant_id, definitions, settings)
        return calendars.due_working_days(2, "cal_office_ew", now)


def test_a_holiday_that_is_loaded_later_moves_a_deadline(ark) -> None:
    thursday = datetime(2027, 6, 10, 9, tzinfo=UTC)
    assert due(ark, thursday) == datetime(2027, 6, 14, 16, tzinfo=UTC)

    with ark.work() as session:
        kept = ["2027-01-01", "2027-03-26", "2027-03-29", "2027-06-11"]
        holidays.load(session, ark.tenant_id, feed(*kept), by="system", now=NOW)

    assert due(ark, thursday) == datetime(2027, 6, 15, 16, tzinfo=UTC)


def test_years_that_the_feed_does_not_cover_stay(ark) -> None:
    before = due(ark, datetime(2026, 12, 23, 9, tzinfo=UTC))

    with ark.work() as session:
        holidays.load(session, ark.tenant_id, feed("2027-01-01"), by="system", now=NOW)

    assert due(ark, datetime(2026, 12, 23, 9, tzinfo=UTC)) == before


def test_beyond_the_loaded_years_nothing_is_guessed(ark) -> None:
    with pytest.raises(CalendarTooShort):
        due(ark, datetime(2041, 6, 10, 9, tzinfo=UTC))


def test_loading_is_recorded_and_belongs_to_one_organisation(ark) -> None:
    with ark.work() as session:
        holidays.load(session, ark.tenant_id, feed("2029-01-01"), by="system", now=NOW)
        lines = [entry.payload["concept_name"] for entry in history.read(session, "admin")]
        assert "holidays.loaded" in lines
    with unit_of_work(ark.database) as session:
        assert holidays.loaded(session, ark.tenant_id) == {}


@pytest.mark.parametrize("wrong", ["", "[]", "{}", '{"x": {"events": [{"date": "soon"}]}}'])
def test_what_is_no_feed_is_refused(ark, wrong: str) -> None:
    with ark.work() as session, pytest.raises(FeedRefused):
        holidays.load(session, ark.tenant_id, wrong, by="system", now=NOW)
