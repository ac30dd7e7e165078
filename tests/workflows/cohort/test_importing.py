"""The daily cohort comes in through the same door as every other contact."""

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people import Organisation, make_ark
from sqlalchemy import Engine, func, select

from engine import messages, releases
from engine.models import DecisionRecord, Incident, ProcessInstance
from workflows import registry
from workflows.cohort import importing
from workflows.cohort.importing import Outcome, State
from workflows.cohort.reading import Row, read
from workflows.contact.models import Contact

SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "daily_cohort.csv"
NOW = datetime(2027, 1, 14, 6, 30, tzinfo=UTC)


@pytest.fixture
def ark(database: Engine) -> Organisation:
    registry.load()
    org = make_ark(database, NOW)
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=NOW)
    return org


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(read(io.BytesIO(SAMPLE.read_bytes()), now=NOW))


def take(ark: Organisation, rows: list[Row]) -> list[Outcome]:
    outcomes = []
    for batch in importing.batches(rows):
        with ark.work() as session:
            outcomes += importing.take(
                session, ark.tenant_id, ark.services["victim_care"], batch, by=str(ark.vic), now=NOW
            )
    return outcomes


def states(outcomes: list[Outcome]) -> Counter[State]:
    return Counter(outcome.state for outcome in outcomes)


def test_good_rows_come_in_and_broken_ones_come_back(ark: Organisation, rows: list[Row]) -> None:
    outcomes = take(ark, rows)

    found = states(outcomes)
    assert found[State.BROKEN] == 8
    assert found[State.TAKEN] + found[State.EXCLUDED] == 192
    with ark.work() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == found[State.TAKEN]


def test_a_file_sent_twice_adds_nothing(ark: Organisation, rows: list[Row]) -> None:
    first = take(ark, rows[:60])
    again = take(ark, rows[:60])

    assert states(again)[State.TAKEN] == 0
    assert states(again)[State.KNOWN] == states(first)[State.TAKEN]


def test_a_dry_run_says_the_same_and_writes_nothing(ark: Organisation, rows: list[Row]) -> None:
    with ark.work() as session:
        foreseen = importing.preview(
            session, ark.tenant_id, ark.services["victim_care"], rows, by=str(ark.vic), now=NOW
        )
        assert session.scalar(select(func.count()).select_from(Contact)) == 0

    done = take(ark, rows)

    assert [(o.row.number, o.state, o.priority) for o in foreseen] == [
        (o.row.number, o.state, o.priority) for o in done
    ]


def test_who_was_killed_is_never_called_the_next_of_kin_is(ark: Organisation, rows) -> None:
    (killed,) = [row for row in rows if row.values.get("offence_group") == "homicide"]
    (outcome,) = take(ark, [killed])

    with ark.work() as session:
        answers = session.get_one(Contact, outcome.contact_id).answers
    assert outcome.priority == "P0"
    assert answers["known_as"] == "Gwen Pryce"
    assert "Owen" not in str(answers)


def test_domestic_abuse_is_never_dropped_without_a_person(ark: Organisation, rows) -> None:
    opted_out = [
        row for row in rows if row.is_good and row.values["opted_out"] and row.values["da_level"]
    ]

    assert [outcome.state for outcome in take(ark, opted_out)] == [State.TAKEN]


def test_every_contact_starts_an_intake(ark: Organisation, rows: list[Row], database) -> None:
    outcomes = take(ark, [row for row in rows if row.is_good][:12])
    taken = states(outcomes)[State.TAKEN]

    drained = messages.drain(database, ark.tenant_id, now=NOW)

    assert not drained.failed
    with ark.work() as session:
        assert session.scalars(select(Incident.cause)).all() == []
        started = select(func.count()).where(ProcessInstance.process_id == "contact_intake")
        assert session.scalar(started) == taken
        decided = select(func.count()).where(DecisionRecord.decision_id == "cohort_priority")
        assert session.scalar(decided) == taken
