"""Fill a demonstration: open the two organisations, then play contact after contact."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import releases
from engine.db import unit_of_work
from workflows.cases.models import Case
from workflows.demonstration.callers import invent
from workflows.demonstration.organisation import (
    HALLAM,
    OAKVALE,
    Organisation,
    Plan,
    open_organisation,
)
from workflows.demonstration.playing import Player
from workflows.releases.checks import casework_checks
from workflows.staff.models import Staff
from workflows.tenants.models import Service, Tenant

SEED = 2027
LOOKS_BACK = timedelta(days=28)
CASES, OAKVALE_CASES = 150, 4


def open_both(database: Engine, *, password: str, now: datetime) -> None:
    """Open the organisations as of four weeks ago, with the shipped definitions in force."""
    for plan in (HALLAM, OAKVALE):
        tenant_id, began = uuid4(), now - LOOKS_BACK
        with unit_of_work(database, tenant_id) as session:
            open_organisation(session, plan, tenant_id, password=password, now=began)
            releases.install_shipped(session, tenant_id, now=began, extra_checks=casework_checks())


def find(session: Session, plan: Plan, tenant_id: UUID) -> Organisation:
    """Return an organisation that was opened earlier."""
    services = dict(session.execute(select(Service.key, Service.id)).tuples().all())
    staff = dict(session.execute(select(Staff.login_name, Staff.id)).tuples().all())
    return Organisation(plan, tenant_id, services, staff)


def fill(database: Engine, worker_database: Engine, now: Callable[[], datetime]) -> Iterator[int]:
    """Play contacts until both organisations have their cases; yield how many there are.

    Goes on where an earlier filling ended. Each contact is played from its arrival, some time in
    the last four weeks, to the present.
    """
    for plan, wanted in ((HALLAM, CASES), (OAKVALE, OAKVALE_CASES)):
        with unit_of_work(worker_database) as session:
            tenant_id = session.scalars(select(Tenant.id).where(Tenant.slug == plan.slug)).one()
        with unit_of_work(database, tenant_id) as session:
            organisation = find(session, plan, tenant_id)
        yield from _fill_one(database, organisation, wanted, now)


def _fill_one(
    database: Engine,
    organisation: Organisation,
    wanted: int,
    now: Callable[[], datetime],
) -> Iterator[int]:
    opened = count(database, organisation.tenant_id)
    played = opened  # what is drawn next; a contact that opens no case draws on
    while opened < wanted:
        chance = random.Random(f"{SEED} {organisation.plan.slug} {played}")
        present = now()
        arrives = present - timedelta(
            seconds=chance.uniform(0, (LOOKS_BACK - timedelta(hours=12)).total_seconds())
        )
        service = chance.choice(list(organisation.services))
        caller = invent(chance, _door(service), arrives.date())
        player = Player(database, organisation, chance)
        player.play(caller.at(service), arrives, present)
        played += 1
        opened = count(database, organisation.tenant_id)
        yield opened


def _door(service: str) -> str:
    """The small organisation's line is a helpline like the other's."""
    return "helpline" if service == "line" else service


def count(database: Engine, tenant_id: UUID) -> int:
    with unit_of_work(database, tenant_id) as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0
