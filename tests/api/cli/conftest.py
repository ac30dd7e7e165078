"""The command over the test database, as an operator gives it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from api.cli import main

Command = Callable[..., str]


@pytest.fixture
def environment(database: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("SIGNPOST_SECRET_KEY", "0123456789abcdef" * 4)
    monkeypatch.setenv("SIGNPOST_HOSTS", "signpost.hallam.example")
    monkeypatch.setenv("SIGNPOST_NEW_PASSWORD", "slow heron over green weir")


@pytest.fixture
def signpost(environment: None, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command and return what it printed; ``status`` is the exit status it must have."""

    def run(*arguments: str, status: int = 0) -> str:
        found = main(arguments)
        said = capsys.readouterr()
        assert found == status, said.err
        return said.out if status == 0 else said.err

    return run
