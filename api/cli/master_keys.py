"""`signpost keys`: which master keys are in use, and moving every data key to the newest one."""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from api.cli.common import Failure, application_database, database_url, settings
from engine.db import WORKER_ROLE, unit_of_work
from workflows import audit, keys
from workflows.tenants.models import Tenant

BY = "system"
BATCH = 500


def add(commands: Any) -> None:
    parser = commands.add_parser("keys", help="the master keys that wrap the keys of people")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    known = verbs.add_parser("status", help="say how many data keys each master key wraps")
    known.set_defaults(run=status)
    moving = verbs.add_parser(
        "rewrap",
        help="move every data key to the newest master key; may be stopped and begun again",
    )
    moving.add_argument("--batch", type=int, default=BATCH, help=f"at a time (default {BATCH})")
    moving.set_defaults(run=rewrap)


def status(given: argparse.Namespace) -> None:
    with _organisations() as (database, tenants):
        counts = _counts(database, tenants)
    for key_id, count in counts.items():
        print(f"{key_id}  {count:>9,}  {_standing(key_id, count)}")


def _standing(key_id: str, count: int) -> str:
    if key_id == keys.ring().current:
        return "the newest"
    if key_id not in keys.ring().keys:
        return "NOT KNOWN to this process"
    return "in use" if count else "wraps no data key"


def rewrap(given: argparse.Namespace) -> int:
    """Return 0 when every data key is under the newest master key, else 1."""
    if given.batch < 1:
        raise Failure("A batch has at least one key.")
    with _organisations() as (database, tenants):
        before = _counts(database, tenants)
        unknown = [key_id for key_id in before if key_id not in keys.ring().keys]
        if unknown:
            raise Failure(
                f"Data keys are under a master key that is not known here: {', '.join(unknown)}. "
                "Put it behind the newest one, then try again."
            )
        total = sum(before.values()) - before[keys.ring().current]
        moved = 0
        for tenant_id, slug in tenants.items():
            for count in _batches(database, tenant_id, given.batch):
                moved += count
                print(f"{slug}: {moved:,} of {total:,} data keys are moved", flush=True)
        after = _counts(database, tenants)
    left = sum(after.values()) - after[keys.ring().current]
    if left:
        print(f"{left:,} data keys were in use by somebody. Run it again.")
        return 1
    print(f"Every data key is under the newest master key, {keys.ring().current}.")
    return 0


def _batches(database: Engine, tenant_id: UUID, size: int) -> Iterator[int]:
    """Move the data keys of one organisation, a transaction a batch; yield how many each moved.

    Whoever stops it loses the batch that is under way and nothing else.
    """
    moved = 0
    while True:
        with unit_of_work(database, tenant_id) as session:
            count = keys.rewrap(session, limit=size)
            moved += count
            if count < size and moved:
                about = {"count": moved, "master_key": keys.ring().current}
                now = datetime.now(UTC)
                audit.of_admin(session, tenant_id, "keys.rewrapped", by=BY, at=now, **about)
        if count:
            yield count
        if count < size:
            return


def _counts(database: Engine, tenants: dict[UUID, str]) -> Counter[str]:
    """Return how many living data keys each master key wraps, over all organisations."""
    counts = Counter(dict.fromkeys(keys.ring().keys, 0))
    for tenant_id in tenants:
        with unit_of_work(database, tenant_id) as session:
            counts.update(keys.rewrap_status(session))
    return counts


@contextmanager
def _organisations() -> Iterator[tuple[Engine, dict[UUID, str]]]:
    """Yield the application's database and the short name of every organisation."""
    found = settings()
    with database_url(found) as url:
        with (
            application_database(found.at(url), WORKER_ROLE) as worker,
            unit_of_work(worker) as session,
        ):
            rows = session.execute(select(Tenant.id, Tenant.slug).order_by(Tenant.slug)).all()
        with application_database(found.at(url)) as database:
            yield database, {row.id: row.slug for row in rows}
