"""What several commands need: settings, the database, a tenant by its short name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.embedded import get_server
from api.settings import Settings
from engine.db import APPLICATION_ROLE, WORKER_ROLE, connect, unit_of_work
from workflows.staff.models import Staff
from workflows.tenants.models import Tenant


class Failure(Exception):
    """The command cannot do what was asked; the message says why."""


def settings() -> Settings:
    return Settings.from_environment(os.environ)


@contextmanager
def database_url(given: Settings) -> Iterator[str]:
    """Yield the address of the database as its owner; starts the embedded server if none is named.

    The embedded server is for trials: it lives in ``home`` and ends with the last process that
    uses it.
    """
    if given.database_url:
        yield given.database_url
        return
    folder = (given.home / "postgresql").resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)  # started by root, the server drops to a user who must get in
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


@contextmanager
def application_database(given: Settings, role: str = APPLICATION_ROLE) -> Iterator[Engine]:
    """Yield a pool in the application's (or the worker's) role."""
    with database_url(given) as url:
        database = connect(url, role=role, hide_parameters=True)
        try:
            yield database
        finally:
            database.dispose()


def tenant_named(worker_database: Engine, slug: str) -> UUID:
    """Return the id of the organisation with this short name; the worker may know which exist."""
    with unit_of_work(worker_database) as session:
        found = session.scalar(select(Tenant.id).where(Tenant.slug == slug))
        if found is None:
            known = ", ".join(session.scalars(select(Tenant.slug).order_by(Tenant.slug)))
            raise Failure(f"There is no organisation '{slug}'. There are: {known or 'none'}.")
    return found


def staff_named(session: Session, login_name: str) -> UUID:
    """Return the id of a member of staff of the organisation that the session is in."""
    found = session.scalar(select(Staff.id).where(Staff.login_name == login_name.casefold()))
    if found is None:
        raise Failure(f"Nobody here is called '{login_name}'.")
    return found


@contextmanager
def in_tenant(given: Settings, slug: str) -> Iterator[tuple[Engine, UUID]]:
    """Yield the application's database and the id of the organisation ``slug``."""
    with database_url(given) as url:
        fixed = given.at(url)
        with (
            application_database(fixed, WORKER_ROLE) as worker,
            application_database(fixed) as database,
        ):
            yield database, tenant_named(worker, slug)
