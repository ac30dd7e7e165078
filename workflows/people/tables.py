"""Decide by a release's own tables where no operation is at hand: in a search, on a page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.definitions import Definitions
from workflows.people.rules import Decide


def deciding(definitions: Definitions, settings: Mapping[str, Any], *, now: datetime) -> Decide:
    """Return a function that evaluates the decisions of ``definitions``.

    ``settings`` are the service's over the release's.
    """

    def decide(decision_id: str, inputs: Mapping[str, Any]) -> Any:
        model = definitions.decisions[decision_id]
        given = {**inputs, "settings": settings}
        result = model.evaluate(decision_id, given, now=now)
        result.require_complete(decision_id)
        return result.outputs

    return decide
