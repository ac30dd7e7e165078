"""The command `signpost`: one module per noun. An edge like any other: it opens units of work."""

import argparse
import os
import sys
from collections.abc import Sequence

from api.cli import (
    demo,
    imports,
    master_keys,
    migrate,
    release,
    serve,
    service,
    token,
    user,
    verify,
    worker,
)
from api.cli.common import Failure
from api.settings import SettingsRefused

COMMANDS = (
    serve,
    worker,
    migrate,
    user,
    service,
    token,
    release,
    imports,
    demo,
    master_keys,
    verify,
)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(
        prog="signpost", description="Process-driven casework for helplines and victim support."
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 done, 1 refused or failed, 2 misused."""
    given = parser().parse_args(arguments)
    try:
        status: int | None = given.run(given)
    except SettingsRefused as refused:
        for problem in refused.problems:
            print(problem, file=sys.stderr)
        return 1
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status or 0
