"""`signpost serve`: the web application in gunicorn."""

import argparse
import gc
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client import multiprocess, values
from sqlalchemy.exc import OperationalError

from api import logs
from api.app import create_app
from api.cli.common import database_url, settings
from api.settings import Settings
from engine.clock import Clock, SystemClock
from engine.db import WORKER_ROLE, connect
from migrations.run import upgrade

POOL = 5  # connections of one process in the application's role
GRACE = 30  # seconds to finish what is under way
ASK_AGAIN = 2  # seconds until a database that did not answer is asked again

logger = logging.getLogger(__name__)


def add(commands: Any) -> None:
    parser = commands.add_parser("serve", help="serve the pages and the API")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5080)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    found = settings()
    logs.configure(found.log_level)
    with database_url(found) as url:
        is_migrated = migrate(url)

        def make() -> Flask:
            if not is_migrated:
                threading.Thread(target=migrate_in_time, args=(url,), daemon=True).start()
            return application(found, url, SystemClock())

        Server(
            make,
            {
                "bind": f"{given.host}:{given.port}",
                "workers": given.processes,
                "threads": given.threads,
                "loglevel": found.log_level.lower(),
            },
        ).run()


def migrate(url: str) -> bool:
    """Bring the schema up to date; False: the database does not answer."""
    try:
        upgrade(url)
    except OperationalError:
        logger.warning("the database does not answer; until it does, /ready says no")
        return False
    return True


def migrate_in_time(url: str) -> None:
    """Migrate as soon as the database answers. In each process: whoever comes first does it."""
    while not migrate(url):
        time.sleep(ASK_AGAIN)


def application(given: Settings, url: str, clock: Clock) -> Flask:
    """Make the application over pools of this process's own."""
    return create_app(
        given,
        connect(url, pool_size=POOL, max_overflow=POOL, hide_parameters=True),
        clock,
        worker_database=connect(url, role=WORKER_ROLE, pool_size=1, hide_parameters=True),
    )


class Log(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """What gunicorn itself has to say, through `api.logs` like everything else."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn without a configuration file. ``make`` is called in each process, after the fork."""

    def __init__(self, make: Callable[[], Flask], options: Mapping[str, Any]) -> None:
        self._make, self._options = make, options
        super().__init__()

    def load_config(self) -> None:
        # figures of several processes meet in files of this folder
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="signpost-"))
        # the library looks for the folder once, when it is imported
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # of theirs
        own = {
            "worker_class": "gthread",
            "graceful_timeout": GRACE,
            "timeout": 60,
            "keepalive": 30,
            "accesslog": None,  # api.logs writes one line a request, without query strings
            "logger_class": Log,
            "child_exit": forget,
            "preload_app": False,
            "control_socket_disable": True,  # it would lie in the home folder; signals do
        }
        for name, value in {**own, **self._options}.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = self._make()
        # What has been made by now lives as long as the process: without this every full pass of
        # the collector goes through a quarter of a million objects, an eighth of a second.
        gc.collect()
        gc.freeze()
        return app


def forget(server: Any, worker: Any) -> None:
    """Take a process that has ended out of the figures."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # of theirs
