"""`signpost verify`: check every history chain, and name the first bad entry of each."""

import argparse
from typing import Any

from sqlalchemy import select

from api.cli.common import application_database, database_url, settings
from engine import history
from engine.db import WORKER_ROLE, unit_of_work
from workflows.tenants.models import Tenant


def add(commands: Any) -> None:
    parser = commands.add_parser("verify", help="prove that no entry of the history was altered")
    parser.add_argument("--stream", help="one stream alone, for example instance:<id>")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Return 0 if every chain is sound, else 1."""
    found = settings()
    streams = entries = 0
    broken: list[str] = []
    with (
        database_url(found) as url,
        application_database(found.at(url), WORKER_ROLE) as worker,
        application_database(found.at(url)) as database,
    ):
        with unit_of_work(worker) as session:
            tenants = session.execute(select(Tenant.id, Tenant.slug).order_by(Tenant.slug)).all()
        for tenant_id, slug in tenants:
            with unit_of_work(database, tenant_id) as session:
                report = history.verify(session, given.stream)
            streams, entries = streams + report.streams, entries + report.entries
            broken += [f"{slug}: {b.stream}, entry {b.seq}: {b.fault}" for b in report.breaks]
    for line in broken:
        print(line)
    print(f"{entries} entries in {streams} streams: {'BROKEN' if broken else 'sound'}")
    return 1 if broken else 0
