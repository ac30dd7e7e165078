"""Boxed expressions, knowledge models, services and declared types."""

from decimal import Decimal

import dmn
import pytest

from engine import decisions
from engine.decisions import DecisionRefused
from feel import BudgetExceeded

L = dmn.literal


def load(*elements):
    return decisions.load(dmn.model(*elements))


def value(logic, given=None, *more, type_=None, **kwargs):
    model = load(dmn.decision("d", logic, type_=type_, **kwargs), *more)
    return model.evaluate("d", given or {}).outputs


def entry(name, logic, type_=None):
    typed = f' typeRef="{type_}"' if type_ else ""
    variable = f'<variable name="{name}"{typed}/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def knowledge(name, parameters, logic, *, type_="", knows=""):
    formal = "".join(
        f'<formalParameter name="{p.partition(":")[0]}"'
        + (f' typeRef="{p.partition(":")[2]}"' if ":" in p else "")
        + "/>"
        for p in parameters
    )
    variable = f'<variable name="{name}" typeRef="{type_}"/>' if type_ else ""
    arrows = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{k}"/></knowledgeRequirement>'
        for k in knows.split()
    )
    return (
        f'<businessKnowledgeModel id="{name.replace(" ", "_")}" name="{name}">{variable}'
        f"<encapsulatedLogic>{formal}{logic}</encapsulatedLogic>{arrows}</businessKnowledgeModel>"
    )


def item(name, base="", *components, collection=False, allowed=""):
    inner = f"<typeRef>{base}</typeRef>" if base else ""
    inner += f"<allowedValues><text>{allowed}</text></allowedValues>" if allowed else ""
    inner += "".join(
        f'<itemComponent name="{c}"><typeRef>{t}</typeRef></itemComponent>' for c, t in components
    )
    many = str(collection).lower()
    return f'<itemDefinition name="{name}" isCollection="{many}">{inner}</itemDefinition>'


def test_a_context_gives_its_entries_each_seeing_those_before_it():
    logic = f"<context>{entry('a', L('2'))}{entry('b', L('a * 3'))}</context>"
    assert value(logic) == {"a": 2, "b": 6}


def test_a_context_may_end_in_a_result():
    logic = f"<context>{entry('first name', L('2'))}{entry('', L('first name + 1'))}</context>"
    assert value(logic) == 3


def test_a_relation_is_a_list_of_contexts():
    logic = (
        '<relation><column name="a"/><column name="b"/>'
        f"<row>{L('1')}{L('2')}</row><row>{L('3')}{L('4')}</row></relation>"
    )
    assert value(logic) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_a_list_and_the_flow_boxes():
    assert value(f"<list>{L('1')}{L('1 + 1')}</list>") == [1, 2]
    branches = f"<if>{L('x > 1')}</if><then>{L('1')}</then><else>{L('2')}</else>"
    conditional = f"<conditional>{branches}</conditional>"
    assert value(conditional, {"x": 3}) == 1
    assert value(conditional, {"x": None}) == 2
    filtered = f"<filter><in>{L('xs')}</in><match>{L('item > 1')}</match></filter>"
    assert value(filtered, {"xs": [1, 2, 3]}) == [2, 3]
    loop = f'<for iteratorVariable="i"><in>{L("1..3")}</in><return>{L("i * i")}</return></for>'
    with pytest.raises(DecisionRefused):
        value(loop)  # a sequence is written as a range here
    loop = f'<for iteratorVariable="i"><in>{L("[1..3]")}</in><return>{L("i * i")}</return></for>'
    assert value(loop) == [1, 4, 9]
    some = (
        f'<some iteratorVariable="i"><in>{L("xs")}</in><satisfies>{L("i > 2")}</satisfies></some>'
    )
    assert value(some, {"xs": [1, 3]}) is True
    every = (
        f'<every iteratorVariable="i"><in>{L("xs")}</in><satisfies>{L("i > 2")}</satisfies></every>'
    )
    assert value(every, {"xs": [1, 3]}) is False
    assert value(every, {"xs": [3, "a"]}) is None


def test_a_function_definition_is_a_value():
    parameter = '<formalParameter name="a" typeRef="number"/>'
    function = f"<functionDefinition>{parameter}{L('a + 1')}</functionDefinition>"
    logic = f"<context>{entry('f', function)}{entry('', L('f(2)'))}</context>"
    assert value(logic) == 3
    assert value(logic.replace("f(2)", 'f("x")')) is None


def test_knowledge_models_are_called_by_name_and_by_invocation():
    shared = knowledge("add tax", ["net:number", "rate"], L("net * (1 + rate)"))
    assert value(L("add tax(100, 0.2)"), {}, shared, knows="add_tax") == 120
    assert value(L("add tax(rate: 0.2, net: 100)"), {}, shared, knows="add_tax") == 120
    logic = (
        f"<invocation>{L('add tax')}"
        f'<binding><parameter name="rate"/>{L("0.1")}</binding>'
        f'<binding><parameter name="net"/>{L("price")}</binding></invocation>'
    )
    assert value(logic, {"price": 50}, shared, knows="add_tax") == 55


def test_a_knowledge_model_may_hold_a_table_whose_rows_are_recorded():
    table = dmn.table(["n"], ["o"], ['< 5 | "few"', '>= 5 | "many"'])
    model = load(dmn.decision("d", L("size(7)"), knows="size"), knowledge("size", ["n"], table))
    result = model.evaluate("d", {})
    assert result.outputs == "many"
    assert result.matched_rows == ("r2",)
    assert model.evaluate("size", {"n": 3}).outputs == "few"


def test_a_knowledge_model_knows_others_and_the_type_of_its_result():
    inner = knowledge("double", ["x"], L("x * 2"))
    outer = knowledge("quadruple", ["x"], L("double(double(x))"), knows="double", type_="number")
    assert value(L("quadruple(3)"), {}, outer, inner, knows="quadruple") == 12
    text = knowledge("text", ["x"], L("x"), type_="string")
    assert value(L("text(3)"), {}, text, knows="text") is None


def test_recursion_ends_within_its_budget():
    down = knowledge("down", ["n"], L("if n <= 0 then 0 else down(n - 1)"), knows="down")
    assert value(L("down(10)"), {}, down, knows="down") == 0
    with pytest.raises(BudgetExceeded):
        value(L("down(100)"), {}, down, knows="down")


def test_a_knowledge_model_does_not_see_what_the_decision_sees():
    blind = knowledge("blind", [], L("secret"))
    hidden = dmn.input_data("secret")
    assert value(L("blind()"), {"secret": 1}, blind, hidden, knows="blind", inputs="secret") is None


SERVICE = (
    '<decisionService id="svc" name="svc"><outputDecision href="#out"/>'
    '<inputDecision href="#mid"/><inputData href="#n"/></decisionService>'
)


def service_model():
    return load(
        dmn.input_data("n", "number"),
        dmn.decision("mid", L("10"), type_="number"),
        dmn.decision("out", L("mid + n"), needs="mid", inputs="n"),
        SERVICE,
        dmn.decision("user", L("svc(1, 2) + svc(mid: 4, n: 3)"), knows="svc"),
        dmn.decision("wrong", L('svc(2, "x")'), knows="svc"),
    )


def test_a_service_is_a_function_of_its_input_data_and_decisions():
    assert service_model().evaluate("user", {}).outputs == 10
    assert service_model().evaluate("wrong", {}).outputs is None


def test_a_service_can_be_asked_directly():
    assert service_model().evaluate("svc", {"n": 5}).outputs is None
    assert service_model().evaluate("svc", {"n": 5, "mid": 1}).outputs == 6


def test_declared_types_convert_or_null():
    person = item("tPerson", "", ("name", "string"), ("age", "number"))
    grade = item("tGrade", "string", allowed='"low", "high"')
    people = item("tPeople", "tPerson", collection=True)
    assert value(L("x"), {"x": {"name": "A", "age": 3}}, person, type_="tPerson") == {
        "name": "A",
        "age": 3,
    }
    assert value(L("x"), {"x": {"name": "A"}}, person, type_="tPerson") is None
    assert value(L("x"), {"x": {"name": "A", "age": "3"}}, person, type_="tPerson") is None
    assert value(L("x"), {"x": "high"}, grade, type_="tGrade") == "high"
    assert value(L("x"), {"x": "medium"}, grade, type_="tGrade") is None
    one = {"name": "A", "age": None}
    assert value(L("x"), {"x": one}, person, people, type_="tPeople") == [one]
    assert value(L("x"), {"x": [5]}, type_="number") == 5
    assert value(L("x"), {"x": 5}, type_="string") is None


def test_priority_may_follow_the_values_of_the_declared_type():
    grade = item("tGrade", "string", allowed='"high", "low"')
    table = dmn.table(["v"], ["o"], ['< 9 | "low"', '< 5 | "high"'], policy="PRIORITY")
    assert value(table, {"v": 1}, grade, type_="tGrade") == "high"


def test_instance_of_knows_the_types_of_the_model():
    person = item("tPerson", "", ("name", "string"))
    assert value(L('{name: "A", more: 1} instance of tPerson'), {}, person) is True
    assert value(L("{name: 1} instance of tPerson"), {}, person) is False


def test_input_data_is_taken_as_its_declared_type():
    model = load(dmn.input_data("n", "number"), dmn.decision("d", L("n = null"), inputs="n"))
    assert model.evaluate("d", {"n": "x"}).outputs is True
    assert model.evaluate("d", {"n": 1}).outputs is False


def test_only_what_is_drawn_as_required_is_in_scope():
    model = load(
        dmn.input_data("a"), dmn.input_data("b"), dmn.decision("d", L("[a, b]"), inputs="a")
    )
    assert model.evaluate("d", {"a": 1, "b": 2}).outputs == [1, None]
    [finding] = decisions.analyse(model)
    assert finding.rule == "not_required"
    assert "'b'" in finding.message


def test_names_with_operators_and_keywords_are_read_as_they_are_declared():
    model = load(
        '<inputData id="risk" name="Pre-bureau risk"/>',
        '<inputData id="list" name="values in a list"/>',
        dmn.decision(
            "d",
            L("(every i in values in a list satisfies i > 0) and Pre-bureau risk > 2"),
            inputs="risk list",
        ),
    )
    inputs = {"Pre-bureau risk": 3, "values in a list": [1, 2]}
    assert model.evaluate("d", inputs).outputs is True


def test_a_setting_that_is_missing_is_reported_and_a_null_input_is_not():
    table = dmn.table(["v"], ["o"], [">= settings.high | 1", "- | 2"], policy="FIRST")
    model = load(dmn.decision("d", table))
    assert model.evaluate("d", {"v": None, "settings": {"high": 3}}).missing == ()
    result = model.evaluate("d", {"v": 5, "settings": {}})
    assert result.outputs == 2
    assert result.missing == ("settings.high",)


def test_types_are_read_as_dmn_1_1_writes_them():
    model = decisions.load(
        dmn.model(
            '<inputData id="i" name="i"><variable name="i" typeRef="feel:number"/></inputData>',
            dmn.decision("d", L("i + 1"), inputs="i"),
            namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        )
    )
    assert model.evaluate("d", {"i": 1}).outputs == Decimal(2)
    assert model.findings == ()


REFUSED = [
    ('<functionDefinition kind="Java"></functionDefinition>', "external_function"),
    (
        '<literalExpression expressionLanguage="juel"><text>1</text></literalExpression>',
        "expression_language",
    ),
    ('<relation><column name="a"/><row></row></relation>', "relation_width"),
]


@pytest.mark.parametrize("logic, rule", REFUSED)
def test_what_is_not_feel_is_refused(logic, rule):
    with pytest.raises(DecisionRefused) as caught:
        value(logic)
    assert rule in {finding.rule for finding in caught.value.findings}


def test_a_type_that_is_not_declared_is_a_finding_not_a_refusal():
    model = load(dmn.decision("d", L("1"), type_="tNowhere"))
    assert [finding.rule for finding in model.findings] == ["unknown_type"]
    assert model.evaluate("d", {}).outputs == 1


def library(namespace="lib"):
    return dmn.model(
        item("tRate", "number", allowed="[0..1]"),
        dmn.input_data("base"),
        knowledge("add tax", ["net", "rate:tRate"], L("net * (1 + rate)")),
        dmn.decision("doubled", L("base * 2"), inputs="base"),
    ).replace('namespace="ns"', f'namespace="{namespace}"')


IMPORT = '<import name="Tax" namespace="lib" importType="DMN"/>'


def test_what_is_imported_is_known_under_the_name_of_the_import():
    text = dmn.model(
        IMPORT,
        dmn.decision("d", L("Tax.add tax(100, r) + Tax.doubled"), needs="x", knows="y", inputs="r")
        .replace('href="#x"', 'href="lib#doubled"')
        .replace('href="#y"', 'href="lib#add_tax"'),
        dmn.input_data("r", "Tax.tRate"),
    )
    model = decisions.load(text, imports=[library()])
    assert model.findings == ()
    assert model.evaluate("d", {"r": 0.5, "Tax": {"base": 4}}).outputs == 158
    assert model.evaluate("d", {"r": 7, "Tax": {"base": 4}}).outputs is None
    assert list(model.decisions) == ["d"]


def test_what_is_imported_without_a_name_belongs_to_the_model():
    deep = library("deep").replace('id="doubled"', 'id="deep_only"').replace("base * 2", "base * 3")
    near = '<import name="" namespace="deep" importType="DMN"/>'
    middle = library().replace("<itemDefinition", f"{near}<itemDefinition", 1)
    text = dmn.model(
        IMPORT.replace("Tax", ""),
        dmn.decision(
            "d", L("add tax(100, r) + doubled"), needs="doubled", knows="y", inputs="r"
        ).replace('href="#y"', 'href="#add_tax"'),
        dmn.decision("far", L("doubled"), needs="deep_only"),
        dmn.decision("base", L('"ours"')),
        dmn.input_data("r", "tRate"),
    )
    model = decisions.load(text, imports=[middle, deep])
    assert model.findings == ()
    assert model.evaluate("d", {"r": 0.5, "base": 4}).outputs == 158
    assert model.evaluate("d", {"r": 7, "base": 4}).outputs is None
    assert model.evaluate("far", {"base": 4}).outputs == 12
    assert model.evaluate("base", {"base": 4}).outputs == "ours"


def test_an_import_that_is_not_given_or_that_turns_back_is_refused():
    text = dmn.model(IMPORT, dmn.decision("d", L("1")))
    with pytest.raises(DecisionRefused, match="'lib' is imported but was not given"):
        decisions.load(text)
    back = library().replace(
        "<itemDefinition", '<import name="A" namespace="ns"/><itemDefinition', 1
    )
    with pytest.raises(DecisionRefused, match="import each other"):
        decisions.load(text, imports=[back])
