"""Duties go to whoever holds them at that instant and is there."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from people import Organisation
from sqlalchemy.orm import Session

from workflows.staff import absences, rota
from workflows.staff.models import Position
from workflows.tenants import organisation

NIGHT = datetime(2027, 1, 14, 22, tzinfo=UTC)
MORNING = datetime(2027, 1, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put_on_rota(
    session: Session,
    ark: Organisation,
    name: str,
    position: Position,
    starts_at: datetime = NIGHT,
    ends_at: datetime = MORNING,
) -> None:
    rota.put_on_rota(
        session,
        ark.services["support"],
        position,
        ark.staff[name],
        starts_at,
        ends_at,
        by="system",
        now=ark.now,
    )


def duty_manager(session: Session, ark: Organisation, at: datetime) -> UUID | str | None:
    return rota.duty(session, ark.services["support"], Position.DUTY_MANAGER, at=at)


def test_a_duty_begins_and_ends_with_its_shift(ark: Organisation) -> None:
    with ark.work() as session:
        put_on_rota(session, ark, "femi", Position.DUTY_MANAGER)
        put_on_rota(session, ark, "mara", Position.DUTY_MANAGER, MORNING, MORNING + 8 * HOUR)
        assert duty_manager(session, ark, NIGHT - timedelta(seconds=1)) is None
        assert duty_manager(session, ark, NIGHT) == ark.femi
        assert duty_manager(session, ark, MORNING - timedelta(seconds=1)) == ark.femi
        assert duty_manager(session, ark, MORNING) == ark.mara


def test_a_duty_of_one_service_is_none_of_another(ark: Organisation) -> None:
    with ark.work() as session:
        put_on_rota(session, ark, "femi", Position.DUTY_MANAGER)
        elsewhere = ark.services["helpline"]
        assert rota.duty(session, elsewhere, Position.DUTY_MANAGER, at=NIGHT) is None
        assert rota.holders(session, Position.DUTY_MANAGER, service_id=None, at=NIGHT) == [ark.femi]


def test_whoever_is_absent_does_not_hold_the_duty(ark: Organisation) -> None:
    with ark.work() as session:
        put_on_rota(session, ark, "dana", Position.DUTY_WORKER)
        put_on_rota(session, ark, "priya", Position.DUTY_WORKER, NIGHT + HOUR, MORNING)
        absences.start_absence(session, ark.dana, NIGHT, by="system", now=NIGHT)
        support = ark.services["support"]
        later = NIGHT + 2 * HOUR
        assert rota.holders(session, Position.DUTY_WORKER, service_id=support, at=later) == [
            ark.priya
        ]
        absences.end_absences(session, ark.dana, by="system", now=later)
        assert rota.holders(session, Position.DUTY_WORKER, service_id=support, at=later) == [
            ark.dana,
            ark.priya,
        ]


def test_a_service_without_a_rota_has_its_named_fallback(ark: Organisation) -> None:
    support = ark.services["support"]
    with ark.work() as session:
        organisation.change_settings(
            session, support, {"oncall_fallback": "partner_night_line"}, by="system", now=ark.now
        )
        assert duty_manager(session, ark, NIGHT) == "partner_night_line"
        put_on_rota(session, ark, "femi", Position.DUTY_MANAGER)
        assert duty_manager(session, ark, NIGHT) == ark.femi


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("femi", Position.DUTY_WORKER),
        ("dana", Position.DUTY_MANAGER),
        ("chidi", Position.DUTY_MANAGER),  # a team leader, but of another service
    ],
)
def test_a_duty_needs_its_role(ark: Organisation, name: str, position: Position) -> None:
    with ark.work() as session, pytest.raises(rota.NotFitForDuty):
        put_on_rota(session, ark, name, position)


def test_a_shift_ends_after_it_starts(ark: Organisation) -> None:
    with ark.work() as session, pytest.raises(rota.ShiftEndsBeforeItStarts):
        put_on_rota(session, ark, "femi", Position.DUTY_MANAGER, MORNING, NIGHT)


def test_a_named_position_lasts_until_further_notice(ark: Organisation) -> None:
    helpline = ark.services["helpline"]
    with ark.work() as session:
        rota.appoint(
            session, helpline, Position.SECOND_REVIEWER, ark.chidi, by="system", now=ark.now
        )
        a_year_on = ark.now + timedelta(days=365)
        found = rota.holders(session, Position.SECOND_REVIEWER, service_id=helpline, at=a_year_on)
        assert found == [ark.chidi]
