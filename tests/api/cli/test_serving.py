"""`signpost serve` as a process of its own, with settings as in production."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

HOST = "signpost.hallam.example"
PATIENCE = 60.0  # seconds, on a busy machine


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder of whoever runs the server."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def port(environment: None, home: Path) -> Iterator[int]:
    with serving(home) as number:
        yield number


@contextmanager
def serving(home: Path, *, warns: bool = False) -> Iterator[int]:
    """Serve until the block ends; yield the port. ``warns``: whether it says that all is not well.

    What it says later is thrown away, so that it never waits for a reader.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
    command = [str(Path(sys.executable).parent / "signpost"), "serve", "--port", str(number)]
    own = {**os.environ, "HOME": str(home)}
    own.pop("XDG_RUNTIME_DIR", None)  # as in a container or under cron
    with subprocess.Popen(
        command, env=own, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if "Listening at" in line:
                break
        assert said and "Listening at" in said[-1], said
        assert any("warning" in line.lower() for line in said) is warns, said
        rest = threading.Thread(target=server.stdout.read, daemon=True)
        rest.start()
        yield number
        assert server.poll() is None
        server.terminate()
        server.wait(timeout=PATIENCE)
        rest.join(timeout=PATIENCE)


def get(port: int, path: str, host: str = HOST) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_server_is_ready_and_counts_what_it_answers(port: int) -> None:
    assert get(port, "/health") == (200, "ok\n")
    assert get(port, "/ready") == (200, "ok\n")
    figures = get(port, "/metrics")[1]
    assert 'signpost_requests_total{method="GET",route="/ready",status="200"} 1.0' in figures


def test_a_name_that_is_not_ours_gets_no_page(port: int) -> None:
    status, words = get(port, "/tasks", host="evil.example")
    assert status == 400
    assert "SIGNPOST_HOSTS" in words


def test_a_server_leaves_nothing_in_the_home_folder(port: int, home: Path) -> None:
    assert get(port, "/ready")[0] == 200
    assert list(home.iterdir()) == []


def test_it_starts_without_a_database_and_is_ready_when_there_is_one(
    environment: None, home: Path, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"later_{uuid4().hex}"
    later = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", later)
    owner = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with serving(home, warns=True) as port:
        assert get(port, "/health") == (200, "ok\n")
        assert get(port, "/ready") == (503, "not ready\n")
        with owner.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        until = time.monotonic() + PATIENCE
        while get(port, "/ready")[0] != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert get(port, "/ready") == (200, "ok\n")
        assert get(port, "/sign-in")[0] == 200
    with owner.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    owner.dispose()
