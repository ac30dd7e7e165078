"""`signpost serve` and `signpost worker` as processes of their own, over the test database.

    with Web(database_url) as web: web.ask(token, "POST", "/user-tasks/.../complete", {...})

Clocks are the machine's here: what is started in a test has to lie before now.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

SIGNPOST = str(Path(sys.executable).parent / "signpost")
PATIENCE = 60.0  # seconds, on a busy machine


def environment(database_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "SIGNPOST_DATABASE_URL": database_url,
        "SIGNPOST_SECRET_KEY": "0123456789abcdefghij" * 2,
        "SIGNPOST_DEMO": "1",  # plain HTTP
    }


@dataclass(frozen=True)
class Answer:
    """Status and JSON of one answer."""

    status: int
    json: Any


@dataclass
class Web:
    """A web process: one gunicorn master and its workers."""

    database_url: str
    processes: int = 1
    port: int = field(init=False)
    server: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]

    def start(self) -> Self:
        options = ["--port", str(self.port), "--processes", str(self.processes)]
        self.server = subprocess.Popen(
            [SIGNPOST, "serve", *options],
            env=environment(self.database_url),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.server.stdout is not None
        assert any("Listening at" in line for line in self.server.stdout), "it did not come up"
        return self

    def ask(self, token: str, method: str, path: str, body: Any = None) -> Answer:
        """Ask once. Raises ``OSError`` or ``HTTPException`` when nobody answers."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            line.request(method, f"/api/v1{path}", json.dumps(body or {}), headers)
            answer = line.getresponse()
            return Answer(answer.status, json.loads(answer.read() or b"null"))

    def kill_a_worker(self) -> None:
        """Kill -9 the process that serves; its master starts another."""
        children = f"/proc/{self.server.pid}/task/{self.server.pid}/children"
        for pid in Path(children).read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def kill(self) -> None:
        """Kill -9 everything of it at once."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.communicate(timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.server.poll() is None:
            self.server.terminate()
            self.server.communicate(timeout=PATIENCE)


def start_worker(database_url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [SIGNPOST, "worker"], env=environment(database_url), stdout=subprocess.DEVNULL
    )
