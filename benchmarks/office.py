"""An organisation on a PostgreSQL of its own, with fsync on, and servers as in production."""

import base64
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from sqlalchemy import Engine, text

from api.embedded import get_server
from benchmarks import case_drawing
from engine import releases
from engine.db import WORKER_ROLE, connect, unit_of_work
from migrations.run import upgrade
from workflows import keys, registry
from workflows.keys import SubjectKind
from workflows.programmes import tokens
from workflows.programmes.tokens import Scope
from workflows.staff.models import Staff, StaffRole
from workflows.tenants.models import Service, Tenant

DEFINITIONS = Path(__file__).parent / "definitions"
PATIENCE = 60  # seconds for a server to answer
ENVIRONMENT = {  # one for all measures, because this process remembers its master key
    "SIGNPOST_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "SIGNPOST_SECRET_KEY": secrets.token_hex(32),
    "SIGNPOST_DEMO": "1",  # plain HTTP
    "SIGNPOST_LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Office:
    """One tenant with a case worker and her token."""

    url: str
    database: Engine  # as the application's role
    worker_database: Engine
    tenant_id: UUID
    service_id: UUID
    staff_id: UUID
    token: str
    environment: dict[str, str]
    data: Path  # the database's folder

    def work(self) -> Any:
        return unit_of_work(self.database, self.tenant_id)

    def database_cpu_seconds(self) -> float:
        """Return what the server processes of the database have used so far."""
        return _cpu_seconds(int((self.data / "postmaster.pid").read_text().split()[0]))


@contextmanager
def office() -> Iterator[Office]:
    """Bring up a database from nothing and an organisation in it; take both down again."""
    with tempfile.TemporaryDirectory(prefix="signpost-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # started by root, the server drops to a user who must get in
        os.environ.update(ENVIRONMENT)
        data = folder / "data"
        server = get_server(data, cleanup_mode="stop")
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            upgrade(url)
            registry.load()
            yield _people(url, data)
        finally:
            server.cleanup()


def _people(url: str, data: Path) -> Office:
    database, worker = connect(url, pool_size=20), connect(url, role=WORKER_ROLE)
    now = datetime.now(UTC)
    tenant_id, service_id, staff_id = uuid4(), uuid4(), uuid4()
    with unit_of_work(database, tenant_id) as session:
        assert session.scalar(text("SHOW fsync")) == "on"
        session.add(Tenant(id=tenant_id, slug="bench", name="Bench", created_at=now))
        session.flush()
        keys.new_subject(session, tenant_id, tenant_id, SubjectKind.INDEX, now=now)
        session.add(
            Service(
                id=service_id,
                tenant_id=tenant_id,
                key="support",
                name="Support",
                calendar="cal_247",
                zone="Europe/London",
                created_at=now,
            )
        )
        session.flush()
        add_worker(session, tenant_id, staff_id, "dana", now)
        drawn = case_drawing.files(case_drawing.FEEL)
        files = drawn | {path.name: path.read_bytes() for path in sorted(DEFINITIONS.iterdir())}
        earlier = now - timedelta(hours=1)  # timers of the measures were set before now
        releases.install_shipped(session, tenant_id, now=earlier, files=files)
        token = tokens.issue(
            session, tenant_id, staff_id, "bench", tuple(Scope), by="system", now=now
        )
    environment = {**os.environ, "SIGNPOST_DATABASE_URL": url}
    return Office(url, database, worker, tenant_id, service_id, staff_id, token, environment, data)


def add_worker(session: Any, tenant_id: UUID, staff_id: UUID, name: str, now: datetime) -> None:
    """Take on a case worker of every service."""
    session.add(
        Staff(
            id=staff_id,
            tenant_id=tenant_id,
            login_name=f"{name}-{staff_id.hex[:8]}",
            display_name=name.title(),
            initials=name[0].upper(),
            created_at=now,
        )
    )
    keys.new_subject(session, tenant_id, staff_id, SubjectKind.STAFF, now=now)
    session.flush()
    session.add(
        StaffRole(
            tenant_id=tenant_id,
            staff_id=staff_id,
            role="case_worker",
            granted_at=now,
            granted_by="system",
        )
    )
    session.flush()


class Server:
    """`signpost serve` in a process of its own, and what it costs."""

    def __init__(self, office: Office, processes: int = 1) -> None:
        self.office = office
        self.port = _free_port()
        command = str(Path(sys.executable).parent / "signpost")
        options = ["--port", str(self.port), "--processes", str(processes)]
        self._process = subprocess.Popen([command, "serve", *options], env=office.environment)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                self.client().get("/health")
                return
            except (OSError, Refused):
                time.sleep(0.1)
        raise TimeoutError("the server did not come up")

    def client(self) -> "Client":
        return Client(self.port, self.office.token)

    def clients(self, count: int) -> list["Client"]:
        """Return clients of which each is served by a process of its own."""
        found: dict[int, Client] = {}
        until = time.monotonic() + PATIENCE
        while len(found) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"only {len(found)} processes take connections")
            client = self.client()
            client.get("/health")  # now somebody has taken the connection
            found.setdefault(self._server_of(client), client)
        return list(found.values())

    def _server_of(self, client: "Client") -> int:
        for process in psutil.Process(self._process.pid).children(recursive=True):
            if client.port in {c.raddr.port for c in process.net_connections("tcp") if c.raddr}:
                return int(process.pid)
        raise LookupError("nobody serves this client")

    def cpu_seconds(self) -> float:
        """Return what the web processes have used so far."""
        return _cpu_seconds(self._process.pid)

    def memory_bytes(self) -> int:
        """Return what the largest web process has for itself: not what processes share."""
        workers = psutil.Process(self._process.pid).children()
        return max(int(worker.memory_full_info().uss) for worker in workers)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


class Answer:
    """Status and body of one answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """The server did not do what was measured."""


class Client:
    """One client with keep-alive, one request after another; raises `Refused`."""

    def __init__(self, port: int, token: str, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json"}
        if cookie:
            self._headers["Cookie"] = cookie
        else:
            self._headers["Authorization"] = f"Bearer {token}"

    @property
    def port(self) -> int:
        """Where this side of the connection is."""
        port: int = self._connection.sock.getsockname()[1]
        return port

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Answer:
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, verb: str, path: str, body: str | None) -> Answer:
        self._connection.request(verb, path, body, self._headers)
        response = self._connection.getresponse()
        answer = Answer(response.status, response.read())
        if answer.status >= 300:  # a sign-in page is no answer either
            raise Refused(f"{verb} {path}: {answer.status} {answer.body[:300]!r}")
        return answer


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of all below it that are still there."""
    family = [psutil.Process(pid)]
    family += family[0].children(recursive=True)
    return sum(sum(member.cpu_times()[:2]) for member in family)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
