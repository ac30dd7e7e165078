"""The order of risk levels, and what a grade means for the time until its review."""

from collections.abc import Iterable
from datetime import timedelta

# `high_child` counts as high for every timer (domain specification, risk grading).
ORDER = ("standard", "medium", "high", "high_child")

# How the work of a case stands in every list: `riskRank` of the shipped processes.
TASK_RANK = {"standard": 1, "medium": 2, "high": 3, "high_child": 3}

REVIEW_AFTER = {
    "standard": timedelta(days=90),
    "medium": timedelta(days=28),
    "high": timedelta(days=7),
    "high_child": timedelta(days=7),
}


def rank(level: str | None) -> int:
    """Return the place of ``level``; nothing and anything unknown count as medium."""
    return ORDER.index(level) if level in ORDER else ORDER.index("medium")


def highest(levels: Iterable[str | None]) -> str | None:
    """Return the highest of the levels that are known, or None when none is."""
    known = [level for level in levels if level in ORDER]
    return max(known, key=rank, default=None)


def is_high(level: str | None) -> bool:
    return level in ("high", "high_child")


def for_table(level: str | None) -> str | None:
    """Return ``level`` as the table of the overall risk knows it: a high child is high."""
    return "high" if level == "high_child" else level
