"""Withdrawal holds in the same transaction, verified or not, for that recipient alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from factories import make_case, make_task
from people import Organisation, make_ark
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.models import MessageInbox, UserTask
from workflows.cases.models import Case
from workflows.consent import recording
from workflows.consent.models import ConsentDecision, ConsentRecord
from workflows.consent.recording import SharingStopped

NOW = datetime(2027, 2, 9, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=25)
GRID = {
    "explained": "yes",
    "method": "verbal_recorded",
    "given_by": "client",
    "consent_to_service": "yes",
    "decisions": [
        {"purpose": "share_referral", "recipient_class": "statutory", "recipient": "Hallam Council",
         "decision": "given", "items": "name and number"},
        {"purpose": "share_referral", "recipient_class": "voluntary", "recipient": "Talking Room",
         "decision": "given", "items": "name"},
        {"purpose": "share_police", "recipient_class": "police", "decision": "refused"},
    ],
}  # fmt: skip


@pytest.fixture
def ark(database: Engine) -> Organisation:
    return make_ark(database, NOW)


@pytest.fixture
def case_id(ark: Organisation) -> UUID:
    with ark.work() as session:
        found = make_case(session, ark)
        task = make_task(session, ark, business_key=found, form_id="consent")
        recording.record(session, session.get_one(UserTask, task), GRID, by=str(ark.dana), now=NOW)
    return found


def of(session: Session, recipient_class: str) -> ConsentRecord:
    return session.scalars(
        select(ConsentRecord).where(ConsentRecord.recipient_class == recipient_class)
    ).one()


def test_each_line_of_the_grid_is_a_decision_of_its_own(ark: Organisation, case_id: UUID) -> None:
    with ark.work() as session:
        held = {
            (row.purpose, row.recipient_class): row for row in recording.overview(session, case_id)
        }

        assert held["service", "own"].decision == ConsentDecision.GIVEN
        assert held["share_police", "police"].decision == ConsentDecision.REFUSED
        assert held["share_referral", "statutory"].recipient == "Hallam Council"
        assert held["share_referral", "statutory"].expires_at == NOW + timedelta(days=365)


@pytest.mark.parametrize("verified", [True, False])
def test_sharing_stops_in_the_very_transaction(
    ark: Organisation, case_id: UUID, verified: bool
) -> None:
    with ark.work() as session:
        council = of(session, "statutory")
        pair = (council.person_id, "share_referral", council.recipient_token)
        recording.require_consent(session, *pair, now=LATER)

        recording.withdraw(session, council, verified=verified, by=str(ark.dana), now=LATER)

        with pytest.raises(SharingStopped):
            recording.require_consent(session, *pair, now=LATER)
        message = session.scalars(select(MessageInbox)).one()
        assert message.name == "consent.withdraw"
        assert message.payload["verified"] is verified
        assert "Hallam" not in str(message.payload)


def test_another_recipient_is_untouched(ark: Organisation, case_id: UUID) -> None:
    with ark.work() as session:
        recording.withdraw(
            session, of(session, "statutory"), verified=False, by=str(ark.dana), now=LATER
        )
        charity = of(session, "voluntary")

        recording.require_consent(
            session, charity.person_id, "share_referral", charity.recipient_token, now=LATER
        )


def test_what_was_agreed_on_a_day_can_still_be_shown(ark: Organisation, case_id: UUID) -> None:
    with ark.work() as session:
        recording.withdraw(
            session, of(session, "statutory"), verified=True, by=str(ark.dana), now=LATER
        )
        rows = session.scalars(
            select(ConsentRecord)
            .where(ConsentRecord.recipient_class == "statutory")
            .order_by(ConsentRecord.recorded_at)
        ).all()
        assert [row.decision for row in rows] == ["given", "withdrawn"]
    with pytest.raises(DBAPIError), ark.work() as session:
        of(session, "voluntary").decision = "refused"
        session.flush()


def test_consent_runs_out(ark: Organisation, case_id: UUID) -> None:
    with ark.work() as session:
        council = of(session, "statutory")
        pair = (council.person_id, "share_referral", council.recipient_token)

        assert recording.in_force(session, *pair, now=NOW + timedelta(days=364)) is not None
        assert recording.in_force(session, *pair, now=NOW + timedelta(days=365)) is None


def test_a_recipient_is_found_again_however_it_is_written(ark: Organisation, case_id: UUID) -> None:
    with ark.work() as session:
        case = session.get_one(Case, case_id)
        written = recording.recipient_token(
            session, case.tenant_id, "statutory", "  hallam   COUNCIL "
        )

        assert written == of(session, "statutory").recipient_token
