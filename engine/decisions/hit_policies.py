"""What a table gives when several rows match (DMN 8.2.8)."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from lxml import etree

from engine.decisions.columns import Output, Rule
from engine.decisions.reader import Reader
from feel.builtins import statistics
from feel.operators import equal
from feel.scope import Run
from feel.values import Value


class HitPolicy(StrEnum):
    """A hit policy, with the aggregation of COLLECT as part of it."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    FIRST = "FIRST"
    PRIORITY = "PRIORITY"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"
    COLLECT = "COLLECT"
    COLLECT_SUM = "COLLECT SUM"
    COLLECT_MIN = "COLLECT MIN"
    COLLECT_MAX = "COLLECT MAX"
    COLLECT_COUNT = "COLLECT COUNT"


LISTS = frozenset((HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT))
BY_VALUES = frozenset((HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER))
AGGREGATES = {
    HitPolicy.COLLECT_SUM: statistics.sum_,
    HitPolicy.COLLECT_MIN: statistics.minimum,
    HitPolicy.COLLECT_MAX: statistics.maximum,
}


class Conflict(Exception):
    """Rows match together that may not."""

    def __init__(self, message: str, rules: Iterable[str]):
        super().__init__(message)
        self.rules = tuple(rules)


def read(reader: Reader, element: etree._Element, label: str) -> HitPolicy:
    """Read the hit policy of a table."""
    name = element.get("hitPolicy", "UNIQUE")
    aggregation = element.get("aggregation")
    if name == "COLLECT" and aggregation:
        name = f"COLLECT {aggregation}"
    if name not in {policy.value for policy in HitPolicy}:
        reader.findings.add(
            "hit_policy",
            f"{label} has the hit policy '{name}', which does not exist.",
            f"Choose one of {', '.join(policy.value for policy in HitPolicy)}.",
            element,
        )
        return HitPolicy.UNIQUE
    return HitPolicy(name)


def check(
    policy: HitPolicy,
    reader: Reader,
    element: etree._Element,
    label: str,
    outputs: list[Output],
) -> None:
    """Check that the outputs of a table suit its hit policy."""
    if policy in AGGREGATES and len(outputs) > 1:
        reader.findings.add(
            "aggregation",
            f"{label} aggregates ({policy}) but has {len(outputs)} outputs.",
            "Keep one output, or collect without an aggregation.",
            element,
        )
    if policy in BY_VALUES and not any(output.values for output in outputs):
        reader.findings.add(
            "no_output_values",
            f"{label} orders its results ({policy}) but declares no output values.",
            "List the values of an output, the most important first.",
            element,
        )


def nothing(policy: HitPolicy) -> Value:
    """Return the result when no row matches and there is no default."""
    if policy in LISTS:
        return []
    return Decimal(0) if policy is HitPolicy.COLLECT_COUNT else None


def shape(outputs: list[Output], row: list[Value]) -> Value:
    """Return a row as a value: the value of the only output, else a context."""
    if len(row) == 1:
        return row[0]
    return {output.name: value for output, value in zip(outputs, row, strict=True)}


def apply(
    policy: HitPolicy,
    outputs: list[Output],
    rules: list[Rule],
    rows: list[list[Value]],
    run: Run,
) -> Value:
    """Return the result of the matching rules. Raises `Conflict`."""
    if policy is HitPolicy.UNIQUE and len(rules) > 1:
        raise Conflict(
            f"rules {_names(rules)} both match, and only one may", [rule.id for rule in rules]
        )
    if policy is HitPolicy.ANY:
        _check_same(rules, rows, run)
    if policy in BY_VALUES:
        rows = sorted(rows, key=lambda row: _rank(outputs, row))
    if policy is HitPolicy.COLLECT_COUNT:
        return Decimal(len(rows))
    if policy in AGGREGATES:
        return AGGREGATES[policy](run, [row[0] for row in rows])
    if policy in LISTS:
        return [shape(outputs, row) for row in rows]
    return shape(outputs, rows[0])


def _names(rules: list[Rule]) -> str:
    return " and ".join(f"'{rule.id}'" for rule in rules)


def _check_same(rules: list[Rule], rows: list[list[Value]], run: Run) -> None:
    for rule, row in zip(rules[1:], rows[1:], strict=True):
        if equal(row, rows[0], run) is not True:
            pair = [rules[0], rule]
            raise Conflict(
                f"rules {_names(pair)} both match with different results",
                [rule.id for rule in pair],
            )


def _rank(outputs: list[Output], row: list[Value]) -> list[int]:
    """Return the places of a row's values among the declared ones, the left column first."""
    return [
        output.values.index(value) if value in output.values else len(output.values)
        for output, value in zip(outputs, row, strict=True)
        if output.values
    ]
