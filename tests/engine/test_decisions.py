"""Decision tables with every hit policy, and decisions that require each other."""

from datetime import UTC, datetime
from decimal import Decimal

import dmn
import pytest

from engine import decisions
from engine.decisions import DecisionError, DecisionRefused
from engine.findings import Severity


def load(*elements, **kwargs):
    return decisions.load(dmn.model(*elements, **kwargs))


def one_table(*args, **kwargs):
    return load(dmn.decision("d", dmn.table(*args, **kwargs)))


def overlapping(policy, aggregation="", outputs=("n",), **kwargs):
    rows = ["< 10 | 1", "< 20 | 3", "< 30 | 2"]
    return one_table(["v"], list(outputs), rows, policy=policy, aggregation=aggregation, **kwargs)


POLICIES = [
    ("FIRST", "", 5, Decimal(1), ("r1",)),
    ("FIRST", "", 15, Decimal(3), ("r2",)),
    ("RULE ORDER", "", 5, [1, 3, 2], ("r1", "r2", "r3")),
    ("COLLECT", "", 5, [1, 3, 2], ("r1", "r2", "r3")),
    ("COLLECT", "SUM", 5, 6, ("r1", "r2", "r3")),
    ("COLLECT", "MIN", 5, 1, ("r1", "r2", "r3")),
    ("COLLECT", "MAX", 5, 3, ("r1", "r2", "r3")),
    ("COLLECT", "COUNT", 5, 3, ("r1", "r2", "r3")),
    ("UNIQUE", "", 25, 2, ("r3",)),
    ("UNIQUE", "", 35, None, ()),
    ("FIRST", "", 35, None, ()),
    ("COLLECT", "", 35, [], ()),
    ("COLLECT", "COUNT", 35, 0, ()),
    ("COLLECT", "SUM", 35, None, ()),
]


@pytest.mark.parametrize("policy, aggregation, value, outputs, rows", POLICIES)
def test_hit_policies(policy, aggregation, value, outputs, rows):
    result = overlapping(policy, aggregation).evaluate("d", {"v": value})
    assert result.outputs == outputs
    assert result.matched_rows == rows


def test_unique_overlap_names_both_rules():
    with pytest.raises(DecisionError, match="'r2' and 'r3'") as caught:
        overlapping("UNIQUE").evaluate("d", {"v": 15})
    assert caught.value.rules == ("r2", "r3")


def test_any_accepts_agreement_and_refuses_conflict():
    model = one_table(["v"], ["o"], ["< 10 | 1", "< 20 | 1", "< 15 | 2"], policy="ANY")
    assert model.evaluate("d", {"v": 17}).outputs == 1
    with pytest.raises(DecisionError, match="'r1' and 'r3'"):
        model.evaluate("d", {"v": 5})


def test_priority_and_output_order_follow_the_declared_values():
    rows = ['< 10 | "low"', '< 20 | "high"', '< 30 | "medium"']
    outputs = [("level", '"high", "medium", "low"')]
    priority = one_table(["v"], outputs, rows, policy="PRIORITY")
    assert priority.evaluate("d", {"v": 5}).outputs == "high"
    ordered = one_table(["v"], outputs, rows, policy="OUTPUT ORDER")
    assert ordered.evaluate("d", {"v": 5}).outputs == ["high", "medium", "low"]


def test_priority_looks_at_the_left_column_first():
    rows = ['< 10 | "a" | "q"', '< 10 | "a" | "p"', '< 10 | "b" | "p"']
    outputs = [("x", '"b", "a"'), ("y", '"p", "q"')]
    model = one_table(["v"], outputs, rows, policy="OUTPUT ORDER")
    assert model.evaluate("d", {"v": 5}).outputs == [
        {"x": "b", "y": "p"},
        {"x": "a", "y": "p"},
        {"x": "a", "y": "q"},
    ]


def test_several_outputs_are_a_context():
    model = one_table(["v"], ["a", "b"], ["< 10 | 1 | v + 1"])
    assert model.evaluate("d", {"v": 5}).outputs == {"a": 1, "b": 6}


def test_the_default_outputs_are_used_when_nothing_matches():
    model = one_table(["v"], ["a"], ["< 10 | 1"], default=['"none"'])
    result = model.evaluate("d", {"v": 50})
    assert (result.outputs, result.matched_rows) == ("none", ())


def test_null_matches_only_a_dash_and_a_null():
    model = one_table(["v"], ["a"], ["< 10 | 1", "null | 2", "- | 3"], policy="COLLECT")
    assert model.evaluate("d", {"v": None}).outputs == [2, 3]
    assert model.evaluate("d", {}).outputs == [2, 3]


def test_a_value_that_is_not_declared_is_null_and_told():
    model = one_table([("v", '"a", "b"')], ["o"], ['"a" | 1', '"b" | 2', "null | 3"])
    assert model.evaluate("d", {"v": "a"}).missing == ()
    assert model.evaluate("d", {"v": None}).missing == ()
    result = model.evaluate("d", {"v": "fax"})
    assert (result.outputs, result.missing) == (3, ("v (not an allowed value)",))
    with pytest.raises(DecisionError, match="has no value"):
        result.require_complete("d")


def test_a_result_that_is_not_declared_is_null_and_told():
    model = one_table(["v"], [("o", '"a", "b"'), "p"], ['1 | "a" | 1', '2 | "c" | 2'])
    assert model.evaluate("d", {"v": 1}).missing == ()
    result = model.evaluate("d", {"v": 2})
    assert result.outputs == {"o": None, "p": 2}
    assert result.missing == ("o (not an allowed value)",)


@pytest.mark.parametrize(
    ("allowed", "fine"),
    [("[1..9]", True), ("-", True), ("", True), ("not(5)", False), ("? > 3", True), ("< 3", False)],
)
def test_allowed_values_are_unary_tests(allowed, fine):
    result = one_table([("v", allowed)], ["o"], ["5 | 1", "null | 0"]).evaluate("d", {"v": 5})
    assert (result.outputs == 1) is fine


def test_cells_may_name_settings_and_ask_about_the_value():
    rows = [">= settings.high | 1", 'contains(string(?), "7") | 2', "- | 3"]
    model = one_table(["v"], ["o"], rows, policy="FIRST")
    settings = {"high": 14}
    assert model.evaluate("d", {"v": 14, "settings": settings}).outputs == 1
    assert model.evaluate("d", {"v": 7, "settings": settings}).outputs == 2
    assert model.evaluate("d", {"v": 1, "settings": settings}).outputs == 3


def test_the_instant_and_the_calendars_are_arguments():
    model = one_table(["v"], ["due"], ['true | due_working_hours(2, "cal_oncall")'])
    now = datetime(2027, 3, 9, 10, tzinfo=UTC)
    result = model.evaluate("d", {"v": True}, now=now)
    assert result.outputs == datetime(2027, 3, 9, 12, tzinfo=UTC)


def test_decisions_are_evaluated_after_what_they_require():
    model = load(
        dmn.input_data("age", "number"),
        dmn.decision(
            "group", dmn.table(["age"], ["g"], ['< 18 | "child"', '>= 18 | "adult"']), inputs="age"
        ),
        dmn.decision("letter", dmn.literal('"Dear " + group'), needs="group"),
    )
    result = model.evaluate("letter", {"age": 30})
    assert result.outputs == "Dear adult"
    assert [record.decision_id for record in result.records] == ["group", "letter"]
    assert result.records[0].inputs == {"age": 30}
    assert result.records[0].matched_rows == ("r2",)
    assert model.decisions["letter"].inputs == ("age",)


def test_undrawn_inputs_are_known_by_their_names():
    model = one_table(["channel", "a.b"], ["o"], ['"phone" | - | settings.x'])
    assert model.decisions["d"].inputs == ("a", "channel", "settings")
    assert model.decisions["d"].hit_policy == "UNIQUE"


REFUSED = [
    ([dmn.decision("d", dmn.table(["v"], ["o"], ["< | 1"]))], "feel_syntax"),
    ([dmn.decision("d", dmn.table(["v"], ["o"], ["1 | 1"], policy="OFTEN"))], "hit_policy"),
    (
        [
            dmn.decision(
                "d", dmn.table(["v"], ["o", "p"], ["1|1|2"], policy="COLLECT", aggregation="SUM")
            )
        ],
        "aggregation",
    ),
    (
        [dmn.decision("d", dmn.table(["v"], ["o"], ["1 | 1"], policy="PRIORITY"))],
        "no_output_values",
    ),
    ([dmn.decision("d", dmn.table(["v", "w"], ["o"], ["1"]))], "row_width"),
    ([dmn.decision("d", dmn.literal("1"), needs="nowhere")], "unknown_reference"),
    (
        [
            dmn.decision("a", dmn.literal("b"), needs="b"),
            dmn.decision("b", dmn.literal("a"), needs="a"),
        ],
        "requirement_cycle",
    ),
    ([dmn.decision("d", dmn.literal("1")), dmn.decision("d", dmn.literal("2"))], "duplicate_id"),
    ([], "no_decision"),
]


@pytest.mark.parametrize("elements, rule", REFUSED)
def test_what_cannot_be_carried_out_is_refused(elements, rule):
    with pytest.raises(DecisionRefused) as caught:
        load(*elements)
    assert rule in {finding.rule for finding in caught.value.findings}
    assert all(f.severity is Severity.CANNOT_EXECUTE for f in caught.value.findings)


def test_every_mistake_is_said_at_once():
    with pytest.raises(DecisionRefused) as caught:
        load(
            dmn.decision("d", dmn.table(["v"], ["o"], ["< | 1", "1 | +"])),
            dmn.decision("e", dmn.literal("1 +")),
        )
    assert [finding.element_id for finding in caught.value.findings] == ["r1", "r2", "e"]
    assert all(finding.line for finding in caught.value.findings)


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_of_the_standard_is_read(namespace):
    model = load(dmn.decision("d", dmn.literal("1 + 1")), namespace=namespace)
    assert model.evaluate("d", {}).outputs == 2


HOSTILE = [
    '<!DOCTYPE a [<!ENTITY x "y">]><definitions/>',
    "<definitions",
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    "x" * 3_000_000,
    "<a>" * 200 + "</a>" * 200,
]


@pytest.mark.parametrize("text", HOSTILE, ids=["doctype", "cut", "bpmn", "size", "depth"])
def test_hostile_files_are_refused(text):
    with pytest.raises(DecisionRefused):
        decisions.load(text)


def test_an_unknown_decision_is_an_error():
    with pytest.raises(DecisionError, match="'x'"):
        overlapping("FIRST").evaluate("x", {})
