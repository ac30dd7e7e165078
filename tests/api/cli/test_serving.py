"""`signpost serve` as a process of its own, with settings as in production."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

HOST = "signpost.hallam.example"
PATIENCE = 60.0  # seconds, on a busy machine


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder of whoever runs the server."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def port(environment: None, home: Path) -> Iterator[int]:
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
        assert not any("Warning" in line for line in said), said
        yield number
        server.terminate()
        server.communicate(timeout=PATIENCE)


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
