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
        ('s("Amina", "rang")', "Amina rang"),
        ('s(how: "rang", who: "Amina")', "Amina rang"),
        ('s("Amina")', None),
        ('s("Amina", "rang", 1)', None),
        ('s(who: "Amina", what: "rang")', None),
        ('s(1, "rang")', None),
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
