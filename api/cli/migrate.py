"""`signpost migrate`: bring the database to the newest schema."""

import argparse
from typing import Any

from api.cli.common import database_url, settings
from migrations.run import newest, upgrade


def add(commands: Any) -> None:
    parser = commands.add_parser("migrate", help="bring the database to the newest schema")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    with database_url(settings()) as url:
        upgrade(url)
    print(f"The database is at {newest()}.")
