"""The shipped decision tables, for tests that decide without a process."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from engine.decisions import DecisionModel, load

FOLDER = Path(__file__).resolve().parents[2] / "bpmn" / "decisions"
SETTINGS = {"card_valid_days": 90}


@cache
def table(decision_id: str) -> DecisionModel:
    return load((FOLDER / f"{decision_id}.dmn").read_text(encoding="utf-8"))


def decide(decision_id: str, inputs: Mapping[str, Any]) -> Any:
    """Evaluate a shipped table under the shipped settings."""
    return table(decision_id).evaluate(decision_id, {**inputs, "settings": SETTINGS}).outputs
