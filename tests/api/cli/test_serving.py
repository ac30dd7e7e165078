"""`signpost serve` as a process of its own, with settings as in production."""

import http.client
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
def port(environment: None) -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
    command = [str(Path(sys.executable).parent / "signpost"), "serve", "--port", str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert any("Listening at" in line for line in server.stdout), "it did not come up"
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
