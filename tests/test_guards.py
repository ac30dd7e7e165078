"""What a reviewer should not have to look for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from migrations.models import metadata
from migrations.run import configuration

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("api", "bpmn", "engine", "feel", "forms", "migrations", "workflows")
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))

# The edges: what opens a unit of work may also end one.
EDGES = ("api/", "engine/db.py", "engine/worker.py", "migrations/")
LONGEST_FUNCTION, LONGEST_FILE = 40, 400


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_nobody_commits_below_the_edges() -> None:
    found = [
        f"{named(path)}:{call.lineno}"
        for path in SOURCES
        if not named(path).startswith(EDGES)
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback")
    ]
    assert not found


def test_nothing_is_evaluated_as_python() -> None:
    found = [
        f"{named(path)}:{call.lineno}"
        for path in SOURCES
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call.func, ast.Name) and call.func.id in ("eval", "exec", "compile")
    ]
    assert not found


# The one clock of the product, and the lives of log-ins and codes, which are real time (the
# travelling clock of a demonstration must not sign people out).
MAY_READ_THE_CLOCK = ("engine/clock.py", "workflows/identity/", "api/")


def test_the_clock_is_an_argument() -> None:
    clock = re.compile(r"\butcnow\b|datetime\.now\(|date\.today\(|func\.now\(|server_default=.*now")
    found = [
        f"{named(path)}:{number}"
        for path in SOURCES
        if not named(path).startswith(MAY_READ_THE_CLOCK)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if clock.search(line)
    ]
    assert not found


def test_functions_and_files_stay_small() -> None:
    long = []
    for path in SOURCES:
        if "versions" in path.parts:
            continue  # a migration is a flat list
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{named(path)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{named(path)}:{node.lineno} {node.name}: {length} lines")
    assert not long


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
        assert text.count("--hash=sha256:") >= len(pinned) > 0
        assert not re.search(r"https?:|file://|--(extra-)?index-url|--find-links", text)
    lock = ROOT / "web" / "package-lock.json"
    if lock.exists():
        assert '"resolved"' not in lock.read_text(encoding="utf-8")


def test_migrations_are_numbered_and_have_one_head() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert len(scripts.get_heads()) == 1
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_a_migrated_database_equals_the_models(database: Engine, owner_database: Engine) -> None:
    with owner_database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("name", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(name: str) -> None:
    word = re.compile(rf"\b{name}\b")
    assert [named(path) for path in SOURCES if word.search(path.read_text(encoding="utf-8"))] == []
