"""`signpost verify`: check every history chain, and that rows and states say the same.

Runs beside the service: each organisation is looked at as of one instant, and nobody is locked out.
"""

import argparse
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from api.cli.common import application_database, database_url, settings
from engine import selfcheck, verification
from engine.db import WORKER_ROLE, snapshot, unit_of_work
from workflows.tenants.models import Tenant


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "verify", help="prove that no entry of the history was altered and that no work is lost"
    )
    parser.add_argument("--stream", help="one stream alone, for example instance:<id>")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Return 0 if every chain is sound and every row fits its instance, else 1."""
    found = settings()
    streams = entries = running = 0
    broken: list[str] = []
    differing: list[str] = []
    with (
        database_url(found) as url,
        application_database(found.at(url), WORKER_ROLE) as worker,
        application_database(found.at(url)) as database,
    ):
        with unit_of_work(worker) as session:
            tenants = session.execute(select(Tenant.id, Tenant.slug).order_by(Tenant.slug)).all()
        for tenant_id, slug in tenants:
            with snapshot(database, tenant_id) as session:
                report = verification.verify(session, given.stream)
            streams, entries = streams + report.streams, entries + report.entries
            broken += [f"{slug}: {b.stream}, entry {b.seq}: {b.fault}" for b in report.breaks]
            if given.stream is None:
                count, faults = _compared(database, tenant_id, slug)
                running, differing = running + count, differing + faults
    for line in broken + differing:
        print(line)
    print(f"{entries} entries in {streams} streams: {'BROKEN' if broken else 'sound'}")
    if given.stream is None:
        words = f"{len(differing)} DIFFERENCES" if differing else "no difference"
        print(f"{running} running instances rebuilt from their states: {words}")
    return 1 if broken or differing else 0


def _compared(database: Engine, tenant_id: UUID, slug: str) -> tuple[int, list[str]]:
    """Return how many instances were rebuilt, and a line for each difference."""
    with snapshot(database, tenant_id) as session:
        lines = [
            f"{slug}: instance {found.instance_id}: {found.table} {found.row_id}: {found.fault}"
            for found in selfcheck.check(session)
        ]
        return selfcheck.count(session), lines
