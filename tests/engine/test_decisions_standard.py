"""Behaviour that every engine of the standard shares, by kind: types of results, functions that
remember, services, values that a table allows. Source: DMN 1.5, 7.3, 8.2, 10.3.2."""

from typing import Any

import dmn
import pytest

from engine import decisions

L = dmn.literal
TYPES = """
<itemDefinition name="grades" isCollection="true"><typeRef>number</typeRef></itemDefinition>
<itemDefinition name="names" isCollection="true"><typeRef>string</typeRef></itemDefinition>
<itemDefinition name="person"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>
<itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>
"""


def value_of(*elements: str, asked: str = "d", **inputs: Any) -> Any:
    return decisions.load(dmn.model(TYPES, *elements)).evaluate(asked, inputs).outputs


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("2 + 2", "string", None),
        ("2 + 2", "number", 4),
        ('[3, 4, "x"]', "grades", None),
        ("[3, 4]", "grades", [3, 4]),
        ("3", "grades", [3]),
        ('"x"', "grades", None),
        ("null", "grades", None),
        ('["x"]', "string", "x"),
        ("[3]", "string", None),
        ('["x", "y"]', "string", None),
        ('{name: "Sol", age: 30, more: 1}', "person", {"name": "Sol", "age": 30, "more": 1}),
        ('{name: "Sol"}', "person", None),
        ('{name: "Sol", age: "30"}', "person", None),
        ('{name: "Sol", age: null}', "person", {"name": "Sol", "age": None}),
    ],
)
def test_a_result_is_taken_as_its_declared_type(text, declared, value):
    assert value_of(dmn.decision("d", L(text), type_=declared)) == value
    typed = f'<literalExpression typeRef="{declared}"><text>{text}</text></literalExpression>'
    assert value_of(dmn.decision("d", typed)) == value


def knowledge(key: str, parameters: dict[str, str], logic: str) -> str:
    taken = "".join(
        f'<formalParameter name="{name}"{f" typeRef={kind!r}" if kind else ""}/>'
        for name, kind in parameters.items()
    )
    return (
        f'<businessKnowledgeModel name="{key}" id="{key}"><variable name="{key}"/>'
        f"<encapsulatedLogic>{taken}{logic}</encapsulatedLogic></businessKnowledgeModel>"
    )


def function(parameter: str, logic: str) -> str:
    return f'<functionDefinition><formalParameter name="{parameter}"/>{logic}</functionDefinition>'


@pytest.mark.parametrize(
    ("logic", "call", "value"),
    [
        (L("function(y) x - y"), "k(9)(4)", 5),
        (function("y", L("x - y")), "k(9)(4)", 5),
        (L("function(x, y) x - y"), "k(9)(1, 4)", -3),
        (L("function(y) function(z) x - y - z"), "k(9)(4)(3)", 2),
        (function("y", function("z", L("x - y - z"))), "k(9)(4)(3)", 2),
        (L("function(y) x - y"), "{x: 100, r: k(9)(4)}.r", 5),
        (L("x - 1"), "k(k(9))", 7),
        (L("x"), 'k("nine")', None),
        (L("x"), "k([9])", 9),
        (L("x"), "k()", None),
        (L("x"), "k(9, 9)", None),
        (L("x"), "k(x: 9)", 9),
        (L("x"), "k(y: 9)", None),
        (L("x"), "(function(f) f(9))(k)", 9),
    ],
)
def test_a_knowledge_model_is_a_function_and_functions_remember(logic, call, value):
    model = knowledge("k", {"x": "number"}, logic)
    assert value_of(model, dmn.decision("d", L(call), knows="k")) == value


SERVICE = (
    '<decisionService name="s" id="s"><outputDecision href="#said"/>'
    '<encapsulatedDecision href="#said"/><inputDecision href="#who"/><inputData href="#how"/>'
    "</decisionService>"
)
PARTS = (
    dmn.input_data("how", "string"),
    dmn.decision("who", L('"nobody"'), type_="string"),
    dmn.decision("said", L('who + " " + how'), needs="who", inputs="how"),
    SERVICE,
)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('s("rang", "Amina")', "Amina rang"),
        ('s(how: "rang", who: "Amina")', "Amina rang"),
        ('s("rang")', None),
        ('s("rang", "Amina", 1)', None),
        ('s(who: "Amina", what: "rang")', None),
        ('s("rang", 1)', None),
        ("said", "nobody rang"),
    ],
)
def test_a_service_takes_the_place_of_what_its_decisions_require(call, value):
    asked = dmn.decision("d", L(call), knows="s", needs="said")
    assert value_of(*PARTS, asked, how="rang") == value


@pytest.mark.parametrize(
    ("allowed", "asked", "value"),
    [
        ('"a", "b"', "a", "hit"),
        ('"a", "b"', "c", "none"),
        ('not("c")', "a", "hit"),
        ('not("a")', "a", "none"),
        ("string length(?) = 1", "a", "hit"),
        ("string length(?) = 2", "a", "none"),
        ("-", "a", "hit"),
        ("", "a", "hit"),
    ],
)
def test_an_input_that_is_not_allowed_is_null(allowed, asked, value):
    rows = ['null | "none"', '"a" | "hit"']
    logic = dmn.table([("v", allowed)], ["o"], rows, policy="FIRST")
    assert value_of(dmn.decision("d", logic), v=asked) == value


# -- what a table collects, and what its results are declared as ------------------------------


LISTED = '<itemDefinition name="grade list" isCollection="true"><typeRef>string</typeRef>'
LISTED += '<allowedValues><text>"high", "low"</text></allowedValues></itemDefinition>'


@pytest.mark.parametrize(
    ("policy", "value"),
    [
        ("COLLECT", ["low", "high", "low"]),
        ("RULE ORDER", ["low", "high", "low"]),
        ("OUTPUT ORDER", ["high", "low", "low"]),
    ],
)
def test_the_type_of_a_table_that_collects_is_that_of_the_list(policy, value):
    rows = ['- | "low"', '> 1 | "high"', '> 2 | "low"']
    logic = dmn.table(["v"], [("", '"high", "low"')], rows, policy=policy)
    logic = logic.replace("<decisionTable ", '<decisionTable typeRef="grade list" ')
    assert value_of(LISTED, dmn.decision("d", logic, type_="grade list"), v=3) == value


def test_a_single_result_may_have_a_type_of_its_own():
    entry = '<outputEntry typeRef="number"><text>v</text></outputEntry>'
    logic = (
        '<decisionTable><output name="a"/><output name="b"/>'
        f"<rule>{entry}<outputEntry><text>v</text></outputEntry></rule></decisionTable>"
    )
    assert value_of(dmn.decision("d", logic), v="x") == {"a": None, "b": "x"}
    assert value_of(dmn.decision("d", logic), v=2) == {"a": 2, "b": 2}


def test_a_cell_of_a_relation_is_taken_as_the_type_of_its_column():
    logic = (
        '<relation><column name="a" typeRef="number"/><column name="b"/>'
        f"<row>{L('v')}{L('v')}</row></relation>"
    )
    assert value_of(dmn.decision("d", logic), v="x") == [{"a": None, "b": "x"}]


# -- types that allow values, and types of functions ------------------------------------------


def item(name: str, base: str, allowed: str = "", collection: str = "") -> str:
    values = f"<allowedValues><text>{allowed}</text></allowedValues>" if allowed else ""
    kind = ' isCollection="true"' if collection else ""
    return f'<itemDefinition name="{name}"{kind}><typeRef>{base}</typeRef>{values}</itemDefinition>'


def function_item(name: str, result: str = "", parameter: str | None = None) -> str:
    takes = "" if parameter is None else f'<parameters name="x"{parameter}/>'
    gives = f' outputTypeRef="{result}"' if result else ""
    return (
        f'<itemDefinition name="{name}"><functionItem{gives}>{takes}</functionItem>'
        "</itemDefinition>"
    )


CHANNELS = (
    item("channel", "string", '"phone", "sms"'),
    item("same channel", "channel"),
    item("letters", "channel", '"post"'),
    item("calls", "number", collection="yes"),
    function_item("gives channel", "channel", ""),
    function_item("takes channel", "", ' typeRef="channel"'),
    function_item("gives calls", "calls"),
)


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("channel", '"sms"', "sms"),
        ("channel", '"post"', None),
        ("same channel", '"sms"', "sms"),
        ("same channel", '"post"', None),
        ("letters", '"post"', "post"),
        ("letters", '"sms"', None),
        ("letters", "1", None),
    ],
)
def test_the_values_of_a_type_stand_in_place_of_those_of_its_base(declared, text, value):
    assert value_of(*CHANNELS, dmn.decision("d", L(text), type_=declared)) == value


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("gives channel", "sms", "sms"),
        ("gives channel", "post", None),
        ("takes channel", "sms", "sms"),
        ("takes channel", "post", None),
    ],
)
@pytest.mark.parametrize(
    "logic", [L("function(x) x"), L("function(x: channel) x"), function("x", L("x"))]
)
def test_a_function_takes_and_gives_what_its_type_declares(logic, declared, given, value):
    made = dmn.decision("f", logic, type_=declared)
    assert value_of(*CHANNELS, made, dmn.decision("d", L("f(v)"), needs="f"), v=given) == value


@pytest.mark.parametrize(("given", "value"), [("sms", "sms"), ("post", None)])
def test_a_parameter_in_a_text_takes_the_values_its_type_allows(given, value):
    logic = L("(function(x: channel) x)(v)")
    assert value_of(*CHANNELS, dmn.decision("d", logic), v=given) == value


@pytest.mark.parametrize("where", ["variable", "logic"])
@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("gives channel", "sms", "sms"),
        ("gives channel", "post", None),
        ("takes channel", "post", None),
    ],
)
def test_a_knowledge_model_may_declare_the_type_of_its_function(where, declared, given, value):
    model = knowledge("k", {"x": ""}, L("x"))
    if where == "logic":
        model = model.replace("<encapsulatedLogic>", f'<encapsulatedLogic typeRef="{declared}">')
    else:
        model = model.replace('<variable name="k"/>', f'<variable name="k" typeRef="{declared}"/>')
    decided = dmn.decision("d", L("k(v)"), knows="k")
    assert value_of(*CHANNELS, model, decided, v=given) == value
    assert value_of(*CHANNELS, model, decided, asked="k", x=given) == value


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("gives calls", 3, [3]),
        ("gives calls", "x", None),
        ("gives channel", "sms", "sms"),
        ("gives channel", "post", None),
        ("takes channel", "sms", "sms"),
        ("takes channel", "post", None),
        ("channel", "post", None),
    ],
)
def test_a_service_takes_and_gives_what_its_type_declares(declared, given, value):
    service = (
        f'<decisionService name="s" id="s"><variable name="s" typeRef="{declared}"/>'
        '<outputDecision href="#said"/><inputData href="#how"/></decisionService>'
    )
    parts = (dmn.input_data("how"), dmn.decision("said", L("how"), inputs="how"), service)
    assert value_of(*CHANNELS, *parts, asked="s", how=given) == value
    called = dmn.decision("d", L("s(v)"), knows="s")
    assert value_of(*CHANNELS, *parts, called, v=given) == value


def verdicts(kind, body, items="[1, 2]"):
    return (
        f'<{kind} iteratorVariable="i"><in>{L(items)}</in><satisfies>{L(body)}</satisfies></{kind}>'
    )


def branches(condition):
    parts = f"<if>{L(condition)}</if><then>{L('1')}</then><else>{L('2')}</else>"
    return f"<conditional>{parts}</conditional>"


def kept(match):
    return f"<filter><in>{L('[1, 2]')}</in><match>{L(match)}</match></filter>"


@pytest.mark.parametrize(
    ("box", "value"),
    [
        (branches('"yes"'), None),
        (branches("null"), 2),
        (kept('"yes"'), None),
        (kept('if item = 1 then true else "no"'), None),
        (kept("if item = 1 then true else null"), [1]),
        (verdicts("some", 'if i = 2 then true else "no"'), None),
        (verdicts("some", "if i = 2 then true else null"), True),
        (verdicts("some", 'if i = 1 then true else "no"'), True),
        (verdicts("every", 'if i = 2 then false else "no"'), None),
        (verdicts("every", "if i = 2 then false else null"), False),
        (verdicts("every", "if i = 1 then true else null"), None),
        (verdicts("some", "true", "[]"), False),
        (verdicts("every", "false", "[]"), True),
    ],
)
def test_a_box_that_asks_for_true_or_false_takes_nothing_else(box, value):
    assert value_of(dmn.decision("d", box)) == value


def test_a_parameter_may_have_a_dot_in_its_name():
    greeting = (
        '<businessKnowledgeModel id="hail" name="hail"><variable name="hail"/><encapsulatedLogic>'
        f'<formalParameter name="who.name"/>{L(chr(34) + "Dear " + chr(34) + " + who.name")}'
        "</encapsulatedLogic></businessKnowledgeModel>"
    )
    bound = f'<binding><parameter name="who.name"/>{L("who.name")}</binding>'
    called = f"<invocation>{L('hail')}{bound}</invocation>"
    asked = dmn.decision("d", called, inputs="who", knows="hail")
    assert value_of(dmn.input_data("who"), greeting, asked, who={"name": "Amina"}) == "Dear Amina"
