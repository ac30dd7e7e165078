"""What the code cites can be read: a page that it names is one that we ship."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("api", "bpmn", "engine", "feel", "forms", "migrations", "workflows", "benchmarks")
SUFFIXES = {".py", ".bpmn", ".dmn", ".form", ".yaml", ".html", ".js"}
PAGE = re.compile(r"\b[\w-]+\.md\b")


def cited() -> Iterator[tuple[str, str]]:
    """Yield each page that a file of ours names, with the file."""
    for folder in (*FOLDERS, "tests", "script"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "dist" not in path.parts and path.name != "axe.min.js":
                for page in PAGE.findall(path.read_text(encoding="utf-8")):
                    yield page, str(path.relative_to(ROOT))


def test_every_page_that_is_named_is_here() -> None:
    ours = {path.name for path in ROOT.glob("*.md")}
    ours |= {path.name for folder in ("docs", "tests") for path in (ROOT / folder).rglob("*.md")}
    found = list(cited())
    assert found
    assert [(page, where) for page, where in found if page not in ours] == []
