"""DMN decisions: tables, boxed expressions and the graph of requirements between them.

``load`` a file once, ``evaluate`` a decision as often as needed; ``analyse`` says where tables have
gaps and overlaps. Expressions are FEEL throughout.
"""

from engine.decisions.analysis import analyse
from engine.decisions.load import load
from engine.decisions.model import (
    DecisionInfo,
    DecisionModel,
    DecisionRecord,
    DecisionResult,
)
from engine.decisions.problems import DecisionError, DecisionRefused

__all__ = [
    "DecisionError",
    "DecisionInfo",
    "DecisionModel",
    "DecisionRecord",
    "DecisionRefused",
    "DecisionResult",
    "analyse",
    "load",
]
