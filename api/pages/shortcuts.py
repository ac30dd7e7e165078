"""The keyboard map. `?` shows this table, and a key works because it stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """``keys``: what is pressed, alternatives apart by "|", a sequence by a blank."""

    act: str
    keys: str
    shown: str
    words: str


TABLE: Mapping[str, tuple[Shortcut, ...]] = {
    "Everywhere": (
        Shortcut("search", "/", "/", "Search"),
        Shortcut("hide", "Escape Escape", "Esc Esc", "Privacy screen"),
        Shortcut("new-contact", "n", "n", "New contact"),
        Shortcut("go-tasks", "g t", "g t", "Go to tasks"),
        Shortcut("go-cases", "g c", "g c", "Go to cases"),
        Shortcut("go-library", "g s", "g s", "Go to processes"),
        Shortcut("keys", "?", "?", "This list"),
    ),
    "Lists": (
        Shortcut("next", "j", "j", "Next"),
        Shortcut("previous", "k", "k", "Previous"),
        Shortcut("first", "Home", "Home", "First"),
        Shortcut("last", "End", "End", "Last"),
        Shortcut("open-case", "o", "o", "Open the case"),
        Shortcut("preview", "p", "p", "Preview on or off"),
        Shortcut("choose", "x", "x", "Select"),
        Shortcut("choose-next", "Shift+j", "Shift j", "Select and go on"),
        Shortcut("choose-previous", "Shift+k", "Shift k", "Select and go back"),
        Shortcut("claim", "c", "c", "Claim"),
        Shortcut("release", "r", "r", "Release"),
        Shortcut("reassign", "a", "a", "Reassign"),
        Shortcut("snooze", "s", "s", "Snooze"),
        Shortcut("undo", "z", "z", "Undo the last of these"),
    ),
    "Forms": (
        Shortcut("save", "Ctrl+s", "Ctrl S", "Save draft"),
        Shortcut("complete", "Ctrl+Enter", "Ctrl Enter", "Complete"),
        Shortcut("danger", "Alt+d", "Alt D", "Danger now"),
        *(
            Shortcut(f"section-{n}", f"Alt+{n}", f"Alt {n}", f"Section {n} of the contact")
            for n in range(1, 9)
        ),
    ),
}


# Shortcuts that only go somewhere, and where.
PLACES: Mapping[str, str] = {
    "new-contact": "/contacts/new",
    "go-tasks": "/tasks",
    "go-cases": "/cases",
    "go-library": "/library",
}
