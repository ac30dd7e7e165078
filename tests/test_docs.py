"""The documentation cannot rot: it is compared with the tree, the code and the command."""

import argparse
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import parser
from engine import definitions, scenarios

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
SCRIPT = ROOT / "script" / "support_tables.py"
TABLES = runpy.run_path(str(SCRIPT))
OPERATORS = (DOCS / "operators.md").read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# -- what is generated ---------------------------------------------------------------------------


def test_the_generated_pages_are_what_the_script_writes(tmp_path: Path) -> None:
    # in a process of its own: tests register operations, which are no part of the product
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True, cwd=ROOT)

    for page in TABLES["PAGES"]:
        written = (DOCS / page).read_text(encoding="utf-8")
        assert written == (tmp_path / page).read_text(encoding="utf-8"), "run script/support_tables"


def test_every_function_of_feel_has_an_example() -> None:
    assert [name for name, texts in TABLES["examples"]().items() if not texts] == []


# -- links ---------------------------------------------------------------------------------------


def links(path: Path) -> Iterator[tuple[str, str]]:
    """Yield file and anchor of every link of a page that stays in the project."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head).strip().lower() for head in heads)
    return {head.replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for file, anchor in links(page):
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(f"{file}#{anchor}")
    assert lost == []


def test_every_page_is_led_to() -> None:
    led_to = {(page.parent / file).resolve() for page in PAGES for file, _ in links(page) if file}
    folders = {path for path in led_to if path.is_dir()}
    lonely = [page for page in PAGES if page not in led_to and page.parent not in folders]
    assert [named(page) for page in lonely if page.name != "README.md"] == []


def test_every_picture_is_shown_and_small() -> None:
    pictures = set((DOCS / "pictures").iterdir())
    shown = {(page.parent / file).resolve() for page in PAGES for file, _ in links(page)}
    assert pictures - shown == set()
    assert [named(path) for path in pictures if path.stat().st_size >= 200_000] == []


# -- snippets ------------------------------------------------------------------------------------


def snippets() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        found = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for number, text in enumerate(found, 1):
            yield f"{named(page)} {number}", text


@pytest.mark.parametrize(("where", "text"), list(snippets()), ids=[w for w, _ in snippets()])
def test_a_snippet_runs(where: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # snippets name files as one who stands at the root does
    exec(compile(text, where, "exec"), {"__name__": where})


# -- the command and its settings ----------------------------------------------------------------


def commands(of: argparse.ArgumentParser, name: str = "signpost") -> Iterator[str]:
    """Yield every command that does something: "signpost release publish"."""
    branches = [a for a in of._actions if isinstance(a, argparse._SubParsersAction)]
    if not branches:
        yield name
    for branch in branches:
        for word, below in branch.choices.items():
            yield from commands(below, f"{name} {word}")


def test_every_command_stands_in_the_operators_guide_and_no_other() -> None:
    known = set(commands(parser()))
    said = re.findall(r"^\| `(signpost [a-z -]+?)(?: [A-Z<\[-][^`]*)?`", OPERATORS, re.MULTILINE)
    assert set(said) == known


# What prometheus_client and the virtual machine look for themselves.
NOT_OURS = {"PROMETHEUS_MULTIPROC_DIR"}


def variables() -> set[str]:
    """Return every environment variable that the product or a script reads."""
    sources = [ROOT / line for line in TABLES["tracked"]()]
    read = [path for path in sources if path.suffix in (".py", "") and path.parts[-2] != "docs"]
    texts = (
        path.read_text(encoding="utf-8")
        for path in read
        if path.is_file() and not named(path).startswith(("tests/", "benchmarks/", "web/"))
    )
    found = {name for text in texts for name in re.findall(r"\bSIGNPOST_[A-Z0-9_]+", text)}
    return {name.removesuffix("_FILE") for name in found} | NOT_OURS


def test_every_setting_stands_in_the_operators_guide_and_no_other() -> None:
    said = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", OPERATORS, re.MULTILINE))
    assert said == variables()


def test_secrets_may_come_from_files() -> None:
    text = (ROOT / "api" / "settings.py").read_text(encoding="utf-8")
    secret = set(re.findall(r'reader\.secret\("(\w+)"\)', text)) | {"SIGNPOST_MASTER_KEY"}
    rows = re.findall(r"^\| `(SIGNPOST_\w+)`[^|]*\|([^|]*)\|", OPERATORS, re.MULTILINE)
    assert {name for name, file in rows if file.strip() == "yes"} == secret


def test_pages_say_nothing_of_the_machine_they_were_written_on() -> None:
    assert [named(page) for page in PAGES if os.sep + "work" + os.sep in page.read_text()] == []


def test_the_story_of_the_guide_comes_true_after_its_change() -> None:
    guide = (DOCS / "process_owners.md").read_text(encoding="utf-8")
    (story,) = re.findall(r"```yaml\n(story: .*?)```", guide, re.DOTALL)
    alert = (ROOT / "bpmn/processes/manager_alert.bpmn").read_text(encoding="utf-8")
    assert "due_hours(1)" in alert
    form = (ROOT / "forms/definitions/manager_alert.form").read_text(encoding="utf-8")
    files = {
        "manager_alert.bpmn": alert.replace("due_hours(1)", "due_hours(2)"),
        "manager_alert.form": form,
        "alert_answered.yaml": story,
    }
    assert scenarios.play_all(definitions.check(files)) == []
