"""`signpost worker`: timers, messages and deliveries."""

import argparse
from typing import Any

from api import logs
from api.cli.common import database_url, settings
from engine import worker
from engine.worker import WorkerSettings
from workflows import registry
from workflows.cohort import keeping


def add(commands: Any) -> None:
    parser = commands.add_parser("worker", help="fire timers, deliver messages, send what leaves")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    found = settings()
    logs.configure(found.log_level)
    registry.load()
    with database_url(found) as url:
        worker.run(WorkerSettings(database_url=url, sweepers=[keeping.forget_old]))
