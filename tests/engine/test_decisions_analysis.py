"""Gaps, overlaps, dead rows and clashes of types, found before anybody meets them."""

from datetime import timedelta
from decimal import Decimal

import dmn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import decisions
from engine.findings import Severity


def analyse(*args, **kwargs):
    model = decisions.load(dmn.model(dmn.decision("d", dmn.table(*args, **kwargs))))
    return decisions.analyse(model)


def rules(*args, **kwargs):
    return [finding.rule for finding in analyse(*args, **kwargs)]


GAPS = [
    (["< 10 | 1", "> 10 | 2"], "v is 10"),
    (["[0..2] | 1", "[3..6] | 2", "> 6 | 3", "< 0 | 4"], "v is between 2 and 3"),
    (["<= 10 | 1"], "v is more than 10"),
    (['"a" | 1', '"b" | 2'], "v is any other value"),
    (["true | 1"], "v is false"),
    (['< date("2027-01-01") | 1', '> @"2027-01-01" | 2'], "v is 2027-01-01"),
    (['<= @"PT1H" | 1', '> duration("PT2H") | 2'], "v is between PT1H and PT2H"),
    (['not("a", "b") | 1', '"a" | 2'], 'v is "b"'),
]


@pytest.mark.parametrize("rows, example", GAPS)
def test_a_gap_is_shown_by_an_example(rows, example):
    [finding] = [f for f in analyse(["v"], ["o"], rows) if f.rule == "table_gap"]
    assert finding.severity is Severity.UNSAFE
    assert example in finding.message


COVERED = [
    ["< 10 | 1", ">= 10 | 2"],
    ["< 10, > 10 | 1", "10 | 2"],
    ["true | 1", "false | 2"],
    ['not("a") | 1', '"a" | 2'],
    ['!= "a" | 1', '"a" | 2'],
    ["[1..5] | 1", "not([1..5]) | 2"],
    ["< settings.x | 1", ">= settings.x | 2"],
    ["- | 1"],
]


@pytest.mark.parametrize("rows", COVERED)
def test_what_is_covered_is_no_gap(rows):
    assert rules(["v"], ["o"], rows) == []


def test_declared_values_bound_what_has_to_be_covered():
    rows = ['"a" | 1', '"b" | 2']
    assert rules([("v", '"a", "b"')], ["o"], rows) == []
    [finding] = analyse([("v", '"a", "b", "c"')], ["o"], rows)
    assert 'v is "c"' in finding.message


def test_a_default_or_a_collecting_policy_has_no_gaps():
    assert rules(["v"], ["o"], ["< 10 | 1"], default=["0"]) == []
    assert rules(["v"], ["o"], ["< 10 | 1"], policy="COLLECT") == []


def test_a_gap_may_need_several_columns():
    rows = ["true | - | 1", "- | true | 2"]
    [finding] = analyse(["a", "b"], ["o"], rows, policy="FIRST")
    assert finding.rule == "table_gap"
    assert "a is false, b is false" in finding.message


def test_overlap_under_unique_names_both_rows_and_a_case():
    found = analyse(["v"], ["o"], ["<= 10 | 1", ">= 10 | 2"])
    [finding] = [f for f in found if f.rule == "table_overlap"]
    assert "'r1' and 'r2'" in finding.message
    assert "v is 10" in finding.message
    assert finding.element_id == "r2"


def test_a_row_of_dashes_overlaps_under_unique():
    assert "table_overlap" in rules(["v"], ["o"], ["1 | 1", "- | 2"])


def test_two_rows_that_meet_only_at_null_overlap():
    found = analyse(["v"], ["o"], ["- | 1", "null | 2"])
    assert any("v is null" in finding.message for finding in found)


def test_any_may_overlap_where_the_results_agree():
    assert rules(["v"], ["o"], ["- | 1", "< 5 | 1"], policy="ANY") == []
    assert rules(["v"], ["o"], ["- | 1", "< 5 | 2"], policy="ANY") == ["table_overlap"]


def test_a_row_behind_a_wider_one_is_never_reached():
    found = analyse(["v"], ["o"], ["< 10 | 1", "< 5 | 2", "- | 3"], policy="FIRST")
    assert [(f.rule, f.element_id) for f in found] == [("row_unreachable", "r2")]


def test_a_row_is_unreachable_behind_several_that_cover_it_together():
    rows = ["< 10 | 1", ">= 10 | 2", "5 | 3"]
    assert "row_unreachable" in rules(["v"], ["o"], rows, policy="FIRST")


def test_null_keeps_a_default_row_alive():
    rows = ["< 10 | 1", ">= 10 | 2", "- | 3"]
    assert rules(["v"], ["o"], rows, policy="FIRST") == []


def test_a_cell_that_holds_nothing_is_found():
    assert "row_never_matches" in rules(["v"], ["o"], ["[5..1] | 1", "- | 2"], policy="FIRST")
    assert "row_never_matches" in rules([("v", '"a"')], ["o"], ['"a" | 1', '"z" | 2'])


def test_types_of_cells_and_results_are_compared_with_what_is_declared():
    found = rules(["v"], ["o"], ['"14" | 1', "- | 2"], types=["number"], policy="FIRST")
    assert found == ["cell_type"]
    assert "cell_types" in rules(["v"], ["o"], ['"a" | 1', "3 | 2", "- | 3"], policy="FIRST")
    assert "result_not_declared" in rules(["v"], [("o", '"x", "y"')], ['- | "z"'])


def test_a_cell_that_depends_on_a_setting_raises_no_false_alarm():
    rows = [">= settings.high | 1", "[0..settings.high) | 2", "- | 3"]
    assert rules(["v"], ["o"], rows, policy="FIRST") == []
    assert rules(["v"], ["o"], rows[:2]) == []


def test_a_large_table_is_looked_through_or_said_to_be_too_complex():
    columns = [f"c{number}" for number in range(14)]
    rows = ["|".join("true" if n == m else "-" for m in range(14)) + "| 1" for n in range(14)]
    assert rules(columns, ["o"], rows, policy="FIRST") == ["table_gap"]


# -- against evaluation -----------------------------------------------------------------------

bounds = st.integers(0, 6)
cells = st.one_of(
    st.just("-"),
    bounds.map(lambda n: f"< {n}"),
    bounds.map(lambda n: f">= {n}"),
    bounds.map(str),
    st.tuples(bounds, bounds, st.sampled_from("[("), st.sampled_from("])")).map(
        lambda t: f"{t[2]}{min(t[:2])}..{max(t[:2]) + 1}{t[3]}"
    ),
    st.lists(bounds, min_size=1, max_size=3).map(lambda ns: f"not({', '.join(map(str, ns))})"),
)
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=4)
VALUES = [Decimal(half) / 2 for half in range(-2, 18)]


def load(rows, policy):
    texts = [f"{a} | {b} | 1" for a, b in rows]
    table = dmn.table(["x", "y"], ["o"], texts, policy=policy)
    return decisions.load(dmn.model(dmn.decision("d", table)))


@settings(max_examples=40, deadline=timedelta(seconds=5))
@given(tables)
def test_gaps_and_overlaps_are_exactly_those_of_evaluation(rows):
    """Between two bounds nothing changes, so halves are as good as all numbers."""
    collected = load(rows, "RULE ORDER")
    counts = [
        len(collected.evaluate("d", {"x": x, "y": y}).matched_rows) for x in VALUES for y in VALUES
    ]
    found = {finding.rule for finding in decisions.analyse(load(rows, "UNIQUE"))}
    assert ("table_gap" in found) == (0 in counts)
    if max(counts) > 1:
        assert "table_overlap" in found


@settings(max_examples=40, deadline=timedelta(seconds=5))
@given(tables)
def test_rows_are_unreachable_exactly_when_they_never_come_first(rows):
    model = load(rows, "FIRST")
    reached = {
        row
        for x in [*VALUES, None]
        for y in [*VALUES, None]
        for row in model.evaluate("d", {"x": x, "y": y}).matched_rows
    }
    dead = {
        finding.element_id
        for finding in decisions.analyse(model)
        if finding.rule in ("row_unreachable", "row_never_matches")
    }
    assert dead == {f"r{number}" for number in range(1, len(rows) + 1)} - reached


# -- expressions ------------------------------------------------------------------------------


def of_literal(text: str, *, given: str = "number", gives: str | None = None) -> list[str]:
    """The rules that a decision breaks which is one expression over the input ``n``."""
    logic = dmn.decision("d", dmn.literal(text), inputs="n", type_=gives)
    return [
        f.rule
        for f in decisions.analyse(decisions.load(dmn.model(dmn.input_data("n", given), logic)))
    ]


@pytest.mark.parametrize(
    ("text", "given", "gives", "rules"),
    [
        ("n + 1", "number", "number", []),
        ('n + "x"', "number", None, ["types_clash"]),
        ("if n > 3 then 1 else 2", "string", None, ["types_clash"]),
        ('"x"', "number", "number", ["result_type"]),
        ("[n]", "number", "number", []),
        ("n", "date", "date and time", []),
        ("if n > 3 then 1 else null", "number", "number", []),
        ("mm + n", "number", None, []),
        ("number_of + n", "number", None, []),
    ],
)
def test_what_an_expression_can_never_give_is_told(text, given, gives, rules):
    assert of_literal(text, given=given, gives=gives) == rules


def test_a_name_that_is_nearly_an_input_is_told():
    scored = dmn.input_data("score", "number")
    model = dmn.model(scored, dmn.decision("d", dmn.literal("scor + settings.x"), inputs="score"))
    (found,) = decisions.analyse(decisions.load(model))
    assert found.message == (
        "The decision 'd' reads 'scor', which is not known here. Did you mean 'score'?"
    )
    assert (found.element_id, found.severity) == ("d", "warning")


def test_what_one_decision_gives_is_known_to_the_next():
    first = dmn.decision("level", dmn.table(["n"], [""], ['> 3|"high"', '-|"low"'], policy="FIRST"))
    asked = dmn.decision("d", dmn.literal('level = "hgih"'), needs="level")
    found = decisions.analyse(decisions.load(dmn.model(first, asked)))
    assert [f.rule for f in found] == ["types_clash"]
    assert 'is never "hgih"; it can be "high", "low"' in found[0].message
