"""What every page has to keep, whatever it shows: asked of a real browser.

dana = stage.signed_in("dana")
kept(dana, "inbox")
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, TELEPHONE, Visitor
from playwright.sync_api import expect

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no Chromium at {CHROMIUM}"),
]
expect.set_options(timeout=15_000)  # a machine that runs many of these at once is slow
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "desk": {},
    "dark": {"dark": True},
    "telephone": {"viewport": TELEPHONE},
}


def kept(visitor: Visitor, where: str) -> None:
    """Assert what every page has to keep, in the state in which it is, in every look."""
    for look in LOOKS:
        visitor.look_like(**LOOKS[look])
        shot(visitor, f"{where}, {look}")
        wrong = {name: what for name, what in faults(visitor).items() if what}
        assert not wrong, f"{where}, {look}: {wrong}"
    visitor.look_like()


def faults(visitor: Visitor) -> dict[str, Any]:
    """Return what is wrong: colours can be wrong in the dark, and sizes on a telephone."""
    visitor.page.evaluate("scrollTo(0, 0)")  # what a bar lies over is no target
    found: dict[str, Any] = {
        "refused by the policy": visitor.violations(),
        "errors": visitor.errors,
    }
    if visitor.page.viewport_size != TELEPHONE:
        found["axe"] = visitor.axe()
    if not visitor.dark:
        found |= {
            "wider than the window by": max(visitor.overflow(), 0),
            "choices without a name": visitor.ungrouped_choices(),
            "too small to press": visitor.small_targets(),
            "focus under something": visitor.covered_stops(),
        }
    return found


def shot(visitor: Visitor, where: str) -> None:
    """Keep a picture for a person to look at, where the environment names a folder."""
    if folder := os.environ.get("SIGNPOST_SHOTS"):
        name = re.sub(r"[^a-z0-9]+", "_", where.casefold())
        visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def submit(visitor: Visitor, button: str) -> None:
    with visitor.page.expect_navigation():
        visitor.page.click(button)
    visitor.settle()
