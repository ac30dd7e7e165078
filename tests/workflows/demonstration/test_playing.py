"""The demonstration is made by running the processes: no incident, and the chain holds."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from people import make_ark
from sqlalchemy import Engine, func, select

from engine import releases, selfcheck, verification
from engine.db import unit_of_work
from engine.models import Incident, ProcessInstance, UserTask
from workflows import registry
from workflows.demonstration.callers import DOORS, invent
from workflows.demonstration.organisation import HALLAM, Organisation
from workflows.demonstration.playing import Player
from workflows.releases.checks import casework_checks

NOW = datetime(2027, 1, 14, 10, 5, tzinfo=UTC)
BEGAN = NOW - timedelta(days=21)


@pytest.fixture
def hallam(database: Engine) -> Organisation:
    """The people of the tests in the place of the demonstration's: no logins are needed here."""
    registry.load()
    org = make_ark(database, BEGAN)
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=BEGAN, extra_checks=casework_checks())
    staff = {p.login: org.staff[p.login] for p in HALLAM.people if p.login in org.staff}
    plan = HALLAM
    present = tuple(p for p in plan.people if p.login in staff)
    return Organisation(
        type(plan)(plan.slug, plan.name, plan.services, present), org.tenant_id, org.services, staff
    )


@pytest.mark.parametrize("service", ["support", "helpline"])
def test_a_contact_is_played_without_an_incident(
    hallam: Organisation, database: Engine, service: str
) -> None:
    chance = random.Random(f"test {service}")
    caller = invent(chance, service, BEGAN.date())

    story = Player(database, hallam, chance).play(caller, BEGAN + timedelta(hours=9), NOW)

    assert story.steps > 5
    with unit_of_work(database, hallam.tenant_id) as session:
        assert session.scalars(select(Incident.cause)).all() == []
        assert session.scalar(select(func.count()).select_from(ProcessInstance)) > 3
        done = select(func.count()).where(UserTask.completed_at.is_not(None))
        assert session.scalar(done) > 2
        assert verification.verify(session).is_sound
        assert list(selfcheck.check(session)) == []


def test_every_service_has_doors() -> None:
    assert DOORS.keys() == HALLAM.services.keys()
