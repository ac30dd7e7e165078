"""Rules for templates, style sheets and scripts that a reader would have to look for by eye."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from api.assets import FOLDER
from api.pages import shortcuts

TEMPLATES = Path("api/pages/templates")
# Weights of what pages load, in KB as they travel; all scripts of a page stay under 12 KB.
KB = 1024
LIGHT = {"app.css": 12, "app.js": 5, "form.js": 5, "list.js": 4, "intake.js": 4}


def templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_template_says_nothing_that_the_policy_would_refuse(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<[^>]*\sstyle=", text), "a style in an attribute"
    assert not re.search(r"<[^>]*\son[a-z]+=", text), "a script in an attribute"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script in the page"
    assert "<style" not in text, "a style sheet in the page"
    assert "javascript:" not in text
    assert "hx-on" not in text
    assert not re.search(r"https?://", text), "an address elsewhere"
    assert "|safe" not in text or path.name == "_parts.html", "text that is taken as markup"


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_listener_of_htmx_hears_only_its_own_element(path: Path) -> None:
    """`from:` on an ancestor makes each element of a list listen to all the others."""
    assert "from:closest" not in path.read_text(encoding="utf-8")


def test_a_form_that_changes_something_carries_its_token() -> None:
    for path in templates():
        text = path.read_text(encoding="utf-8")
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            assert "parts.csrf()" in form, (path.name, form[:120])


def test_every_template_can_be_read(app: Flask) -> None:
    for path in templates():
        app.jinja_env.get_template(str(path.relative_to(TEMPLATES)))


@pytest.mark.parametrize(("name", "most"), LIGHT.items())
def test_what_a_page_loads_stays_light(name: str, most: int) -> None:
    assert len(gzip.compress((FOLDER / name).read_bytes(), 9)) <= most * KB


def test_scripts_keep_nothing_in_the_browser() -> None:
    for path in FOLDER.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", text), path
        assert not re.search(r"\beval\(|new Function|setTimeout\(['\"]", text), path
        assert "innerHTML" not in text or path.name in ("form.js", "list.js"), path


def test_a_key_means_one_thing_in_its_place() -> None:
    everywhere = [key for each in shortcuts.TABLE["Everywhere"] for key in each.keys.split("|")]
    for place, found in shortcuts.TABLE.items():
        keys = [key for each in found for key in each.keys.split("|")]
        assert len(set(keys)) == len(keys), place
        assert place == "Everywhere" or not set(keys) & set(everywhere), place
