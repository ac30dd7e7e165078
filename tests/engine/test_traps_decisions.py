"""The traps of decision tables (engine notes, 63 to 67)."""

from decimal import Decimal
from typing import Any

import dmn
import pytest
from diagrams import end, rule, start, user, xor
from rehearsing import names, rehearse

from engine import decisions
from engine.decisions import DecisionError, DecisionModel, DecisionRefused


def table(rows: list[str], policy: str = "UNIQUE", **more: Any) -> DecisionModel:
    drawn = dmn.table(["v"], more.pop("outputs", ["o"]), rows, policy=policy, **more)
    return decisions.load(dmn.model(dmn.decision("d", drawn)))


def of(model: DecisionModel, value: Any) -> Any:
    return model.evaluate("d", {"v": value}).outputs


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("[5..15]", [5, 15], [4, 16]),
        ("]5..15[", [6, 14], [5, 15]),
        ('"a","b"', ["a", "b"], ["c"]),
        ("< 5, > 15", [1, 20], [10]),
        ('not("a")', ["b"], ["a"]),
        ("-", [1, "x"], []),
    ],
)
def test_trap_63_a_cell_is_feel_and_not_python(cell: str, yes: list[Any], no: list[Any]) -> None:
    model = table([f'{cell} | "hit"'])
    assert [of(model, value) for value in yes] == ["hit"] * len(yes)
    assert [of(model, value) for value in no] == [None] * len(no)


def test_trap_63_python_in_a_cell_is_refused() -> None:
    with pytest.raises(DecisionRefused):
        table(["lambda x: x | 1"])


ROWS = ["< 10 | 1", "< 20 | 3", "< 30 | 2"]


@pytest.mark.parametrize(
    ("policy", "aggregation", "outputs", "expected"),
    [
        ("FIRST", "", ["o"], Decimal(1)),
        ("RULE ORDER", "", ["o"], [1, 3, 2]),
        ("PRIORITY", "", [("o", "3, 2, 1")], Decimal(3)),
        ("OUTPUT ORDER", "", [("o", "3, 2, 1")], [3, 2, 1]),
        ("COLLECT", "", ["o"], [1, 3, 2]),
        ("COLLECT", "SUM", ["o"], 6),
        ("COLLECT", "MIN", ["o"], 1),
        ("COLLECT", "MAX", ["o"], 3),
        ("COLLECT", "COUNT", ["o"], 3),
    ],
)
def test_trap_64_each_hit_policy_means_what_it_says(
    policy: str, aggregation: str, outputs: list[Any], expected: Any
) -> None:
    assert of(table(ROWS, policy, aggregation=aggregation, outputs=outputs), 5) == expected


@pytest.mark.parametrize("policy", ["UNIQUE", "ANY"])
def test_trap_64_a_policy_that_is_broken_is_an_error_naming_both_rules(policy: str) -> None:
    with pytest.raises(DecisionError, match="'r1' and 'r2'"):
        of(table(ROWS, policy), 5)


def test_trap_65_where_no_rule_matches_there_is_null_or_the_default() -> None:
    assert table(["1 | 2"]).evaluate("d", {"v": 9}).outputs is None
    model = table(["1 | 2"], default=["7"])
    result = model.evaluate("d", {"v": 9})
    assert (result.outputs, result.matched_rows) == (7, ())


def test_trap_65_a_gateway_that_cannot_be_decided_after_it_is_an_incident() -> None:
    drawn = rehearse(
        start("s"),
        rule("grade", "d", resultVariable="grade"),
        xor("g", default="no"),
        user("yes"),
        user("no"),
        end("e"),
        flows="s > grade > g; g > yes [grade > 1]; g > no; yes > e; no > e",
        files={"d.dmn": dmn.model(dmn.decision("d", dmn.table(["v"], ["o"], ["1 | 2"])))},
    )
    drawn.start("p", {"v": 9})
    assert names(drawn) == []
    [incident] = drawn.incidents()
    assert incident.element_id == "g"


def test_trap_65_a_rule_that_compares_with_what_has_no_value_is_an_incident() -> None:
    rows = ['>= settings.high | "high"', '- | "low"']
    drawn = rehearse(
        start("s"),
        rule("grade", "d", resultVariable="grade"),
        user("a"),
        flows="s > grade > a",
        files={
            "d.dmn": dmn.model(dmn.decision("d", dmn.table(["v"], ["o"], rows, policy="FIRST")))
        },
    )
    instance = drawn.start("p", {"v": 20})
    [incident] = drawn.incidents()
    assert (incident.error, incident.element_id) == ("UndecidedDecision", "grade")
    assert incident.cause == "'d' cannot be decided: 'settings.high' has no value."
    assert "grade" not in drawn.variables(instance) and drawn.decisions(instance) == []


def test_trap_65_an_input_without_a_value_is_one_that_rows_may_ask_about() -> None:
    rows = ['null | "unknown"', '>= 14 | "high"', '- | "low"']
    drawn = rehearse(
        start("s"),
        rule("grade", "d", resultVariable="grade"),
        user("a"),
        flows="s > grade > a",
        files={
            "d.dmn": dmn.model(dmn.decision("d", dmn.table(["v"], ["o"], rows, policy="FIRST")))
        },
    )
    assert drawn.variables(drawn.start("p"))["grade"] == "unknown"
    assert drawn.incidents() == []


def test_trap_66_several_decisions_and_literal_expressions_stand_in_one_file() -> None:
    model = decisions.load(
        dmn.model(
            dmn.input_data("v", "number"),
            dmn.decision("doubled", dmn.literal("v * 2"), inputs="v"),
            dmn.decision("said", dmn.literal('"it is " + string(doubled)'), needs="doubled"),
        )
    )
    assert model.evaluate("said", {"v": 4}).outputs == "it is 8"
    assert [one.decision_id for one in model.evaluate("said", {"v": 4}).records] == [
        "doubled",
        "said",
    ]


def test_trap_66_rules_need_no_ids() -> None:
    drawn = dmn.table(["v"], ["o"], ["1 | 2", "2 | 3"])
    nameless = drawn.replace(' id="r1"', "").replace(' id="r2"', "")
    model = decisions.load(dmn.model(dmn.decision("d", nameless)))
    assert model.evaluate("d", {"v": 2}).matched_rows == ("2",)


def test_trap_67_an_unknown_hit_policy_is_refused() -> None:
    with pytest.raises(DecisionRefused) as refused:
        table(["1 | 2"], "OFTEN")
    assert [finding.rule for finding in refused.value.findings] == ["hit_policy"]


@pytest.mark.parametrize(
    ("rows", "rule_id", "words"),
    [
        (["< 14 | 1", "<= 14 | 2", "> 14 | 3"], "table_overlap", "'r1' and 'r2'"),
        (["< 7 | 1", "> 9 | 2"], "table_gap", "v is 7"),
    ],
)
def test_trap_67_gaps_and_overlaps_are_told_with_an_example(
    rows: list[str], rule_id: str, words: str
) -> None:
    [finding] = [f for f in decisions.analyse(table(rows)) if f.rule == rule_id]
    assert words in finding.message
