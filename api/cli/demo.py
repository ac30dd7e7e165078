"""`signpost demo`: everything at once on this machine, with invented people.

Embedded PostgreSQL, migrations, two organisations, one web process and one worker. It answers
after a small first seed; the rest fills in while one looks.
"""

import argparse
import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import select

from api import logs
from api.cli.common import Failure, application_database, database_url, settings
from api.demonstration import PASSWORD
from api.settings import Settings
from engine.clock import SystemClock
from engine.db import WORKER_ROLE, unit_of_work
from migrations.run import upgrade
from workflows import registry
from workflows.demonstration import filling
from workflows.tenants.models import Tenant

FIRST_CASES = 16


def add(commands: Any) -> None:
    parser = commands.add_parser("demo", help="try it: everything at once, with invented people")
    parser.add_argument("--port", type=int, default=5080)
    parser.add_argument("--filling", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    prepare_environment()
    found = settings()
    logs.configure("WARNING")
    registry.load()
    if given.filling:
        fill(found)
        return
    with database_url(found) as url:
        upgrade(url)
        first_seed(found.at(url))
        os.environ["SIGNPOST_DATABASE_URL"] = url
        with processes(given.port) as children:
            introduce(given.port)
            watch(children)


def prepare_environment() -> None:
    """Make what a demonstration needs and keep it, so that its data can be read next time."""
    os.environ["SIGNPOST_DEMO"] = "1"
    home = Path(os.environ.get("SIGNPOST_HOME", "var"))
    home.mkdir(parents=True, exist_ok=True)
    _keep(home / "secret", "SIGNPOST_SECRET_KEY", lambda: secrets.token_hex(32))
    _keep(
        home / "master.key",
        "SIGNPOST_MASTER_KEY",
        lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    )


def _keep(file: Path, name: str, make: Any) -> None:
    if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
        return
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(make(), encoding="ascii")
    os.environ[name] = file.read_text(encoding="ascii").strip()


def first_seed(found: Settings) -> None:
    """Open the organisations and play the first contacts, unless an earlier start has done so.

    A number and not a time ends it: on a slow machine too there is work when people sign in.
    """
    clock = SystemClock()
    with (
        application_database(found) as database,
        application_database(found, WORKER_ROLE) as worker,
    ):
        with unit_of_work(worker) as session:
            if session.scalar(select(Tenant.id).limit(1)) is not None:
                return
        print("Opening two invented organisations ...", flush=True)
        filling.open_both(database, password=PASSWORD, now=clock.now())
        for _ in islice(filling.fill(database, worker, clock.now), FIRST_CASES):
            pass


def fill(found: Settings) -> None:
    """Play the rest, in a process of its own."""
    with (
        application_database(found) as database,
        application_database(found, WORKER_ROLE) as worker,
    ):
        for _ in filling.fill(database, worker, SystemClock().now):
            pass


@contextmanager
def processes(port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start the web process and the filling; a worker follows when the filling has ended.

    Until then the filling fires the timers of what it plays at their own instants; a worker
    would fire them all at once, now.
    """
    children = [_start("serve", "--port", str(port)), _start("demo", "--filling")]
    try:
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=35)


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    command = Path(sys.executable).parent / "signpost"
    return subprocess.Popen([command, *arguments])


def introduce(port: int) -> None:
    print(
        f"\nSignpost answers on http://127.0.0.1:{port}\n\n"
        f"Sign in as amina or ben (contact handlers), chidi (team leader), dana (case worker),\n"
        f"dsl (safeguarding lead), owner or owner2 (process owners), auditor or admin.\n"
        f"Password: {PASSWORD}   The sign-in page shows the second factor.\n"
        f"About 150 invented cases fill in during the next minutes. Ctrl+C ends everything.\n",
        flush=True,
    )


def watch(children: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the end; put a worker in the place of the filling when that is done."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(0.5)
            web, second = children
            if web.poll() is not None:
                raise Failure("The web process has ended.")
            if second.poll() is not None:
                children[1] = _start("worker")
