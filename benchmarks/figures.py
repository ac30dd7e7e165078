"""A figure, the bar it has to reach, and what a peer was measured at."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results.jsonl"


@dataclass(frozen=True)
class Figure:
    """One measurement. ``bar`` is reached when the value is at most (or ``at_least``) it."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False
    peer: str = ""

    @property
    def reached(self) -> str:
        if self.bar is None:
            return ""
        good = self.value >= self.bar if self.at_least else self.value <= self.bar
        return "yes" if good else "NO"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def peers() -> dict[str, dict[str, dict[str, float]]]:
    """Return the peers' figures as they were measured on a machine like this one."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(
        (HERE / "peers.json").read_text(encoding="utf-8")
    )
    return found


def write(figures: Iterable[Figure]) -> None:
    """Write a line a figure."""
    with RESULTS.open("w", encoding="utf-8") as file:
        for figure in figures:
            line = {"name": figure.name, "value": round(figure.value, 4), "unit": figure.unit}
            file.write(json.dumps(line) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    head = ("figure", "ours", "bar", "reached", "closest peer")
    rows = [
        (
            figure.name,
            f"{figure.value:,.2f} {figure.unit}".rstrip(),
            "" if figure.bar is None else f"{'>=' if figure.at_least else '<='} {figure.bar:g}",
            figure.reached,
            figure.peer,
        )
        for figure in figures
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (head, tuple("-" * width for width in widths), *rows)]  # fmt: skip
    return "\n".join(lines)
