"""The built-in functions of DMN 1.5 (10.3.4) and our own, registered by being imported."""

from feel.builtins import (
    contexts,
    conversion,
    dates,
    lists,
    numbers,
    ranges,
    statistics,
    texts,
    working_time,
)

__all__ = [
    "contexts",
    "conversion",
    "dates",
    "lists",
    "numbers",
    "ranges",
    "statistics",
    "texts",
    "working_time",
]
