"""`signpost import`: files from outside. The daily cohort, a sample of one, bank holidays."""

import argparse
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from api.cli.common import Failure, in_tenant, settings
from engine import messages
from engine.clock import SystemClock
from engine.db import unit_of_work
from workflows import registry
from workflows.cohort import importing
from workflows.cohort.generator import generate
from workflows.cohort.importing import Outcome, State
from workflows.cohort.reading import CohortRefused, read, reasons_csv
from workflows.tenants import holidays
from workflows.tenants.organisation import service_by_key

BY = "system"


def add(commands: Any) -> None:
    parser = commands.add_parser("import", help="bring in the daily cohort, or bank holidays")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    cohort = kinds.add_parser("cohort", help="a CSV file, a row for each victim of a crime")
    cohort.add_argument("file", type=Path)
    cohort.add_argument("--organisation", default="hallam")
    cohort.add_argument("--service", default="victim_care")
    cohort.add_argument("--dry-run", action="store_true", help="say what would happen, do nothing")
    cohort.add_argument("--reasons", type=Path, help="write the broken rows here, with reasons")
    cohort.set_defaults(run=import_cohort)
    days = kinds.add_parser("holidays", help="bank holidays, in the format of GOV.UK's feed")
    days.add_argument("file", type=Path)
    days.add_argument("--organisation", default="hallam")
    days.set_defaults(run=import_holidays)
    sample = kinds.add_parser("sample", help="print an invented cohort file")
    sample.add_argument("--rows", type=int, default=200)
    sample.add_argument("--seed", type=int, default=2026)
    sample.set_defaults(run=print_sample)


def print_sample(given: argparse.Namespace) -> None:
    sys.stdout.write(generate(given.rows, seed=given.seed, now=SystemClock().now()))


def import_holidays(given: argparse.Namespace) -> None:
    try:
        feed = given.file.read_bytes()
        with in_tenant(settings(), given.organisation) as (database, tenant_id):
            with unit_of_work(database, tenant_id) as session:
                now = SystemClock().now()
                divisions = holidays.load(session, tenant_id, feed, by=BY, now=now)
    except OSError as wrong:
        raise Failure(f"{given.file}: {wrong.strerror}") from wrong
    except holidays.FeedRefused as refused:
        raise Failure(str(refused)) from refused
    for name, division in sorted(divisions.items()):
        years = ", ".join(map(str, sorted(division.years)))
        print(f"{name}: {len(division.days)} holidays, covers {years}")


def import_cohort(given: argparse.Namespace) -> int:
    """Return 0 when every row was good, 1 when some came back."""
    registry.load()
    now = SystemClock().now()
    try:
        with given.file.open("rb") as file, in_tenant(settings(), given.organisation) as place:
            outcomes = _all(file, *place, given, now)
    except OSError as wrong:
        raise Failure(f"{given.file}: {wrong.strerror}") from wrong
    except CohortRefused as refused:
        raise Failure(str(refused)) from refused
    _report(outcomes, given)
    return 1 if any(outcome.state is State.BROKEN for outcome in outcomes) else 0


def _all(
    file: Any, database: Engine, tenant_id: UUID, given: argparse.Namespace, now: datetime
) -> list[Outcome]:
    """Take the file batch by batch, each in a transaction; a broken-off import is sent again."""
    with unit_of_work(database, tenant_id) as session:
        service_id = service_by_key(session, given.service).id
    act = importing.preview if given.dry_run else importing.take
    outcomes: list[Outcome] = []
    for batch in importing.batches(read(file, now=now)):
        with unit_of_work(database, tenant_id) as session:
            outcomes += act(session, tenant_id, service_id, batch, by=BY, now=now)
            sent = messages.produced(session)
        messages.drain(database, tenant_id, now=now, ids=sent)
    return outcomes


def _report(outcomes: list[Outcome], given: argparse.Namespace) -> None:
    broken = [outcome.row for outcome in outcomes if outcome.state is State.BROKEN]
    for row in broken:
        for problem in row.problems:
            print(f"row {row.number}: {problem.message}. {problem.remedy}")
    for outcome in outcomes:
        if outcome.state is State.EXCLUDED:
            print(f"row {outcome.row.number}: not contacted ({outcome.reason})")
    found = Counter(str(outcome.state) for outcome in outcomes)
    would = "would be " if given.dry_run else ""
    counts = ", ".join(f"{count} {would}{state}" for state, count in sorted(found.items()))
    print(f"{len(outcomes)} rows: {counts or 'nothing to do'}")
    if broken and given.reasons:
        given.reasons.write_text(reasons_csv(broken), encoding="utf-8")
        print(f"The broken rows stand in {given.reasons}, with their reasons.")
