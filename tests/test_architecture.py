"""Imports point down, and each library lives in the one package that owns it."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "bpmn": set(),
    "feel": set(),
    "forms": {"feel"},
    "engine": {"feel"},
    "workflows": {"engine", "feel", "forms"},
    "api": {"workflows", "engine", "forms", "migrations"},
}
OWNED_BY = {
    "SpiffWorkflow": "engine",
    "apscheduler": "engine",
    "flask": "api",
    "flask_wtf": "api",
    "werkzeug": "api",
    "gunicorn": "api",
    "lark": "feel",
    "regex": "feel",
}
# `regex` guards the patterns of forms as well as those of FEEL
SHARED = {"regex": {"feel", "forms"}}


def imports(path: Path) -> Iterator[str]:
    """Yield the top-level package of every import in ``path``, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_down(package: str) -> None:
    ours = MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}
    theirs = {
        library
        for library, owner in OWNED_BY.items()
        if package not in SHARED.get(library, {owner})
    }
    wrong = {
        str(path.relative_to(ROOT)): sorted((ours | theirs) & set(imports(path)))
        for path in (ROOT / package).rglob("*.py")
        if (ours | theirs) & set(imports(path))
    }
    assert not wrong


def test_no_import_hides_in_a_function() -> None:
    hidden = []
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    hidden += [
                        f"{path.relative_to(ROOT)}:{node.lineno}"
                        for node in ast.walk(function)
                        if isinstance(node, ast.Import | ast.ImportFrom)
                    ]
    assert not hidden


def test_no_other_distribution_ships_our_package_names() -> None:
    taken = packages_distributions()
    clash = {name: taken[name] for name in MAY_IMPORT if name in taken}
    assert all(set(owners) <= {"signpost-casework"} for owners in clash.values()), clash
