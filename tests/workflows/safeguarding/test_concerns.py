"""Anybody raises a concern in five fields; the case goes on; nothing of it leaves in plain."""

from datetime import UTC, datetime

import pytest
from factories import make_case, make_contact
from people import Organisation, make_ark
from sqlalchemy import Engine, select

from engine.models import MessageInbox
from workflows.safeguarding import concerns
from workflows.safeguarding.models import SafeguardingConcern

NOW = datetime(2027, 3, 5, 16, 30, tzinfo=UTC)
FIVE = {
    "at_risk": "child",
    "verbatim_words": "She said the boy was locked in a cupboard yesterday.",
    "danger_now": "unsure",
    "where_now": "At home; the neighbour knows.",
    "about_staff": "no",
}


@pytest.fixture
def ark(database: Engine) -> Organisation:
    return make_ark(database, NOW)


def test_it_is_written_down_and_sent_at_once(ark: Organisation) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        concern = concerns.raise_concern(
            session, case_id=case_id, given=FIVE, by=str(ark.dana), now=NOW
        )
        message = session.scalars(select(MessageInbox)).one()

    assert message.name == "safeguarding.raise"
    assert message.payload["concern_id"] == str(concern.id)
    assert message.payload["danger_now"] == "unsure"
    assert "cupboard" not in str(message.payload)


def test_a_contact_without_a_case_is_enough(ark: Organisation) -> None:
    with ark.work() as session:
        contact_id = make_contact(session, ark)
        concern = concerns.raise_concern(
            session, contact_id=contact_id, given={"danger_now": "yes"}, by=str(ark.amina), now=NOW
        )

        assert concern.contact_id == contact_id and concern.case_id is None


def test_it_is_about_something(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(LookupError):
        concerns.raise_concern(session, given=FIVE, by=str(ark.amina), now=NOW)


def test_nothing_that_was_said_stands_in_plain(ark: Organisation, owner_database: Engine) -> None:
    with ark.work() as session:
        case_id = make_case(session, ark)
        concerns.raise_concern(session, case_id=case_id, given=FIVE, by=str(ark.dana), now=NOW)

    with owner_database.connect() as connection:
        stored = str(connection.execute(select(SafeguardingConcern.__table__)).all())
    assert "cupboard" not in stored and "neighbour" not in stored
    with ark.work() as session:
        (read,) = concerns.of_case(session, case_id)
        assert read.verbatim_words == FIVE["verbatim_words"]
