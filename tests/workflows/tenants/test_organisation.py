"""An organisation and its services, and the wall between two of them."""

from uuid import uuid4

import pytest
from people import make_ark, make_oak
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from engine.clock import TravellingClock
from engine.db import unit_of_work
from engine.errors import NotFound
from workflows import keys
from workflows.staff.models import Staff
from workflows.tenants import organisation
from workflows.tenants.models import Tenant


def test_a_tenant_is_opened_with_its_services(database: Engine, clock: TravellingClock) -> None:
    tenant_id = uuid4()
    with unit_of_work(database, tenant_id) as session:
        organisation.open_tenant(session, tenant_id, "ark", "Ark", by="system", now=clock.now())
        organisation.open_service(
            session,
            tenant_id,
            "helpline",
            "Helpline",
            calendar="cal_shuk_coord",
            settings={"card_valid_days": 60, "attempts_max": 4},
            by="system",
            now=clock.now(),
        )
        assert len(keys.blind_index(session, tenant_id, "phone", "+441632960001")) == 16
    with unit_of_work(database, tenant_id) as session:
        service = organisation.service_by_key(session, "helpline")
        organisation.change_settings(
            session,
            service.id,
            {"card_valid_days": None, "attempts_max": 5},
            by="system",
            now=clock.now(),
        )
        assert service.settings == {"attempts_max": 5}
        with pytest.raises(NotFound):
            organisation.service_by_key(session, "nowhere")


def test_one_organisation_sees_nothing_of_another(database: Engine, clock: TravellingClock) -> None:
    ark, oak = make_ark(database, clock.now()), make_oak(database, clock.now())
    with oak.work() as session:
        assert session.scalars(select(Tenant.slug)).all() == ["oak"]
        assert set(session.scalars(select(Staff.login_name))) == {"kim", "lee"}
        assert session.get(Staff, ark.amina) is None
    with unit_of_work(database) as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == 0


def test_nobody_writes_into_another_organisation(database: Engine, clock: TravellingClock) -> None:
    ark, oak = make_ark(database, clock.now()), make_oak(database, clock.now())
    with oak.work() as session, pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(
            text("INSERT INTO team (id, tenant_id, service_id, name) VALUES (:i, :t, :s, 'x')"),
            {"i": uuid4(), "t": ark.tenant_id, "s": ark.services["support"]},
        )
    with oak.work() as session:
        changed = session.execute(text("UPDATE staff SET active = false"))
        assert changed.rowcount == 2
